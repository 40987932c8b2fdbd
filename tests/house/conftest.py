"""An installed, compiled knockon beside the checkout, made once for all that look at it from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.source_tree import ROOMS, ROOT

WheelBuilder = Callable[..., Path]
PIP = (sys.executable, "-m", "pip")
MAIN = "import sys; from tui.cli import main; sys.exit(main())"


def call(*command: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command, with what it said."""
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=cwd,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1", **env},
        stdin=subprocess.DEVNULL,
        timeout=1800,
    )


@pytest.fixture(scope="session")
def build_wheel(tmp_path_factory: pytest.TempPathFactory) -> WheelBuilder:
    """Build a wheel of the sources from a copy, so that nothing is left in the checkout."""

    def build(**env: str) -> Path:
        folder = tmp_path_factory.mktemp("wheel")
        source = folder / "source"
        for room in ROOMS:
            shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, source / name)
        command = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), "."]
        done = call(*command, cwd=source, **env)
        assert done.returncode == 0, done.stdout + done.stderr
        (wheel,) = folder.glob("*.whl")
        return wheel

    return build


def wheel_at_hand() -> Path | None:
    """The wheel that the environment was installed from, where it was made of these very sources: compiling takes minutes."""
    for wheel in sorted((Path(sys.prefix) / "wheel").glob("*.whl")):
        with zipfile.ZipFile(wheel) as held:
            names = [name for name in held.namelist() if name.endswith(".py") and name.partition("/")[0] in ROOMS]
            sources = {str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).rglob("*.py")}
            if set(names) == sources and all(held.read(name) == (ROOT / name).read_bytes() for name in names):
                return wheel
    return None


@pytest.fixture(scope="session")
def compiled_site(build_wheel: WheelBuilder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel; its dependencies come from the environment of the tests."""
    site = tmp_path_factory.mktemp("compiled") / "site"
    done = call(*PIP, "install", "--no-deps", "--target", str(site), str(wheel_at_hand() or build_wheel()))
    assert done.returncode == 0, done.stderr
    said = call(sys.executable, "-P", "-c", "import topology.sim.engine as e; print(e.__file__)", PYTHONPATH=str(site))
    assert said.stdout.startswith(str(site)), said.stderr
    if shutil.which(os.environ.get("CC", "cc")) and "KNOCKON_PURE" not in os.environ:
        assert not said.stdout.strip().endswith(".py"), "it was not compiled"
    return site
