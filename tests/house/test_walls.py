"""The walls between the rooms: who may import whom, and who may touch chance, clocks and wires."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from tests.house.source_tree import ROOT, Module, shipped, starts

CLOCKS = ("time", "asyncio", "threading", "select", "selectors", "sched")
WIRES = ("socket", "ssl", "subprocess", "multiprocessing", "signal", "aiomqtt", "amqtt", "paho")
CHANCE = ("random", "secrets", "numpy", "uuid")
ABOVE: dict[str, tuple[str, ...]] = {"topology": ("chaos", "tui"), "chaos": ("tui",)}


def breaches(modules: list[Module], forbidden: tuple[str, ...]) -> list[str]:
    """Imports that a wall forbids, as place:line: name."""
    imports = [(module.place, line, name) for module in modules for name, line in module.imports()]
    return [f"{place}:{line}: {name}" for place, line, name in imports if starts(name, forbidden)]


def within(*folders: str) -> list[Module]:
    """The modules in some folders or files."""
    return [m for m in shipped() if any(m.place == f or m.place.startswith(f"{f}/") for f in folders)]


def simulated(*folders: str) -> list[Module]:
    """The same, but for the live world, which is made of clocks and wires."""
    return [m for m in within(*folders) if not m.place.startswith("topology/live/")]


@pytest.mark.parametrize("room", ABOVE)
def test_imports_go_down_only(room: str) -> None:
    assert not breaches(within(room), ABOVE[room])


def test_only_the_terminal_room_knows_terminals() -> None:
    assert not breaches(within("topology", "chaos"), ("textual", "rich", "typer", "click", "curses"))


def test_only_chance_makes_randomness() -> None:
    assert not breaches([m for m in simulated("topology", "chaos") if m.place != "topology/chance.py"], CHANCE)


def test_the_simulated_world_has_no_clock_and_no_wire() -> None:
    assert not breaches(simulated("topology"), CLOCKS + WIRES)
    assert not [m.place for m in simulated("topology") if re.search(r"\.(now|utcnow|today)\(\)", m.text)]


def test_kinds_and_policies_know_neither_world_nor_file() -> None:
    worlds = ("topology.sim", "topology.live", "topology.spec", "topology.world", "topology.registry")
    assert not breaches(within("topology/nodes", "topology/policies"), (*worlds, "yaml", "pydantic", "os", "pathlib"))


def test_the_screen_never_reaches_into_a_world() -> None:
    insides = ("topology.sim", "topology.live.world", "topology.node", "topology.nodes", "topology.ledger")
    reached = breaches([m for m in within("tui") if m.place != "tui/cli.py"], insides)
    assert not [place for place in reached if not place.rpartition(".")[2].isupper()], (
        "only words may be taken from there"
    )


def test_the_world_knows_no_faults() -> None:
    assert not [m.place for m in within("topology") if "fault" in m.path.stem]


PROBE = """
import sys
sys.argv = ["knockon", *{arguments!r}]
from tui.cli import main
try:
    {arguments!r} and main()
except SystemExit:
    pass
print("LOADED", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


@pytest.mark.parametrize(
    "line", ["", "run shop --duration 40s", "list", "kinds", "faults", "show shop", "schema", "--version"]
)
def test_headless_never_loads_the_screen(line: str) -> None:
    """A fresh interpreter runs the command line and says what it has loaded; the empty line only imports it."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=line.split())],
        capture_output=True,
        check=True,
        cwd=ROOT,
        encoding="utf-8",
        timeout=120,
    )
    loaded = set(done.stdout.splitlines()[-1].split()[1:])
    assert "tui" in loaded
    assert not loaded & {"textual", "amqtt", "aiomqtt"}


def privates(module: Module) -> list[str]:
    """Names with an underscore that a module takes from something that is not itself, as place:line: name."""
    found = [
        f"{module.place}:{node.lineno}: {node.attr}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr)
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        and not (isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "super")
    ]  # fmt: skip
    return found + [f"{module.place}:{line}: {name}" for name, line in module.imports() if re.search(r"textual.*\._[^_]", name)]


def overridden(module: Module) -> list[str]:
    """Names of its own classes that Textual uses itself, with an underscore."""
    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget

    theirs = {name for cls in (App, Screen, Widget) for name in dir(cls) if re.match("_[^_]", name)}
    return [
        f"{module.place}:{node.lineno}: {part.name if isinstance(part, ast.FunctionDef) else ast.unparse(part)}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for part in ast.walk(node)
        if (isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name in theirs)
        or (isinstance(part, ast.Attribute) and ast.unparse(part.value) == "self" and part.attr in theirs)
    ]


def test_one_module_alone_touches_the_private_parts_of_textual() -> None:
    drawing = [m for m in within("tui") if any(starts(name, ("textual",)) for name, _ in m.imports())]
    found = {m.place: privates(m) for m in drawing}
    assert found.pop("tui/record/cells.py"), "this is the one"
    assert not [place for places in found.values() for place in places]
    bases = ("textual.app", "textual.screen", "textual.widget", "tui.widgets", "tui.screens")
    screens = [module for module in drawing if any(starts(name, bases) for name, _ in module.imports())]
    assert not [place for module in screens for place in overridden(module)]
