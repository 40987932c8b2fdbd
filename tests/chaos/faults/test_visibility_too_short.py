"""Messages that come back while they are worked on."""

from __future__ import annotations

import pytest

from tests.chaos.faults.shops import arrivals, breaks, clean, node, shop, to

LINKS = ["web => jobs => app"]
FEW = {"web": "producer, rate: 20/s, arrivals: constant, deadline: 1m"}


def test_each_message_is_delivered_as_often_as_its_work_is_longer() -> None:
    nodes = FEW | {"jobs": "sqs, visibility: 2s, dead_letter: {to: grave, after: 5}", "grave": "sqs"}
    nodes |= {"app": "service, slots: 500, takes: 1s"}
    run = shop(nodes, LINKS, breaks("visibility_too_short", "jobs", 2, 8))
    assert arrivals(run, "app", 0, 2) == pytest.approx(40, abs=2)
    # A tenth of 2 s is 0.2 s: after five receives, a second, a message that is being done all the while is given up.
    assert arrivals(run, "app", 4, 8) == pytest.approx(4 * 20 * 5, abs=6)
    assert node(run, "grave").depth == pytest.approx(5 * 20, abs=5)
    assert arrivals(run, "app", 12.1, 14) == pytest.approx(38, abs=2)
    assert clean(run)


def test_two_multiply_and_each_heals_alone() -> None:
    nodes = FEW | {"jobs": "sqs, visibility: 2s", "app": "service, slots: 5000, takes: 800ms"}
    both = breaks("visibility_too_short", "jobs", 2, 8, factor="50%"), breaks("visibility_too_short", "jobs", 2, 4, factor="60%")
    run = shop(nodes, LINKS, *both)
    # 1 s and 1.2 s are long enough, 0.6 s is not: what comes back before it was deleted goes round and round.
    assert arrivals(run, "app", 2, 5.9) > 1.5 * 78
    assert run.frames()[0].flows[0].duplicates > 60
    to(run, 8)
    assert arrivals(run, "app", 8, 9.9) == pytest.approx(38, abs=2)
    assert node(to(run, 12), "jobs").depth < 20
    assert clean(run)


@pytest.mark.parametrize("factor", ["50%", "60%"])
def test_one_of_them_alone_is_not_felt(factor: str) -> None:
    nodes = FEW | {"jobs": "sqs, visibility: 2s", "app": "service, slots: 5000, takes: 800ms"}
    run = shop(nodes, LINKS, breaks("visibility_too_short", "jobs", 2, 8, factor=factor))
    assert to(run, 9).frames()[0].flows[0].duplicates == 0
