"""`twoway people export`: everything held about one person as a file, for whoever asks for it by letter (rule 15)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from console import journal, written
from console.running import refuse
from console.system import Data, System, programme_of, run, settings_for
from services.gateway import catalogue
from services.gateway.app import build
from services.gateway.download.document import everything
from services.gateway.settings import GatewaySettings
from services.gateway.web import Here, Web


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="What is held about one person, for that person.", no_args_is_help=True)
    group.callback()(_people)
    group.command("export")(export)
    app.add_typer(group, name="people")


def _people() -> None:
    """What is held about one person, for that person."""


def export(
    who: Annotated[str, typer.Argument(metavar="PEER", help="The person's id, or the e-mail address that they sign in with.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write; it is replaced where there is one.")],
    by: journal.By = "",
    data: Data = None,
) -> None:
    """Write the file that the person could download from their own page. That it was made is noted in the operators' journal.

    Make sure first who is asking. The file is readable: hand it over on a way that only they can open, then delete it.
    """
    journal.check_by(by)

    async def work(at: System) -> None:
        settings = settings_for(at.running, GatewaySettings)
        _, host = build(settings, programme_of(at.settings.programme))
        web = Web(host, settings, catalogue.load())
        try:
            here = await _find(web, at, who)
            journal.note(at, "person.exported", peer=here.peer, operator=by)
            content = await everything(web, here)
        finally:
            await host.redis.aclose()
        before = os.umask(0o077)  # from its first byte it is nobody else's to read
        try:
            with written.replaced(out) as file:
                file.write(content.decode())
        except OSError as error:
            refuse(f"{out} can't be written ({error.strerror}); name another file with --out")
        finally:
            os.umask(before)
        print(f"{out} has everything held about them.")
    run(work, data)


async def _find(web: Web, at: System, who: str) -> Here:
    asked = await web.addresses.peers(at.partitions, who) if "@" in who else [(each, who) for each in at.partitions]
    found = [here for partition, peer in asked if (here := await web.peer(partition, peer)) is not None]
    if not found:
        refuse("nobody here has this id or address; whoever has left is held no more. See that it is spelled as they write it")
    if len(found) > 1:
        refuse(f"this address belongs to {len(found)} people; name the one you mean: {', '.join(each.peer for each in found)}")
    return found[0]
