"""Circuit breakers: when they open, try again and close."""

from __future__ import annotations

import pytest

from tests.topology.worlds import MS, S, all_of, flow, link, reasons, world
from topology.sim.world import SimWorld
from topology.world import Target

BREAKER = "circuit_breaker: {window: 1s, failures: 50%, least: 10, open: 2s, probes: 3}"


def guarded(app: str = "service, takes: 1ms", more: str = "", deadline: str = "10s") -> SimWorld:
    web = f"producer, rate: 100/s, arrivals: constant, deadline: {deadline}"
    return world({"web": web, "app": app}, [f"{{link: web -> app, {BREAKER}{more}}}"])


def state(one: SimWorld) -> str:
    return link(one, "web -> app").breaker


def test_it_opens_refuses_tries_again_and_closes() -> None:
    one = guarded()
    one.advance(10 * S)
    assert state(one) == "closed"
    handle = one.kill(all_of(one, "app"))
    one.advance(10 * S + 700 * MS)
    assert state(one) == "open"
    assert link(one, "web -> app").attempts == pytest.approx(1050, abs=6)
    assert set(reasons(one)) == {"app: connection refused", "app: circuit breaker open"}
    assert flow(one).failed == 0
    one.advance(16 * S)
    assert link(one, "web -> app").attempts == pytest.approx(1053, abs=8)
    one.lift(handle)
    one.advance(20 * S)
    assert state(one) == "closed"
    words = [words for _, _, words in one.notes()]
    assert words[0] == "the circuit breaker on web -> app opened"
    assert words[-2:] == [
        "the circuit breaker on web -> app tries again", "the circuit breaker on web -> app closed",
    ]


def test_few_failures_do_not_open_it() -> None:
    one = guarded("service, takes: 1ms, fails: 30%")
    one.advance(30 * S)
    assert state(one) == "closed"
    assert not one.notes()


def test_the_customers_patience_is_heard_as_a_failure() -> None:
    """There is no timeout: only the customers give up. That must open the breaker too."""
    one = guarded(deadline="500ms")
    one.advance(5 * S)
    one.freeze(all_of(one, "app"))
    one.advance(10 * S)
    assert state(one) in ("open", "half-open")


def test_probes_that_are_never_answered_do_not_block_it_for_ever() -> None:
    one = guarded(deadline="500ms")
    one.advance(5 * S)
    killed = one.kill(all_of(one, "app"))
    one.advance(6 * S)
    assert state(one) == "open"
    frozen = one.freeze(all_of(one, "app"))
    one.lift(killed)
    one.advance(20 * S)
    assert state(one) != "closed"
    one.lift(frozen)
    one.advance(25 * S)
    assert state(one) == "closed"


def test_answers_to_older_calls_are_no_probes() -> None:
    """Slow calls from before it opened come back while it tries again; they say nothing about now."""
    one = guarded("service, slots: 1000, takes: 3s")
    one.advance(5 * S)
    handle = one.lay("errors", all_of(one, "app"), {"share": 1.0})
    one.advance(7 * S)
    assert state(one) == "open"
    one.advance(8 * S)  # what was sent before it opened still fails, until 8.5 s; the probes run until 10.5 s
    assert state(one) == "half-open"
    one.lift(handle)
    one.advance(10 * S)
    assert state(one) == "half-open"
    one.advance(11 * S)
    assert state(one) == "closed"


def test_each_caller_has_its_own() -> None:
    one = world(
        {
            "web": "producer, rate: 100/s, deadline: 1s", "mid": "service, replicas: 2, takes: 1ms",
            "app": "service, replicas: 2, takes: 1ms",
        },
        ["web -> mid", f"{{link: mid -> app, {BREAKER}}}"],
    )
    one.advance(5 * S)
    one.kill(Target("app", (1,)))
    one.advance(10 * S)
    states = [p.outlets[0].state() for p in one.groups["mid"].places]
    assert states[0] == "closed"
    assert states[1] != "closed"


def test_it_needs_so_many_attempts_to_open_and_tries_again_with_so_few() -> None:
    """Refused from the start, ten attempts open it. Two seconds later three probes meet silence, and no more follow."""
    one = guarded()
    killed = one.kill(all_of(one, "app"))
    one.advance(S)
    assert (state(one), link(one, "web -> app").attempts) == ("open", 10)
    one.lift(killed)
    one.freeze(all_of(one, "app"))
    one.advance(4 * S)
    assert (state(one), link(one, "web -> app").attempts) == ("half-open", 13)
