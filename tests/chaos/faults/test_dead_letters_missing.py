"""A dead-letter queue that takes nothing."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import breaks, clean, node, reasons, shop, to

QUEUE = {
    "jobs": "sqs, visibility: 100ms, dead_letter: {to: grave, after: 2}",
    "grave": "sqs",
    "app": "service, slots: 5000, takes: 5ms, fails: 100%",
    "web": "producer, rate: 20/s, arrivals: constant",
}
BUS = {"bus": "eventbridge", "grave": "sqs", "app": "service, slots: 50, takes: 5ms, fails: 100%"}
PUSHED = ["web => bus", "{link: bus => app, retry: {attempts: 0}, dead_letter: grave}"]
WORKED = ["web => jobs => app"]


def test_a_queue_cannot_give_up_what_it_keeps() -> None:
    run = shop(QUEUE, WORKED, breaks("dead_letters_missing", "jobs", 2, 4))
    before = node(to(run, 2), "grave").depth
    assert before == pytest.approx(36, abs=2)
    assert node(to(run, 5.9), "grave").depth == before
    assert node(run, "jobs").depth == pytest.approx(82, abs=3)
    # Nothing is lost: each comes again until the dead-letter queue takes it.
    assert node(to(run, 7), "grave").depth == pytest.approx(136, abs=3)
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_what_a_bus_gives_up_is_lost() -> None:
    run = shop(BUS, PUSHED, breaks("dead_letters_missing", "bus", 2, 4))
    before = node(to(run, 2), "grave").depth
    assert node(to(run, 5.99), "grave").depth == before == pytest.approx(399, abs=2)
    lost = run.frames()[0].flows[0].lost
    assert lost == pytest.approx(798, abs=3)
    assert reasons(run)["bus: its dead-letter queue takes nothing"] == lost
    assert node(to(run, 8), "grave").depth == pytest.approx(before + 400, abs=4)
    assert clean(run)


def test_of_two_both_must_be_healed() -> None:
    run = shop(BUS, PUSHED, *[breaks("dead_letters_missing", "bus", 2, long) for long in (6, 3)])
    before = node(to(run, 2), "grave").depth
    assert node(to(run, 7.9), "grave").depth == before
    assert node(to(run, 10), "grave").depth == pytest.approx(before + 400, abs=4)
    assert clean(run)


@pytest.mark.parametrize("kind", ["sqs", "s3", "lambda", "eventbridge"])
def test_what_has_none_cannot_lose_it(kind: str) -> None:
    run = shop({"it": kind}, ["web => it"] if kind == "lambda" else ["web => it => app"])
    with pytest.raises(Refused, match="it acts on what has a dead-letter queue"):
        run.do(breaks("dead_letters_missing", "it", 0))
