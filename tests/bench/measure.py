"""Measures one contender in processor time; as a program it prints one measurement as JSON."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from tests.bench import workloads
from tests.bench.peers import FanOut, Outcome, Shop, Workload, bare

ROUNDS = 5


@dataclass(frozen=True)
class Measured:
    """The best of some rounds, and what the model said."""

    who: str
    micros: float
    """Processor time per customer, in microseconds."""
    offered: int
    yes: int
    attempts: int
    mean_latency: float
    mean_completion: float


Run = Callable[[], Outcome]


def knockon(load: Workload, seed: int) -> Run:
    """The workload as every playground runs: text, checked playground, world, advance, frame."""
    from topology.sim.world import SimWorld
    from topology.spec import load_text

    playground = load_text(workloads.playground(load))

    def run() -> Outcome:
        world = SimWorld(playground.designs[0], playground, seed)
        world.advance(playground.duration_ns)
        (flow,) = world.frame().flows
        (tally,) = world.tallies("web")
        world.close()
        means = [histogram.mean_ns() / 1e9 for histogram in (tally.latency, tally.completion)]
        return Outcome(flow.offered, flow.told_yes, flow.attempts, *means)

    return run


def simpy_bare(load: Workload, seed: int) -> Run:
    """The shortest SimPy model."""
    return lambda: bare(load, seed)


def simpy_alike(load: Workload, seed: int) -> Run:
    """The SimPy model that keeps the same accounts."""
    return lambda: (FanOut if load.queues else Shop)(load, seed).run()


CONTENDERS: dict[str, Callable[[Workload, int], Run]] = {
    "SimPy, bare": simpy_bare,
    "SimPy, like accounting": simpy_alike,
    "knockon": knockon,
}


def measure(who: str, load: Workload, rounds: int = ROUNDS) -> Measured:
    """The least processor time of some rounds: what disturbs only ever adds. Reading the model is not counted."""
    run = CONTENDERS[who](load, 1)
    # As the program sets it for itself, for every contender alike.
    gc.set_threshold(100_000, 50, 100)
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        began = time.process_time()
        outcome = run()
        best = min(best, (time.process_time() - began) / outcome.offered)
    return Measured(who=who, micros=best * 1e6, **asdict(outcome))


if __name__ == "__main__":
    print(json.dumps(asdict(measure(sys.argv[1], workloads.ALL[sys.argv[2]]))))
