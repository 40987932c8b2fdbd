"""The tables of a stream of shards: each with its load and how far its consumers are behind, consumers, and who reads what."""

from __future__ import annotations

from collections.abc import Sequence

from topology.streams.consuming import App, Reader
from topology.streams.shard_log import Shard
from topology.streams.shards import WHOLE
from topology.tables import Cell, Row, Table, numbers

NS = 1e-9
AT_LIMIT, NOBODY = 1.0, 2.0
"""How bad it is: it took all that a shard takes within the last second; nobody reads it though there is something to read."""


def shards_table(shards: Sequence[Shard], apps: Sequence[App], now: int, most: int, most_bytes: int) -> Table:
    """A row for each shard; `most` records and bytes are what one takes in a second."""
    into: dict[int, list[int]] = {}
    for shard in shards:
        for parent in shard.keys.parents:
            into.setdefault(parent, []).append(shard.number)
    whose = [f" {app.callee}" if len(apps) > 1 else "" for app in apps]
    resharded = any(shard.keys.parents or not shard.keys.open for shard in shards)
    columns = ["shard", *(["state", "from", "into"] if resharded else []), "records/s", "KB/s", "throttled"]
    columns += [*(f"age{one} s" for one in whose), "keys %"]
    columns += [*(f"behind{one}" for one in whose), *(f"owner{one}" for one in whose)]
    rows = tuple(_shard_row(shard, now, most, most_bytes, into if resharded else None) for shard in shards)
    open_ones = sum(shard.keys.open for shard in shards)
    return Table("shards", tuple(columns), rows, f"{open_ones} open, {len(shards) - open_ones} closed")


def _shard_row(shard: Shard, now: int, most: int, most_bytes: int, into: dict[int, list[int]] | None) -> Row:
    records, size = (float(n) for n in shard.rate(now))
    cells: list[Cell] = [str(shard.number)]
    if into is not None:
        cells += ["open" if shard.keys.open else "closed", numbers(shard.keys.parents), numbers(into.get(shard.number, ()))]
    cells += [records, round(size / 1000.0, 1), float(shard.throttled)]
    ages = [float(reader.age(now)) * NS for reader in shard.readers]
    behind = [float(reader.backlog()) for reader in shard.readers]
    cells += [*ages, (shard.keys.end - shard.keys.start + 1) / WHOLE, *behind, *map(_owner, shard.readers)]
    idle = any(n and reader.owner is None and not reader.ended for n, reader in zip(behind, shard.readers, strict=True))
    grave = NOBODY if idle else AT_LIMIT if records >= most or size >= most_bytes else 0.0
    return Row(tuple(cells), (grave, max(ages, default=0.0)))


def _owner(reader: Reader) -> str:
    if reader.owner is None:
        return "done" if reader.ended else "nobody"
    return f"{reader.app.callee}/{reader.owner.index}"


def consumers_table(shards: Sequence[Shard], apps: Sequence[App], now: int) -> Table:
    """A row for each consumer."""
    columns = ("consumer", "members", "iterator age s", "behind", "retries", "skipped", "dead", "leases moved")
    more = ("reads throttled", "iterators expired", "reads by")
    rows = []
    for app in apps:
        readers = [shard.readers[app.outlet] for shard in shards]
        age = max((float(reader.age(now)) * NS for reader in readers), default=0.0)
        behind = float(sum(int(reader.backlog()) for reader in readers))
        counts = (app.retried, app.skipped, app.dead, app.moved, app.throttled, app.expired)
        way = "enhanced fan-out" if app.fan_out else "shared throughput"
        cells: tuple[Cell, ...] = (app.callee, float(len(app.members)), age, behind, *(float(n) for n in counts), way)
        rows.append(Row(cells, (1.0 if not app.members and behind else 0.0, age)))
    return Table("consumers", columns + more, tuple(rows))


def leases_table(shards: Sequence[Shard], apps: Sequence[App], now: int) -> Table:
    """A row for each process of a consumer: the shards of which it has the lease."""
    rows = []
    for app in apps:
        for member in sorted(app.members, key=lambda one: int(one.index)):
            owned = [shard for shard in shards if shard.readers[app.outlet].owner is member]
            readers = [shard.readers[app.outlet] for shard in owned]
            age = max((float(reader.age(now)) * NS for reader in readers), default=0.0)
            behind = float(sum(int(reader.backlog()) for reader in readers))
            name = f"{app.callee}/{member.index}"
            rows.append(Row((name, float(len(owned)), age, behind, numbers(shard.number for shard in owned)), (0.0, age)))
    return Table("leases", ("member", "shards", "oldest s", "behind", "which"), tuple(rows))
