"""A stream gets other shards while it is in use."""

from __future__ import annotations

import pytest

from chaos.command import Command, Refused
from tests.chaos.faults.shops import S, between, breaks, clean, gauge, node, reasons, shop, to, world

NODES = {
    "web": "producer, rate: 1500/s, arrivals: constant, deadline: 1s",
    "log": "kinesis, shards: 2, partition: message",
    "app": "service, slots: 50, takes: 1ms",
}
LINKS = ["web => log => app"]


def test_half_as_many_shards_refuse_what_is_above_the_limit_of_one() -> None:
    run = shop(NODES, LINKS, breaks("resharding", "log", 5, 5, to="half"))
    assert between(run, 0, 4.9).no == 0
    assert gauge(to(run, 5.1), "log", "shards") == 1
    assert between(run, 6, 9).no == pytest.approx(3 * (1500 - 976), rel=0.02)
    assert gauge(to(run, 10.1), "log", "shards") == 2
    assert between(run, 11, 13).no == 0
    assert set(reasons(run)) == {"log: provisioned throughput of the shard exceeded"}
    assert run.frames()[0].flows[0].lost == 0
    assert clean(run)


def test_new_shards_wait_until_the_old_ones_are_read_to_their_end() -> None:
    """A consumer that is behind by six seconds: the iterator age of the new shards grows by as much, and nothing is lost."""
    nodes = NODES | {"web": "producer, rate: 200/s, arrivals: constant, deadline: 1s", "app": "service, slots: 2, takes: 20ms"}
    run = shop(nodes, LINKS, breaks("resharding", "log", 12, 60, to="double"))
    waits = node(to(run, 11.99), "log").depth
    assert waits == pytest.approx(200 * 12 - 2 * 50 * 11, abs=60)
    assert (gauge(to(run, 12.1), "log", "shards"), gauge(run, "log", "closed shards")) == (4, 2)
    # Nobody reads a new shard while one of those that it came from has records left.
    to(run, 12 + waits / 100 - 2)
    parts = world(run).parts("log")
    assert [parts[f"shard {i}"]["owner"] for i in (2, 3, 4, 5)] == [-1.0] * 4
    to(run, 12 + waits / 100 + 3)
    parts = world(run).parts("log")
    assert [parts[f"shard {i}"]["owner"] for i in (2, 3, 4, 5)] == [0.0] * 4
    assert gauge(run, "log", "closed shards") == 0
    assert run.frames()[0].flows[0].lost == run.frames()[0].flows[0].duplicates == 0


def test_two_multiply_within_the_rules_and_each_heals_alone() -> None:
    both = breaks("resharding", "log", 2, 8), breaks("resharding", "log", 3, 4)
    run = shop(NODES, LINKS, *both)
    shards = [gauge(to(run, at), "log", "shards") for at in (1.9, 2.9, 6.9, 9.9, 12)]
    assert shards == [2, 4, 8, 4, 2]
    assert clean(run)


def test_a_stream_is_resharded_ten_times_a_day() -> None:
    run = shop(NODES, LINKS, *[breaks("resharding", "log", 2 + 2 * i, 1) for i in range(6)])
    assert gauge(to(run, 12.5), "log", "shards") == 2
    assert gauge(to(run, 20), "log", "shards") == 2
    notes = [words for _, _, words in world(run).core.notes]
    assert any("changed 10 times within 24 hours" in text for text in notes)


def test_a_command_reshards_by_the_same_rules() -> None:
    run = shop(NODES, LINKS, *[Command(at * S, "set", ("log.shards",), to=to_) for at, to_ in ((2, 4), (4, 9), (6, 8))])
    shards = [gauge(to(run, at), "log", "shards") for at in (1.9, 3.9, 5.9, 8)]
    assert shards == [2, 4, 4, 8]


def test_a_stream_on_demand_is_refused() -> None:
    with pytest.raises(Refused, match="not on demand"):
        shop(NODES | {"log": "kinesis"}, LINKS).do(breaks("resharding", "log", 0))
