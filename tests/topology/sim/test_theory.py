"""The simulated world against queueing theory: what is known exactly of simple queues must come out.

Each figure is compared as the mean of independent runs, inside a Student t interval; the intervals share one small
chance of a false alarm among them (Bonferroni).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from scipy import stats

from topology.sim.world import SimWorld
from topology.spec import load_text

FALSE_ALARM = 0.01


@dataclass(frozen=True)
class Queue:
    """A queue of which theory knows the mean wait, in seconds, and the share that is turned away."""

    rate: float
    work: float
    slots: int
    takes: str
    wait: float
    refused: float = 0.0
    limit: int | None = None

    @property
    def load(self) -> float:
        """The expected share of busy slots."""
        return self.rate * (1 - self.refused) * self.work / self.slots

    def text(self, customers: int) -> str:
        """The queue as a playground."""
        limit = f", queue: {{limit: {self.limit}}}" if self.limit is not None else ""
        return f"""\
playground: queue
about: One queue in front of one service.
duration: {math.ceil(customers / self.rate)}s
nodes:
  web: {{kind: producer, rate: {self.rate:g}/s, deadline: 60s}}
  server: {{kind: service, slots: {self.slots}, takes: {self.takes}{limit}}}
designs:
  alone:
    links: [web -> server]
"""


def exponential(work_ms: float) -> str:
    """Exponential work, as YAML."""
    return f"{{exponential: {{mean: {work_ms:g}ms}}}}"


def one_server() -> Queue:
    """M/M/1 at 80 %: the wait is ρ / (μ − λ)."""
    return Queue(800, 0.001, 1, exponential(1), 0.8 / (1000 - 800))


def eight_servers() -> Queue:
    """M/M/8 at 85 %: Erlang's C, over what the servers have to spare."""
    rate, work, slots = 680.0, 0.010, 8
    offered = rate * work
    busy = offered**slots / math.factorial(slots) / (1 - offered / slots)
    waits = busy / (sum(offered**n / math.factorial(n) for n in range(slots)) + busy)
    return Queue(rate, work, slots, exponential(10), waits / (slots / work - rate))


def bounded() -> Queue:
    """M/M/1/5 at 90 %: the shares of a birth and death process that ends at five."""
    rate, rho, places = 900.0, 0.9, 5
    shares = [rho**n * (1 - rho) / (1 - rho ** (places + 1)) for n in range(places + 1)]
    waiting = sum((n - 1) * share for n, share in enumerate(shares) if n > 1)
    return Queue(rate, 0.001, 1, exponential(1), waiting / (rate * (1 - shares[-1])), shares[-1], places - 1)


def general() -> Queue:
    """M/G/1 with log-normal work: Pollaczek and Khinchine's formula."""
    rate, median, p99 = 900.0, 0.0006, 0.004
    sigma = math.log(p99 / median) / stats.norm.ppf(0.99)
    work, square = median * math.exp(sigma**2 / 2), median**2 * math.exp(2 * sigma**2)
    return Queue(rate, work, 1, "{median: 0.6ms, p99: 4ms}", rate * square / 2 / (1 - rate * work))


QUEUES = {"M/M/1": one_server(), "M/M/8": eight_servers(), "M/M/1/5": bounded(), "M/G/1": general()}
FIGURES = ("mean_wait", "mean_service", "utilisation", "refused")


@cache
def figures(name: str, customers: int, seeds: int) -> tuple[dict[str, Any], ...]:
    """What the node says after each of some independent runs."""
    playground = load_text(QUEUES[name].text(customers))
    found = []
    for seed in range(1, seeds + 1):
        world = SimWorld(playground.designs[0], playground, seed)
        world.advance(playground.duration_ns)
        flow = world.frame().flows[0]
        found.append({**world.sums()["nodes"]["server"], "refused": flow.refused / flow.offered})
        world.close()
    return tuple(found)


def check(name: str, customers: int, seeds: int) -> None:
    """Every figure of one queue lies where theory has it."""
    queue = QUEUES[name]
    known = {"mean_wait": queue.wait, "mean_service": queue.work, "utilisation": queue.load, "refused": queue.refused}
    runs = figures(name, customers, seeds)
    t = stats.t.ppf(1 - FALSE_ALARM / len(FIGURES) / len(QUEUES) / 2, seeds - 1)
    for figure in FIGURES:
        values = [run[figure] for run in runs]
        mean = sum(values) / seeds
        spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (seeds - 1) / seeds)
        assert mean == pytest.approx(known[figure], abs=max(t * spread, 1e-12)), f"{figure} of {name}"


@pytest.mark.parametrize("name", QUEUES)
def test_short_runs_agree_with_theory(name: str) -> None:
    check(name, customers=6_000, seeds=6)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUEUES)
def test_twenty_seeds_agree_with_theory(name: str) -> None:
    check(name, customers=40_000, seeds=20)


@pytest.mark.parametrize("name", QUEUES)
def test_littles_law_holds(name: str) -> None:
    """In the system = throughput × time in it, refusals included; what is inside at the end is the only difference."""
    seconds = math.ceil(6_000 / QUEUES[name].rate)
    for run in figures(name, 6_000, 6):
        expected = run["departures"] / seconds * run["mean_stay"]
        assert run["mean_in_system"] == pytest.approx(expected, rel=0.02)
