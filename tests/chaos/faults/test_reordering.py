"""Messages that overtake each other."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.shops import breaks, clean, shop, to, world
from topology.nodes.sqs import Entry, Sqs

NOBODY = {"jobs": "sqs", "app": "service, slots: 1, takes: 1h"}
LINKS = ["web => jobs => app"]


def overtaken(run: Runner, from_s: float, to_s: float) -> float:
    """Of the messages that came between two instants, the share that stands before one that came earlier."""
    machine = world(run).groups["jobs"].places[0].machine
    assert isinstance(machine, Sqs)
    order: list[float] = []
    entry = machine.backlog.visible.first
    while isinstance(entry, Entry):
        order.append(entry.since / 1e9)
        entry = entry.behind
    earlier, jumped, came = float("inf"), 0, 0
    for since in reversed(order):
        if from_s <= since < to_s:
            came += 1
            jumped += since > earlier
        earlier = min(earlier, since)
    return jumped / came


def test_a_share_overtakes_others_only_while_it_lasts() -> None:
    run = to(shop(NOBODY, LINKS, breaks("reordering", "jobs", 2, 4, share="30%")), 8)
    assert overtaken(run, 0, 1.9) == 0
    assert overtaken(run, 2.1, 5.9) == pytest.approx(0.3, abs=0.05)
    assert overtaken(run, 6.1, 8) == 0
    assert clean(run)


def test_two_hit_independently_and_each_heals_alone() -> None:
    both = breaks("reordering", "jobs", 2, 8, share="20%"), breaks("reordering", "jobs", 2, 4, share="50%")
    run = to(shop(NOBODY, LINKS, *both), 12)
    assert overtaken(run, 2.1, 5.9) == pytest.approx(1 - 0.8 * 0.5, abs=0.06)
    assert overtaken(run, 6.1, 9.9) == pytest.approx(0.2, abs=0.05)
    assert overtaken(run, 10.1, 12) == 0
    assert clean(run)


def test_a_fifo_queue_keeps_its_order() -> None:
    run = shop(NOBODY | {"jobs": "sqs, fifo: {}"}, LINKS)
    with pytest.raises(Refused, match="a FIFO queue keeps its order"):
        run.do(breaks("reordering", "jobs", 0))
