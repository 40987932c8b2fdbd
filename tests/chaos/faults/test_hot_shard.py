"""One shard or partition gets far more than its share."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.runner import Runner
from tests.chaos.faults.clusters import cluster
from tests.chaos.faults.shops import between, breaks, clean, gauge, offered_in, reasons, shop, to, view, world
from topology.nodes.msk import Msk

KINESIS = {
    "web": "producer, rate: 2000/s, arrivals: constant, deadline: 1s",
    "log": "kinesis, shards: 4, partition: message",
    "app": "service, slots: 50, takes: 1ms",
}
LINKS = ["web => log => app"]


def test_a_kinesis_shard_refuses_what_is_above_its_limit() -> None:
    run = shop(KINESIS, LINKS, breaks("hot_shard", "log", 5, 5, share="80%"))
    assert between(run, 0, 4.9).no == 0
    found = offered_in(run, 6, 9)
    # Of 2,000 a second 80 % and a quarter of the rest are for one shard, which takes 1 MB: 976 of 1 KiB.
    assert found.refused / 3 == pytest.approx(2000 * (0.8 + 0.2 / 4) - 976, rel=0.05)
    assert reasons(run) == {"log: provisioned throughput of the shard exceeded": run.frames()[0].flows[0].refused}
    assert view(run, "log", "shard 3", "records/s") == 976
    assert view(run, "log", "shard 0", "records/s") == pytest.approx(100, rel=0.3)
    assert between(to(run, 10.1), 10.2, 12).no == 0
    assert clean(run)


def test_the_lag_of_a_partition_grows_because_one_member_reads_it_alone() -> None:
    run = cluster(
        breaks("hot_shard", "log", 5, 10, share="90%"), log="partitions: 4, brokers: 4", app="slots: 50, takes: 20ms"
    )
    # A partition is worked on at 50 a second; 92.5 of 100 come to the first.
    assert gauge(to(run, 4.9), "log", "lag") < 510
    before = waiting(run)
    assert waiting(to(run, 14.9)) - before == pytest.approx(9.9 * (92.5 - 50), abs=30)
    assert waiting(to(run, 40)) < 20
    assert clean(run)


def waiting(run: Runner) -> int:
    """How many records nobody has begun to work on."""
    machine = world(run).groups["log"].places[0].machine
    assert isinstance(machine, Msk)
    return sum(int(cursor.partition.high - cursor.position) for cursor in machine.groups[0].cursors)


def test_two_hit_independently_and_each_heals_alone() -> None:
    both = breaks("hot_shard", "log", 2, 8, share="50%"), breaks("hot_shard", "log", 2, 4, share="50%")
    run = shop(KINESIS | {"web": "producer, rate: 400/s, arrivals: constant"}, LINKS, *both)
    rates = [view(to(run, at), "log", "shard 3", "records/s") for at in (1.9, 5.9, 9.9, 12.9)]
    assert rates == pytest.approx([100, 400 * (0.75 + 0.25 / 4), 400 * (0.5 + 0.5 / 4), 100], rel=0.2)
    assert clean(run)


def test_a_topic_of_one_partition_has_none_to_heat() -> None:
    with pytest.raises(Refused, match="a topic of several partitions"):
        to(cluster(), 1).do(breaks("hot_shard", "log", 0))
