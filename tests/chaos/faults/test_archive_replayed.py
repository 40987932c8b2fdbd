"""An archive that is replayed by mistake."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import arrivals, breaks, clean, gauge, shop, to

NODES = {"web": "producer, rate: 20/s, arrivals: constant", "bus": "eventbridge, archive: {replay_rate: 100/s}"}
LINKS = ["web => bus => app"]


def test_all_of_it_comes_as_often_again_at_its_rate() -> None:
    run = shop(NODES, LINKS, breaks("archive_replayed", "bus", 5, replays=3))
    kept = gauge(to(run, 4.99), "bus", "in the archive")
    assert kept == pytest.approx(100, abs=1)
    assert arrivals(run, "app", 5, 6) == pytest.approx(20 + 100, abs=3)
    assert arrivals(run, "app", 6, 12) == pytest.approx(6 * 20 + 3 * kept - 100, abs=5)
    assert run.frames()[0].flows[0].duplicates == pytest.approx(3 * kept, abs=3)
    assert arrivals(run, "app", 12, 14) == 40
    assert clean(run)


def test_by_default_twice_and_a_heal_does_not_end_it() -> None:
    run = shop(NODES, LINKS, breaks("archive_replayed", "bus", 5, 0.1))
    to(run, 5.2)
    assert not any(fault.active for fault in run.faults)
    assert arrivals(run, "app", 5.2, 12) == pytest.approx(6.8 * 20 + 180, abs=5)
    assert clean(run)


def test_two_follow_one_another() -> None:
    run = shop(NODES, LINKS, *[breaks("archive_replayed", "bus", 5, long, replays=1) for long in (None, 0.1)])
    assert arrivals(run, "app", 5, 12) == pytest.approx(7 * 20 + 200, abs=5)


def test_an_empty_archive_leaves_nothing_for_later() -> None:
    nodes = NODES | {"bus": "eventbridge, archive: {pattern: {source: [nobody]}}"}
    run = to(shop(nodes, LINKS, breaks("archive_replayed", "bus", 2)), 4)
    assert arrivals(run, "app", 4, 6) == 40


def test_without_an_archive_there_is_nothing_to_replay() -> None:
    run = shop({"bus": "eventbridge", "jobs": "sqs"}, ["web => bus => jobs => app"])
    for name in ("bus", "jobs", "app"):
        with pytest.raises(Refused, match="it acts on an event bus with an archive"):
            run.do(breaks("archive_replayed", name, 0))
