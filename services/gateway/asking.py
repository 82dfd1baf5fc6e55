"""From a form to a request on the log. Everything that a repetition has to repeat is fixed in the draft."""

from __future__ import annotations

import orjson

from services.gateway import danger
from services.gateway.forms import QUIET, Ask
from services.gateway.posted import Posted
from services.gateway.problems import Problems
from services.gateway.referring import use
from services.gateway.signing_in import send_link
from services.gateway.store.addresses import joined_id
from services.gateway.store.drafts import Draft
from services.gateway.web import Here, Web
from shared.clock import derived_id
from shared.events import (
    ConcernRaised,
    ConsentGiven,
    Details,
    FreeText,
    PeerJoined,
    PreferencesChanged,
    Profile,
    QuietHours,
    SupportRequested,
    Way,
)
from shared.stream.append import Input


def with_what_we_know(web: Web, answers: Posted, here: Here | None) -> Posted:
    """Somebody who asks again is not asked again who they are, and nobody which community where there is one alone."""
    if here is None:
        only = web.host.programme.communities
        return answers if len(only) > 1 else Posted({**answers.fields, "community": (only[0].key,)})
    known = {"adult": ("yes",), "alias": (here.profile.alias,), "email": (here.profile.email,),
             "community": (here.row.community,), "quiet": QUIET[:1]}  # of which nothing comes: their choices stand
    return Posted({**answers.fields, **known})


def checked(web: Web, answers: Posted, here: Here | None) -> Ask | Problems:
    """What is asked for, or what to put right; of what somebody is not asked again nothing can be wrong."""
    choices = None if here is None else web.choices.with_own(here.row.community, here.profile.alias)
    return web.check(Ask, answers, choices)


def checked_draft(web: Web, draft: Draft, here: Here | None) -> Ask | Problems:
    return checked(web, Posted(draft.fields), here if here is not None and here.peer == draft.peer else None)


def begun(web: Web, draft: Draft | None, here: Here | None) -> Draft:
    """The draft that somebody goes on with; a fresh one, with fresh ids, where there is none that is theirs."""
    peer = here.peer if here else None
    if draft is None or draft.sent or (draft.peer != peer if peer else not draft.key):
        invited = draft if draft is not None and not draft.sent else None
        draft = fresh(web, peer) if invited is None else fresh(web, peer, invited.referral, invited.agreed)
    return draft


def fresh(web: Web, peer: str | None, referral: str | None = None, agreed: tuple[str, ...] = ()) -> Draft:
    id = peer or web.host.clock.new_id()
    return Draft(peer=id, request=web.host.clock.new_id(), referral=referral, agreed=agreed,
                 key="" if peer else web.host.vault.new_key(id).hex())


async def send(web: Web, draft: Draft, asked: Ask, here: Here | None) -> None:
    """Puts the request on the log, once however often it is called.

    An address that is somebody's already gets that somebody a link to their page instead, in a message that says why,
    and the page shows no difference.
    An invitation is used up after that, apart: whatever becomes of it, the request is in. What was agreed to on its page is
    agreed to by whoever is new or signed in, never in the name of whoever has the address. Raises RedisError: unknown,
    call again with the same draft.
    """
    partition = await web.host.directory.partition_of(asked.community) if draft.key else None
    if here is not None and here.peer == draft.peer:
        partition = here.partition
        await web.forwarder.append(here.partition, *_request(web, draft, asked, here.row.community, here.key))
        asker: str | None = here.peer
    else:
        asker = await _join(web, draft, asked)
    if draft.referral is not None and asker is not None:
        await use(web, draft.referral, asker, partition, draft.agreed if asker == draft.peer else ())


async def _join(web: Web, draft: Draft, asked: Ask) -> str | None:
    """Whose request it is; none for somebody who has left since."""
    partition = await web.host.directory.partition_of(asked.community)
    key = bytes.fromhex(draft.key)
    claim = await web.addresses.claim(partition, asked.email, draft.peer, key)
    if claim.outcome == "ours":
        consent, *requested = _request(web, draft, asked, asked.community, key)
        # Not waiting until it shows, as the way below doesn't either: the time it takes tells nobody which way it went.
        await web.forwarder.say(partition, _joined(web, draft, asked, key), consent, _preferences(draft, asked), *requested)
        return draft.peer
    if claim.outcome == "other":
        await send_link(web, partition, claim.holder, asked.email, attempt=web.host.clock.new_id(), by_form=True)
        return claim.holder
    return None


def _joined(web: Web, draft: Draft, asked: Ask, key: bytes) -> Input:
    profile = Profile(alias=asked.alias, email=asked.email, language=web.catalogue.words["lang"])
    sealed = web.host.vault.seal(draft.peer, key, profile)
    return Input(PeerJoined(peer=draft.peer, community=asked.community, profile=sealed), joined_id(draft.peer),
                 clear=canonical(profile.model_dump()))


def _preferences(draft: Draft, asked: Ask) -> Input:
    event = PreferencesChanged(peer=draft.peer, quiet=QuietHours() if asked.quiet == "usual" else None)
    return Input(event, derived_id(draft.request, "preferences"))


def details_of(asked: Ask) -> Details:
    return Details(
        seeks=asked.seeks, offers=asked.offers, avoids=asked.avoids, showable=asked.showable, languages=asked.languages,
        ways=tuple(Way(way) for way in asked.ways), times=asked.times, area=asked.area, age_band=asked.age_band,
        meets_ages=asked.meets_ages, facts=dict(asked.facts), chosen_limits=dict(asked.chosen_limits),
        prefers=dict(asked.prefers), newcomer="newcomer" in asked.newcomers,
        welcomes_newcomers="welcomes_newcomers" in asked.newcomers, note=asked.note or "")


def _request(web: Web, draft: Draft, asked: Ask, community: str, key: bytes) -> tuple[Input, ...]:
    consent = web.catalogue.words["consent"]
    details = details_of(asked)
    requested = SupportRequested(
        peer=draft.peer, request=draft.request, community=community, capacity=asked.capacity,
        details=web.host.vault.seal(draft.peer, key, details))
    return (
        Input(ConsentGiven(peer=draft.peer, wording=consent["wording"], version=consent["version"]),
              derived_id(draft.request, "consent")),
        Input(requested, derived_id(draft.request, "requested"),
              clear=canonical({"capacity": asked.capacity, **details.model_dump(mode="json")})),
        *_note(web, draft, key, details.note))


def _note(web: Web, draft: Draft, key: bytes, note: str) -> tuple[Input, ...]:
    """A person of the programme looks at what somebody wrote; before anything else where it suggests danger (rule 16)."""
    if not note:
        return ()
    text = web.host.vault.seal(draft.peer, key, FreeText(text=note))
    event = ConcernRaised(concern=derived_id(draft.request, "concern"), peer=draft.peer, text=text, about="request",
                          danger=danger.suggested(note))
    return (Input(event, derived_id(draft.request, "note"), clear=note.encode()),)


def canonical(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
