"""Routes, splits, merges and lineage of Kinesis shards, against moto's streams.

Only what moto does as the service does: it routes by ranges as long as no shard was split or merged, splits and merges single
shards exactly, and doubles or halves their number; it finds the middle of a shard in floating point, so that bounds of a doubled
stream may differ by what a float loses.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.amazon import services
from topology.streams.shards import WHOLE, Ranges, hash_key, shard_name

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed: no moto to compare with")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

Row = tuple[str, int, int, str | None, str | None]


@pytest.fixture
def kinesis() -> Iterator[Any]:
    """A client of moto's Kinesis."""
    with services():
        yield boto3.client("kinesis", region_name="us-east-1")


def theirs(kinesis: Any, name: str) -> list[Row]:
    """The shards of moto's stream: id, first and last hash key, parents."""
    found = kinesis.list_shards(StreamName=name)["Shards"]
    return [
        (
            one["ShardId"],
            int(one["HashKeyRange"]["StartingHashKey"]),
            int(one["HashKeyRange"]["EndingHashKey"]),
            one.get("ParentShardId"),
            one.get("AdjacentParentShardId"),
        )
        for one in found
    ]


def ours(ranges: Ranges) -> list[Row]:
    """The same of ours."""
    rows: list[Row] = []
    for one in ranges.all:
        parents = [shard_name(number) for number in one.parents]
        first, second = [*parents, None, None][:2]
        rows.append((shard_name(one.number), one.start, one.end, first, second))
    return rows


def made(kinesis: Any, name: str, shards: int) -> Ranges:
    """A stream of moto's of so many shards, and ours."""
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    return Ranges(shards)


@pytest.mark.parametrize("shards", [1, 2, 3, 4, 7, 10, 100])
def test_the_first_ranges(kinesis: Any, shards: int) -> None:
    ranges = made(kinesis, "s", shards)
    assert ours(ranges) == theirs(kinesis, "s")


@pytest.mark.parametrize("shards", [1, 3, 8])
def test_routes_of_random_keys(kinesis: Any, shards: int) -> None:
    ranges = made(kinesis, "s", shards)
    rng = random.Random(shards)
    for n in range(300):
        key = str(n) if n % 2 else "".join(rng.choices("abcäß€xyz 0123", k=rng.randrange(1, 40)))
        put = kinesis.put_record(StreamName="s", Data=b"x", PartitionKey=key)
        assert put["ShardId"] == shard_name(ranges.at(hash_key(key)).number)
        explicit = rng.randrange(WHOLE - 1)
        put = kinesis.put_record(StreamName="s", Data=b"x", PartitionKey=key, ExplicitHashKey=str(explicit))
        assert put["ShardId"] == shard_name(ranges.at(explicit).number)


@pytest.mark.parametrize("seed", range(10))
def test_random_splits_and_merges(kinesis: Any, seed: int) -> None:
    """Each in the order of the ranges: moto takes the bounds of a merged shard from the order in which the two are named."""
    rng = random.Random(seed)
    ranges = made(kinesis, "s", rng.randrange(1, 6))
    for _ in range(40):
        if len(ranges.opened) > 1 and rng.random() < 0.45:
            at = rng.randrange(len(ranges.opened) - 1)
            one, two = ranges.opened[at], ranges.opened[at + 1]
            kinesis.merge_shards(StreamName="s", ShardToMerge=shard_name(one.number), AdjacentShardToMerge=shard_name(two.number))
            ranges.merge(one.number, two.number)
        else:
            one = rng.choice(ranges.opened)
            key = rng.randrange(one.start + 1, one.end)
            kinesis.split_shard(StreamName="s", ShardToSplit=shard_name(one.number), NewStartingHashKey=str(key))
            ranges.split(one.number, key)
        assert ours(ranges) == theirs(kinesis, "s")
    assert ranges.opened[0].start == 0
    assert all(a.end + 1 == b.start for a, b in zip(ranges.opened, ranges.opened[1:], strict=False))
    assert ranges.opened[-1].end == WHOLE - 1


@pytest.mark.parametrize(("at", "words"), [("start", "not both greater"), ("end", "not both greater"), ("closed", "already")])
def test_splits_that_cannot_be(kinesis: Any, at: str, words: str) -> None:
    ranges = made(kinesis, "s", 2)
    one = ranges.opened[1]
    key = {"start": one.start, "end": one.end, "closed": one.start + 9}[at]
    if at == "closed":
        kinesis.split_shard(StreamName="s", ShardToSplit=shard_name(1), NewStartingHashKey=str(one.start + 5))
        ranges.split(1, one.start + 5)
    with pytest.raises(Exception, match=words):
        kinesis.split_shard(StreamName="s", ShardToSplit=shard_name(1), NewStartingHashKey=str(key))
    with pytest.raises(ValueError, match=r"cannot be split|already"):
        ranges.split(1, key)


def test_only_neighbours_are_merged(kinesis: Any) -> None:
    ranges = made(kinesis, "s", 4)
    with pytest.raises(Exception, match=r"Invalid|shardId"):
        kinesis.merge_shards(StreamName="s", ShardToMerge=shard_name(0), AdjacentShardToMerge=shard_name(2))
    with pytest.raises(ValueError, match="beside each other"):
        ranges.merge(0, 2)


@pytest.mark.parametrize(("shards", "then"), [(1, (2, 4, 2, 1)), (4, (8, 16, 8, 4)), (3, (6, 12, 6, 3)), (10, (20, 10))])
def test_doubled_and_halved(kinesis: Any, shards: int, then: tuple[int, ...]) -> None:
    ranges = made(kinesis, "s", shards)
    for target in then:
        kinesis.update_shard_count(StreamName="s", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        ranges.spread(target)
        mine, other = ours(ranges), theirs(kinesis, "s")
        assert [(row[0], *row[3:]) for row in mine] == [(row[0], *row[3:]) for row in other]
        for row, their in zip(mine, other, strict=True):
            assert abs(row[1] - their[1]) <= WHOLE >> 52
            assert abs(row[2] - their[2]) <= WHOLE >> 52
