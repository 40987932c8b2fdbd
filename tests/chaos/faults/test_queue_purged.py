"""A queue that somebody purges."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import breaks, clean, node, reasons, shop, to

NOBODY = {"jobs": "sqs", "app": "service, slots: 1, takes: 1h"}
LINKS = ["web => jobs => app"]


def test_all_that_it_keeps_is_gone() -> None:
    run = shop(NOBODY, LINKS, breaks("queue_purged", "jobs", 5, 1))
    kept = node(to(run, 4.999), "jobs").depth
    assert kept == pytest.approx(1000, abs=3)
    assert node(to(run, 5.01), "jobs").depth <= 3
    lost = run.frames()[0].flows[0].lost
    assert lost == pytest.approx(kept, abs=1)
    assert reasons(run) == {"jobs: purged": lost}
    to(run, 7)
    assert not any(fault.active for fault in run.faults)
    assert run.frames()[0].flows[0].lost == lost
    assert clean(run)


def test_a_second_one_within_a_minute_does_nothing() -> None:
    run = shop(NOBODY, LINKS, *[breaks("queue_purged", "jobs", at) for at in (5, 10, 66)])
    assert node(to(run, 65.9), "jobs").depth == pytest.approx(60.9 * 200, abs=5)
    assert node(to(run, 66.01), "jobs").depth <= 3


def test_a_cache_is_flushed_and_not_purged() -> None:
    run = shop({"mem": "cache", "fn": "lambda"}, ["web -> mem -> fn"])
    for name in ("mem", "fn"):
        with pytest.raises(Refused, match="it acts on a queue"):
            run.do(breaks("queue_purged", name, 0))
