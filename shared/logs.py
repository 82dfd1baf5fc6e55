"""Logs are an interface: operators live in them. `docs/operators/log-catalogue.md` lists every name and field.

One JSON object a line on standard output (or readable lines on a terminal) with `timestamp`, `level`, `message`,
`event.name`, `service.name`, `trace_id` and the fields below. Only fields on the allow-list are written, whatever a caller
passes; the rest is dropped and counted in `dropped`. An exception shows its class and its frames: no message, no local
variables, for both can quote what a person wrote. What libraries say through `logging` takes the same way.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import structlog

from shared.sealing import SEAL

FIELDS = frozenset({
    # what and where
    "service", "partition", "entry", "entries", "id", "cause", "trace", "error", "reason", "frames", "dropped",
    # random ids of things, never of their content
    "peer", "peers", "request", "requests", "proposal", "pair", "moment", "referral", "checkin", "training",
    "concern", "message", "message_ref", "webhook", "round", "partner", "giver", "receiver", "recorded_by", "said_yes", "to",
    "about", "of", "linked", "same_as",
    # plain words and figures of the system
    "template", "klass", "outcome", "what", "kind", "gesture", "answer", "ending", "benefit", "step", "given", "received",
    "part", "waiting", "for_ever", "chosen", "proposed", "no_longer_held", "proven_share", "sampled",
    "median_days", "unproposed_14_days", "week", "milestone",
    "wait_s", "tries", "count", "until_ms", "lapses_ms", "runs_out_ms", "since_ms", "not_before_ms", "due_ms",
    "lag_entries", "lag_s", "channel",
    # what an operator or a coordinator chose to be called, in lines of what they did
    "operator",
    # the process and the web
    "pid", "code", "signal", "address", "method", "route", "status", "ms", "setting", "path", "version", "days", "name",
    "redis_key",
})
"""`address` is this system's own network address; a person's never comes here. `route` is a page's pattern, no query.
`redis_key` is the name of a table, a cursor or a log."""

SHOWN = {"service": "service.name", "trace": "trace_id", "message": "message_ref"}
"""What a field is called in a line, where that is not its name: `message` is the line's own text."""

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

get_logger = structlog.get_logger


def configure(form: str = "json", level: str = "info") -> None:
    """Sets up logging for this process: `json` or `console`, from `level` up."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True), _frames, _allowed]
    end: list[Any] = [_json] if form == "json" else [structlog.dev.ConsoleRenderer(
        event_key="message", exception_formatter=lambda *_: None)]
    structlog.configure(
        processors=shared + end,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer) if form == "json"
        else structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False)
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _Foreign)] + [_Foreign(logging.WARNING)]


class _Foreign(logging.Handler):
    """What a library says: who says it, where, and the exception's class and frames. Its texts quote whatever it met."""

    def emit(self, record: logging.LogRecord) -> None:
        log = get_logger("shared.logs")
        told = record.exc_info[1] if record.exc_info else record.msg
        error = told if isinstance(told, BaseException) else None
        place = f"{record.filename}:{record.lineno} {record.funcName}"
        if record.levelno < logging.ERROR:
            log.warning("host.trouble", what=record.name, frames=[place], exc_info=error)
        else:
            log.error("host.broke", what=record.name, frames=[place], exc_info=error)


def _frames(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        line.setdefault("error", type(error).__name__)
        line["frames"] = _places(error.__traceback__)
    return line


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-12:]


def _allowed(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    name = line.pop("event")
    kept = {"timestamp": line.pop("timestamp"), "level": line.pop("level"), "message": name, "event.name": name}
    dropped = 0
    for field, value in line.items():
        if field in FIELDS and not _sealed(value):
            kept[SHOWN.get(field, field)] = value
        else:
            dropped += 1
    if dropped:
        kept["dropped"] = dropped
    return kept


def _sealed(value: Any) -> bool:
    """A seal is nobody's business here, whatever its field is called: a referral's `address` is one."""
    return isinstance(value, str) and value.startswith(SEAL)


def _json(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> bytes:
    return orjson.dumps(line, default=str)
