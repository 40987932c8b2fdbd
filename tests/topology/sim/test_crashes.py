"""Consumers that crash again and again: what was accepted is not lost, except where the services' own rules say so."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from tests.topology.nodes.buses import built
from tests.topology.worlds import S, all_of, check_frame, node, reasons, to_the_end
from topology.frame import FlowFrame
from topology.sim.world import SimWorld

WEB = "  web: {kind: producer, rate: 10/s, work: [app]}\n"
APP = "  app: {kind: service, replicas: 2, slots: 4, takes: {median: 30ms, p99: 200ms}}\n"
QUEUE = "  jobs: {kind: sqs, visibility: 5s}\n"


@dataclass(frozen=True)
class Way:
    """One way from the producer to the consumer, which crashes."""

    nodes: str
    links: tuple[str, ...]


WAYS = {
    "sqs": Way(QUEUE + APP, ("web => jobs => app",)),
    "fifo": Way("  jobs: {kind: sqs, visibility: 5s, fifo: true, group: message}\n" + APP, ("web => jobs => app",)),
    "sns to sqs": Way("  news: {kind: sns}\n" + QUEUE + APP, ("web => news => jobs => app",)),
    "eventbridge to sqs": Way("  bus: {kind: eventbridge}\n" + QUEUE + APP, ("web => bus => jobs => app",)),
    "asynchronous lambda": Way(
        "  fn: {kind: lambda, takes: 20ms}\n  app: {kind: service, slots: 50, takes: 5ms}\n  failed: {kind: sqs}\n",
        ("web => fn -> app", "{link: fn => failed, destination: on_failure}"),
    ),
}
"""The function's consumer is what it calls: a function itself has no process of ours that could crash."""


def crashed(one: SimWorld, crashes: int, rng: random.Random) -> int:
    """Crash one replica or all of them, for up to 60 s, again and again."""
    for _ in range(crashes):
        one.advance(one.now + rng.randrange(1, 40) * S)
        target = all_of(one, "app")
        if rng.random() < 0.5:
            target = type(target)("app", target.replicas[:1])
        handle = one.kill(target)
        one.advance(one.now + rng.randrange(1, 60) * S)
        one.lift(handle)
        check_frame(one)
    return crashes


def settled(one: SimWorld) -> FlowFrame:
    found = to_the_end(one, 30 * 24 * 3600)
    assert found.in_system == 0
    return found


@pytest.mark.slow
@pytest.mark.parametrize("way", ["sqs", "fifo", "sns to sqs", "eventbridge to sqs"])
def test_of_200_crashes_none_loses_what_was_accepted(way: str) -> None:
    chosen = WAYS[way]
    one = built(chosen.nodes, list(chosen.links), WEB)
    assert crashed(one, 200, random.Random(way)) == 200
    found = settled(one)
    assert found.offered > 30_000
    assert found.lost == found.dead_lettered == 0
    assert found.served + found.late + found.refused + found.failed == found.offered
    print(f"{way}: {found.offered:,} offered, {found.duplicates:,} done twice, none lost")


@pytest.mark.parametrize("way", ["sqs", "eventbridge to sqs"])
def test_of_a_few_crashes_none_loses_what_was_accepted(way: str) -> None:
    chosen = WAYS[way]
    one = built(chosen.nodes, list(chosen.links), WEB)
    crashed(one, 5, random.Random(way))
    assert settled(one).lost == 0


@pytest.mark.slow
def test_what_a_function_cannot_get_done_lies_at_its_destination() -> None:
    """Lambda Developer Guide, asynchronous invocation: two more tries within three minutes, then the destination."""
    chosen = WAYS["asynchronous lambda"]
    one = built(chosen.nodes, list(chosen.links), WEB)
    crashed(one, 200, random.Random("lambda"))
    found = to_the_end(one, 12 * 3600)
    assert found.offered > 30_000
    assert found.lost == found.in_system == 0
    assert found.dead_lettered == node(one, "failed").depth
    assert found.served + found.late + found.dead_lettered == found.offered


def test_without_a_dead_letter_queue_retention_decides() -> None:
    """SQS Developer Guide: what is not deleted within its retention is gone."""
    one = built("  jobs: {kind: sqs, visibility: 5s, retention: 60s}\n" + APP, ["web => jobs => app"], WEB)
    handle = one.kill(all_of(one, "app"))
    one.advance(100 * S)
    one.lift(handle)
    found = settled(one)
    assert found.lost == pytest.approx(400, rel=0.15)
    assert reasons(one) == {"jobs: retention ended": found.lost}


def test_without_a_dead_letter_queue_a_bus_drops_after_its_last_retry() -> None:
    """EventBridge User Guide, How EventBridge retries delivering events: then the event is dropped."""
    one = built("  bus: {kind: eventbridge}\n" + APP, ["web => bus", "{link: bus => app, retry: {attempts: 3}}"], WEB)
    handle = one.kill(all_of(one, "app"))
    one.advance(60 * S)
    one.lift(handle)
    found = settled(one)
    dropped = one.parts("bus")["=> app"]["dropped"]
    assert found.lost == dropped > 300
    assert reasons(one) == {"bus: given up after its last retry, no dead-letter queue": found.lost}
