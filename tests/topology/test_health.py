"""When a node counts as unhealthy."""

from __future__ import annotations

from topology.health import FAILING, SLOWER, TICKS, Health
from topology.histogram import Histogram

MS = 1_000_000


class Patient:
    """A node judged step by step: so many good and bad answers at each, each as slow as said."""

    def __init__(self) -> None:
        self.health = Health()
        self.recent = Histogram()
        self.good = self.bad = self.at = 0
        self.turns: list[tuple[int, bool]] = []

    def steps(self, n: int, good: int = 10, bad: int = 0, slow_ms: int = 10, up: bool = True) -> bool:
        for _ in range(n):
            self.at += 1
            self.good += good
            self.bad += bad
            for _ in range(good + bad):
                self.recent.add(slow_ms * MS)
            if self.health.tick(self.at, self.good, self.bad, self.recent, up):
                self.turns.append((self.at, self.health.unhealthy))
        return self.health.unhealthy


def test_failing_for_a_second_is_unhealthy() -> None:
    one = Patient()
    assert not one.steps(20)
    assert not one.steps(TICKS - 1, bad=10)
    assert one.steps(1, bad=10)
    assert one.health.why == "fails"
    assert one.turns == [(30, True)]


def test_a_few_failures_are_not_enough() -> None:
    one = Patient()
    assert not one.steps(100, good=96, bad=4)
    assert one.health.share_bad() < FAILING
    assert one.steps(30, good=90, bad=10)


def test_a_short_failure_is_not_enough() -> None:
    one = Patient()
    one.steps(20)
    assert not one.steps(5, good=0, bad=1)  # at most 14 steps with failures in the last second; 9 in a row would count
    one.steps(1, good=10_000)
    assert not one.steps(100)
    assert one.turns == []


def test_it_needs_more_to_become_healthy_again() -> None:
    one = Patient()
    one.steps(30, bad=10)
    assert one.steps(60, good=96, bad=4)
    assert not one.steps(60, good=98, bad=2)
    assert one.health.why == ""


def test_slower_than_its_own_normal() -> None:
    one = Patient()
    one.steps(50, slow_ms=10)
    one.health.learn_no_more()
    assert not one.steps(50, slow_ms=int(10 * SLOWER) - 1)
    assert one.steps(40, slow_ms=100)
    assert one.health.why == "slow"
    assert not one.steps(40, slow_ms=10)


def test_without_a_normal_nothing_is_slow() -> None:
    one = Patient()
    assert not one.steps(50, slow_ms=10_000)
    one.health.learn_no_more()
    assert one.steps(1, slow_ms=1) is False


def test_a_slower_millisecond_does_not_matter() -> None:
    one = Patient()
    one.steps(50, slow_ms=1)
    one.health.learn_no_more()
    assert not one.steps(50, slow_ms=9)


def test_nobody_up() -> None:
    one = Patient()
    one.steps(5)
    assert one.steps(TICKS, good=0, up=False)
    assert one.health.why == "none is up"
    assert not one.steps(TICKS, good=0)


def test_steps_that_were_skipped_forget_old_failures() -> None:
    one = Patient()
    one.steps(5, bad=10)
    assert one.health.restless()
    one.at += 50
    one.steps(1, good=1)
    assert one.health.share_bad() == 0
    assert not one.health.restless()
