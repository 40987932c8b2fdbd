"""The tables of a stream of shards, against what is known of the world."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, all_of, node, world
from topology.sim.world import SimWorld
from topology.streams.tables import NOBODY
from topology.tables import Cell, Table, numbers

TWO = {
    "web": "producer, rate: 200/s",
    "s": "kinesis, shards: 4, partition: message",
    "app": "service, replicas: 2, slots: 4, takes: 5ms",
    "log": "service, slots: 40, takes: 1ms",
}


def table(one: SimWorld, name: str, of: str = "s") -> Table:
    return next(found for found in one.tables(of) if found.name == name)


def column(found: Table, name: str) -> list[Cell]:
    at = found.columns.index(name)
    return [row.cells[at] for row in found.rows]


def test_a_shard_has_its_rate_its_keys_and_the_age_of_each_consumer() -> None:
    one = world(TWO, ["web => s => app", "s => log"])
    one.advance(30 * S)
    shards, parts = table(one, "shards"), one.parts("s")
    assert shards.words == "4 open, 0 closed"
    assert column(shards, "shard") == ["0", "1", "2", "3"]
    assert column(shards, "records/s") == [parts[f"shard {i}"]["records/s"] for i in range(4)]
    assert sum(map(float, column(shards, "records/s"))) == pytest.approx(200, rel=0.2)
    assert column(shards, "keys %") == [0.25] * 4
    assert column(shards, "age app s") == [parts[f"shard {i}"]["age app s"] for i in range(4)]
    assert column(shards, "behind log") == [parts[f"shard {i}"]["backlog log"] for i in range(4)]
    assert set(column(shards, "owner app")) == {"app/0", "app/1"}
    assert all(not row.ill for row in shards.rows)


def test_leases_say_who_reads_which_shards() -> None:
    one = world(TWO, ["web => s => app", "s => log"])
    one.advance(30 * S)
    leases = table(one, "leases")
    assert column(leases, "member") == ["app/0", "app/1", "log/0"]
    assert column(leases, "shards") == [2.0, 2.0, 4.0]
    assert column(leases, "which")[2] == "0–3"


def test_a_consumer_that_is_gone_makes_its_shards_the_worst() -> None:
    one = world(TWO, ["web => s => app", "s => log"])
    one.advance(10 * S)
    one.kill(all_of(one, "app"))
    one.advance(90 * S)
    shards = table(one, "shards")
    assert column(shards, "owner app") == ["nobody"] * 4
    assert [row.trouble[0] for row in shards.rows] == [NOBODY] * 4
    ages = [float(age) for age in column(shards, "age app s")]
    assert [row.trouble[1] for row in shards.rows] == ages
    assert min(ages) > 79
    consumers = table(one, "consumers")
    assert column(consumers, "members")[0] == 0.0
    assert consumers.rows[0].ill
    assert not consumers.rows[1].ill
    assert column(consumers, "iterator age s")[0] == max(ages)


def test_after_resharding_parents_and_children_are_named() -> None:
    one = world({**TWO, "app": "service, slots: 1, takes: 100ms"}, ["web => s => app", "s => log"])
    one.advance(10 * S)
    one.set("s", "shards", 8)
    one.advance(12 * S)
    shards = table(one, "shards")
    assert shards.words == "8 open, 4 closed"
    assert column(shards, "state") == ["closed"] * 4 + ["open"] * 8
    assert column(shards, "into")[:4] == ["4–5", "6–7", "8–9", "10–11"]
    assert column(shards, "from")[4:] == ["0", "0", "1", "1", "2", "2", "3", "3"]
    assert sum(map(float, column(shards, "keys %")[4:])) == pytest.approx(1.0)


def test_nodes_without_tables_have_none() -> None:
    one = world(TWO, ["web => s => app", "s => log"])
    one.advance(S)
    assert one.tables("app") == one.tables("web") == []
    assert node(one, "s").name == "s"


@pytest.mark.parametrize(("some", "words"), [([], ""), ([3], "3"), ([2, 0, 1, 7], "0–2, 7"), ([5, 4, 9], "4–5, 9")])
def test_numbers_in_few_words(some: list[int], words: str) -> None:
    assert numbers(some) == words
