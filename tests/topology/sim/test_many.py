"""Designs of more nodes than a machine word has bits."""

from __future__ import annotations

import pytest

from tests.topology.worlds import S, flow, to_the_end, world

LENGTH = 45


@pytest.mark.parametrize("length", [20, LENGTH])
def test_a_long_chain_does_each_part_once(length: int) -> None:
    nodes = {"web": "producer, rate: 20/s"} | {f"s{i}": "service, takes: 1ms" for i in range(length)}
    one = world(nodes, [" -> ".join(nodes)])
    one.advance(5 * S)
    found = to_the_end(one)
    assert found.served == found.done == found.offered
    assert found.duplicates == found.half_done == 0
    assert flow(one).latency_p50_ns == pytest.approx(length * 10**6, rel=0.01)


def test_every_node_of_many_counts_its_own_executions() -> None:
    """Each execution at a node is a draw of its own, whatever the node's number: retries fail independently."""
    nodes = {"web": "producer, rate: 30/s, deadline: 60s"} | {f"s{i}": "service, takes: 0s" for i in range(LENGTH)}
    nodes |= {"last": "service, takes: 0s, fails: 50%"}
    links = [f"{a} -> {b}" for a, b in zip([*nodes][:-1], [*nodes][1:-1], strict=False)]
    links.append(f"{{link: s{LENGTH - 1} -> last, retry: {{attempts: 3, backoff: 1ms}}}}")
    one = world(nodes, links)
    one.advance(20 * S)
    found = to_the_end(one)
    assert found.failed / found.offered == pytest.approx(0.5**3, abs=0.05)


def test_draws_do_not_hang_on_a_nodes_number() -> None:
    """The same two nodes at the end of a file of a few or of many have the same work for the same message."""
    means = []
    for extra in (0, 30, 58, 61, 70):
        idle = {f"x{i}": "service" for i in range(extra)}
        nodes = {"web": "producer, rate: 50/s"} | idle
        work = "service, takes: {exponential: {mean: 5ms}}"
        nodes |= {"a": work, "b": f"{work}, fails: 20%"}
        one = world(nodes, ["web -> a", "{link: a -> b, retry: {attempts: 3, backoff: 5ms}}"])
        one.advance(5 * S)
        found = to_the_end(one)
        sums = one.sums()["nodes"]
        means.append((found.served, found.failed, sums["a"]["mean_service"], sums["b"]["mean_service"]))
    assert len(set(means)) == 1
