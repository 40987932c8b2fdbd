"""A changed default changes what everybody's files mean: it must be changed on purpose, in two places."""

from __future__ import annotations

from pathlib import Path

from tests.house.defaults import lines


def test_defaults_are_what_they_were() -> None:
    kept = (Path(__file__).parent / "defaults.txt").read_text("utf-8").splitlines()
    missing = [line for line in kept if line not in lines()]
    new = [line for line in lines() if line not in kept]
    assert not missing, missing
    assert not new, new
