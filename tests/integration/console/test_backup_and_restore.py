from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from console.server import Server
from services.gateway import left_ids
from services.gateway.store.addresses import Addresses, joined_id
from shared import installation
from shared.events import Invitation, PeerJoined, ReferralMade, ReferralRefused, Sealed
from shared.partners import partners
from shared.sealing import Vault
from shared.stream.append import OtherBody
from shared.stream.archive import Archive, archive_and_trim
from tests.integration.console.conftest import Twoway
from tests.integration.console.loop import SECRETS, Loop
from tests.integration.core.tally import KEY, KEY_TEXT


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Twoway]:
    """Another, empty server, and the command that means it."""
    with Server(tmp_path / "other-server") as server:
        yield Twoway(server.url, tmp_path / "elsewhere")


@pytest.fixture
async def restored(elsewhere: Twoway) -> AsyncIterator[Loop]:
    """The services on that other server."""
    redis = Redis.from_url(elsewhere.redis_url)
    yield Loop(redis, elsewhere.data)
    await redis.aclose()


async def lived_in(loop: Loop) -> tuple[str, str, str]:
    first, second, pair = await loop.pair("ann", "ben")
    for _ in range(3):
        await loop.moment(pair, first, second)
    await loop.person("cat")
    await loop.person("dan")
    gone = await loop.person("eve")
    await loop.settle()
    await loop.leave(gone)
    return first, second, pair


