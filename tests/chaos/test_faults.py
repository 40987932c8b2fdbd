"""Every fault: what it declares, and that its heal takes back what it did and nothing else."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from chaos.command import Command
from chaos.fault import LINKS, PRODUCERS, Fault
from chaos.registry import FAULTS, faults
from chaos.runner import Runner
from tests.chaos.playgrounds import small
from topology.parameters import Param
from topology.sim.world import POWERS

NAMES = sorted(faults())


def target_of(kind: type[Fault]) -> str:
    """A target in the small shop on which a fault can act."""
    return {LINKS: "inventory", PRODUCERS: "web"}.get(kind.acts_on, "inventory")


def test_the_shipped_faults() -> None:
    shipped = {"crash", "errors", "hang", "latency", "loss", "noop", "partition", "slow", "surge"}
    assert shipped <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_says_what_it_is(name: str) -> None:
    kind = faults()[name]
    doc = inspect.getdoc(kind) or ""
    assert len(doc.split()) > 15, "what breaks, what you will see, what heals"
    assert "heal" in doc.lower()
    assert all(isinstance(param, Param) and param.doc for param in kind.params.values())
    assert kind.needs <= POWERS


@pytest.mark.parametrize("name", NAMES)
def test_injected_and_healed_it_leaves_nothing(name: str) -> None:
    playground = small()
    run = Runner(playground, 3, timeline=False)
    run.advance(6_000_000_000)
    run.do(Command(0, "inject", (target_of(faults()[name]),), name, for_ns=2_000_000_000))
    run.advance(7_000_000_000)
    assert any(fault.active for fault in run.faults)
    run.advance(9_000_000_000)
    assert not any(fault.active for fault in run.faults)
    for frame in run.frames():
        assert not [node.layers for node in frame.nodes if node.layers]
        assert not [link.layers for link in frame.links if link.layers or link.cut]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "noop"])
def test_it_changes_the_run(name: str) -> None:
    def digest(commands: list[Command]) -> list[str]:
        run = Runner(small(), 3, timeline=False, commands=commands)
        run.advance(run.end)
        return [world.fates() for world in run.worlds]

    command = Command(6_000_000_000, "inject", (target_of(faults()[name]),), name, for_ns=5_000_000_000)
    assert digest([command]) != digest([])


def test_a_fault_from_a_folder(tmp_path: Any) -> None:
    folder = tmp_path / "faults"
    folder.mkdir()
    source = inspect.getsource(inspect.getmodule(faults()["noop"]))  # type: ignore[arg-type]
    (folder / "nothing_new.py").write_text(source)
    FAULTS.look_in(tmp_path)
    try:
        assert "nothing_new" in faults()
        assert issubclass(faults()["nothing_new"], Fault)
    finally:
        FAULTS.outside.pop("nothing_new")
        FAULTS.found.pop("nothing_new", None)
