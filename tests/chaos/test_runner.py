"""The one loop: any slicing gives the same run, faults overlap and heal exactly, and what is kept can be run again."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chaos.command import Command, Refused
from chaos.registry import faults
from chaos.runner import Runner
from tests.chaos.playgrounds import CLAIMS, CRASH, run_to, small
from topology.frame import Frame
from topology.spec import load_text
from topology.spec.writer import run_text

SECOND = 1_000_000_000
SHORT = small(duration="11s")
QUICK = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
"""Without shrinking: a run takes a tenth of a second uncompiled, and a failing list of six commands is short enough."""

FAULTS = st.sampled_from(
    [
        ("crash", "inventory", {}),
        ("crash", "one:orders", {}),
        ("hang", "half:inventory", {}),
        ("slow", "inventory", {"factor": 4}),
        ("errors", "inventory", {"share": 0.5}),
        ("latency", "orders", {"extra": "30ms", "jitter": "10ms"}),
        ("loss", "inventory", {"share": 0.4}),
        ("partition", "inventory", {}),
        ("surge", "web", {"factor": 3}),
        ("noop", "all", {}),
        ("crash", "backlog", {}),
    ]
)
INSTANTS = st.integers(1, 9 * SECOND)
INJECTS = st.builds(
    lambda at, fault, wait, ramp, likely: Command(
        at, "inject", (fault[1],), fault[0], (), fault[2], wait, ramp, likely, by="run"
    ),
    INSTANTS,
    FAULTS,
    st.none() | st.integers(1, 6 * SECOND),
    st.sampled_from([0, SECOND]),
    st.sampled_from([1.0, 0.5]),
)
OTHERS = st.one_of(
    st.builds(lambda at, on: Command(at, "heal", (on,), by="run"), INSTANTS, st.sampled_from(["all", "inventory"])),
    st.builds(lambda at, to: Command(at, "scale", ("inventory",), to=to, by="run"), INSTANTS, st.integers(0, 4)),
    st.builds(lambda at: Command(at, "rewire", ("orders",), by="run"), INSTANTS),
    st.builds(
        lambda at, to: Command(at, "rate", ("web",), to=to, by="run"), INSTANTS, st.sampled_from(["80/s", "5/s"])
    ),
)
SEQUENCES = st.lists(INJECTS | OTHERS, max_size=6).map(lambda found: sorted(found, key=lambda c: c.at_ns))


def conserved(frame: Frame) -> bool:
    """Whether the fates of every flow add up."""
    return all(
        f.offered == f.served + f.late + f.refused + f.failed + f.lost + f.dead_lettered + f.in_system
        and f.in_system == f.unanswered + f.waiting
        and min(f.unanswered, f.waiting, f.lost, f.dead_lettered) >= 0
        for f in frame.flows
    )


def through(commands: list[Command], slices: list[int], seed: int = 5) -> Runner:
    """A run through these instants to the end."""
    run = Runner(SHORT, seed, timeline=False, commands=commands)
    for at in sorted(slices):
        run.advance(at)
        assert all(map(conserved, run.frames()))
    run.advance(run.end)
    return run


@settings(QUICK, max_examples=15)
@given(SEQUENCES, st.lists(st.integers(0, 11 * SECOND), max_size=8))
def test_any_slicing_is_the_same_run(commands: list[Command], slices: list[int]) -> None:
    whole, sliced = through(commands, []), through(commands, slices)
    assert whole.faults == sliced.faults
    whole.finish()
    sliced.finish()
    assert whole.digest() == sliced.digest()


@settings(QUICK, max_examples=25)
@given(SEQUENCES)
def test_overlapping_faults_heal_exactly(commands: list[Command]) -> None:
    run = through(commands, [])
    run.finish()
    for world, frame in zip(run.worlds, run.frames(), strict=True):
        assert conserved(frame)
        assert all(layer.words == "restarts" for node in frame.nodes for layer in node.layers)
        assert all(not link.layers and not link.cut for link in frame.links)
        assert world.plan.name == frame.design


@settings(QUICK, max_examples=12)
@given(SEQUENCES, INSTANTS)
def test_a_fault_changes_nothing_before_it(commands: list[Command], at: int) -> None:
    before = [command for command in commands if command.at_ns < at]
    without = Runner(SHORT, 7, timeline=False, commands=before)
    run = Runner(SHORT, 7, timeline=False, commands=[*before, Command(at, "inject", ("inventory",), "crash")])
    for one in (without, run):
        one.advance(at - 1)
    assert without.frames() == run.frames()


@settings(QUICK, max_examples=25)
@given(SEQUENCES)
def test_all_designs_are_offered_the_same(commands: list[Command]) -> None:
    run = through(commands, [])
    offered = [[sum(t.offered for t in world.tallies("web"))] for world in run.worlds]
    assert offered[0] == offered[1]


def test_keys_and_a_list_of_commands_are_the_same_run() -> None:
    by_hand = Runner(small(), 1, timeline=False)
    by_hand.advance(10 * SECOND)
    by_hand.do(Command(0, "inject", ("inventory",), "crash", for_ns=3 * SECOND))
    by_hand.advance(11 * SECOND)
    by_hand.do(Command(0, "scale", ("inventory",), to="+1"))
    by_hand.advance(14 * SECOND)
    by_hand.do(Command(0, "heal", ("all",), by="run"))
    by_hand.advance(by_hand.end)
    again = Runner(small(), 1, timeline=False, commands=by_hand.commands)
    again.advance(again.end)
    for run in (by_hand, again):
        run.finish()
    assert again.commands == by_hand.commands
    assert again.digest() == by_hand.digest()


def test_undo_is_the_run_without_the_last_command() -> None:
    run = run_to(small(CRASH), 8)
    untouched = run.frames()
    run.do(Command(0, "inject", ("orders",), "slow", params={"factor": 20}))
    run.advance(9 * SECOND)
    undone = run.undo()
    assert undone.commands == ()
    assert undone.now == 9 * SECOND
    assert untouched != undone.frames() == run_to(small(CRASH), 9).frames()
    undone.advance(12 * SECOND)
    assert [fault.what for fault in undone.faults] == ["crash"]


def test_undo_of_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="nothing to undo"):
        run_to(small(), 1).undo()


def test_a_key_that_makes_no_sense_leaves_no_trace() -> None:
    run = run_to(small(), 6)
    for command, words in [
        (Command(0, "inject", ("inventroy",), "crash"), "did you mean inventory"),
        (Command(0, "inject", ("inventory",), "crsh"), "did you mean crash"),
        (Command(0, "inject", ("inventory",), "slow", params={"factor": -1}), "more than 0"),
        (Command(0, "inject", ("inventory",), "slow", params={"facter": 2}), "did you mean factor"),
        (Command(0, "inject", (), "crash"), "on what"),
        (Command(0, "heal", ("all",)), "nothing is broken"),
        (Command(0, "scale", ("backlog",), to=2), "no replicas to scale"),
        (Command(0, "scale", ("inventory",), to="many"), "how many"),
        (Command(0, "scale", ("inventory",), to=5_000_000), "cannot be scaled"),
        (Command(0, "rate", ("inventory",), to="5/s"), "offers nothing"),
        (Command(0, "rate", ("web",), to="5"), "a rate such as"),
        (Command(0, "set", ("backlog.visiblity",), to="5s"), "did you mean visibility"),
        (Command(0, "set", ("backlog",), to="5s"), "set what"),
        (Command(0, "explode", ("web",)), "no verb"),
    ]:
        with pytest.raises(Refused, match=words):
            run.do(command)
    assert run.commands == ()
    assert run.faults == ()
    run.advance(8 * SECOND)
    assert run.frames() == run_to(small(), 8).frames()


def test_set_and_rate_and_redrive_do_something() -> None:
    run = run_to(small(), 6)
    run.do(Command(0, "set", ("backlog.visibility",), to="5s"))
    run.do(Command(0, "rate", ("web",), to="200/s"))
    run.do(Command(0, "redrive", ("graveyard",)))
    run.do(Command(0, "rewire", ("orders",)))
    run.advance(8 * SECOND)
    assert run.frames()[0].flows[0].offered > 500


def test_heal_by_number_takes_one_of_two_on_one_target() -> None:
    run = run_to(small(), 6)
    run.do(Command(0, "inject", ("inventory",), "slow"))
    run.do(Command(0, "inject", ("inventory",), "errors"))
    run.do(Command(0, "heal", ("#1",)))
    assert [fault.active for fault in run.faults] == [False, True]


def test_the_dice_decide_by_seed_and_entry_alone() -> None:
    entry = "  - {at: 10s, inject: crash, on: inventory, for: 2s, probability: 0.5}\n"
    alone = small(f"timeline:\n{entry}")
    happened = [len(run_to(alone, 11, seed=seed).faults) for seed in range(24)]
    assert 4 < sum(happened) < 20
    other = "  - {at: 7s, inject: noop, on: inventory, for: 1s}\n"
    together = small(f"timeline:\n{other}{entry}")
    again = [run_to(together, 11, seed=seed).faults for seed in range(24)]
    assert happened == [len([fault for fault in found if fault.what == "crash"]) for found in again]


def test_a_run_file_runs_again_to_the_same_digest() -> None:
    run = run_to(small(CRASH + CLAIMS), 12)
    run.do(Command(0, "inject", ("orders",), "latency", params={"extra": "50ms"}))
    run.do(Command(0, "heal", ("#2",)))
    run.do(Command(0, "scale", ("inventory",), to="+1"))
    run.advance(20 * SECOND)
    run.finish()
    text = run_text(run.playground, run.seed, run.end, [asdict(c) for c in run.commands], run.digest())
    kept = load_text(text, "kept.yaml", faults=faults())
    assert kept.run is not None
    again = Runner(kept, kept.run.seed, timeline=True)
    assert again.end == 20 * SECOND
    again.advance(again.end)
    again.finish()
    assert again.digest() == kept.run.digest == run.digest()


def test_nothing_more_is_taken_after_the_end() -> None:
    run = run_to(small(), 30)
    with pytest.raises(Refused, match="over"):
        run.do(Command(0, "inject", ("inventory",), "crash"))


def test_narration_changes_nothing() -> None:
    runs = [Runner(small(CRASH), 1, timeline=True, narrate=narrate) for narrate in (True, False)]
    for run in runs:
        run.advance(run.end)
        run.finish()
    assert runs[0].digest() == runs[1].digest()


def test_the_end_heals_what_was_left_broken() -> None:
    run = run_to(small("timeline:\n  - {at: 20s, inject: partition, on: inventory}\n"), 30)
    assert run.faults[0].active
    run.finish()
    assert not run.faults[0].active
    assert run.stopped_ns >= run.end


def test_a_moment_holds_everything() -> None:
    moment = run_to(small(CRASH), 12).moment()
    assert [frame.design for frame in moment.frames] == ["coupled", "decoupled"]
    assert moment.faults[0].active
    assert moment.commands == 1
    assert moment.log
    assert replace(moment) == moment


def test_what_is_done_at_the_instant_at_which_a_kept_run_ends_belongs_to_it() -> None:
    first = Runner(SHORT, 7, timeline=False)
    first.advance(6 * SECOND)
    first.do(Command(0, "inject", ("inventory",), "crash"))
    first.finish()
    text = run_text(SHORT, 7, first.end, [asdict(command) for command in first.commands], first.digest())
    again = Runner(load_text(text, faults=faults()), 7, timeline=False)
    again.advance(again.end)
    again.finish()
    assert len(again.commands) == 1
    assert again.digest() == first.digest()
