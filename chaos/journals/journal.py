"""The journal of a run: one object with everything that the reports need, in SI units, without formatted text.

`environment` holds what may differ between two equal runs: versions, platform, wall times.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from chaos.command import to_dict
from chaos.experiment import Result
from chaos.figures import QUANTILES, flows_of, offered_in, part_of, success, told_no, told_yes, total
from chaos.judge import absent
from chaos.judge.claims import Judged
from chaos.judge.verdict import verdict
from chaos.runner import Injected
from topology.histogram import Histogram
from topology.ledger import Tally
from topology.plan import DesignPlan, Playground
from topology.world import World

if TYPE_CHECKING:
    from chaos.compare.cost import Costs
    from chaos.judge.why import Why

SCHEMA = {"name": "knockon.journal", "version": 1}
LIVE = "live"

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

MOST_BINS = 240
"""A series in a journal has at most so many values, however long the run."""
MOST_TURNS = 200
"""So many changes of health are kept for each design, the first ones."""
PER_SECOND = ("yes", "no", "done")
GAUGES = ("waiting",)


def journal(result: Result, wall_s: float = 0.0, world: str = "") -> Journal:
    """The journal of one run; `wall_s` is how long it took, in seconds, and `world` LIVE where real processes ran."""
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
        "environment": environment(wall_s) | ({"world": world} if world else {}),
        "exit_code": result.code,
        "cut_short": bool(result.signal),
        "explored": run.playground.expect is None,
        "steady": [_judged(one) for one in result.steady],
        "expectations": [_judged(one) for one in result.expected],
        "commands": [to_dict(command) for command in run.commands],
        "not_reached": [to_dict(command) for command in run.upcoming()],
        "not_done": [{**to_dict(m.command), "why": m.words} for m in run.misfires],
        "not_fired": absent.told(run),
        "spared": [to_dict(command) for command in run.records.spared],
        "faults": [_fault(injected, run.end, result.costs) for injected in run.records.injected],
        **_costs(result.costs),
        "designs": {w.plan.name: _design(w, d, run.end) for w, d in zip(run.worlds, said.designs, strict=True)},
        "plans": plans(run.playground),
        "verdict": {"since": said.since_ns / 1e9, "sentence": said.sentence},
        "lesson": run.playground.lesson,
        "price": run.playground.price,
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
        "op": claim.op,
        "bound": claim.value,
        "value": judged.value,
        "verdict": judged.verdict,
        "note": judged.why,
        "seeds": claim.seeds,
        "of_seeds": claim.of_seeds,
        "first_offence": None if judged.offence is None else judged.offence.told(),
        "why": None if judged.chain is None else _steps(judged.chain),
        "sentence": judged.sentence,
    }


def _steps(chain: Why) -> list[Mapping[str, Any]]:
    from chaos.judge.why import rows  # only what is red has a chain

    return rows(chain)


def _costs(costs: Costs | None) -> dict[str, Any]:
    """What several faults cost together, and what is left when what each cost alone is taken away."""
    if costs is None or not costs.everything:
        return {}
    return {"all_faults": costs.everything, "together": costs.together}


def _fault(injected: Injected, end_ns: int, costs: Costs | None) -> dict[str, Any]:
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
        "cost": costs.faults[injected.id - 1] if costs is not None and costs.faults else None,
    }


def plans(playground: Playground) -> dict[str, Any]:
    """How each design is wired: what a picture of it needs."""
    return {design.name: _plan(design) for design in playground.designs}


def _plan(design: DesignPlan) -> dict[str, Any]:
    nodes = [{"name": n.name, "kind": n.kind, "replicas": n.replicas, "shared": n.shared} for n in design.nodes]
    links = [{"from": k.caller, "to": k.callee, "mode": k.mode, "wiring": k.wiring} for k in design.links]
    dead = [(node.name, node.values.get("dead_letter")) for node in design.nodes]
    links += [{"from": n, "to": d["to"], "mode": "dead letters", "wiring": ""} for n, d in dead if isinstance(d, dict)]
    return {"about": design.about, "nodes": nodes, "links": links}


def _design(world: World, said: Any, end_ns: int) -> dict[str, Any]:
    sums = world.sums()
    figures = asdict(replace(said, sentence=""))
    figures.pop("sentence")
    figures.pop("design")
    customers = flows_of(world)
    emitted = {node: _flow(world.tallies(node)) for node in offered_in(world) if node not in customers}
    return {
        "flows": {producer: _flow(world.tallies(producer)) for producer in customers},
        **({"emitted": emitted} if emitted else {}),
        "nodes": sums.get("nodes", {}),
        "links": sums.get("links", {}),
        "verdict": {"figures": _seconds(figures), "sentence": said.sentence},
        "series": _all_series(world, end_ns),
        "turns": [
            {"at": turn.at_ns / 1e9, "node": turn.node, "unhealthy": turn.unhealthy, "words": turn.why}
            for turn in world.turns()[:MOST_TURNS]
        ],
    }


def _all_series(world: World, end_ns: int) -> dict[str, Any]:
    """What each flow did over time, and how deep each queue was."""
    found: dict[str, Any] = {}
    customers, flows = flows_of(world), offered_in(world)
    for node in world.plan.nodes:
        of_flow = (*PER_SECOND, *GAUGES) if node.name in flows else ()
        for what in of_flow if node.name in customers else (*of_flow, "depth"):
            try:
                width_ns, values = world.series(f"{node.name}.{what}")
            except KeyError:
                continue
            if what != "depth" or any(values):
                found[f"{node.name}.{what}"] = _bounded(width_ns, values, end_ns, per_second=what in PER_SECOND)
    return found


def _bounded(width_ns: int, values: Sequence[float], end_ns: int, *, per_second: bool) -> dict[str, Any]:
    """A series up to the end of the run in few bins: rates per second, or means of a gauge."""
    kept = list(values[: -(-end_ns // width_ns)])
    step = max(1, -(-len(kept) // MOST_BINS))
    bins = [kept[at : at + step] for at in range(0, len(kept), step)]
    divisors = [len(one) * width_ns / 1e9 if per_second else len(one) for one in bins]
    means = [round(sum(one) / divisor, 3) for one, divisor in zip(bins, divisors, strict=True)]
    return {"bin": step * width_ns / 1e9, "unit": "per second" if per_second else "messages", "values": means}


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
