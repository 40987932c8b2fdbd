"""Groups that begin somewhere else."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.clusters import cluster
from tests.chaos.faults.shops import arrivals, breaks, clean, gauge, reasons, shop, to

SKIPPED = "log: skipped: offset reset to the latest"
SLOW = "slots: 1, takes: 20ms"


def test_to_the_earliest_all_that_is_there_is_processed_once_more() -> None:
    run = cluster(breaks("offset_reset", "log", 4, 1, to="earliest"))
    assert arrivals(run, "app", 0, 3.9) == pytest.approx(390, abs=4)
    assert arrivals(run, "app", 3.9, 9) == pytest.approx(510 + 400, abs=15)
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_to_the_latest_nobody_processes_what_waits() -> None:
    run = cluster(breaks("offset_reset", "log", 4, 1, to="latest"), app=SLOW)
    assert arrivals(run, "app", 0, 3.99) == pytest.approx(200, abs=5)
    lost = to(run, 4.1).frames()[0].flows[0].lost
    assert lost == pytest.approx(200, abs=6)
    assert reasons(run) == {SKIPPED: lost}
    assert gauge(run, "log", "lag") < 15
    assert clean(to(run, 6))


def test_each_one_resets_anew_and_healing_does_nothing() -> None:
    run = cluster(*[breaks("offset_reset", "log", at, 4, to="latest") for at in (3, 5)], app=SLOW)
    first = to(run, 4.9).frames()[0].flows[0].lost
    assert first == pytest.approx(150, abs=10)
    assert to(run, 5.1).frames()[0].flows[0].lost == pytest.approx(first + 100, abs=10)
    second = run.frames()[0].flows[0].lost
    assert to(run, 9.5).frames()[0].flows[0].lost == second
    assert clean(run)


def test_one_to_the_latest_while_one_to_the_earliest_lies() -> None:
    both = breaks("offset_reset", "log", 3, 6, to="earliest"), breaks("offset_reset", "log", 4, 6, to="latest")
    run = cluster(*both, app=SLOW)
    waits = gauge(to(run, 3.99), "log", "lag")
    assert gauge(to(run, 4.1), "log", "lag") < waits / 4
    assert clean(to(run, 11))


def test_other_kinds_have_no_offsets() -> None:
    with pytest.raises(Refused, match="it acts on a topic of an msk"):
        shop({"jobs": "sqs"}, ["web => jobs => app"]).do(breaks("offset_reset", "jobs", 0))
