"""The order of timers, against a plain sorted list, for both heaps and for lanes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.node import Context, Timer
from topology.sim.engine import LAST, Engine

OWNER = Context("node", 0)
PUSH, LANE, CANCEL, RUN = "push", "lane", "cancel", "run"
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just(PUSH), st.integers(0, 30)),
        st.tuples(st.just(LANE), st.sampled_from([0, 5, 5, 20])),
        st.tuples(st.just(CANCEL), st.integers(0, 200)),
        st.tuples(st.just(RUN), st.integers(0, 15)),
    ),
    max_size=150,
)


def engine(native: bool) -> Engine:
    one = Engine()
    one.native = native
    return one


def take(one: Engine, until: int) -> list[int]:
    """The sequence numbers of all timers that fire before an instant, in order."""
    fired = []
    while (timer := one.due(until)) is not None:
        if timer.owner is not None:
            one.now = timer.at
            timer.owner = None
            timer.item = None
            fired.append(int(timer.seq))
    one.now = until
    return fired


@pytest.mark.parametrize("native", [True, False])
@given(steps=STEPS)
def test_timers_fire_by_instant_then_by_sequence(native: bool, steps: list[tuple[str, int]]) -> None:
    one = engine(native)
    made: list[Timer] = []
    model: list[tuple[int, int]] = []
    now = 0
    for what, number in steps:
        if what == PUSH:
            made.append(one.after(number, 0, OWNER, None, 1))
            model.append((now + number, len(made)))
        elif what == LANE:
            made.append(one.after_in(one.lane(number), 0, OWNER, None, 1))
            model.append((now + number, len(made)))
        elif what == CANCEL and made:
            timer = made[number % len(made)]
            one.cancel(timer)
            one.cancel(timer)
            model = [m for m in model if m[1] != timer.seq]
        elif what == RUN:
            now += number
            model.sort()
            assert take(one, now) == [seq for at, seq in model if at < now]
            model = [m for m in model if m[0] >= now]
    model.sort()
    assert take(one, now + 100) == [seq for _, seq in model]
    assert one.waiting() == 0
    assert one.stale == 0


@pytest.mark.parametrize("native", [True, False])
def test_cancelled_timers_of_a_lane_leave_no_memory(native: bool) -> None:
    """A timeout for each of a million calls that are all answered at once: nothing must pile up."""
    one = engine(native)
    lane = one.lane(10**12)
    keep = one.after_in(lane, 0, OWNER, None, 1)
    for _ in range(20_000):
        one.cancel(one.after_in(lane, 0, OWNER, None, 1))
    assert one.waiting() == 1
    assert lane.head is keep
    assert lane.tail is keep
    assert keep.behind is None
    assert take(one, 10**12 + 1) == [1]


@pytest.mark.parametrize("native", [True, False])
def test_a_lane_of_which_all_are_cancelled_holds_one(native: bool) -> None:
    one = engine(native)
    lane = one.lane(10**12)
    for _ in range(1000):
        one.cancel(one.after_in(lane, 0, OWNER, None, 1))
    assert one.waiting() <= 1
    count = 0
    timer = lane.head
    while timer is not None:
        count += 1
        timer = timer.behind
    assert count <= 2


@pytest.mark.parametrize("native", [True, False])
def test_cancelled_timers_of_the_heap_are_dropped_in_time(native: bool) -> None:
    one = engine(native)
    for n in range(20_000):
        one.cancel(one.after(10**12 + n, 0, OWNER, None, 1))
    assert one.waiting() < 200
    live = [one.after(10**9, 0, OWNER, None, 1) for _ in range(10)]
    for n in range(1000):
        one.cancel(one.after(n + 1, 0, OWNER, None, 1))
    assert take(one, 10**10) == [int(t.seq) for t in live]


@pytest.mark.parametrize("native", [True, False])
def test_nothing_due_is_taken_too_early(native: bool) -> None:
    one = engine(native)
    one.after(10, 0, OWNER, None, 1)
    assert one.due(10) is None
    assert one.due(11) is not None


def test_the_far_future_is_cut() -> None:
    one = engine(True)
    one.now = 10**18
    assert one.after(2**62, 0, OWNER, None, 1).at == LAST
    assert one.after_in(one.lane(2**62), 0, OWNER, None, 1).at == LAST
