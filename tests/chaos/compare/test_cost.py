"""The cost of a fault: this run less the same run without it."""

from __future__ import annotations

import pytest

from chaos.command import Command
from chaos.compare import cost
from chaos.runner import Runner
from tests.chaos.playgrounds import CRASH, small

S = 1_000_000_000


def finished(more: str = "", commands: list[Command] | None = None, seed: int = 1) -> Runner:
    """The small shop, run to its end."""
    run = Runner(small(more), seed, timeline=True, commands=commands or [])
    run.advance(run.end)
    run.finish()
    return run


def inject(at_s: float, what: str, for_s: float, on: str = "inventory") -> Command:
    return Command(round(at_s * S), "inject", (on,), what, for_ns=round(for_s * S))


def test_a_crash_costs_a_no_for_each_customer_of_its_time() -> None:
    run = finished(CRASH)
    coupled = cost.of(run, "coupled", [0])
    assert coupled.counts["told_no"] == pytest.approx(40 * 5, abs=30)
    assert coupled.counts["minutes"] == pytest.approx(5 / 60, abs=1.1 / 60)
    assert coupled.spread == ("web", "orders")
    assert coupled.blast_radius == 1.0
    decoupled = cost.of(run, "decoupled", [0])
    assert decoupled.counts["told_no"] == decoupled.counts["lost"] == 0
    assert decoupled.spread == ()
    assert cost.figures(run, "coupled", "web") == coupled.counts


def test_nothing_costs_nothing() -> None:
    run = finished(commands=[inject(10, "noop", 5)])
    for design in ("coupled", "decoupled"):
        assert cost.of(run, design, [0]).nothing


def test_the_run_without_it_is_the_run_that_never_had_it() -> None:
    run = finished(commands=[inject(8, "errors", 4), inject(15, "crash", 3)])
    only = finished(commands=[inject(15, "crash", 3)])
    assert cost.without(run, (0,)) == cost.sums(only)
    assert cost.without(run, (0, 1)) == cost.sums(finished())


def test_apart_in_time_two_faults_cost_the_sum() -> None:
    run = finished(commands=[inject(8, "crash", 3), inject(18, "crash", 3)])
    assert all(abs(n) <= 2 for n in cost.together(run, "coupled").values())


def test_at_once_either_would_have_done() -> None:
    run = finished(commands=[inject(8, "crash", 5), inject(8.001, "crash", 5)])
    one, other = cost.each(run, "coupled")
    assert one.counts["told_no"] == other.counts["told_no"] == pytest.approx(0, abs=1)
    assert cost.together(run, "coupled")["told_no"] == pytest.approx(200, abs=30)


def test_a_heal_by_number_still_means_the_same_fault() -> None:
    commands = [
        inject(8, "errors", 20), inject(9, "crash", 20),
        Command(12 * S, "heal", ("#2",)), Command(20 * S, "heal", ("#1",)),
    ]
    run = finished(commands=commands)
    kept = cost.commands_without(run, [0])
    assert [c.on for c in kept] == [("inventory",), ("#1",)]
    assert [c.on for c in cost.commands_without(run, [1])] == [("inventory",), ("#1",)]
    assert cost.commands_without(run, [0, 1]) == []
