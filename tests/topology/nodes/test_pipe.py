"""Pipes: from a queue, past a filter, with an enrichment, to a target."""

from __future__ import annotations

import pytest

from tests.topology.nodes.buses import WEB, built, loaded
from tests.topology.worlds import S, all_of, check_frame, flow, node, reasons, to_the_end
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

NODES = """
  jobs: {{kind: sqs, visibility: 10s}}
  it: {{kind: pipe, {settings}}}
  more: {{kind: service, takes: 5ms}}
  out: {{kind: sqs}}
  app: {{kind: service, takes: 1ms}}
"""
LINKS = ["web => jobs => it -> more", "it => out => app"]


def piped(settings: str = "concurrency: 10", web: str = WEB) -> SimWorld:
    return built(NODES.format(settings=settings), LINKS, web)


def test_what_passes_is_enriched_and_handed_on() -> None:
    one = piped()
    one.advance(30 * S)
    found = to_the_end(one)
    assert found.served == found.offered == node(one, "more").arrivals == node(one, "app").arrivals


def test_what_the_filter_does_not_take_is_deleted_unseen() -> None:
    """EventBridge User Guide, Event filtering in Amazon EventBridge Pipes."""
    one = piped('filter: {body: {amount: [{numeric: [">", 100]}]}}', WEB + "    work: [more, app]\n")
    one.advance(100 * S)
    found = to_the_end(one)
    passed = dict(node(one, "it").gauges)["let through"]
    assert passed == found.served == node(one, "more").arrivals == pytest.approx(found.offered / 4, rel=0.15)
    assert node(one, "jobs").depth == 0
    assert reasons(one) == {"it: no rule or filter lets it pass (unmatched)": found.lost}
    assert found.lost == found.offered - passed


def test_when_its_enrichment_fails_the_message_stays_in_the_queue() -> None:
    one = piped()
    handle = one.kill(all_of(one, "more"))
    one.advance(20 * S)
    assert node(one, "jobs").depth == flow(one).offered
    one.lift(handle)
    found = to_the_end(one)
    assert found.served == found.offered
    assert found.duplicates == 0


def test_while_the_service_is_down_the_queue_keeps_everything() -> None:
    one = piped()
    one.advance(5 * S)
    handle = one.kill(all_of(one, "it"))
    one.advance(40 * S)
    check_frame(one)
    assert node(one, "jobs").depth > 300
    one.lift(handle)
    found = to_the_end(one)
    assert found.served == found.offered


def test_at_most_so_many_messages_are_in_work() -> None:
    one = built(NODES.format(settings="concurrency: 2, takes: 1s"), LINKS)
    one.advance(50 * S)
    assert node(one, "it").departures == pytest.approx(2 * 50, abs=3)
    assert node(one, "it").slots == 2


def test_a_filter_that_is_no_pattern_is_refused() -> None:
    with pytest.raises(PlaygroundError, match=r"filter\.body"):
        loaded(NODES.format(settings="filter: {body: 5}"), LINKS)
