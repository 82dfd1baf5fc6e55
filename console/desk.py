"""`twoway desk`: who may sit at the coordinators' desk. Each line here is noted in the operators' journal."""

from __future__ import annotations

import re
import secrets
import sys
from typing import Annotated

import typer

from console import journal, shown, system
from console.running import refuse
from console.system import AsJson, Data, System
from services.gateway.domain.signing_in import TOKEN_BYTES
from services.gateway.store.coordinators import LINK_LIVES_MS, NAME, Coordinator, Coordinators

Name = Annotated[str, typer.Argument(help="What logs call them: 2 to 20 small letters, such as mara.")]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="The coordinators' desk: who may sit at it.", no_args_is_help=True)
    group.command("invite")(invite)
    group.command("list")(show_all)
    group.command("remove")(remove)
    app.add_typer(group, name="desk")


def invite(name: Name, data: Data = None) -> None:
    """Print a link to the desk. It opens once, within 24 hours; one that this coordinator had before opens no more."""
    async def work(at: System) -> None:
        if not re.fullmatch(NAME, name):
            refuse("a coordinator's name is 2 to 20 small letters, a to z. Nothing was changed")
        token, now_ms = secrets.token_urlsafe(TOKEN_BYTES), at.clock.now_ms()
        with journal.noted(at, "desk.invited", operator=name, until_ms=now_ms + LINK_LIVES_MS):
            await Coordinators(at.redis, at.vault).invite(name, at.clock.new_id(), token, now_ms)
        print(f"For {name} alone, once, until {shown.time(now_ms + LINK_LIVES_MS)}:", file=sys.stderr)
        print(f"{at.running.base_url}/desk/in/{token}")
    system.run(work, data)


def show_all(json: AsJson = False, data: Data = None) -> None:
    """Show who may sit at the desk; never a link."""
    async def work(at: System) -> None:
        found, now_ms = await Coordinators(at.redis, at.vault).all(), at.clock.now_ms()
        if json:
            return shown.as_json([_figures(each) for each in found])
        if not found:
            return print("Nobody yet. `twoway desk invite NAME` lets a coordinator in.")
        return shown.table(("coordinator", "since", "latest link"), (
            (each.name, shown.time(each.since_ms), _link(each, now_ms)) for each in found))
    system.run(work, data)


def remove(name: Name, data: Data = None) -> None:
    """Let this coordinator in no more. Their link and every page that they have open end at once."""
    async def work(at: System) -> None:
        coordinators = Coordinators(at.redis, at.vault)
        if name not in {each.name for each in await coordinators.all()}:
            refuse(f"there is no coordinator {name}; `twoway desk list` shows them")
        with journal.noted(at, "desk.removed", operator=name):
            await coordinators.remove(name)
        print(f"{name} is let in no more.")
    system.run(work, data)


def _link(each: Coordinator, now_ms: int) -> str:
    return f"until {shown.time(each.link_until_ms)}, or opened" if now_ms < each.link_until_ms else "over"


def _figures(each: Coordinator) -> dict[str, object]:
    return {"name": each.name, "since_ms": each.since_ms, "link_until_ms": each.link_until_ms}
