from __future__ import annotations

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
