"""Work that takes longer."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import breaks, clean, offered_in, shop, to

APP = {"app": "service, slots: 500, takes: 5ms"}


def test_it_takes_as_many_times_as_long_and_two_multiply() -> None:
    run = shop(APP, ["web -> app"], breaks("slow", "app", 2, 6, factor=4), breaks("slow", "app", 4, 2, factor=5))
    parts = [(0, 2), (2.01, 3.9), (4.01, 5.8), (6.2, 7.9), (8.2, 10)]
    means = [offered_in(run, a, b).latency.mean_ns() / 5_000_000 for a, b in parts]
    assert means == pytest.approx([1, 4, 20, 4, 1], rel=0.01)
    assert clean(run)


def test_what_does_no_work_cannot_be_slowed() -> None:
    run = to(shop({"queue": "sqs"}, ["web => queue => app"]), 1)
    with pytest.raises(Refused, match="it acts on what does work"):
        run.do(breaks("slow", "queue", 0))
