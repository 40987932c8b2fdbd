"""Every message has exactly one fate in every playground that ships, whatever breaks in it and when.

Where a message fans out each copy holds a part of its work, so that a copy that is forgotten or counted twice shows here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import chaos
from chaos.command import Command, Refused
from chaos.registry import faults
from chaos.runner import Runner
from tests.chaos.drawn import targets
from tests.topology.worlds import check_frame
from topology.sim.world import SimWorld
from topology.spec import load

GALLERY = Path(str(chaos.__file__)).parent / "gallery"
NAMES = sorted(path.stem for path in GALLERY.glob("*.yaml"))
FAN_OUT = ("upload", "unmatched")
S = 1_000_000_000
END_S = 24
FAULTS = sorted(set(faults()) - {"noop"})
INJECTED = 6


def check(run: Runner) -> None:
    """What must hold of each design now."""
    for world in run.worlds:
        assert isinstance(world, SimWorld)
        check_frame(world)


def break_something(run: Runner, dice: Random) -> None:
    """One fault on something that it fits, for some seconds, at once or over a ramp; what does not fit is drawn again."""
    while True:
        name = dice.choice(FAULTS)
        on = (dice.choice(targets(run.playground, name)),)
        for_ns, ramp_ns = dice.randrange(S, 8 * S), dice.choice((0, dice.randrange(2 * S)))
        try:
            run.do(Command(0, "inject", on, name, for_ns=for_ns, ramp_ns=ramp_ns))
            return
        except Refused:
            pass


def breaks(name: str, draw: int) -> None:
    """One run with faults at random instants, looked at before and after each, when all are over, and when it is drained."""
    dice = Random(f"{name} {draw}")
    playground = load(GALLERY / f"{name}.yaml", faults=faults())
    run = Runner(replace(playground, duration_ns=END_S * S), draw, timeline=False, narrate=False)
    for at_ns in sorted(dice.sample(range(2 * S, 16 * S), INJECTED)):
        run.advance(at_ns)
        check(run)
        break_something(run, dice)
        check(run)
    run.advance(END_S * S)
    check(run)
    run.finish()
    check(run)
    assert len(run.faults) == INJECTED
    assert all(sum(flow.offered for flow in frame.flows) > 50 for frame in run.frames())
    run.close()


@pytest.mark.parametrize("name", FAN_OUT)
def test_every_message_has_one_fate(name: str) -> None:
    breaks(name, 1)


@pytest.mark.slow
@pytest.mark.parametrize("draw", range(2, 7))
@pytest.mark.parametrize("name", NAMES)
def test_every_message_has_one_fate_in_all_of_them(name: str, draw: int) -> None:
    breaks(name, draw)
