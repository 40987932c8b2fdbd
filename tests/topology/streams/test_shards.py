"""Hash ranges of shards: however they are split, merged and spread, they cover every hash key once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.streams.shards import WHOLE, Ranges, hash_key, shard_name


def sizes(ranges: Ranges) -> list[float]:
    return [(one.end + 1 - one.start) / WHOLE for one in ranges.opened]


@given(st.integers(1, 40), st.lists(st.integers(1, 60), max_size=5))
def test_spread_covers_every_key_with_equal_shards(first: int, targets: list[int]) -> None:
    """UpdateShardCount: uniform scaling creates shards of equal size."""
    ranges = Ranges(first)
    for target in targets:
        ranges.spread(target)
        assert len(ranges.opened) == target
        assert sizes(ranges) == pytest.approx([1 / target] * target, rel=1e-9)
        assert (ranges.opened[0].start, ranges.opened[-1].end) == (0, WHOLE - 1)
        assert all(a.end + 1 == b.start for a, b in zip(ranges.opened, ranges.opened[1:], strict=False))


@given(st.integers(1, 9), st.integers(0, WHOLE - 1))
def test_every_key_has_one_shard(shards: int, key: int) -> None:
    ranges = Ranges(shards)
    assert [one for one in ranges.all if one.start <= key <= one.end] == [ranges.at(key)]


def test_parents_are_those_that_were_split_or_merged() -> None:
    ranges = Ranges(2)
    one, two = ranges.split(0, 5)
    both = ranges.merge(two.number, 1)
    assert (list(one.parents), list(two.parents), list(both.parents)) == ([0], [0], [3, 1])
    assert [shard.open for shard in ranges.all] == [False, False, True, False, True]
    assert shard_name(both.number) == "shardId-000000000004"


def test_the_key_of_the_documentation() -> None:
    """MD5, as a number of 128 bits."""
    assert hash_key("") == 0xD41D8CD98F00B204E9800998ECF8427E


@pytest.mark.parametrize("target", [4, 6])
def test_doubling_makes_two_of_each(target: int) -> None:
    ranges = Ranges(target // 2)
    ranges.spread(target)
    assert [list(one.parents) for one in ranges.opened] == [[n // 2] for n in range(target)]
