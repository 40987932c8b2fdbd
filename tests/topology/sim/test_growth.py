"""What grows with simulated time and with the number of nodes, and what does not."""

from __future__ import annotations

import gc
import resource
import sys
import time
from pathlib import Path

import pytest

from tests.topology.grown import grown
from tests.topology.worlds import S, check_frame, world
from topology.sim.world import SimWorld
from topology.spec import load_text

HOUR = 3600 * S


def resident_mib() -> float:
    """The memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads what the kernel says of the process")
def test_memory_is_flat_over_a_day() -> None:
    one = world(
        {
            "web": "producer, rate: 20/s, keys: {count: 1000}, deadline: 1s",
            "front": "load_balancer",
            "app": "service, replicas: 2, slots: 8, takes: 10ms, queue: {limit: 20}",
            "mem": "cache, capacity: 200, ttl: 30s",
            "db": "database, takes: 5ms",
            "jobs": "sqs",
            "worker": "service, takes: 20ms",
        },
        [
            "web -> front", "{link: front -> app, timeout: 500ms, retry: {attempts: 2}}", "app -> mem -> db",
            "app => jobs => worker",
        ],
    )
    one.advance(3 * HOUR)
    gc.collect()
    early = resident_mib()
    one.advance(24 * HOUR)
    gc.collect()
    assert resident_mib() - early < 12
    check_frame(one)


@pytest.mark.slow
def test_ten_thousand_nodes_run_and_balance_their_books() -> None:
    """The cost of an event is printed; it is a figure to look at, since it hangs on the processor's caches."""
    for nodes, seconds in ((10, 60), (10_000, 2)):
        playground = load_text(grown(nodes, rate=20))
        one = SimWorld(playground.designs[0], playground, 1)
        one.advance(S)
        fired, begun = int(one.core.engine.fired), time.process_time()
        one.advance((1 + seconds) * S)
        micros = (time.process_time() - begun) * 1e6 / (int(one.core.engine.fired) - fired)
        print(f"\n{nodes:,} nodes: {micros:.2f} µs an event")
        check_frame(one)
        one.close()
