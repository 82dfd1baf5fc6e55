"""The installation's key: 32 random bytes in URL-safe base64, in a file that its owner alone can read.

It wraps each person's own key and never rests in Redis. Whoever loses it loses everything that describes a person, so keep
a copy of the file, apart from every backup of the data.

    python -m console.key PATH      makes it, unless it is there
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

from shared import KEY_BYTES


def made(path: Path) -> Path:
    """`path`, with a key in it: the one that was there, or a new one that is on disk before anything relies on it."""
    if path.exists():
        return path
    put(path, base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)))
    return path


def put(path: Path, key: bytes) -> None:
    """Writes `key` where none is, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(key.strip() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


if __name__ == "__main__":
    made(Path(sys.argv[1]))
