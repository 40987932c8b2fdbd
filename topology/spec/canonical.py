"""A playground as one canonical text: sorted keys and inner values, whatever the file's comments and spelling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from topology.parameters import Param
from topology.plan import IS, Claim, DesignPlan, Entry, LinkPlan, NodePlan, Playground
from topology.spec.catalogue import Catalogue, Faults, params_of


def canonical(playground: Playground, catalogue: Catalogue, faults: Faults | None) -> str:
    """JSON of everything that can change a run or its judgement: no prose, no places in the file, no `run` block."""
    content = {
        "name": playground.name,
        "duration": playground.duration_ns,
        "seed": playground.seed,
        "warmup": playground.warmup_ns,
        "settle": playground.settle_ns,
        "drain": playground.drain_ns,
        "grid": playground.grid_ns,
        "designs": [_design(design, catalogue) for design in playground.designs],
        "flows": {flow.producer: list(flow.work) for flow in playground.flows},
        "timeline": [_entry(entry, faults) for entry in playground.timeline],
        "steady": [_claim(claim) for claim in playground.steady],
        "expect": None if playground.expect is None else [_claim(claim) for claim in playground.expect],
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_other)


def _design(design: DesignPlan, catalogue: Catalogue) -> dict[str, Any]:
    nodes = [_node(node, params_of(catalogue.kind(node.kind))) for node in design.nodes]
    return {"name": design.name, "nodes": nodes, "links": [_link(link) for link in design.links]}


def _node(node: NodePlan, params: dict[str, Param]) -> dict[str, Any]:
    return {
        "name": node.name,
        "kind": node.kind,
        "replicas": node.replicas,
        "dice": node.dice,
        "shared": node.shared,
        "values": with_content(params, node.values),
        "policies": node.policies,
    }


def _link(link: LinkPlan) -> dict[str, Any]:
    return {"link": link.name, "wiring": link.wiring, "values": link.values, "policies": link.policies}


def _entry(entry: Entry, faults: Faults | None) -> dict[str, Any]:
    params = params_of(faults[entry.what]) if faults is not None and entry.what in faults else {}
    return {
        "at": entry.at_ns,
        "verb": entry.verb,
        "what": entry.what,
        "on": entry.on,
        "in": entry.designs,
        "for": entry.for_ns,
        "ramp": entry.ramp_ns,
        "probability": entry.probability,
        "to": entry.to,
        "params": with_content(params, entry.params),
        **_again(entry),
    }


def _again(entry: Entry) -> dict[str, Any]:
    """How often it is done, and what it waits for, where it says so."""
    when = entry.when
    waits = [] if when is None else [when.design, when.that, when.op, when.value, when.held_ns, when.rest_ns]
    return ({"every": entry.every_ns, "times": entry.times} if entry.times > 1 else {}) | ({"when": waits} if waits else {})


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "in": claim.designs,
        "that": claim.that,
        "during": claim.span_ns or claim.during,
        "op": claim.op,
        "value": claim.value,
        "min": claim.minimum,
        "seeds": claim.seeds,
        **({} if claim.how == IS else {"how": claim.how, "within": claim.within_ns}),
    }


def with_content(params: dict[str, Param], values: dict[str, Any]) -> dict[str, Any]:
    """The values, with every file named by what it holds: the same run on another machine has the same text."""
    return {name: _content(params.get(name), value) for name, value in values.items()}


def _content(param: Param | None, value: Any) -> Any:
    if param is not None and param.type == "path" and isinstance(value, str):
        return file_hash(value)
    if param is not None and param.type == "paths" and isinstance(value, list):
        return [file_hash(one) for one in value]
    if param is not None and param.type == "group" and isinstance(value, dict):
        return with_content(param.fields, value)
    if param is not None and param.type == "table" and isinstance(value, dict):
        return {name: with_content(param.fields, row) for name, row in value.items()}
    return value


def file_hash(path: str) -> str:
    """SHA-256 of a file."""
    import hashlib  # opens the whole of OpenSSL, and most playgrounds name no file

    with open(Path(path), "rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def _other(value: object) -> str:
    """Distributions and logs that were read know their own canonical text."""
    text = getattr(value, "text", None)
    if isinstance(text, str):
        return text
    raise TypeError(f"{type(value).__name__} has no canonical text")
