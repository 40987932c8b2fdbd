"""A function that calls itself."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.shops import breaks, clean, gauge, node, shop, to

SLOW = {"web": "producer, rate: 20/s, arrivals: constant", "fn": "lambda, takes: 10ms, init: 1ms"}
LINKS = ["web => fn"]


def runs(run: Runner, from_s: float, to_s: float) -> float:
    """Invocations that came between two instants, for each message that was offered."""
    before = to(run, from_s)
    came, offered = node(before, "fn").arrivals, before.frames()[0].flows[0].offered
    after = to(run, to_s)
    return (node(after, "fn").arrivals - came) / (after.frames()[0].flows[0].offered - offered)


def test_each_message_is_stopped_after_16_invocations() -> None:
    run = shop(SLOW, LINKS, breaks("recursion", "fn", 2, 4, share="100%"))
    assert runs(run, 0, 2) == 1
    # Sixteen run and the seventeenth is stopped.
    assert runs(run, 2, 6) == pytest.approx(17, abs=0.5)
    assert gauge(to(run, 7), "fn", "loops stopped") == pytest.approx(80, abs=3)
    assert run.frames()[0].flows[0].duplicates == pytest.approx(80 * 15, abs=40)
    assert runs(run, 7, 9) == 1
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_what_is_stopped_goes_to_its_dead_letter_queue() -> None:
    nodes = SLOW | {"fn": SLOW["fn"] + ", dead_letter: grave", "grave": "sqs"}
    run = to(shop(nodes, LINKS, breaks("recursion", "fn", 2, 4, share="100%")), 8)
    assert node(run, "grave").depth == gauge(run, "fn", "loops stopped") == pytest.approx(80, abs=3)
    assert run.frames()[0].flows[0].served == pytest.approx(160, abs=2)
    assert clean(run)


def test_a_call_sets_it_off_as_well() -> None:
    run = shop(SLOW, ["web -> fn"], breaks("recursion", "fn", 2, 4, share="100%"))
    assert runs(run, 2, 6) == pytest.approx(17, abs=0.5)
    assert run.frames()[0].flows[0].told_no == 0


def test_without_the_guard_each_message_goes_on_until_it_heals() -> None:
    nodes = SLOW | {"fn": SLOW["fn"] + ", recursion_guard: false"}
    run = shop(nodes, LINKS, breaks("recursion", "fn", 2, 4, share="100%"))
    # Each goes round 100 times a second: after t seconds 20 t of them do.
    assert runs(run, 2, 6) == pytest.approx(100 * 20 * 4 * 4 / 2 / 80, rel=0.03)
    assert runs(run, 6.1, 8) == pytest.approx(1, abs=0.05)
    assert clean(run)


def test_two_hit_independently_and_each_heals_alone() -> None:
    web = {"web": "producer, rate: 200/s, arrivals: constant"}
    run = shop(SLOW | web, LINKS, breaks("recursion", "fn", 2, 8, share="20%"), breaks("recursion", "fn", 2, 4, share="37.5%"))
    # One half of the executions is followed by another: two for each message.
    assert runs(run, 2.1, 5.9) == pytest.approx(1 / (1 - 0.5), abs=0.12)
    assert runs(run, 6.1, 9.9) == pytest.approx(1 / (1 - 0.2), abs=0.06)
    assert runs(run, 10.1, 12) == 1
    assert clean(run)


def test_a_service_does_not_invoke_itself() -> None:
    with pytest.raises(Refused, match="it acts on a lambda function"):
        shop().do(breaks("recursion", "app", 0))
