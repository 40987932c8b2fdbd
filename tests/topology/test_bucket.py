"""Token buckets and quotas: how many they grant, whatever the instants."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topology.bucket import Bucket, Quota

S = 1_000_000_000


@given(st.lists(st.integers(0, S), max_size=200), st.sampled_from([0.5, 3.0, 40.0]), st.sampled_from([1.0, 7.0, 50.0]))
def test_a_bucket_grants_what_it_holds_and_what_comes_in(gaps: list[int], rate: float, most: float) -> None:
    """Never more than its size and the rate over the time that went by; and always, where a whole token must be there."""
    bucket, now, granted = Bucket(most, 0), 0, 0
    for gap in gaps:
        now += gap
        level = bucket.level(now, rate, most)
        assert 0 <= level <= most
        assert bucket.grants(now, rate, most) == (level >= 1.0)
        granted += level >= 1.0
        assert granted <= most + rate * now / S + 1e-6


@given(st.lists(st.integers(0, 3 * S), max_size=100), st.integers(1, 5))
def test_a_quota_grants_so_many_in_each_stretch(gaps: list[int], calls: int) -> None:
    quota, now = Quota(), 0
    used: dict[int, int] = {}
    for gap in gaps:
        now += gap
        if quota.grants(now, calls, 2 * S):
            used[now // (2 * S)] = used.get(now // (2 * S), 0) + 1
        else:
            assert used[now // (2 * S)] == calls
        assert quota.spent(now, 2 * S) == used[now // (2 * S)]
    assert max(used.values(), default=0) <= calls
