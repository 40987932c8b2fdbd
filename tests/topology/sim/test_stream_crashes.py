"""Consumers of a Kinesis stream that crash again and again: nothing is lost, and what is read again is seen as a duplicate."""

from __future__ import annotations

import random

import pytest

from tests.topology.kafka.test_transactions import piped
from tests.topology.nodes.buses import built
from tests.topology.sim.test_crashes import crashed, settled
from tests.topology.worlds import node

WEB = "  web: {kind: producer, rate: 10/s, keys: {count: 100}, work: [app]}\n"
APP = "  app: {kind: service, replicas: 3, slots: 6, takes: {median: 30ms, p99: 200ms}}\n"
STREAM = "  clicks: {kind: kinesis, shards: 4}\n"
WAYS = ("clicks => app", "{link: clicks => app, checkpoint: 60s}", "{link: clicks => app, fan_out: true, parallelization: 4}")


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_of_200_crashes_none_loses_what_was_accepted(way: str) -> None:
    one = built(STREAM + APP, ["web => clicks", way], WEB)
    assert crashed(one, 200, random.Random(way)) == 200
    found = settled(one)
    assert found.offered > 30_000
    assert (found.lost, found.dead_lettered, found.refused, found.failed) == (0, 0, 0, 0)
    assert found.served + found.late == found.offered
    assert found.duplicates > 0
    assert (node(one, "clicks").depth, node(one, "clicks").in_flight) == (0, 0)


@pytest.mark.parametrize("way", WAYS)
def test_of_a_few_crashes_none_loses_what_was_accepted(way: str) -> None:
    one = built(STREAM + APP, ["web => clicks", way], WEB)
    crashed(one, 3, random.Random(way))
    found = settled(one)
    assert (found.lost, found.done) == (0, found.offered)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("transactional", "work", "least", "most"),
    [("false", "sink", 500, 20_000), ("true", "sink", 0, 0), ("true", "audit", 100, 2_000)],
)
def test_of_200_crashes_between_two_topics_none_writes_twice_in_transactions(
    transactional: str, work: str, least: int, most: int
) -> None:
    one = piped(transactional, work=work)
    assert crashed(one, 200, random.Random("clicks")) == 200
    found = settled(one)
    assert found.offered > 60_000
    assert found.served + found.late == found.offered
    assert least <= found.duplicates <= most
    print(f"transactional: {transactional}, {work}: {found.offered:,} records, {found.duplicates:,} done twice, none lost")
