"""Entries that repeat or wait for a condition: when they come, in which designs, and that a run file repeats them."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.experiment import perform
from chaos.judge.absent import told
from chaos.registry import faults
from chaos.runner import Runner
from tests.chaos.playgrounds import CRASH, small
from topology.spec import load_text
from topology.spec.writer import run_text

S = 1_000_000_000
TICK = 100_000_000

REPEATED = "timeline:\n  - {at: 8s, every: 6s, times: 3, inject: crash, on: inventory, for: 2s}\n"
DEEP = """
timeline:
  - {at: 10s, inject: crash, on: inventory, for: 8s}
  - {when: "backlog.depth >= 50", scale: inventory, to: 4}
"""
BUSY = """
timeline:
  - {at: 7s, every: 3s, inject: crash, on: "one:inventory", for: 2s, probability: 60%}
  - {when: "backlog.depth > 20", times: 4, rest: 1500ms, inject: slow, on: orders, factor: 3, for: 1s}
  - when: {that: coupled.orders -> inventory.error_rate, is: "> 5/s", held: 700ms}
    inject: latency
    on: web -> orders
    extra: 40ms
    for: 3s
  - {when: "web.success < 70%", since: 12s, scale: inventory, to: 3, in: coupled}
"""


def played(more: str, *, seed: int = 1, steps: tuple[int, ...] = (), narrate: bool = False, duration: str = "30s") -> Runner:
    """A run to the end, in steps of these lengths, and then in one."""
    run = Runner(small(more, duration=duration), seed, timeline=True, narrate=narrate)
    for step in steps:
        run.advance(run.now + step)
    run.advance(run.end)
    run.finish()
    return run


def fired(run: Runner, verb: str) -> list[tuple[int, tuple[str, ...]]]:
    """When commands of a verb were given, and in which designs."""
    return [(c.at_ns, c.designs) for c in run.commands if c.verb == verb]


def test_a_repeat_comes_as_often_as_it_says() -> None:
    run = played(REPEATED)
    assert [(f.since_ns // S, (f.until_ns or 0) // S) for f in run.faults] == [(8, 10), (14, 16), (20, 22)]


def test_a_repeat_that_does_not_say_how_often_fills_the_run() -> None:
    run = played("timeline:\n  - {at: 8s, every: 6s, inject: noop, on: inventory}\n")
    assert [f.since_ns // S for f in run.faults] == [8, 14, 20, 26]


def test_repeats_that_overlap_each_lift_their_own() -> None:
    run = Runner(
        small("timeline:\n  - {at: 8s, every: 2s, times: 3, inject: slow, on: inventory, factor: 2, for: 5s}\n"), 1, timeline=True
    )
    counts = []
    for second in (9, 11, 12, 14, 16, 18):
        run.advance(second * S + 1)
        node = run.frames()[0].node("inventory")
        assert node is not None
        counts.append(len(node.layers))
    assert counts == [1, 2, 3, 2, 1, 0]


def test_a_condition_fires_once_just_after_its_grid_step() -> None:
    run = played(DEEP)
    [(at_ns, designs)] = fired(run, "scale")
    assert at_ns % TICK == 1
    assert 10 * S < at_ns < 12 * S
    assert designs == ("decoupled",)
    before = Runner(small(DEEP), 1, timeline=False)
    for command in run.commands[:1]:
        before.advance(command.at_ns)
        before.do(command)
    depths = []
    for at in (at_ns - TICK, at_ns):
        before.advance(at)
        node = before.frames()[1].node("backlog")
        assert node is not None
        depths.append(node.depth)
    assert depths[0] < 50 <= depths[1]


def test_what_is_held_must_hold_without_a_break() -> None:
    at = {}
    for held in ("0s", "1s", "20s"):
        condition = f'{{that: coupled.inventory.up, is: "< 1", held: {held}}}'
        run = played(f"{CRASH}  - {{when: {condition}, scale: orders, to: 3}}\n")
        at[held] = [found for found, _ in fired(run, "scale")]
    assert at == {"0s": [10 * S + 1], "1s": [11 * S + 1], "20s": []}


def test_a_condition_may_come_again_after_its_rest() -> None:
    run = played(
        'timeline:\n  - {when: "coupled.inventory.up >= 1", since: 8s, times: 3, rest: 2500ms, inject: noop, on: inventory}\n'
    )
    assert [f.since_ns for f in run.faults] == [8 * S + 1, 10 * S + 5 * TICK + 1, 13 * S + 1]
    assert run.faults[0].designs == ("coupled", "decoupled")


def test_a_condition_is_looked_at_from_the_end_of_the_warm_up_on() -> None:
    run = played('timeline:\n  - {when: "orders.up >= 1", inject: noop, on: orders}\n')
    assert [(f.since_ns, f.designs) for f in run.faults] == [(5 * S + 1, ("coupled", "decoupled"))]


def test_success_is_that_of_the_last_second() -> None:
    run = played(CRASH + '  - {when: "web.success <= 10%", scale: orders, to: 3}\n')
    assert fired(run, "scale") == [(pytest.approx(10_950 * 10**6, abs=200 * 10**6), ("coupled",))]


def busy(seed: int, steps: tuple[int, ...] = (), narrate: bool = False) -> Runner:
    """A short run with all of it at once."""
    return played(BUSY, seed=seed, steps=steps, narrate=narrate, duration="15s")


@pytest.mark.slow
@given(st.lists(st.integers(1, 3 * S), max_size=12), st.integers(1, 5), st.booleans())
@settings(max_examples=20, deadline=None)
def test_any_slicing_gives_the_same_run(steps: list[int], seed: int, narrate: bool) -> None:
    whole, sliced = busy(seed), busy(seed, tuple(steps), narrate)
    assert whole.commands == sliced.commands
    assert whole.digest() == sliced.digest()


def test_slices_that_end_just_before_and_after_a_grid_step_give_the_same_run() -> None:
    edges = (7 * S, TICK, 1, TICK - 2, 1, 1, 3 * TICK + 1)
    assert busy(3).digest() == busy(3, edges).digest() == busy(3, edges, narrate=True).digest()


@pytest.mark.slow
@given(st.integers(1, 1000))
@settings(max_examples=20, deadline=None)
def test_a_run_file_repeats_the_digest(seed: int) -> None:
    repeated(busy(seed))


def test_a_run_file_repeats_what_conditions_gave() -> None:
    run = busy(3)
    assert {command.by for command in run.commands} == {"timeline", "condition"}
    repeated(run)


def repeated(run: Runner) -> None:
    """Keep a run as a run file, and play that."""
    text = run_text(run.playground, run.seed, run.end, [asdict(c) for c in run.commands], run.digest())
    kept = load_text(text, "kept.yaml", faults=faults())
    again = perform(kept, run.seed)
    assert again.digest == run.digest()
    assert told(again.run) == told(run)


def test_what_never_fired_is_told_and_its_replay_tells_the_same() -> None:
    more = 'timeline:\n  - {when: "backlog.depth > 9999", inject: crash, on: inventory, for: 2s}\n'
    more += 'expect:\n  - {that: web.success, is: ">= 90%"}\n'
    result = perform(small(more), 1)
    [row] = told(result.run)
    assert (row["what"], row["of"], row["when"]) == ("crash", "decoupled", "backlog.depth > 9999")
    assert [one.verdict for one in result.expected] == ["pass", "unknown"]
    assert "never injected" in result.expected[1].why
    kept = load_text(run_text(result.run.playground, 1, result.run.end, [], result.digest), "kept.yaml", faults=faults())
    again = perform(kept, 1)
    assert [one.verdict for one in again.expected] == ["pass", "unknown"]
    assert again.digest == result.digest


def test_a_condition_of_another_design_acts_in_all() -> None:
    run = played('timeline:\n  - {when: "decoupled.web.offered_rate > 1/s", since: 9s, inject: crash, on: inventory, for: 2s}\n')
    assert [(f.since_ns, f.designs) for f in run.faults] == [(9 * S + 1, ("coupled", "decoupled"))]


def test_undo_goes_on_waiting() -> None:
    run = Runner(small(DEEP), 1, timeline=True)
    run.advance(10 * S + TICK)
    again = run.undo()
    again.advance(13 * S)
    assert [c.verb for c in again.commands] == []
    run = Runner(small(DEEP), 1, timeline=True)
    run.advance(10 * S + TICK)
    run.do(run.commands[0])
    again = run.undo()
    again.advance(13 * S)
    assert [c.verb for c in again.commands] == ["inject", "scale"]


def test_a_flush_is_an_action() -> None:
    with pytest.raises(Exception, match="inventory is a service, which remembers nothing that could be flushed"):
        small("timeline:\n  - {at: 8s, flush: inventory}\n")


def test_the_log_says_what_it_had_come_to() -> None:
    run = played(DEEP, narrate=True)
    said = [(line.design, line.words) for line in run.narrator.last(200)]
    at = said.index(("decoupled", "it has come to backlog.depth >= 50"))
    assert said[at + 1] == ("", "the timeline scaled inventory to 4 replicas (only in decoupled)")
