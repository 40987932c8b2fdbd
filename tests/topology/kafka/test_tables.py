"""The tables of a Kafka topic, against what is known of the world."""

from __future__ import annotations

from tests.topology.streams.test_tables import column, table
from tests.topology.worlds import S, all_of, world
from topology.kafka.tables import LEADERLESS, MISSING
from topology.sim.world import SimWorld
from topology.world import Target

NODES = {
    "web": "producer, rate: 100/s, deadline: 1h",
    "k": "msk, partitions: 6",
    "app": "service, replicas: 2, slots: 4, takes: 5ms",
    "slow": "service, replicas: 1, slots: 1, takes: 1s",
}
LINKS = ["web => k => app", "k => slow"]


def cluster(**more: str) -> SimWorld:
    one = world({**NODES, **more}, LINKS)
    one.advance(20 * S)
    return one


def break_broker(one: SimWorld, number: int) -> None:
    one.lay(f"broker_{number}_down", Target("k", tuple(one.replicas("k"))), {"share": 1.0}, 0)


def test_all_is_well() -> None:
    one = cluster()
    brokers, partitions = table(one, "brokers", "k"), table(one, "partitions", "k")
    assert brokers.words == "3 of 3 up"
    assert column(brokers, "leads") == [2.0] * 3
    assert column(brokers, "copies") == column(brokers, "in sync") == [6.0] * 3
    assert column(brokers, "zone") == ["1", "2", "3"]
    assert column(brokers, "disk") == ["ok"] * 3
    assert column(partitions, "leader") == ["1", "2", "3"] * 2
    assert column(partitions, "in sync")[0] == "1 2 3"
    assert partitions.words == "all in sync"
    ends = [float(n) for n in column(partitions, "log end")]
    assert ends == [one.parts("k")[f"partition {i}"]["records"] for i in range(6)]
    assert not any(row.ill for row in partitions.rows)


def test_groups_and_members_share_the_partitions() -> None:
    one = cluster()
    groups, members, parts = table(one, "groups", "k"), table(one, "members", "k"), one.parts("k")
    assert column(groups, "group") == ["app", "slow"]
    assert column(groups, "state") == ["stable", "stable"]
    assert column(groups, "lag") == [parts["group app"]["lag"], parts["group slow"]["lag"]]
    assert column(members, "member") == ["app/0", "app/1", "slow/0"]
    assert column(members, "which") == ["0–2", "3–5", "0–5"]
    partitions = table(one, "partitions", "k")
    assert sum(map(float, column(partitions, "lag slow"))) == parts["group slow"]["lag"]
    assert column(partitions, "owner app") == ["app/0"] * 3 + ["app/1"] * 3
    worst = max(range(6), key=lambda i: float(column(partitions, "lag slow")[i]))
    assert column(groups, "most of it")[1] == f"partition {worst}"


def test_a_broker_that_is_gone_is_missing_in_each_of_its_partitions() -> None:
    one = cluster()
    break_broker(one, 1)
    one.advance(21 * S)
    at_once = table(one, "partitions", "k")
    leads = column(at_once, "leader")
    assert [leads[0], leads[3]] == ["1 (down)"] * 2
    assert [row.trouble[0] for row in at_once.rows] == [LEADERLESS, 0.0, 0.0, LEADERLESS, 0.0, 0.0]
    one.advance(40 * S)
    brokers, partitions = table(one, "brokers", "k"), table(one, "partitions", "k")
    assert column(brokers, "state") == ["down, given up", "up", "up"]
    assert column(brokers, "leads")[0] == column(brokers, "in sync")[0] == 0.0
    assert brokers.words == "2 of 3 up"
    assert brokers.rows[0].trouble[0] == 2.0
    assert column(partitions, "missing") == ["1"] * 6
    assert [row.trouble[0] for row in partitions.rows] == [MISSING] * 6
    assert partitions.words == "6 of 6 not fully in sync"


def test_a_group_without_members_is_empty() -> None:
    one = cluster()
    one.kill(all_of(one, "app"))
    one.advance(200 * S)
    groups = table(one, "groups", "k")
    assert column(groups, "state") == ["empty", "stable"]
    assert groups.rows[0].ill
    assert not groups.rows[1].ill
    assert set(column(table(one, "partitions", "k"), "owner app")) == {"nobody"}
