"""A journal gives back what was written whole, wherever its writer was killed, and says that a disk is full in time."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topology.live.journal import BATCH, EVERY, HEAD, NEVER, RESERVE, STEP, DiskFull, Journal, whole_records

PAYLOADS = st.lists(st.binary(min_size=1, max_size=40), max_size=8)


def written(payloads: list[bytes]) -> bytes:
    """The bytes of a journal with these records."""
    return b"".join(HEAD.pack(len(payload), zlib.crc32(payload)) + payload for payload in payloads)


def test_this_is_how_it_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "q")
    for payload in (b"one", b"two"):
        journal.append(payload)
    journal.close()
    assert (tmp_path / "q").read_bytes().rstrip(b"\0") == written([b"one", b"two"])


@settings(deadline=None, max_examples=60)
@given(PAYLOADS)
def test_cut_at_any_byte_it_gives_back_what_was_whole(payloads: list[bytes]) -> None:
    """The file ended there, or space that was taken in advance follows; its zeros may happen to be what was missing."""
    data = written(payloads)
    ends = [0, *itertools.accumulate(HEAD.size + len(payload) for payload in payloads)]
    for cut in range(len(data) + 1):
        whole = sum(end <= cut for end in ends) - 1
        assert whole_records(data[:cut]) == (payloads[:whole], ends[whole])
        found, _ = whole_records(data[:cut] + bytes(100))
        assert found == payloads[: len(found)]
        assert len(found) == whole or not any(data[cut : ends[len(found)]])


@settings(deadline=None, max_examples=60)
@given(PAYLOADS.filter(bool), st.data())
def test_a_bit_that_fell_over_ends_it_there(payloads: list[bytes], data: st.DataObject) -> None:
    good = written(payloads)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= 1 << data.draw(st.integers(0, 7))
    found, end = whole_records(bytes(bad))
    assert found == payloads[: len(found)]
    assert end <= at


def test_it_goes_on_where_the_whole_records_end(tmp_path: Path) -> None:
    (tmp_path / "q").write_bytes(written([b"one", b"two"])[:-1])
    journal = Journal(tmp_path / "q")
    assert journal.read() == [b"one"]
    assert journal.torn == HEAD.size + 2
    journal.append(b"three")
    journal.close()
    assert Journal(tmp_path / "q").read() == [b"one", b"three"]


def test_a_quota_is_met_before_a_record_is_promised(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "q", quota=RESERVE + 10 * (HEAD.size + 100))
    taken = 0
    while journal.room(100):
        journal.append(bytes([taken + 1]) * 100)
        taken += 1
    assert taken == 10
    assert (tmp_path / "q").stat().st_size == journal.quota
    for _ in range(RESERVE // (HEAD.size + 10)):
        journal.append(b"it is gone"[:10])
    journal.close()
    assert len(Journal(tmp_path / "q").read()) == 10 + RESERVE // (HEAD.size + 10)


def test_space_is_taken_in_advance(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "q")
    assert journal.room(1)
    assert (tmp_path / "q").stat().st_size == STEP
    journal.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_said_to_be_full() -> None:
    journal = Journal(Path("/dev/full"))
    assert not journal.room(1)
    with pytest.raises(DiskFull, match="full has no space for one more record"):
        journal.append(b"x")
    journal.close()


def test_it_is_written_anew_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "q", EVERY)
    for n in range(10):
        journal.append(b"%d" % n, lasting=True)
    journal.rewrite([b"all"])
    journal.append(b"more")
    journal.close()
    assert Journal(tmp_path / "q").read() == [b"all", b"more"]
    assert [path.name for path in tmp_path.iterdir()] == ["q"]


async def test_what_waits_for_a_batch_is_told_in_order_and_after_all_of_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "q", BATCH)
    told: list[int] = []
    for n in range(100):
        journal.append(b"%d" % n, lasting=True)
        journal.when_safe(lambda n=n: told.append(n))  # type: ignore[misc]
    assert told == []
    journal.rewrite([b"all"])
    while len(told) < 100:
        await asyncio.sleep(0.001)
    assert told == list(range(100))
    journal.close()


def test_without_a_batch_nobody_waits(tmp_path: Path) -> None:
    for policy in (NEVER, EVERY):
        journal = Journal(tmp_path / policy, policy)
        told: list[str] = []
        journal.when_safe(lambda: told.append("now"))  # noqa: B023
        assert told == ["now"]
        journal.close()
    with pytest.raises(ValueError, match="a journal is synced never, batch, every, not 'often'"):
        Journal(tmp_path / "q", "often")
