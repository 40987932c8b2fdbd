"""A queue whose process was killed goes on, in another, as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topology
from tests.topology.live.desk import FLOW, Desk
from tests.topology.worlds import MS, S
from topology.live.journal import RESERVE
from topology.live.letter import Body, write_message
from topology.live.store import DISK_FULL, GARBAGE, LEAST, LETTER, Store
from topology.message import YES, Message, reason_words

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.just(0)),
        st.tuples(st.just("ask"), st.integers(1, 3)),
        st.tuples(st.just("yes"), st.integers(0, 12)),
        st.tuples(st.just("no"), st.integers(0, 12)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
    ),
    min_size=1,
    max_size=15,
)


def do(desk: Desk, steps: list[tuple[str, int]], first: int) -> None:
    """Go through some steps; messages are numbered from `first`."""
    for what, figure in steps:
        if what == "send":
            desk.send(first)
            first += 1
        elif what == "ask":
            desk.ask(figure)
        elif what == "wait":
            desk.wait(figure * 100 * MS)
        else:
            desk.settle(figure, YES if what == "yes" else 3)


@pytest.mark.parametrize(
    "words",
    [
        "sqs, visibility: 2s",
        "sqs, visibility: 2s, delay: 1s",
        "sqs, visibility: 2s, fifo: {on: true}, group: key",
        "sqs, group: tenant",
    ],
)
@settings(deadline=None, max_examples=25)
@given(before=STEPS, after=STEPS)
def test_started_anew_it_behaves_as_if_it_had_lived_on(
    tmp_path_factory: pytest.TempPathFactory, words: str, before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    """Two twins: one lives on; the other is rebuilt, from a copy of the journal, in the middle. Both see the same afterwards."""
    folder = tmp_path_factory.mktemp("store")
    lives = Desk(words, S, Store(folder / "q"))
    do(lives, before, 0)
    lives.wait(2 * MS)  # what is given back at the very instant of its delivery is visible a moment later
    shutil.copy(folder / "q", folder / "copy")
    anew = lives.restart(words, Store(folder / "copy"))
    assert anew.picture() == lives.picture()
    do(lives, after, 100)
    do(anew, after, 100)
    if "fifo" in words:  # elsewhere the order is best effort, and so is what comes of it
        assert anew.picture() == lives.picture()
    for desk in (lives, anew):
        while desk.queue.depth():  # and in the end every one comes, is deleted, and was not lost
            desk.wait(40 * S)
            have = len(desk.given)
            desk.ask(10)
            for nth in range(have, len(desk.given)):
                desk.settle(nth, YES)
        sent = sum(what == "send" for what, _ in before) + sum(what == "send" for what, _ in after)
        assert len(desk.ended) == len(set(desk.ended)) == sent
        desk.keeper.store.close()


def body(n: int) -> Body:
    """A message as it is stored."""
    return write_message(Message(FLOW, n, n, 0, 0))


def state(store: Store) -> list[tuple[int, int, str, int]]:
    """What an open store holds."""
    return [(k.number, k.received, k.receipt, k.delivered) for k in store.kept.values()]


def test_cut_at_any_byte_it_is_as_after_the_last_whole_record(tmp_path: Path) -> None:
    store = Store(tmp_path / "q")
    states = [(0, state(store))]
    for what in (
        lambda: store.accept("a", 1, body(1)),
        lambda: store.accept("b", 2, body(2), source="shop"),
        lambda: store.deliver(1, "r", 3),
        lambda: store.give_back(1),
        lambda: store.deliver(1, "s", 4),
        lambda: store.drop(1),
        lambda: store.deliver(2, "t", 5),
    ):
        what()
        states.append((store.journal.end, state(store)))
    data = (tmp_path / "q").read_bytes()[: store.journal.end]
    for cut in range(len(data) + 1):
        (tmp_path / "cut").write_bytes(data[:cut])
        again = Store(tmp_path / "cut")
        assert state(again) == [found for end, found in states if end <= cut][-1]
        again.close()
    store.close()


def test_written_anew_it_holds_the_same_and_stays_short(tmp_path: Path) -> None:
    store = Store(tmp_path / "q")
    for n in range(7_000):
        number = store.accept(f"letter {n}", n, body(n))
        store.deliver(number, f"receipt {n}", n)
        if n % 100:
            store.drop(number)
    assert len(store.kept) == 70
    assert store.journal.end < LEAST + GARBAGE * (store.needed + LETTER * len(store.letters))
    again = Store(tmp_path / "q")
    assert state(again) == state(store)
    assert list(again.letters) == list(store.letters)
    assert again.accept("more", 1, body(1)) == store.last + 1
    assert [again.kept[k].body for k in list(again.kept)[:3]] == [body(0), body(100), body(200)]


def test_a_letter_is_known_by_the_process_after(tmp_path: Path) -> None:
    store = Store(tmp_path / "q")
    store.drop(store.accept("orders/0.1.1", 1, body(1)))
    again = Store(tmp_path / "q")
    assert again.knows("orders/0.1.1")
    assert not again.knows("orders/0.1.2")


def test_a_full_disk_refuses_sends_and_deletes_make_room(tmp_path: Path) -> None:
    store = Store(tmp_path / "q", quota=RESERVE + 100_000)
    numbers = []
    while store.takes(body(len(numbers))):
        numbers.append(store.accept(f"letter {len(numbers)}", 1, body(len(numbers))))
    assert len(numbers) == pytest.approx(100_000 / 91, rel=0.1)
    assert (tmp_path / "q").stat().st_size <= store.journal.quota
    assert reason_words(DISK_FULL) == "disk full"
    for number in numbers:
        store.drop(number)
    assert store.takes(body(1))
    again = Store(tmp_path / "q")
    assert not again.kept


def test_a_quota_that_is_set_and_lifted_while_it_runs(tmp_path: Path) -> None:
    store = Store(tmp_path / "q")
    store.accept("a", 1, body(1))
    store.journal.quota = store.journal.end
    assert not store.takes(body(2))
    store.journal.quota = 0
    assert store.takes(body(2))


OWNER = """
import pathlib, sys
from topology.live.store import Store

store = Store(pathlib.Path(sys.argv[1]), sys.argv[2])
n = store.last
while True:
    number = store.accept(f"letter {n}", n, {"n": n})
    sys.stdout.write(f"+{number}\\n")
    if number % 3 == 0:
        store.deliver(number - 1, "receipt", n)
    if number % 5 == 0:
        sys.stdout.write(f"-{number - 2}\\n")
        store.drop(number - 2)
    sys.stdout.flush()
    n += 1
"""


@pytest.mark.parametrize("sync", ["never", "every"])
def test_killed_again_and_again_nothing_that_it_told_of_is_lost(tmp_path: Path, sync: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(str(topology.__file__)).parents[1])}
    accepted: set[int] = set()
    dropped: set[int] = set()
    for life in range(3):
        command = [sys.executable, "-P", "-c", OWNER, str(tmp_path / "q"), sync]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, encoding="ascii") as owner:
            assert owner.stdout is not None
            told = [owner.stdout.readline() for _ in range(50 + 37 * life)]
            owner.send_signal(signal.SIGKILL)
            told += owner.stdout.readlines()
        numbers = [int(line) for line in told if line.endswith("\n")]
        accepted |= {n for n in numbers if n > 0}
        dropped |= {-n for n in numbers if n < 0}
        store = Store(tmp_path / "q")
        assert accepted - dropped <= store.kept.keys()
        assert store.last >= max(accepted)
        store.close()
