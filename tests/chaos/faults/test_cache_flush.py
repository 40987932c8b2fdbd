"""A cache that is emptied."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import shop
from tests.chaos.faults.stores import CACHED, gauge, inject, node, running


def test_every_key_is_asked_for_again_once_in_each_replica() -> None:
    run = running(9.9, inject(10, "cache_flush", "mem", None), designs=CACHED)
    assert gauge(run, "mem", "entries") > 80
    before = node(run, "db").arrivals
    run.advance(10_001_000_000)
    assert gauge(run, "mem", "entries") < 5
    run.advance(11_000_000_000)
    asked = node(run, "db").arrivals - before
    # 200 messages a second for 50 keys in two replicas: most keys are asked for within the second.
    assert 70 < asked < 130


def test_it_is_over_at_once() -> None:
    run = running(12, inject(10, "cache_flush", "mem", 1), designs=CACHED)
    assert not any(fault.active for fault in run.faults)
    run.advance(14_000_000_000)
    assert gauge(run, "mem", "entries") == pytest.approx(100, abs=15)


def test_two_of_them_empty_it_twice() -> None:
    once = running(16, inject(10, "cache_flush", "mem", None), designs=CACHED)
    twice = running(16, inject(10, "cache_flush", "mem", None), inject(13, "cache_flush", "mem", None), designs=CACHED)
    more = node(twice, "db").arrivals - node(once, "db").arrivals
    assert 50 < more < 130


def test_what_stores_nothing_cannot_be_flushed() -> None:
    run = running(1)
    with pytest.raises(Refused, match="it acts on a cache"):
        run.do(inject(0, "cache_flush", "app", None))


def test_what_else_can_be_flushed_is_no_cache() -> None:
    run = shop({"jobs": "sqs", "fn": "lambda"}, ["web => jobs => fn"])
    for name in ("jobs", "fn"):
        with pytest.raises(Refused, match="it acts on a cache"):
            run.do(inject(0, "cache_flush", name, None))
