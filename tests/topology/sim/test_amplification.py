"""Retries of retries: three layers that each try three times send twenty-seven attempts for one request."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.topology.worlds import S, all_of, flow, link, world
from topology.sim.world import SimWorld

RETRY = "retry: {attempts: 3, backoff: 1ms, jitter: none, style: fixed}"


def chain(retrying: int) -> SimWorld:
    """web -> a -> b -> c, of which the first links do not retry."""
    ends = ["web", "a", "b", "c"]
    links = [
        f"{{link: {one} -> {other}{', ' + RETRY if i >= 3 - retrying else ''}}}"
        for i, (one, other) in enumerate(pairwise(ends))
    ]
    nodes = {"web": "producer, rate: 20/s, arrivals: constant, deadline: 5s"}
    return world({**nodes, **{name: "service, slots: 100, takes: 1ms" for name in ends[1:]}}, links)


@pytest.mark.parametrize(("layers", "expected"), [(1, 3), (2, 9), (3, 27)])
def test_attempts_multiply_from_layer_to_layer(layers: int, expected: int) -> None:
    one = chain(layers)
    one.kill(all_of(one, "c"))
    one.advance(20 * S)
    one.stop()
    one.advance(25 * S)
    found = flow(one)
    assert found.told_no == found.offered
    assert link(one, "b -> c").attempts == expected * found.offered


def test_all_is_well_without_a_failure() -> None:
    one = chain(3)
    one.advance(20 * S)
    assert link(one, "b -> c").attempts == pytest.approx(flow(one).offered, abs=2)
