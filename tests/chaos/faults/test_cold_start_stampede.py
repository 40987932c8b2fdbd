"""A function whose environments are all gone."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import breaks, clean, gauge, offered_in, shop, to

FN = {"fn": "lambda, takes: 50ms, init: 500ms"}
LINKS = ["web -> fn"]


def test_everybody_waits_for_a_start_until_the_first_are_warm() -> None:
    run = shop(FN, LINKS, breaks("cold_start_stampede", "fn", 5))
    before = gauge(to(run, 4.9), "fn", "cold starts")
    cold, warm = offered_in(run, 5, 5.45, wait_s=0), offered_in(run, 6, 7, wait_s=1)
    assert cold.latency.quantile_ns(0.5) == pytest.approx(550e6, rel=0.03)
    assert warm.latency.quantile_ns(0.99) == pytest.approx(50e6, rel=0.03)
    assert gauge(run, "fn", "cold starts") - before == pytest.approx(0.5 * 200, abs=12)
    assert clean(run)


def test_it_is_over_at_once_and_another_does_it_again() -> None:
    run = shop(FN, LINKS, breaks("cold_start_stampede", "fn", 5, 0.5), breaks("cold_start_stampede", "fn", 8))
    before = gauge(to(run, 4.9), "fn", "cold starts")
    to(run, 6)
    assert sum(fault.active for fault in run.faults) == 0
    assert gauge(to(run, 10), "fn", "cold starts") - before == pytest.approx(2 * 0.5 * 200, abs=24)
    assert clean(run)


def test_what_is_always_ready_stays_ready() -> None:
    run = shop({"fn": "lambda, takes: 50ms, init: 500ms, provisioned: 20"}, LINKS, breaks("cold_start_stampede", "fn", 5))
    assert gauge(to(run, 8), "fn", "cold starts") == 0


def test_a_cache_or_a_queue_has_no_environments() -> None:
    run = shop({"mem": "cache", "jobs": "sqs"}, ["web -> mem -> app", "app => jobs"])
    for name in ("mem", "jobs", "app"):
        with pytest.raises(Refused, match="it acts on a lambda function"):
            run.do(breaks("cold_start_stampede", name, 0))
