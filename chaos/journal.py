"""The journal of a run: one object with everything that the reports need, in SI units, without formatted text.

`environment` holds what may differ between two equal runs: versions, platform, wall times.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from chaos.claims import Judged
from chaos.command import to_dict
from chaos.experiment import Over, Result
from chaos.figures import QUANTILES, flows_of, part_of, success, told_no, told_yes, total
from chaos.runner import Injected
from chaos.verdict import verdict
from topology.histogram import Histogram
from topology.ledger import Tally
from topology.world import World

SCHEMA = {"name": "knockon.journal", "version": 1}

COUNTS = (
    "offered",
    "served",
    "late",
    "refused",
    "failed",
    "lost",
    "dead_lettered",
    "in_system",
    "unanswered",
    "waiting",
    "done",
    "done_after_no",
    "half_done",
    "degraded",
    "duplicates",
    "attempts",
)

Journal = dict[str, Any]
"""What `journal` makes and the reports read."""


def journal(result: Result, wall_s: float = 0.0) -> Journal:
    """The journal of one run."""
    run = result.run
    said = verdict(run)
    return {
        "schema": dict(SCHEMA),
        "playground": run.playground.name,
        "about": run.playground.about,
        "seed": run.seed,
        "digest": result.digest,
        "duration": run.end / 1e9,
        "drained": (run.stopped_ns - run.end) / 1e9,
        "environment": environment(wall_s),
        "exit_code": result.code,
        "cut_short": bool(result.signal),
        "explored": run.playground.expect is None,
        "steady": [_judged(one) for one in result.steady],
        "expectations": [_judged(one) for one in result.expected],
        "commands": [to_dict(command) for command in run.commands],
        "not_reached": [to_dict(command) for command in run.upcoming()],
        "not_done": [{**to_dict(m.command), "why": m.words} for m in run.misfires],
        "spared": [to_dict(command) for command in run.records.spared],
        "faults": [_fault(injected, run.end) for injected in run.records.injected],
        "designs": {w.plan.name: _design(w, d) for w, d in zip(run.worlds, said.designs, strict=True)},
        "verdict": {"since": said.since_ns / 1e9, "sentence": said.sentence},
        "lesson": run.playground.lesson,
        "price": run.playground.price,
    }


def several(journals: Sequence[Journal], over: Sequence[Over], code: int) -> Journal:
    """The journal of the same playground with several seeds."""
    first = journals[0]
    kept = {key: first[key] for key in ("schema", "playground", "about", "duration", "environment", "explored")}
    wall = sum(one["environment"]["wall_seconds"] for one in journals)
    return {
        **kept,
        "environment": {**first["environment"], "wall_seconds": wall},
        "seeds": [one["seed"] for one in journals],
        "exit_code": code,
        "expectations": [_over(one) for one in over],
        "over_seeds": None,
        "runs": list(journals),
    }


def environment(wall_s: float) -> dict[str, Any]:
    """What stands outside every promise of sameness."""
    from importlib.metadata import PackageNotFoundError, version

    from topology import build_info

    try:
        own = version("knockon")
    except PackageNotFoundError:
        own = "checkout"
    return {
        "version": own,
        "compiled": build_info.compiled(),
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "wall_seconds": round(wall_s, 4),
    }


def _judged(judged: Judged) -> dict[str, Any]:
    claim = judged.claim
    return {
        "in": judged.design,
        "that": claim.that,
        "during": claim.during,
        "is": claim.text,
        "value": judged.value,
        "verdict": judged.verdict,
        "why": judged.why,
        "first_offence": None,
        "sentence": judged.sentence,
    }


def _over(over: Over) -> dict[str, Any]:
    worst = over.judged[over.seeds.index(over.worst)]
    kept = {**_judged(worst), "verdict": over.verdict, "holds_in": over.held, "of": len(over.seeds)}
    return {**kept, "needed": over.needed, "worst_seed": over.worst}


def _fault(injected: Injected, end_ns: int) -> dict[str, Any]:
    frame = injected.frame()
    return {
        "id": frame.id,
        "what": frame.what,
        "on": list(injected.command.on),
        "words": frame.on,
        "targets": {name: [str(t) for t in targets] for name, targets in injected.hit.targets.items()},
        "params": dict(injected.command.params),
        "since": frame.since_ns / 1e9,
        "until": None if frame.until_ns is None or frame.until_ns >= end_ns else frame.until_ns / 1e9,
        "cost": None,
    }


def _design(world: World, said: Any) -> dict[str, Any]:
    sums = world.sums()
    figures = asdict(replace(said, sentence=""))
    figures.pop("sentence")
    figures.pop("design")
    return {
        "flows": {producer: _flow(world.tallies(producer)) for producer in flows_of(world)},
        "nodes": sums.get("nodes", {}),
        "links": sums.get("links", {}),
        "verdict": {"figures": _seconds(figures), "sentence": said.sentence},
    }


def _seconds(figures: dict[str, Any]) -> dict[str, Any]:
    """Nanoseconds as seconds, under names that do not say nanoseconds."""
    shown: dict[str, Any] = {}
    for name, value in figures.items():
        if name.endswith("_ns"):
            shown[name.removesuffix("_ns")] = None if value is None else value / 1e9
        else:
            shown[name] = list(value) if isinstance(value, tuple) else value
    return shown


def _flow(tallies: Sequence[Tally]) -> dict[str, Any]:
    tally = total(tallies, range(len(tallies)))
    return {
        **{name: int(getattr(tally, name)) for name in COUNTS},
        "told_yes": told_yes(tally),
        "told_no": told_no(tally),
        "wasted": tally.wasted_ns / 1e9,
        "success": success(tally),
        "latency": _times(tally.latency),
        "latency_no": _times(tally.latency_no),
        "completion": _times(tally.completion),
        "reasons": dict(tally.reasons),
    }


def _times(histogram: Histogram) -> dict[str, Any]:
    parts = ("mean", *QUANTILES, "max")
    return {part: part_of(histogram, part) if histogram.count else None for part in parts}
