"""Health checks that say the wrong thing."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.shops import breaks, clean, node, offered_in, shop, to

NODES = {
    "app": "service, replicas: 4, slots: 50, takes: 1ms",
    "lb": "load_balancer, health_check: {interval: 500ms, timeout: 200ms, deep: true}",
}
LINKS = ["web -> lb -> app"]


def healthy(run: Runner) -> float:
    return dict(node(run, "lb").gauges)["healthy targets"]


def test_healthy_while_failing_it_keeps_its_share_of_the_traffic() -> None:
    run = shop(NODES, LINKS, breaks("health_check_lies", "app/0", 2, 8))
    found = offered_in(run, 4, 9, wait_s=0.1)
    assert found.failed / found.offered == pytest.approx(0.25, abs=0.02)
    assert healthy(run) == 4
    found = offered_in(run, 10.1, 12, wait_s=0.1)
    assert found.served == found.offered
    assert clean(run)


def test_an_honest_check_would_have_taken_it_out() -> None:
    run = shop(NODES, LINKS, breaks("errors", "app/0", 2, 8, share="100%"))
    found = offered_in(run, 4, 9, wait_s=0.1)
    assert found.served == found.offered
    assert healthy(run) == 3


def test_failing_while_healthy_it_is_taken_out_and_the_others_carry_its_load() -> None:
    run = shop(NODES, LINKS, breaks("health_check_lies", "app/0", 2, 8, says="unhealthy"))
    place = run.worlds[0].groups["app"].places[0]  # type: ignore[attr-defined]
    to(run, 5)
    assert healthy(run) == 3
    arrivals = place.meter.arrivals
    found = offered_in(run, 5, 9, wait_s=0.1)
    assert place.meter.arrivals == arrivals
    assert found.served == found.offered
    assert healthy(to(run, 13)) == 4
    assert clean(run)


def test_where_all_say_unhealthy_all_are_used() -> None:
    run = shop(NODES, LINKS, breaks("health_check_lies", "app", 2, 8, says="unhealthy"))
    found = offered_in(run, 5, 9, wait_s=0.1)
    assert healthy(run) == 0
    assert found.served == found.offered


def test_of_two_that_disagree_neither_counts() -> None:
    lies = breaks("health_check_lies", "app/0", 2, 12, says="unhealthy"), breaks("health_check_lies", "app/0", 5, 3, share=0)
    run = shop(NODES, LINKS, *lies)
    assert [healthy(to(run, at)) for at in (4.5, 7.9, 11, 17)] == [3, 4, 3, 4]
    assert clean(run)


def test_without_a_balancer_there_is_nobody_to_lie_to() -> None:
    run = to(shop(), 1)
    with pytest.raises(Refused, match="no balancer checks its health"):
        run.do(breaks("health_check_lies", "app", 0))
