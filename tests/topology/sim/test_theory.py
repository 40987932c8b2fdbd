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


# Erlang's formulas, and two classes of customers


def erlang_b(offered: float, slots: int) -> float:
    """The share of calls that find no free slot where nobody may wait (M/M/c/c)."""
    blocked = 1.0
    for n in range(1, slots + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return blocked


def erlang_c(offered: float, slots: int) -> float:
    """The share of calls that have to wait (M/M/c)."""
    blocked = erlang_b(offered, slots)
    return blocked / (1 - offered / slots * (1 - blocked))


def cobham(rates: list[float], work: float) -> list[float]:
    """The mean wait of each class of an M/M/1 with priorities, the most important first, without preemption, in seconds."""
    residual = sum(rate * work * work for rate in rates)
    waits, before = [], 0.0
    for rate in rates:
        after = before + rate * work
        waits.append(residual / (1 - before) / (1 - after))
        before = after
    return waits


def run_of(text: str, seed: int) -> SimWorld:
    """A playground's only design, run to its end."""
    playground = load_text(text)
    world = SimWorld(playground.designs[0], playground, seed)
    world.advance(playground.duration_ns)
    return world


def agrees(what: str, values: list[float], theory: float, intervals: int) -> None:
    """The mean of independent runs lies where theory has it; prints both and the deviation."""
    n = len(values)
    mean = sum(values) / n
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)
    t = stats.t.ppf(1 - FALSE_ALARM / intervals / 2, n - 1)
    print(f"{what}: {mean:.5g}, theory {theory:.5g}, deviation {(mean / theory - 1):+.2%} (± {t * spread / theory:.2%})")
    assert mean == pytest.approx(theory, abs=t * spread), what


ERLANG = {"2 slots": (1.0, 2), "8 slots": (6.0, 8), "30 slots": (25.0, 30)}


@pytest.mark.slow
@pytest.mark.parametrize("name", ERLANG)
def test_erlangs_formulas_over_twenty_seeds(name: str) -> None:
    """B: the share refused where nobody may wait. C: the share that waits, from the mean wait of those who do."""
    offered, slots = ERLANG[name]
    work = 0.010
    text = Queue(offered / work, work, slots, exponential(10), 0.0).text(20_000)
    loss = text.replace(f"slots: {slots},", f"slots: {slots}, queue: {{limit: 0}},")
    refused, waits = [], []
    for seed in range(1, 21):
        flow = run_of(loss, seed).frame().flows[0]
        refused.append(flow.refused / flow.offered)
        waits.append(run_of(text, seed).sums()["nodes"]["server"]["mean_wait"] * (slots - offered) / work)
    agrees(f"Erlang B, {name}", refused, erlang_b(offered, slots), 2 * len(ERLANG))
    agrees(f"Erlang C, {name}", waits, erlang_c(offered, slots), 2 * len(ERLANG))


@pytest.mark.slow
def test_two_priorities_over_twenty_seeds() -> None:
    """M/M/1 at 80 %, a quarter of it important: Cobham's waits of 1.00 ms and 5.00 ms; first in, first out would be 4 ms."""
    text = """\
playground: priorities
about: Two classes of customers in front of one server.
duration: 100s
nodes:
  high: {kind: producer, rate: 200/s, priority: 1, deadline: 60s}
  low: {kind: producer, rate: 600/s, deadline: 60s}
  server: {kind: service, slots: 1, takes: {exponential: {mean: 1ms}}, queue: {order: priority}}
designs:
  alone:
    links: [high -> server, low -> server]
"""
    expected = cobham([200.0, 600.0], 0.001)
    waits: dict[str, list[float]] = {"high": [], "low": []}
    for seed in range(1, 21):
        world = run_of(text, seed)
        for producer, found in waits.items():
            found.append(world.tallies(producer)[0].latency.mean_ns() / 1e9 - 0.001)
        world.close()
    for producer, theory in zip(waits, expected, strict=True):
        agrees(f"wait of {producer} priority in s", waits[producer], theory, 2)


@pytest.mark.slow
def test_newest_first_against_oldest_first_at_overload_over_twenty_seeds() -> None:
    """150 % load and 1 s of patience: in the end first in, first out serves nothing in time; newest first loses little."""
    text = """\
playground: overload
about: More than one server can do.
duration: 20s
nodes:
  web: {kind: producer, rate: 150/s, deadline: 1s}
  server: {kind: service, slots: 1, takes: {exponential: {mean: 10ms}}, queue: {order: ORDER}}
designs:
  alone:
    links: [web -> server]
"""
    for order, low, high in (("fifo", 0.0, 0.25), ("lifo", 0.9, 1.15)):
        shares = [run_of(text.replace("ORDER", order), seed).frame().flows[0].served / 2000 for seed in range(1, 21)]
        print(f"{order}: goodput {sum(shares) / 20:.1%} of what can be done (worst seed {min(shares):.1%})")
        assert low <= min(shares) <= max(shares) < high, order
