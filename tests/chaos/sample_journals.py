"""Journals for tests of reports: of one run, of several seeds, of a run that went wrong, and of several playgrounds."""

from __future__ import annotations

import copy
import functools
from typing import Any

from chaos.compare.over_seeds import several
from chaos.experiment import perform
from chaos.journals.journal import journal
from tests.chaos.playgrounds import CLAIMS, CRASH, small

STEP = {"at": 10.2, "node": "inventory", "words": "crashed <&> | `all` *of* it"}


def one(seed: int = 1) -> dict[str, Any]:
    """The small shop with a crash, in which all holds."""
    return copy.deepcopy(_one(seed))


@functools.cache
def _one(seed: int) -> dict[str, Any]:
    result = perform(small(CRASH + CLAIMS), seed)
    told = journal(result, 0.25)
    result.run.close()
    return told


def seeds(count: int = 3) -> dict[str, Any]:
    """The same with several seeds."""
    return several([one(seed) for seed in range(1, count + 1)])


def red() -> dict[str, Any]:
    """One that did not hold, with a why-chain and a cost, and one that is unknown."""
    told = one()
    first, second = told["expectations"][:2]
    first.update(verdict="fail", value=0.5, first_offence={**STEP, "value": 3.0}, why=[STEP, {**STEP, "node": "", "at": None}])
    second.update(verdict="unknown", value=None)
    told["faults"][0]["cost"] = {"coupled": {"told_no": 200, "degraded": 61.0}, "decoupled": {"told_no": 0}}
    told["exit_code"] = 1
    return told


def together() -> dict[str, Any]:
    """Three playgrounds in one journal."""
    return {"schema": one()["schema"], "exit_code": 1, "playgrounds": [one(), red(), seeds()]}
