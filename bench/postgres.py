"""Double entry in PostgreSQL on this machine, for comparison: two legs and two balances a moment, in one transaction a batch.

As well as SQL can be batched: one statement takes a whole batch as an array, `synchronous_commit` is on, the tables have the
keys that idempotence and a statement need and no others. A throwaway cluster on a socket of its own, ended by id.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = "/usr/lib/postgresql"
"""Where Debian keeps them, a folder for each version."""

_TABLES = """
CREATE TABLE accounts (id uuid PRIMARY KEY, given int NOT NULL DEFAULT 0, received int NOT NULL DEFAULT 0);
CREATE TABLE legs (moment uuid NOT NULL, side "char" NOT NULL, account uuid NOT NULL, at timestamptz NOT NULL,
  PRIMARY KEY (moment, side));
"""

_PREPARED = """
PREPARE post (uuid[], uuid[], uuid[]) AS
WITH moments AS (SELECT * FROM unnest($1, $2, $3) AS m (moment, giver, receiver)),
     posted AS (INSERT INTO legs SELECT moment, 'g', giver, now() FROM moments
                UNION ALL SELECT moment, 'r', receiver, now() FROM moments RETURNING side, account),
     sums AS (SELECT account, count(*) FILTER (WHERE side = 'g') AS gave, count(*) FILTER (WHERE side = 'r') AS got
              FROM posted GROUP BY account)
UPDATE accounts SET given = given + gave, received = received + got FROM sums WHERE id = account;
"""


def installed() -> Path | None:
    """The newest version's programs; None where PostgreSQL is not installed."""
    found = sorted(Path(BINARIES).glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def moments_a_second(people: int, moments: int, batch: int, seed: int = 4) -> float:
    """Raises CalledProcessError when the cluster does not start or a statement fails; ask `installed` first."""
    chance = random.Random(seed)
    names = [f"{n:032x}" for n in range(people)]
    with _cluster() as psql:
        _run(psql, _TABLES + _array("INSERT INTO accounts SELECT * FROM unnest({}::uuid[]);", names))
        script = _PREPARED
        for begin in range(0, moments, batch):
            pairs = [chance.sample(names, 2) for _ in range(begin, min(moments, begin + batch))]
            ids = [f"{people + begin + n:032x}" for n in range(len(pairs))]
            script += _array("EXECUTE post ({}, {}, {});", ids, *map(list, zip(*pairs, strict=True)))
        began = time.perf_counter()
        _run(psql, script)
        return moments / (time.perf_counter() - began)


def _array(statement: str, *ids: list[str]) -> str:
    return statement.format(*(f"'{{{','.join(each)}}}'" for each in ids)) + "\n"


def _run(psql: list[str], script: str) -> None:
    subprocess.run(psql, input=script.encode(), check=True, capture_output=True)


@contextmanager
def _cluster() -> Iterator[list[str]]:
    """Yields the psql that speaks to it. PostgreSQL refuses to run as root, so root hands it to Debian's own user for it."""
    programs = installed()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="twoway-bench-"))
    who = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    if who is not None:
        shutil.chown(folder, who.pw_uid, who.pw_gid)
    user = {} if who is None else {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": ()}
    data = folder / "data"
    server = None
    try:
        subprocess.run([programs / "initdb", "-D", data, "-A", "trust", "-U", "bench", "--no-instructions"],
                       check=True, capture_output=True, cwd=folder, **user)  # type: ignore[call-overload]  # kwargs by name
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "synchronous_commit=on",
             "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **user)
        psql = [str(programs / "psql"), "-h", str(folder), "-U", "bench", "-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        for _ in range(100):
            if subprocess.run([programs / "pg_isready", "-q", "-h", folder, "-t", "1"], check=False).returncode == 0:
                break
            time.sleep(0.1)
        yield psql
    finally:
        if server is not None:
            server.terminate()
            server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
