"""What ships: the packages with their data, whole, and no tests."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.conftest import MAIN, WheelBuilder, call
from tests.house.source_tree import ROOMS, ROOT

pytestmark = pytest.mark.slow

GALLERY = sorted(path.stem for path in (ROOT / "chaos" / "gallery").glob("*.yaml"))


@pytest.fixture(scope="module")
def pure_wheel(build_wheel: WheelBuilder) -> Path:
    return build_wheel(KNOCKON_PURE="1")


def test_the_wheel_holds_every_source_and_its_data(pure_wheel: Path) -> None:
    names = set(zipfile.ZipFile(pure_wheel).namelist())
    wanted = {p.relative_to(ROOT).as_posix() for room in ROOMS for p in (ROOT / room).rglob("*.py")}
    wanted |= {p.relative_to(ROOT).as_posix() for p in (ROOT / "chaos" / "gallery").glob("*.yaml")}
    wanted |= {p.relative_to(ROOT).as_posix() for room in ROOMS for p in (ROOT / room).rglob("*.tcss")}
    wanted |= {p.relative_to(ROOT).as_posix() for room in ROOMS for p in (ROOT / room).rglob("*.html")}
    wanted |= {f"{room}/py.typed" for room in ROOMS}
    assert not wanted - names


def test_the_wheel_holds_nothing_else(pure_wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(pure_wheel).namelist()}
    assert tops == {*ROOMS, "knockon-0.1.0.dist-info"}


def test_a_pure_wheel_fits_every_machine_and_says_why_it_is_pure(pure_wheel: Path) -> None:
    assert pure_wheel.name.endswith("-py3-none-any.whl")
    assert "KNOCKON_PURE" in zipfile.ZipFile(pure_wheel).read("topology/BUILD").decode()


def test_a_failing_compiler_leaves_a_whole_pure_wheel(build_wheel: WheelBuilder, pure_wheel: Path) -> None:
    wheel = zipfile.ZipFile(build_wheel(CC="false"))
    assert {*wheel.namelist()} == {*zipfile.ZipFile(pure_wheel).namelist()}
    assert "no working C compiler (tried false)" in wheel.read("topology/BUILD").decode()


@pytest.mark.parametrize("name", GALLERY)
def test_compiled_and_plain_python_agree_to_the_last_digit(name: str, compiled_site: Path) -> None:
    digests = {
        json.loads(call(sys.executable, "-P", "-c", MAIN, "run", name, "--json", "-", PYTHONPATH=str(path)).stdout)[
            "digest"
        ]
        for path in (compiled_site, ROOT)
    }
    assert len(digests) == 1
