"""What was delivered comes once more."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import arrivals, breaks, clean, shop, to


def test_a_share_of_a_queues_messages_is_done_twice() -> None:
    run = shop({"jobs": "sqs"}, ["web => jobs => app"], breaks("duplicates", "jobs", 2, 4, share="20%"))
    assert arrivals(run, "app", 0, 2) == pytest.approx(400, abs=2)
    assert arrivals(run, "app", 2, 6) == pytest.approx(800 * 1.2, abs=40)
    twice = run.frames()[0].flows[0].duplicates
    assert twice == pytest.approx(160, abs=40)
    assert arrivals(run, "app", 6.01, 8) == pytest.approx(398, abs=3)
    assert run.frames()[0].flows[0].duplicates == twice
    assert clean(run)


def test_a_bucket_tells_twice_of_a_share_of_the_uploads() -> None:
    bucket = "s3, takes: 1ms, notifies: 1ms"
    run = shop({"files": bucket}, ["web => files => app"], breaks("duplicates", "files", 2, 4, share="20%"))
    assert arrivals(run, "app", 2.01, 6.01) == pytest.approx(800 * 1.2, abs=40)
    assert arrivals(run, "app", 6.01, 8) == pytest.approx(398, abs=3)
    assert clean(run)


def test_two_hit_independently_and_each_heals_alone() -> None:
    both = breaks("duplicates", "jobs", 2, 8, share="20%"), breaks("duplicates", "jobs", 2, 4, share="50%")
    run = shop({"jobs": "sqs"}, ["web => jobs => app"], *both)
    assert arrivals(run, "app", 2, 6) == pytest.approx(800 * (2 - 0.8 * 0.5), abs=60)
    assert arrivals(run, "app", 6.01, 9.99) == pytest.approx(796 * 1.2, abs=40)
    assert arrivals(run, "app", 10.01, 12) == pytest.approx(398, abs=3)
    assert clean(run)


def test_a_fifo_queue_delivers_once() -> None:
    run = shop({"jobs": "sqs, fifo: {}"}, ["web => jobs => app"])
    to(run, 1)
    with pytest.raises(Refused, match="it acts on a standard queue or a bucket"):
        run.do(breaks("duplicates", "jobs", 0))