async def test_what_is_restored_is_what_was_backed_up(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    await lived_in(loop)
    await archive_and_trim(loop.redis, loop.partition, twoway.data, loop.clock.now_ms() + 1)
    await loop.person("fay")
    await loop.settle()
    await loop.redis.hset(loop.partition.dead, "odd:1-0", b"\xff\x00 no text")
    await loop.redis.xadd(loop.partition.log, {b"type": b"\xfe\xff", b"body": b"\x00"})
    await loop.settle()
    await twoway("partners", "add", "city-clinic", "--source", "urn:clinic", "--community", "riverside")
    before = await loop.everything()
    info: Any = await loop.redis.xinfo_stream(loop.partition.log)

    await twoway("backup", str(tmp_path / "backup"))
    await elsewhere("restore", str(tmp_path / "backup"))

    assert await restored.everything() == before
    after: Any = await restored.redis.xinfo_stream(restored.partition.log)
    assert [after[name] for name in ("last-generated-id", "entries-added")] == [
        info[name] for name in ("last-generated-id", "entries-added")]
    assert [partner.name for partner in await partners(restored.redis, restored.vault)] == ["city-clinic"]
    assert _files(elsewhere.data / "archive") == _files(twoway.data / "archive") != {}
    await restored.redis.hdel(restored.partition.dead, "odd:1-0")
    await elsewhere("verify")


async def test_a_restored_system_goes_on_where_it_was(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    first, second, pair = await lived_in(loop)
    await twoway("backup", str(tmp_path / "backup"))
    await elsewhere("restore", str(tmp_path / "backup"))
    await restored.moment(pair, second, first)
    await restored.person("gus")
    await restored.settle()
    row = (await restored.rows("gateway", "peers"))[first]
    assert (row.given, row.received) == (3, 1)
    await elsewhere("verify")


async def test_who_left_after_the_backup_stays_left(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    first, second, pair = await lived_in(loop)
    assert await Addresses(loop.redis, Vault(KEY)).reserve(loop.partition, "about-to-be-theirs@example.org", first)
    await twoway("verify")
    await twoway("backup", str(tmp_path / "backup"))
    await loop.leave(first)
    ran = await elsewhere("restore", str(tmp_path / "backup"), "--left-from", str(twoway.data))
    assert "1 person had left since" in ran.out

    assert not await restored.redis.hexists(restored.partition.keys, first)
    assert not await restored.rows("gateway", "address_of", only=lambda _: False)
    assert first not in await restored.rows("gateway", "address_of")
    assert not await restored.redis.exists(restored.partition.of("gateway", "address_next"))
    assert first.encode() not in (await restored.redis.hgetall(restored.partition.of("gateway", "addresses"))).values()
    await restored.settle()
    assert first not in await restored.rows("gateway", "peers")
    assert await restored.rows("matcher", "pairs", only=lambda row: not row.over and pair) == {}
    assert first in {peer for _, peer in left_ids.read(elsewhere.data)}
    assert second in await restored.rows("gateway", "peers")
    await elsewhere("verify")


async def test_an_invitation_that_was_refused_after_the_backup_stays_unreadable(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    key = loop.vault.new_key("referral")
    await loop.redis.hset(loop.partition.keys, "referral", key)
    address = loop.vault.seal("referral", key, Invitation(email="gus@brambles.example", consent="a"))
    await loop.say(ReferralMade(referral="referral", partner="clinic", community="riverside", address=address))
    await loop.settle()
    entries = await loop.redis.xlen(loop.partition.log)
    await twoway("backup", str(tmp_path / "backup"))
    await loop.say(ReferralRefused(referral="referral"))
    await loop.settle()
    ran = await elsewhere("restore", str(tmp_path / "backup"), "--left-from", str(twoway.data))
    assert "Nobody had left since" in ran.out
    assert not await restored.redis.hexists(restored.partition.keys, "referral")
    assert await restored.redis.xlen(restored.partition.log) == entries
    await elsewhere("verify")


async def test_a_backup_taken_while_people_act_is_of_one_moment(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    first, second, pair = await loop.pair("ann", "ben")
    over = asyncio.Event()

    async def act() -> None:
        while not over.is_set():
            await loop.moment(pair, first, second)
            await loop.settle()

    acting = asyncio.create_task(act())
    while (before := len(await loop.rows("ledger", "transfers"))) < 20:
        await asyncio.sleep(0)
    await twoway("backup", str(tmp_path / "backup"))
    assert len(await loop.rows("ledger", "transfers")) > before
    over.set()
    await acting

    await elsewhere("restore", str(tmp_path / "backup"))
    kept = await restored.rows("ledger", "transfers")
    log: Any = await restored.redis.xrange(restored.partition.log)
    recorded = [fields for _, fields in log if fields[b"type"] == b"moment.recorded"]
    assert len(kept) == len(recorded) >= before
    await restored.settle()
    await elsewhere("verify")


async def test_what_came_to_the_archive_after_that_moment_is_not_in_it_twice(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    archive = Archive(twoway.data, loop.partition)
    archive.write([("1795000000000-0", {"type": "too.late"})])
    await lived_in(loop)
    await twoway("backup", str(tmp_path / "before"))
    assert _files(tmp_path / "before" / "archive") == {}, "no archive was known at that moment"

    (twoway.data / "archive" / "p0" / "2026-11-18.jsonl.gz").unlink()
    await archive_and_trim(loop.redis, loop.partition, twoway.data, loop.clock.now_ms() + 1)
    known = _files(twoway.data / "archive")
    archive.write([(f"{loop.clock.now_ms()}-0", {"type": "too.late"})])
    await twoway("backup", str(tmp_path / "after"))
    assert _files(tmp_path / "after" / "archive") == known
    await elsewhere("restore", str(tmp_path / "after"))
    await restored.person("gus")
    await restored.settle()
    assert await archive_and_trim(restored.redis, restored.partition, elsewhere.data, loop.clock.now_ms() + 1) > 0
    await elsewhere("verify")


async def test_every_partition_is_in_the_backup(
        twoway: Twoway, elsewhere: Twoway, redis: Redis, tmp_path: Path) -> None:
    loops = [Loop(redis, twoway.data, number) for number in range(3)]
    for loop in loops:
        await loop.pair(f"ann{loop.partition.number}", f"ben{loop.partition.number}")
    three = dataclasses.replace(twoway, partitions=3)
    await three("backup", str(tmp_path / "backup"))
    ran = await elsewhere("restore", str(tmp_path / "backup"), code=2)
    assert "TWOWAY_PARTITIONS" in ran.err
    await dataclasses.replace(elsewhere, partitions=3)("restore", str(tmp_path / "backup"))
    await dataclasses.replace(elsewhere, partitions=3)("verify")


async def test_fewer_partitions_than_communities_live_on_are_refused_and_not_left_out(
        twoway: Twoway, redis: Redis, tmp_path: Path) -> None:
    await redis.hset("twoway:directory", mapping={"riverside": 0, "hillview": 1})
    for words in (("backup", str(tmp_path / "backup")), ("status",), ("verify",), ("rebuild", "ledger")):
        ran = await twoway(*words, code=2)
        assert len(ran.err.splitlines()) == 1
        assert "TWOWAY_PARTITIONS" in ran.err
        assert "set it to 2" in ran.err
    assert not (tmp_path / "backup").exists()
    await dataclasses.replace(twoway, partitions=2)("backup", str(tmp_path / "backup"))


async def test_a_command_with_another_installations_key_is_refused(
        twoway: Twoway, elsewhere: Twoway, restored: Loop, redis: Redis, tmp_path: Path) -> None:
    await installation.check(redis, Vault(KEY), 1, begins=True)
    await twoway("verify")
    await twoway("backup", str(tmp_path / "backup"))
    await elsewhere("restore", str(tmp_path / "backup"))
    for system in (twoway, elsewhere):
        ran = await dataclasses.replace(system, key="B" * 43)("verify", code=2)
        assert len(ran.err.splitlines()) == 1
        assert "another installation's key" in ran.err
    await elsewhere("verify")


async def test_a_restore_under_a_key_that_the_services_would_not_have_is_refused(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    await lived_in(loop)
    await twoway("backup", str(tmp_path / "backup"), "--key-to", str(tmp_path / "key"))
    other = dataclasses.replace(elsewhere, key="B" * 43)
    ran = await other("restore", str(tmp_path / "backup"), "--key", str(tmp_path / "key"), code=2)
    assert len(ran.err.splitlines()) == 1
    assert "TWOWAY_KEY is another key" in ran.err
    assert await restored.redis.dbsize() == 0
    await elsewhere("restore", str(tmp_path / "backup"), "--key", str(tmp_path / "key"))


async def test_a_key_file_that_holds_no_key_is_refused_in_one_line(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, tmp_path: Path) -> None:
    await loop.settle()
    await twoway("backup", str(tmp_path / "backup"))
    (tmp_path / "odd").write_bytes(b"\xff\xfe\x00")
    refused = await elsewhere("restore", str(tmp_path / "backup"), "--key", str(tmp_path / "odd"), code=2)
    assert "not text in UTF-8" in refused.err
    assert len(refused.err.strip().splitlines()) == 1


async def test_ids_of_what_was_appended_are_remembered_across_a_restore(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    first, _, _ = await loop.pair()
    await loop.settle()
    await twoway("backup", str(tmp_path / "backup"))
    await elsewhere("restore", str(tmp_path / "backup"))
    keys = [key async for key in restored.redis.scan_iter(match=f"{restored.partition.tag}:seen:*")]
    assert len(keys) == len([key async for key in loop.redis.scan_iter(match=f"{loop.partition.tag}:seen:*")]) > 0
    assert all([0 < await restored.redis.ttl(key) <= 7 * 24 * 3600 for key in keys])
    before = await restored.redis.xlen(restored.partition.log)
    with pytest.raises(OtherBody):
        await restored.say(PeerJoined(peer=first, community="hillview", profile=Sealed("s1.x.y")), joined_id(first))
    assert await restored.redis.xlen(restored.partition.log) == before


async def test_the_key_is_kept_apart_and_nothing_in_a_backup_can_be_read_without_it(
        twoway: Twoway, loop: Loop, tmp_path: Path) -> None:
    await lived_in(loop)
    ran = await twoway("backup", str(tmp_path / "backup"), "--key-to", str(tmp_path / "kept" / "key"), code=2)
    assert "can't be written" in ran.err
    ran = await twoway("backup", str(tmp_path / "backup2"), "--key-to", str(tmp_path / "key"))
    assert "NOT in it" in ran.err
    assert (tmp_path / "key").read_text("ascii").strip() == KEY_TEXT
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    for path in (tmp_path / "backup2").rglob("*"):
        if path.is_file():
            text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for secret in (*SECRETS, KEY_TEXT):
                assert secret.encode() not in text, path
    ran = await twoway("backup", str(tmp_path / "backup3"), "--key-to", str(tmp_path / "backup3" / "key"), code=2)
    assert "beside what it opens" in ran.err
    assert not (tmp_path / "backup3").exists()


async def test_who_computes_a_round_is_in_no_backup_and_who_was_sending_what_is(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    await lived_in(loop)
    computing, sending = (f"{loop.partition.tag}:{service}:claim:c0ffee" for service in ("matcher", "notifier"))
    for key in (computing, sending):
        await loop.redis.set(key, "1 ab 1", ex=3_600)
    await twoway("backup", str(tmp_path / "backup"), "--key-to", str(tmp_path / "key"))
    await elsewhere("restore", str(tmp_path / "backup"))
    assert not await restored.redis.exists(computing)
    assert await restored.redis.exists(sending)


async def test_drafts_sessions_and_the_mailbox_are_in_no_backup(twoway: Twoway, redis: Redis, tmp_path: Path) -> None:
    for key in ("twoway:gateway:draft:x", "twoway:gateway:session:x", "twoway:mailbox:x", "twoway:limits:x"):
        await redis.set(key, "boxed")
    await twoway("backup", str(tmp_path / "backup"))
    assert gzip.decompress((tmp_path / "backup" / "installation.jsonl.gz").read_bytes()) == b""


async def test_what_is_not_as_it_was_backed_up_is_refused_and_changes_nothing(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    await lived_in(loop)
    backup = tmp_path / "backup"
    await twoway("backup", str(backup))
    manifest = (backup / "manifest.json").read_text("utf-8")

    wrong_key = dataclasses.replace(elsewhere, key="B" * 43)
    assert "another installation's key" in (await wrong_key("restore", str(backup), code=2)).err
    (backup / "manifest.json").write_text(json.dumps(json.loads(manifest) | {"made_ms": 1}), "utf-8")
    assert "manifest was changed" in (await elsewhere("restore", str(backup), code=2)).err
    (backup / "manifest.json").write_text(manifest, "utf-8")
    (backup / "left-ids").write_text("", "ascii")
    assert "not as they were when the backup was made: left-ids" in (await elsewhere("restore", str(backup), code=2)).err
    (backup / "manifest.json").unlink()
    assert "no whole backup" in (await elsewhere("restore", str(backup), code=2)).err

    assert await restored.redis.dbsize() == 0


async def test_a_system_that_is_not_empty_is_left_alone(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    await lived_in(loop)
    await twoway("backup", str(tmp_path / "backup"))
    before = await loop.everything()
    assert "not empty" in (await twoway("restore", str(tmp_path / "backup"), code=2)).err
    assert await loop.everything() == before

    archive = elsewhere.data / "archive" / "p0"
    archive.mkdir(parents=True)
    (archive / "2026-01-01.jsonl.gz").write_bytes(gzip.compress(b"{}"))
    assert "another system's archive" in (await elsewhere("restore", str(tmp_path / "backup"), code=2)).err
    assert await restored.redis.dbsize() == 0


async def test_a_restore_that_did_not_come_to_its_end_is_told_of_and_begins_anew(
        twoway: Twoway, elsewhere: Twoway, loop: Loop, restored: Loop, tmp_path: Path) -> None:
    await lived_in(loop)
    await twoway("backup", str(tmp_path / "backup"))
    await restored.redis.set("twoway:restoring", 1)
    await restored.redis.hset("twoway:{p0}:keys", "half", "done")
    [result] = (await elsewhere("verify", "--json", code=1)).json
    assert "restore_not_finished" in {found["what"] for found in result["findings"]}
    ran = await elsewhere("restore", str(tmp_path / "backup"))
    assert "begins anew" in ran.err
    assert not await restored.redis.exists("twoway:restoring")
    assert not await restored.redis.hexists("twoway:{p0}:keys", "half")
    await elsewhere("verify")


async def test_a_backup_needs_a_folder_of_its_own(twoway: Twoway, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    assert "not empty" in (await twoway("backup", str(tmp_path / "full"), code=2)).err
    (tmp_path / "file").touch()
    assert "can't be written" in (await twoway("backup", str(tmp_path / "file" / "below"), code=2)).err
    [line] = (await twoway("backup", str(tmp_path / "new"))).err.splitlines()[:1]
    assert json.loads(line)["event.name"] == "backup.made"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
