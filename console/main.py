"""The `twoway` command: one table of commands, each in a module of its own that is read only when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

COMMANDS = {
    "up": "console.up",
    "demo": "console.demo",
    "status": "console.status",
    "trace": "console.trace",
    "partners": "console.partners",
    "dead-letters": "console.dead_letters",
    "proposals": "console.proposals",
    "concerns": "console.concerns",
    "desk": "console.desk",
    "people": "console.export",
    "moments": "console.moments",
    "messages": "console.messages",
    "bounce": "console.bounce",
    "verify": "console.verify",
    "match": "console.match",
    "fairness": "console.fairness",
    "report": "console.report.command",
    "simulate": "console.simulate.command",
    "rebuild": "console.rebuild",
    "backup": "console.backup",
    "restore": "console.restore",
}
"""Command → the module whose `add_to(app)` adds it."""


def build(wanted: str | None = None) -> typer.Typer:
    """The app with the command that is `wanted`, or with all of them where help may have to list them."""
    app = typer.Typer(
        name="twoway",
        help="Peer support that goes both ways: start Twoway, look into it, look after it.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,  # a variable may hold what a person wrote
        add_completion=False,
    )
    app.callback()(_twoway)
    for name, module in COMMANDS.items():
        if wanted not in COMMANDS or name == wanted:
            import_module(module).add_to(app)
    return app


def _twoway() -> None:
    """Peer support that goes both ways: start Twoway, look into it, look after it."""


def main() -> None:
    build(sys.argv[1] if len(sys.argv) > 1 else None)()


if __name__ == "__main__":
    main()
