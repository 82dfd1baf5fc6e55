"""Settings come from the environment, are read once at start, and read like a page of the manual.

Any setting may come from a file instead (`TWOWAY_KEY_FILE=/run/secrets/key`), so that no secret need stand in an environment.
A missing or unreadable setting is one clear line and exit code 2.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis.asyncio import ConnectionPool

from shared import EXIT_SETTINGS, KEY_BYTES, logs
from shared.programme import Programme
from shared.programme import load as load_programme
from shared.sealing import parse_key


class Settings(BaseSettings):
    """What every service needs to know."""

    model_config = SettingsConfigDict(env_prefix="TWOWAY_", frozen=True, extra="ignore", populate_by_name=True)

    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"), validation_alias=AliasChoices("redis_url", "REDIS_URL"),
        description="Redis 7 or newer, or Valkey: the one place where everything is kept. May hold a password.")
    key: SecretStr = Field(
        description="The installation's key: 32 random bytes in URL-safe base64. Wraps each person's own key; never "
        "rests in Redis. Losing it loses everything that describes a person. `twoway up` makes one.")
    data: Path = Field(
        Path("var"), description="Folder for what must outlive Redis: the archive of the log, the ids of who left.")
    partitions: int = Field(
        1, ge=1, le=1024, description="Number of logs. May grow, for new communities; never shrinks. One serves "
        "tens of thousands of people.")
    programme: Path | None = Field(
        None, description="The programme's own choices (communities, topics, urgent help); unset means the "
        "shipped shared/programme.toml.")
    log_format: str = Field(
        "json", pattern="^(json|console)$", description="json: one object a line; console: for people's eyes.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level that is written.")
    host: str = Field("127.0.0.1", description="Address that this service listens on.")
    read_batch: int = Field(
        256, ge=1, le=1000, description="Log entries read at once. More is faster in a backlog and makes each "
        "write block Redis longer: 256 is about 2 ms.")

    @field_validator("redis_url")
    @classmethod
    def _an_address(cls, value: SecretStr) -> SecretStr:
        try:
            ConnectionPool.from_url(value.get_secret_value()).make_connection()  # type: ignore[no-untyped-call]  # connects not yet
        except (ValueError, TypeError):  # whose words may quote a part of the password
            raise ValueError("it is no address of a Redis, such as redis://host:6379/0") from None
        return value

    @field_validator("key")
    @classmethod
    def _a_key(cls, value: SecretStr) -> SecretStr:
        if len(parse_key(value.get_secret_value())) != KEY_BYTES:
            raise ValueError(f"the installation's key needs {KEY_BYTES} bytes in URL-safe base64")
        return value

    @property
    def installation_key(self) -> bytes:
        return parse_key(self.key.get_secret_value())


S = TypeVar("S", bound=Settings)


def read(kind: type[S]) -> S:
    """The settings in this process's environment. Raises ValidationError or OSError."""
    from_files: dict[str, str] = {}
    for name in kind.model_fields:
        for variable in (f"TWOWAY_{name.upper()}", name.upper()) if name == "redis_url" else (f"TWOWAY_{name.upper()}",):
            path = os.environ.get(f"{variable}_FILE")
            if path and variable not in os.environ:
                from_files[name] = text_of(Path(path))
    return kind(**from_files)  # type: ignore[arg-type]  # the rest comes from the environment


def text_of(path: Path) -> str:
    """What a setting's file says. Raises OSError, bytes that are no text included."""
    try:
        return path.read_text("utf-8").strip()
    except UnicodeDecodeError:  # whose words quote a byte of what may be a secret
        raise OSError(errno.EILSEQ, "not text in UTF-8", str(path)) from None


def load(kind: type[S]) -> tuple[S, Programme]:
    """Settings and programme for a service that starts; one clear line and exit code 2 when either can't be read."""
    try:
        settings = read(kind)
    except ValidationError as error:
        name, reason = _first(error)
        refuse(name.upper() if name.upper() == "REDIS_URL" else f"TWOWAY_{name.upper()}", reason)
    except OSError as error:
        refuse(str(error.filename), f"{error.strerror}; it can't be read")
    try:
        programme = load_programme(settings.programme)
    except ValidationError as error:
        name, reason = _first(error)
        refuse("TWOWAY_PROGRAMME", f"{name}: {reason}")
    except (OSError, ValueError) as error:
        refuse("TWOWAY_PROGRAMME", f"{settings.programme}: {type(error).__name__}, it can't be read")
    logs.configure(settings.log_format, settings.log_level)
    return settings, programme


def refuse(setting: str, reason: str) -> NoReturn:
    """One line on standard error, exit code 2: the system's word for *mend the settings, then start again*."""
    say(setting, reason)
    raise SystemExit(EXIT_SETTINGS)


def say(setting: str, reason: str) -> None:
    print(f"twoway: {setting}: {reason}. deploy/env.example explains every setting.", file=sys.stderr)


def _first(error: ValidationError) -> tuple[str, str]:
    """Where the first thing that is wrong stands, and what it is; never the value, which may be a secret."""
    first = error.errors(include_url=False, include_input=False)[0]
    return ".".join(str(part) for part in first["loc"]), first["msg"]
