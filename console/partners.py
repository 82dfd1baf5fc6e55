"""`twoway partners`: which organisations may publish events here, and the secrets that they sign with."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from pydantic import ValidationError

from console import journal, shown, system
from console.running import refuse
from console.system import AsJson, Data, System, settings_for
from services.notifier import webhooks as outgoing
from services.notifier.settings import PartnerSettings
from shared import partners as book
from shared.partners import OVERLAP_MS, Partner, PartnerSecret, Webhook
from shared.programme import load as load_programme

Name = Annotated[str, typer.Argument(help="Short name: small letters, digits and hyphens, such as city-clinic.")]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="Partner organisations: who may publish events, and their secrets.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(show_all)
    group.command("rotate")(rotate)
    group.command("remove")(remove)
    group.command("webhook")(webhook)
    group.command("test-webhook")(try_webhook)
    app.add_typer(group, name="partners")


def add(
    name: Name,
    source: Annotated[str, typer.Option(help="The CloudEvents `source` of its events, exactly as it will send it.")],
    community: Annotated[str, typer.Option(help="Key of the community it refers people to.")],
    data: Data = None,
) -> None:
    """Let an organisation publish events. Prints its secret, this once."""
    async def work(at: System) -> None:
        known = [each.key for each in load_programme(at.settings.programme).communities]
        if community not in known:
            refuse(f"there is no community {community}; the programme has {', '.join(known)}")
        secret = book.new_secret()
        partner = _partner(name, source, community, secret, at.clock.now_ms())
        try:
            with journal.noted(at, "partner.added", partner=name):
                await book.add(at.redis, at.vault, partner)
        except (book.NameTaken, book.SourceTaken) as error:
            refuse(f"{str(error).rstrip('.')}; `twoway partners list` shows them. Nothing was changed")
        _say_once(secret, f"{name} may now publish to {community} as {source}.")
    system.run(work, data)


def show_all(json: AsJson = False, data: Data = None) -> None:
    """Show every partner; never a secret."""
    async def work(at: System) -> None:
        now_ms = at.clock.now_ms()
        partners = await book.partners(at.redis, at.vault)
        if json:
            return shown.as_json([_figures(partner, now_ms) for partner in partners])
        if not partners:
            return print("No partners yet. `twoway partners add` lets one in.")
        return shown.table(("partner", "source", "community", "since", "secrets", "told at"), (
            (partner.name, partner.source, partner.community, shown.time(partner.added_ms), _secrets(partner, now_ms),
             _told_at(partner.webhook)) for partner in partners))
    system.run(work, data)


def rotate(name: Name, data: Data = None) -> None:
    """Give a partner a new secret. The one before it stays valid for 7 days."""
    async def work(at: System) -> None:
        secret, now_ms = book.new_secret(), at.clock.now_ms()
        try:
            with journal.noted(at, "partner.rotated", partner=name, until_ms=now_ms + OVERLAP_MS):
                await book.rotate(at.redis, at.vault, name, secret, now_ms)
        except book.NoSuchPartner:
            refuse(f"there is no partner {name}; `twoway partners list` shows them")
        _say_once(secret, f"{name} has a new secret. The one before it works until {shown.time(now_ms + OVERLAP_MS)}.")
    system.run(work, data)


def remove(name: Name, data: Data = None) -> None:
    """From now on accept nothing that this partner signs. What it sent before stays."""
    async def work(at: System) -> None:
        try:
            with journal.noted(at, "partner.removed", partner=name):
                await book.remove(at.redis, name)
        except book.NoSuchPartner:
            refuse(f"there is no partner {name}; `twoway partners list` shows them")
        print(f"{name} can publish no more.")
    system.run(work, data)


def webhook(
    name: Name,
    url: Annotated[str | None, typer.Argument(help="Where to tell it, such as https://clinic.example/webhooks.")] = None,
    rotate: Annotated[bool, typer.Option("--rotate", help="A new secret; for 7 days we sign with both.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Tell it nothing more.")] = False,
    data: Data = None,
) -> None:
    """Tell a partner of people who agreed to it, at an address of its own. Prints the secret that we sign with, this once."""
    if sum((url is not None, rotate, off)) != 1:
        refuse("say one of the three: an address, --rotate, or --off")

    async def work(at: System) -> None:
        now_ms, secret = at.clock.now_ms(), book.new_secret()
        if url is not None:
            _usable(url, at)
        try:
            with journal.noted(at, "partner.webhook", partner=name, what="off" if off else "rotated" if rotate else "set"):
                await book.change(at.redis, at.vault, name, lambda partner: partner.model_copy(update={
                    "webhook": _webhook(partner, url, secret, now_ms, off=off)}))
        except book.NoSuchPartner:
            refuse(f"there is no partner {name}; `twoway partners list` shows them")
        if off:
            return print(f"{name} is told nothing more.")
        return _say_once(secret, f"{name} is told at {url}." if url else f"What {name} is told is signed with two secrets "
                                 f"until {shown.time(now_ms + OVERLAP_MS)}.")
    system.run(work, data)


def try_webhook(name: Name, data: Data = None) -> None:
    """Send a partner an event that says nothing, `twoway.test.v1`. Exit code 1 when it was not taken."""
    async def work(at: System) -> int:
        partner = next((each for each in await book.partners(at.redis, at.vault) if each.name == name), None)
        if partner is None or partner.webhook is None:
            refuse(f"there is no address for {name}; `twoway partners webhook {name} URL` sets one")
        settings, id, now_ms = settings_for(at.running, PartnerSettings), at.clock.new_id(), at.clock.now_ms()
        body = outgoing.event(outgoing.TEST, id, settings.base_url, now_ms, {"community": partner.community})
        async with outgoing.client() as http:
            reason = await outgoing.post(http, partner.webhook, body, id, now_ms, settings.partners_anywhere)
        print(f"{partner.webhook.url} did not take it: {reason}." if reason else f"{partner.webhook.url} took it.")
        return 1 if reason else 0
    system.run(work, data)


def _webhook(partner: Partner, url: str | None, secret: str, now_ms: int, *, off: bool) -> Webhook | None:
    if off:
        return None
    if url is not None:
        return Webhook(url=url, secrets=(PartnerSecret(secret=secret),))
    if partner.webhook is None:
        refuse(f"{partner.name} has no address yet; `twoway partners webhook {partner.name} URL` sets one")
    return partner.webhook.rotated(secret, now_ms)


def _usable(url: str, at: System) -> None:
    try:
        outgoing.usable(url, settings_for(at.running, PartnerSettings).partners_anywhere)
    except outgoing.Unusable as error:
        refuse(f"{url[:200]}: {error}")


def _partner(name: str, source: str, community: str, secret: str, now_ms: int) -> Partner:
    try:
        return Partner(name=name, source=source, community=community, secrets=(PartnerSecret(secret=secret),),
                       added_ms=now_ms)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        refuse(f"{first['loc'][0]}: {first['msg']}")


def _say_once(secret: str, words: str) -> None:
    """The secret alone goes to standard output, so that it can be piped into a safe place."""
    print(f"{words} Its secret, shown this once:", file=sys.stderr)
    print(secret)


def _secrets(partner: Partner, now_ms: int) -> str:
    until = [one.valid_until_ms for one in partner.secrets if one.valid_until_ms is not None and now_ms < one.valid_until_ms]
    return f"2, the older until {shown.time(until[0])}" if until else "1"


def _told_at(webhook: Webhook | None) -> str:
    return "" if webhook is None else f"{webhook.url} (answered 410: gone)" if webhook.gone else webhook.url


def _figures(partner: Partner, now_ms: int) -> dict[str, object]:
    until = [one.valid_until_ms for one in partner.secrets if one.valid_until_ms is not None]
    return partner.model_dump(exclude={"secrets": True, "webhook": {"secrets"}}) | {
        "valid_secrets": len(partner.valid_secrets(now_ms)), "older_secret_until_ms": until[0] if until else None}
