"""The tables of a Kafka topic: its brokers, its partitions, its consumer groups and their members."""

from __future__ import annotations

from collections.abc import Sequence

from topology.kafka.groups import STABLE, Group
from topology.kafka.log import Broker, Partition
from topology.kafka.positions import Member
from topology.tables import Cell, Row, Table, numbers

MISSING, TOO_FEW, LEADERLESS = 1.0, 2.0, 3.0
"""How bad it is for a partition: a replica is not in sync; fewer are than `acks: all` needs; nobody leads."""


def brokers_table(brokers: Sequence[Broker], partitions: Sequence[Partition]) -> Table:
    """A row for each broker."""
    leads = {int(broker.number): 0 for broker in brokers}
    copies, synced = dict(leads), dict(leads)
    for partition in partitions:
        leader = partition.leader
        if leader is not None:
            leads[int(leader.broker.number)] += 1
        for replica in partition.replicas:
            number = int(replica.broker.number)
            copies[number] += 1
            synced[number] += bool(replica.in_sync)
    rows = []
    for broker in brokers:
        n = int(broker.number)
        away = not broker.joined() or broker.full
        disk = "full" if broker.full else "ok"
        counts = (float(leads[n]), float(copies[n]), float(synced[n]))
        cells: tuple[Cell, ...] = (str(n), str(broker.zone + 1), broker_state(broker), *counts, disk, float(broker.slow))
        rows.append(Row(cells, (2.0 if away else 1.0 if synced[n] < copies[n] else 0.0, float(broker.slow))))
    up = sum(broker.joined() for broker in brokers)
    columns = ("broker", "zone", "state", "leads", "copies", "in sync", "disk", "times as slow")
    return Table("brokers", columns, tuple(rows), f"{up} of {len(brokers)} up")


def broker_state(broker: Broker) -> str:
    """How a broker stands, in words."""
    state = "down" if broker.down else "cut off" if broker.cut else "up"
    return f"{state}, given up" if broker.fenced and state != "up" else state


def partitions_table(partitions: Sequence[Partition], groups: Sequence[Group], least: int) -> Table:
    """A row for each partition; `least` replicas have to be in sync to take what waits for all acknowledgements."""
    several = len(groups) > 1
    columns = ["partition", "leader", "in sync", "missing"]
    columns += [f"lag {group.name}" if several else "lag" for group in groups]
    columns += ["high watermark", "log end", "unacknowledged", "to be sent again"]
    columns += [f"owner {group.name}" if several else "owner" for group in groups]
    rows = tuple(_partition_row(partition, groups, least) for partition in partitions)
    ill = sum(row.trouble[0] > 0 for row in rows)
    return Table("partitions", tuple(columns), rows, f"{ill:,} of {len(rows):,} not fully in sync" if ill else "all in sync")


def _partition_row(partition: Partition, groups: Sequence[Group], least: int) -> Row:
    leader = partition.leader
    there = [str(replica.broker.number) for replica in partition.replicas if replica.in_sync]
    missing = [str(replica.broker.number) for replica in partition.replicas if not replica.in_sync]
    lags = [float(partition.high - group.cursors[partition.number].committed) for group in groups]
    owners = [_owner(group.cursors[partition.number].owner) for group in groups]
    unacked = float(sum(int(batch.size > 0) and len(batch.calls) for batch in partition.unacked))
    again = float(sum(len(batch.calls) for batch in partition.waiting))
    leads = "nobody" if leader is None else f"{leader.broker.number}{'' if partition.serves() else ' (down)'}"
    grave = LEADERLESS if not partition.serves() else TOO_FEW if len(there) < least else MISSING if missing else 0.0
    places = (float(partition.high), float(partition.end), unacked, again)
    cells: list[Cell] = [str(partition.number), leads, " ".join(there), " ".join(missing) or "–", *lags, *places, *owners]
    return Row(tuple(cells), (grave, max(lags, default=0.0)))


def _owner(member: Member | None) -> str:
    return "nobody" if member is None else member.name


def groups_table(groups: Sequence[Group]) -> Table:
    """A row for each consumer group."""
    rows = []
    for group in groups:
        lags = [(int(cursor.partition.high - cursor.committed), int(cursor.partition.number)) for cursor in group.cursors]
        lag, at = max(lags, default=(0, 0))
        blocked = sum(bool(cursor.pausing) for cursor in group.cursors)
        state = "empty" if not group.members else "stable" if group.state == STABLE else "rebalancing"
        cells: tuple[Cell, ...] = (
            group.name,
            state,
            float(len(group.members)),
            float(sum(one for one, _ in lags)),
            f"partition {at}" if lag else "–",
            float(blocked),
            float(group.rebalances),
            float(group.paused) * 1e-9,
            float(group.reread),
            float(group.skipped),
        )
        rows.append(Row(cells, (float(state != "stable" or blocked > 0), float(lag))))
    columns = ("group", "state", "members", "lag", "most of it", "blocked", "rebalances", "in rebalances s")
    return Table("groups", (*columns, "read again", "skipped"), tuple(rows))


def members_table(groups: Sequence[Group]) -> Table:
    """A row for each member of a group, with the partitions that it owns."""
    rows = []
    for group in groups:
        for member in group.members:
            lag = float(sum(int(cursor.partition.high - cursor.committed) for cursor in member.cursors))
            work = float(sum(int(cursor.flying) for cursor in member.cursors))
            owned = numbers(cursor.partition.number for cursor in member.cursors)
            cells = (member.name, group.name, float(len(member.cursors)), lag, work, owned or "none")
            rows.append(Row(cells, (0.0 if member.cursors else 1.0, lag)))
    return Table("members", ("member", "group", "partitions", "lag", "in work", "which"), tuple(rows))
