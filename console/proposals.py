"""`twoway proposals`: suggestions that a coordinator looks at before either of the two hears of them.

Whoever looks leaves a line in the operators' journal first, and whoever decides leaves one of that.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from console import drafts, journal, shown, system
from console.running import refuse
from console.system import AsJson, Data, System, programme_of
from console.taken import taken
from services.gateway import catalogue
from services.matcher.store import DRAFTS, PEERS, PROPOSALS, SERVICE
from shared.clock import derived_id
from shared.events import Event, ProposalApproved, ProposalDeclined
from shared.programme import Programme
from shared.stream.append import Input, OtherBody
from shared.stream.names import DIRECTORY, Partition

SHORT = 8
"""Digits of an id that are enough, as with `twoway trace`: among a thousand that wait, two never share them."""

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="As `twoway proposals list` shows them; 8 digits are enough.")]
Decision = Literal["approved", "declined"]
Found = tuple[Partition, str]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="Suggestions that wait for a coordinator.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("approve")(approve)
    group.command("decline")(decline)
    app.add_typer(group, name="proposals")


def show_all(
    community: Annotated[str | None, typer.Option(help="Only those of this community, by its key.")] = None,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Show what waits, oldest first, with all that it takes to decide. Exit code 1 when anything waits.

    That it was looked at is noted in the operators' journal; what it shows is not.
    """
    async def work(at: System) -> int:
        words = programme_of(at.settings.programme)
        await _check_community(at, words, community)
        found = sorted([each async for each in drafts.waiting(at) if community in (None, each.community)],
                       key=lambda each: each.draft.since_ms)
        if found:
            journal.note(at, "proposals.shown", count=len(found))
        if json:
            shown.as_json([drafts.figures(each) for each in found])
        elif found:
            for each in found:
                drafts.show(each, words, catalogue.load(), at.clock.now_ms())
            print("For each of them: twoway proposals approve ID, or twoway proposals decline ID")
        else:
            print("No suggestion waits for a coordinator.")
        return 1 if found else 0
    system.run(work, data)


def approve(ids: Ids, by: journal.By = "", data: Data = None) -> None:
    """Put each to both. They are looked at once more: exit code 1 when one does not fit any more and went to nobody."""
    async def work(at: System) -> int:
        went = []
        for partition, id in [await _find(at, each) for each in ids]:
            await _not_yet(at, partition, id, "declined")
            with journal.noted(at, "proposal.approved", proposal=id, operator=by):
                entry = await _append(at, partition, id, ProposalApproved(proposal=id), "approved")
            went.append(await _tell(at, partition, id, entry, "approved", "It goes to both."))
        return 0 if all(went) else 1
    journal.check_by(by)
    system.run(work, data)


def decline(
    ids: Ids,
    for_ever: Annotated[bool, typer.Option("--for-ever", help="Never suggest these two to each other again.")] = False,
    by: journal.By = "",
    data: Data = None,
) -> None:
    """Let each go to nobody. Neither of the two learns of it, and both keep their places. The two are kept apart for 90 days,
    for what you know of them may have passed by then; or for ever.
    """
    async def work(at: System) -> int:
        went = []
        for partition, id in [await _find(at, each) for each in ids]:
            await _not_yet(at, partition, id, "approved")
            two = await _two(at, partition, id)
            with journal.noted(at, "proposal.declined", proposal=id, for_ever=for_ever, operator=by):
                entry = await _append(at, partition, id, ProposalDeclined(proposal=id, for_ever=for_ever), "declined")
            span = "for ever" if for_ever else "for 90 days"
            told = await _tell(at, partition, id, entry, "declined", f"Neither hears of it; they are kept apart {span}.", two)
            went.append(told)
        return 0 if all(went) else 1
    journal.check_by(by)
    system.run(work, data)


async def _check_community(at: System, words: Programme, wanted: str | None) -> None:
    """Those of the programme, and those where somebody is: a console may have been started without the programme's file."""
    there: Any = await at.redis.hkeys(DIRECTORY)
    known = dict.fromkeys([*(each.key for each in words.communities), *sorted(key.decode() for key in there)])
    if wanted is not None and wanted not in known:
        refuse(f"there is no community {wanted}; there are {', '.join(known)}")


async def _find(at: System, wanted: str) -> Found:
    """The one that waits and begins so. All are found before anything is decided, so that one slip decides nothing."""
    found = []
    for partition in at.partitions if len(wanted) >= SHORT else ():
        ids: Any = await at.redis.hkeys(DRAFTS.path(partition, SERVICE))
        found += [(partition, id.decode()) for id in ids if id.decode().startswith(wanted)]
    if len(found) > 1:
        refuse(f"{wanted} is the beginning of {len(found)} ids; write more of it. Nothing was done")
    if not found:
        for partition in at.partitions:
            if await at.redis.hexists(PROPOSALS.path(partition, SERVICE), wanted):
                refuse(f"{wanted} was decided already: it went to both. Nothing was done")
            await _not_yet(at, partition, wanted, "approved")
            await _not_yet(at, partition, wanted, "declined")
        refuse(f"there is no suggestion {wanted} that waits; `twoway proposals list` shows them, and `twoway trace {wanted}` "
               "what became of an earlier one. Nothing was done")
    return found[0]


async def _not_yet(at: System, partition: Partition, id: str, decision: Decision) -> None:
    """Refuses when that was decided, be it that the matcher has not read it yet."""
    if await at.redis.exists(partition.seen(derived_id(id, decision))):
        refuse(f"{id} was {decision} already; nothing was changed")


async def _append(at: System, partition: Partition, id: str, event: Event, decision: Decision) -> str:
    """Said twice is said once."""
    try:
        [there] = await at.appender.append(partition, [Input(event, derived_id(id, decision))])
    except OtherBody:
        refuse(f"{id} was {decision} already, and otherwise (--for-ever); nothing was changed")
    return there.entry


async def _two(at: System, partition: Partition, id: str) -> tuple[str, str] | None:
    text: Any = await at.redis.hget(DRAFTS.path(partition, SERVICE), id)
    return None if text is None else DRAFTS.load(text).peers


async def _are_apart(at: System, partition: Partition, two: tuple[str, str]) -> bool:
    """Whether either is known to be kept apart from the other; whoever left is."""
    texts: Any = await at.redis.hmget(PEERS.path(partition, SERVICE), list(two))
    return all(text is None or other in PEERS.load(text).apart for text, other in zip(texts, two[::-1], strict=True))


async def _tell(at: System, partition: Partition, id: str, entry: str, decision: Decision, outcome: str,
                two: tuple[str, str] | None = None) -> bool:
    """Says what came of it, once a matcher that runs has read it. False: it went another way."""
    if not await taken(at, partition, SERVICE, entry):
        print(f"{id} is {decision}; the matcher takes it when it runs again.")
        return True
    went_out = await at.redis.hexists(PROPOSALS.path(partition, SERVICE), id)
    if decision == "declined" and not went_out and (two is None or not await _are_apart(at, partition, two)):
        print(f"{id} waited no more when the matcher read this, so the two are NOT kept apart by it. If you know why they must "
              "not meet, decline what is suggested of them next: `twoway proposals list`.")
        return False
    if went_out == (decision == "approved"):
        print(f"{id} is {decision}. {outcome}")
        return True
    print(f"{id} went {'to nobody' if decision == 'approved' else 'to both'}: something changed for one of the two, or "
          f"somebody else decided a moment before. `twoway trace {id[:SHORT]}` tells.")
    return False
