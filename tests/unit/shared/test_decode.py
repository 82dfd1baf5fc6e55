from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from shared.events import REGISTRY, PeerLeft
from shared.service import Entry
from shared.stream.decode import Bad, Decoder

names = st.sampled_from([b"type", b"v", b"id", b"cause", b"trace", b"body", b"reply_to"]) | st.binary(max_size=8)
values = st.binary(max_size=60) | st.sampled_from([b"peer.left", b"1", b'{"peer":"a"}', b"[" * 500, b"1e999", b"null"])
entries = st.lists(st.dictionaries(names, values, max_size=8), min_size=1, max_size=8)


@given(entries)
def test_decoding_never_raises_whatever_stands_on_the_log(found: list[dict[bytes, bytes]]) -> None:
    ids = [f"{n + 1}-0".encode() for n in range(len(found))]
    batch = Decoder(REGISTRY.values()).batch(ids, list(found))
    assert batch.cursor == ids[-1].decode()
    assert batch.passed == len(found)


def good(peer: str) -> dict[bytes, bytes]:
    return {b"type": b"peer.left", b"v": b"1", b"id": peer.encode(), b"body": b'{"peer":"%s"}' % peer.encode()}


@given(st.lists(st.sampled_from(["good", "bad", "skipped"]), min_size=1, max_size=30), st.data())
def test_a_batch_taken_in_two_parts_passes_every_entry_once(kinds: list[str], data: st.DataObject) -> None:
    made = {"good": good("a"), "bad": {b"type": b"peer.left"}, "skipped": {b"type": b"pair.formed"}}
    ids = [f"{n + 1}-0".encode() for n in range(len(kinds))]
    batch = Decoder([PeerLeft]).batch(ids, [made[kind] for kind in kinds])
    assert [type(item) for item in batch.items] == [
        {"good": Entry, "bad": Bad}[kind] for kind in kinds if kind != "skipped"]
    if batch.items:
        cut = data.draw(st.integers(1, len(batch.items)))
        first, rest = batch.first(cut), batch.after(cut)
        assert first.passed + rest.passed == batch.passed == len(kinds)
        assert first.items + rest.items == batch.items
        assert first.ids + rest.ids == batch.ids


PROGRAM = """
import sys
from shared.events import Event
from shared.stream.decode import UPCASTS, decode
class Renamed(Event, type="test.renamed", owner="gateway", v=2):
    peer: str
UPCASTS["test.renamed", 1] = lambda old: {"peer": old["who"].lower()}
for body in ('{"who":"A"}', "[]", "7", "{}", "{", '{"who":7}', '{"who":"A"'):
    item = decode("1-0", {b"v": b"1", b"id": b"e", b"body": body.encode()}, Renamed)
    print(getattr(item, "error", "good"))
"""


def test_an_upcast_that_breaks_on_a_body_makes_it_a_bad_entry() -> None:
    """In a process of its own: the catalogue of events is one for each process."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.split() == [
        "good", "TypeError", "TypeError", "KeyError", "JSONDecodeError", "AttributeError", "JSONDecodeError"]
