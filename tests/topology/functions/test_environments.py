"""Execution environments: warm ones are used again, cold ones are made only so fast."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.topology.worlds import S
from topology.functions.environments import COLD, NOWHERE, PROVIDED, WARM, Environments


def fresh(keep: int = 600 * S, scaling: int = 1_000, provided: int = 0) -> Environments:
    """The environments of a function that has not run yet."""
    made = Environments()
    made.set(0, keep, scaling, provided)
    return made


def take(one: Environments, n: int, at: int) -> list[int]:
    """Places for so many executions that begin at one instant."""
    return [one.take(at, False) for _ in range(n)]


def test_a_thousand_at_once_and_a_hundred_more_each_second() -> None:
    one = fresh()
    assert take(one, 1_500, 0).count(COLD) == 1_000
    assert take(one, 1_500, S).count(COLD) == 100
    assert take(one, 1_500, 11 * S).count(COLD) == 1_000
    assert take(one, 1_500, 100 * S).count(COLD) == 1_000, "what is not used does not add up"


def test_one_that_ran_is_warm_until_it_was_idle_for_too_long() -> None:
    one = fresh(keep=60 * S)
    assert one.take(0, False) == COLD
    one.give(S, COLD, one.version, True)
    assert one.warm(S + 60 * S - 1) == 1
    assert one.warm(S + 60 * S) == 0
    assert one.take(S + 60 * S, False) == COLD
    assert one.made == 2


def test_the_one_that_fell_idle_last_is_taken_first() -> None:
    """Three are idle since 1, 2 and 3 s; two invocations in a row keep the youngest alive, and the others go."""
    one = fresh(keep=10 * S)
    take(one, 3, 0)
    for at in (1, 2, 3):
        one.give(at * S, COLD, one.version, True)
    assert one.take(9 * S, False) == WARM
    one.give(9 * S, WARM, one.version, True)
    assert [one.warm(at * S) for at in (10, 11, 12, 18, 19)] == [3, 2, 1, 1, 0]


def test_those_kept_ready_are_used_first_and_never_cold() -> None:
    one = fresh(provided=2)
    assert take(one, 3, 0) == [PROVIDED, PROVIDED, COLD]
    one.give(S, PROVIDED, one.version, False)
    one.recycle()
    assert take(one, 2, 2 * S) == [PROVIDED, COLD]


def test_a_new_version_leaves_none_warm_and_takes_back_none_that_is_busy() -> None:
    one = fresh()
    take(one, 2, 0)
    before = one.version
    one.give(S, COLD, before, True)
    one.recycle()
    assert one.warm(S) == 0
    one.give(2 * S, COLD, before, True)
    assert one.warm(2 * S) == 0
    assert one.take(2 * S, False) == COLD


def test_one_that_broke_is_not_used_again() -> None:
    one = fresh()
    one.take(0, False)
    one.give(S, COLD, one.version, False)
    assert one.warm(S) == 0


def test_a_recycled_one_is_replaced() -> None:
    one = fresh()
    take(one, 2, 0)
    one.give(S, COLD, one.version, True)
    one.give(S, COLD, one.version, True)
    assert one.take(2 * S, True) == COLD
    assert one.warm(2 * S) == 1


@given(st.lists(st.tuples(st.integers(0, 3 * S), st.booleans(), st.booleans()), max_size=200), st.integers(0, 3))
def test_what_is_given_back_is_what_was_taken(steps: list[tuple[int, bool, bool]], provided: int) -> None:
    """Whatever happens, no more are idle than were made, and those kept ready are as many as they are."""
    one = fresh(keep=5 * S, scaling=3, provided=provided)
    now, busy = 0, list[int]()
    for gap, takes, flag in steps:
        now += gap
        if takes:
            where = one.take(now, flag)
            busy += [where] if where != NOWHERE else []
        elif busy:
            one.give(now, busy.pop(), one.version, flag)
        assert 0 <= one.provided_busy == busy.count(PROVIDED) <= provided
        assert 0 <= one.warm(now) <= one.made - len(busy) + one.provided_busy
