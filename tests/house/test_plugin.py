"""A package from outside adds a node kind and a fault to an installed knockon, and nothing else is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.conftest import MAIN, PIP, call

pytestmark = pytest.mark.slow

PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "turnstiles"
version = "1.0"
[project.entry-points."knockon.nodes"]
turnstile = "turnstile"
[project.entry-points."knockon.faults"]
jam = "jam"
[tool.setuptools]
py-modules = ["turnstile", "jam"]
"""

NODE = '''\
"""A kind from outside: one at a time, each after the same pause."""

from topology.message import YES
from topology.node import SERVICE, Node
from topology.parameters import duration


class Turnstile(Node):
    """Lets everybody through after a pause."""

    params = {"pause": duration("2ms", "How long one person takes.", ge="0s", le="1h")}
    role = SERVICE

    def configure(self, ctx, values, policies):
        self.pause = values["pause"]

    def on_message(self, ctx, call):
        ctx.after(self.pause, 0, call)

    def on_timer(self, ctx, tag, item):
        ctx.answer(item, YES, 0)
'''

FAULT = '''\
"""A fault from outside."""

from chaos.fault import Fault
from topology.parameters import number
from topology.world import SLOW


class Jam(Fault):
    """Nobody gets through: everything takes a thousand times longer."""

    params = {"factor": number(1000.0, "How much longer it takes.", gt=0)}
    needs = frozenset({"lay", "freeze"})
    past = "jammed"

    def inject(self, world, targets, values, ramp_ns):
        """Freeze each target and lay slowness on it."""
        frozen = [world.freeze(target, ramp_ns) for target in targets]
        return (*frozen, *(world.lay(SLOW, target, values, ramp_ns) for target in targets))
'''

PLAYGROUND = """\
version: 1
playground: station
about: A turnstile that jams.
duration: 40s
nodes:
  crowd: {kind: producer, rate: 50/s, deadline: 1s}
  gate: {kind: turnstile, pause: 5ms}
designs:
  alone:
    links: [crowd -> gate]
timeline:
  - {at: 10s, inject: jam, on: gate, for: 5s}
steady:
  - {in: all, that: crowd.success, is: ">= 99%"}
expect:
  - {in: alone, that: crowd.success, during: fault, is: "< 50%"}
  - {in: alone, that: crowd.lost, during: all, is: "= 0"}
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def installed(compiled_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the command line of the installed knockon with the outside package beside it."""
    folder = tmp_path_factory.mktemp("plugin")
    outside, site = folder / "turnstiles", folder / "site"
    outside.mkdir()
    for name, text in (("pyproject.toml", PYPROJECT), ("turnstile.py", NODE), ("jam.py", FAULT)):
        (outside / name).write_text(text, encoding="utf-8")
    (folder / "station.yaml").write_text(PLAYGROUND, encoding="utf-8")
    done = call(*PIP, "install", "--no-deps", "--no-build-isolation", "--target", str(site), str(outside))
    assert done.returncode == 0, done.stderr
    path = f"{compiled_site}{os.pathsep}{site}"

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return call(sys.executable, "-P", "-c", MAIN, *args, cwd=folder, PYTHONPATH=path)

    return run


@pytest.mark.parametrize(("command", "name"), [("kinds", "turnstile"), ("faults", "jam")])
def test_the_reference_names_it(installed: Run, command: str, name: str) -> None:
    said = installed(command)
    assert said.returncode == 0, said.stderr
    assert name in said.stdout


def test_the_schema_knows_both(installed: Run) -> None:
    said = installed("schema")
    assert said.returncode == 0, said.stderr
    schema = json.dumps(json.loads(said.stdout))
    assert "turnstile" in schema
    assert "How long one person takes." in schema
    assert "jam" in schema


def test_a_playground_uses_both(installed: Run) -> None:
    said = installed("run", "station.yaml")
    assert said.returncode == 0, said.stdout + said.stderr


def test_mistakes_in_its_parameters_are_told_like_any_other(installed: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(PLAYGROUND.replace("pause: 5ms", "pose: 5ms"), encoding="utf-8")
    said = installed("check", str(wrong))
    assert said.returncode == 2
    assert "pause" in said.stdout + said.stderr
    assert "Traceback" not in said.stderr
