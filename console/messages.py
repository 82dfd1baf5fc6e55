"""`twoway messages`: any message as it would look, and one sent to see it arrive.

Looking needs no running system: it reads what the notifier would, from the same environment.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from console import journal, reach, running, system
from console.running import refuse
from console.system import Data, System, programme_of, settings_for
from services.notifier.app import channel, text_channel
from services.notifier.catalogues import ENGLISH, BadCatalogue
from services.notifier.channels import Blocked, Delivered, Letter, Refused, Unknown
from services.notifier.domain.messages import Template
from services.notifier.settings import NotifierSettings
from services.notifier.sms import room
from services.notifier.words import Rendered, Words

GESTURES = tuple(each for each in Template if each.startswith("gesture_"))
LED_TO: Mapping[str, tuple[str, ...]] = {
    "address.changed": (Template.ADDRESS_CHANGED,),
    "address.given": (Template.NEW_ADDRESS, Template.NEW_NUMBER),
    "contact.offered": (Template.CONTACT,),
    "gesture.sent": GESTURES,
    "giving.unreturned": (Template.REST_OR_ASK,),
    "moment.recorded": (Template.CHECK_IN, Template.CHECK_IN_LATER),
    "moment.thanked": (Template.THANKED,),
    "pair.closed": (Template.NOT_GOING_AHEAD,),
    "pair.formed": (Template.INTRODUCTION,),
    "peer.restored": (Template.RESTORED,),
    "peer.suspended": (Template.SUSPENDED,),
    "proposal.lapsed": (Template.NOT_GOING_AHEAD,),
    "proposal.made": (Template.PROPOSAL,),
    "proposal.withdrawn": (Template.NOT_GOING_AHEAD,),
    "receiving.unrecorded": (Template.WOULD_LIKE,),
    "referral.made": (Template.INVITATION,),
    "request.set_aside": (Template.SET_ASIDE,),
    "request.waiting": (Template.RECEIVED,),
    "sign_in.requested": (Template.SIGN_IN, Template.KNOWN_ALREADY, Template.ADDRESS_TAKEN),
}
"""Event → the messages that may follow from it."""

CODE = "123456"
"""Made up, as the ends of all links in a preview are."""

What = Annotated[str, typer.Argument(metavar="EVENT|TEMPLATE", help="A message's name, such as proposal, or the event that "
                                     "leads to it, such as proposal.made.")]
Lang = Annotated[str, typer.Option("--lang", help="Language, such as cy; a draft that is off is shown too.")]
Count = Annotated[int, typer.Option("--count", min=1, help="Of people in a digest, or of days waited.")]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="The words of messages, one sent to yourself, and whom none reaches.", no_args_is_help=True)
    group.command("preview")(preview)
    group.command("test-send")(send_one)
    group.command("unreachable")(reach.unreachable)
    group.command("reachable")(reach.reachable)
    app.add_typer(group, name="messages")


def preview(
    what: What, lang: Lang = ENGLISH, count: Count = 3,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Also write its HTML here.")] = None,
    data: Data = None,
) -> None:
    """Show a message as it would look: subject, plain text, SMS; its HTML in a file. Nothing is sent."""
    folder = Path(data or os.environ.get("TWOWAY_DATA") or running.DATA)
    there = running.read(folder)
    words = _words(os.environ.get("TWOWAY_BASE_URL") or (there.base_url if there else "http://127.0.0.1:8000"))
    names = _named(what)
    if html is not None and len(names) > 1:
        refuse(f"{what} may lead to several messages; name one for --html: {', '.join(names)}")
    for name in names:
        message = _draft(words, name, lang, count)
        print("\n".join(_shown(name, words, message)))
    if html is not None:
        try:
            html.write_text(message.html, "utf-8")
        except OSError as error:
            refuse(f"{html} can't be written ({error.strerror})")


def send_one(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where to: an address of your own, or a number that begins "
                                           "with +.")],
    what: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A message's name, such as proposal.")],
    lang: Lang = ENGLISH, count: Count = 3, data: Data = None,
) -> None:
    """Send one message the way the notifier would, to see it arrive. Exit code 1 when it was not taken.

    Links in it lead nowhere, and nothing of it is on the log. That one was sent is noted in the operators' journal,
    where to is not.
    """
    async def work(at: System) -> int:
        settings = settings_for(at.running, NotifierSettings)
        names = _named(what)
        if len(names) > 1:
            refuse(f"{what} may lead to several messages; name one: {', '.join(names)}")
        by_text = address.startswith("+")
        way = text_channel(settings, at) if by_text else channel(settings, at)
        if way is None:
            refuse("there is no provider of text messages; set TWOWAY_TEXT_URL")
        message = _draft(_words(settings.base_url), names[0], lang, count)
        if by_text and not message.sms:
            refuse(f"{names[0]} only ever goes by e-mail")
        letter = Letter(message_id=f"<{secrets.token_hex(16)}@{settings.mail_domain}>", to=address,
                        subject="" if by_text else message.subject, text=message.sms if by_text else message.text, stop=None,
                        sent_ms=at.clock.now_ms(), html="" if by_text else message.html, language=message.language)
        with journal.noted(at, "message.tested", template=names[0]):
            outcome = await way.send(letter)
            await way.close()
        match outcome:
            case Delivered():
                provider = settings.text_url if by_text else settings.smtp_url
                taken = "the provider took it" if by_text else "the mail server took it"
                where = taken if provider is not None else "it is in the mailbox, /mailbox"
                print(f"{names[0]} to {address}: {where}.")
                return 0
            case Refused(reason=reason) | Blocked(reason=reason):
                print(f"{names[0]} to {address}: it was not taken ({reason}). Look at "
                      f"{'TWOWAY_TEXT_URL' if by_text else 'TWOWAY_SMTP_URL, TWOWAY_SMTP_STARTTLS, TWOWAY_MAIL_FROM'} and "
                      "the address.")
            case Unknown(reason):
                print(f"{names[0]} to {address}: the connection broke ({reason}); it may have been taken. Look there.")
        return 1
    system.run(work, data)


def _words(base_url: str) -> Words:
    programme, own = os.environ.get("TWOWAY_PROGRAMME"), os.environ.get("TWOWAY_MESSAGES")
    try:
        return Words(programme_of(Path(programme) if programme else None), base_url, Path(own) if own else None)
    except BadCatalogue as error:
        refuse(f"TWOWAY_MESSAGES: {error}")
    except OSError as error:
        refuse(f"TWOWAY_MESSAGES: {error.filename} can't be read ({error.strerror})")


def _named(what: str) -> tuple[str, ...]:
    if what in LED_TO:
        return LED_TO[what]
    return (what,) if what in list(Template) else _unknown(what)


def _unknown(what: str) -> NoReturn:
    refuse(f"there is no message {what}; there are {', '.join(Template)}, and the events {', '.join(LED_TO)}")


def _draft(words: Words, name: str, lang: str, count: int) -> Rendered:
    base_url = words.page.removesuffix("/me")
    links = {Template.SIGN_IN: "sign-in", Template.KNOWN_ALREADY: "sign-in", Template.ADDRESS_TAKEN: "sign-in",
             Template.NEW_ADDRESS: "me/address", Template.INVITATION: "invitation"}
    if lang not in words.languages:
        refuse(f"there is no catalogue for {lang}; there are {', '.join(words.languages)}")
    link = f"{base_url}/{links[Template(name)]}/an-example" if name in links else ""
    return words.draft(name, lang, link, CODE, count, stop=f"{base_url}/stop/an-example", others=count)


def _shown(name: str, words: Words, message: Rendered) -> list[str]:
    language = next(each for each in words.languages.values() if each.tag.replace("_", "-") == message.language)
    state = "on" if language.on else "off, a draft that nobody has signed: whoever chose it is written to in English"
    if language.missing:
        state += f"; {len(language.missing)} sentences are missing and shown in English"
    taken, most = room(message.sms)
    sms = f"{message.sms}\n({taken} of {most} characters)" if message.sms else "none: this one goes out by e-mail alone"
    return [f"── {name}, {language.tag} ({state})", "", f"Subject: {message.subject}", "", message.text,
            "── SMS", "", sms, ""]
