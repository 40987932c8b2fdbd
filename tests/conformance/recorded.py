"""Cases that others recorded on the real services, from the folder that KNOCKON_CASES names; none lies in the project."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

FOLDER = os.environ.get("KNOCKON_CASES", "")
UNSET = "KNOCKON_CASES is not set, so no recorded case ran: only the project's own cases did"


def rows(name: str) -> list[Any]:
    """The rows of one file as parameters, each a test; without a folder one that is skipped in plain words.

    A file that is missing or holds no row is an error.
    """
    if not FOLDER:
        return [pytest.param(None, marks=pytest.mark.skip(reason=UNSET), id="unset")]
    path = Path(FOLDER) / name
    found = json.loads(path.read_text("utf-8")) if path.is_file() else []
    if not found:
        raise pytest.UsageError(f"{path} holds no row; KNOCKON_CASES has to name the folder of the recorded cases")
    return [pytest.param(row, id=str(row["name"])) for row in found]


def summary(stats: dict[str, list[Any]]) -> list[str]:
    """What a run says at its end: for each file of tests how many of its rows held."""
    held: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    unset = False
    for outcome in ("passed", "failed", "skipped", "xfailed"):
        for report in stats.get(outcome, ()):
            place, _, test = getattr(report, "nodeid", "").partition("::")
            made_up = place.endswith("_moto.py") or not (test.endswith("]") and "[" in test)
            if not place.startswith("tests/conformance/") or made_up:
                continue  # a row is a parameter; other tests there make up their own cases
            unset = unset or (outcome == "skipped" and not FOLDER)
            held[place] += outcome == "passed"
            ran[place] += outcome != "skipped"
    if unset:
        return [f"recorded cases: {UNSET}"]
    return [f"recorded cases: {held[place]:,} of {ran[place]:,} held in {place}" for place in sorted(ran)]
