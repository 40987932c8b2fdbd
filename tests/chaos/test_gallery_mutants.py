"""Each playground with one thing taken away: its own expectations must notice.

A mutant is the file's text with one edit: a fault that does nothing, another entry of the timeline gone, a policy or a switch
gone, an intermediary bypassed, a rule or filter gone, no redelivery, half the retention, a service that takes twice as long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import chaos
from chaos.experiment import OK, perform
from chaos.registry import faults
from topology.build_info import compiled
from topology.problems import Problems
from topology.registry import kind, policy_names
from topology.spec import load_text
from topology.spec.loading import tree
from topology.units import parse_duration

GALLERY = Path(str(chaos.__file__)).parent / "gallery"
NAMES = sorted(path.stem for path in GALLERY.glob("*.yaml"))
CAUGHT = 0.9
"""So many of all mutants must be caught."""
BYPASSED = ("proxy", "gateway", "queue", "push")
WHEN = ("at", "every", "times", "inject", "on", "in", "for")
SURVIVORS: dict[tuple[str, str], str] = {
    ("shop", "decoupled: front bypassed"): "no order server ever breaks, so it does not matter who spreads the calls",
    ("shop", "fair: orders -> inventory without timeout"): "a crash answers at once; the time-out is for a hang by hand",
    ("long-outage", "mailer takes twice as long"): "5 ms more, of 100, which vary by 50",
    ("retry-storm", "budget: web -> api without retry"): "in the storm the budget lets next to no retry through",
    ("bad-deploy", "front without health_check"): "how often it is asked whether the port is open is all the same here",
    ("bad-deploy", "shallow: front bypassed"): "a balancer that sees nothing spreads as a list does",
    ("zone-outage", "one-zone: front bypassed"): "nobody is left to balance over",
    ("upload", "cleanup takes twice as long"): "100 ms more, once in the night",
    ("mailings", "decoupled: letters delivers once"): "no letter fails there",
    ("mailings", "decoupled: mail bypassed"): "an account that is never in trouble is not noticed",
    ("everything", "decoupled: parcels delivers once"): "none happens to be in work when those who pack die",
    ("everything", "decoupled: bus => flow without rule"): "eight executions more than orders, in which nobody has a part",
    ("unmatched", "archived: bus => billing without rule"): "what billing cannot read is lost and brought back just so",
}
"""Mutants that behave as the original, or so nearly that no honest bound tells them apart, and why."""


@dataclass(frozen=True)
class Mutant:
    """One edit of a playground: what it does, and the whole text after it."""

    what: str
    text: str


def read(text: str) -> dict[str, Any]:
    """A file as plain values, with each link a mapping of its own."""
    data: dict[str, Any] = tree(text, Problems("gallery")).plain()
    for design in data["designs"].values():
        design["links"] = [one for link in design["links"] for one in single(link)]
    return data


def single(link: str | dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A chain as its links."""
    rest = {} if isinstance(link, str) else {key: value for key, value in link.items() if key != "link"}
    parts = re.split(r"\s*(->|=>)\s*", link if isinstance(link, str) else link["link"])
    for i in range(0, len(parts) - 2, 2):
        yield {"link": " ".join(parts[i : i + 3]), **deepcopy(rest)}


def mutants(text: str) -> list[Mutant]:
    """Every mutant of a file."""
    found = []
    for what, data in edits(text):
        found.append(Mutant(what, json.dumps(data)))
    assert len({one.what for one in found}) == len(found)
    return found


def edits(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is edited, and the values after it."""
    original = read(text)
    yield from timelines(original)
    for where, path in places(original):
        yield from node_edits(original, where, path)
    for design in original["designs"]:
        yield from link_edits(original, design)
        yield from bypasses(original, design)


def timelines(original: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for i, entry in enumerate(original.get("timeline", [])):
        data = deepcopy(original)
        if "inject" in entry:
            data["timeline"][i] = {key: value for key, value in entry.items() if key in WHEN} | {"inject": "noop"}
            yield f"no {entry['inject']} at {entry['at']}", data
        else:
            del data["timeline"][i]
            verb = next(key for key in entry if key not in ("at", "to", "in"))
            yield f"no {verb} at {entry['at']}", data


def places(data: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where nodes are declared: a name for people, and the path."""
    for name in data["nodes"]:
        yield name, ("nodes", name)
    for design, draft in data["designs"].items():
        for name in draft.get("nodes", {}):
            yield f"{design}: {name}", ("designs", design, "nodes", name)


def at(data: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for step in path:
        data = data[step]
    return data


def node_edits(original: dict[str, Any], where: str, path: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of one declaration: policies and switches gone, service time doubled, queues without their second chance."""

    def edited(key: str, value: Any = None) -> dict[str, Any]:
        data = deepcopy(original)
        node = at(data, path)
        del node[key]
        if value is not None:
            node[key] = value
        return data

    node = at(original, path)
    for key, value in node.items():
        if key in policy_names():
            yield f"{where} without {key}", edited(key)
        if value is True:
            yield f"{where} without {key}", edited(key)
        if isinstance(value, dict):
            for inner in [inner for inner, one in value.items() if one is True]:
                yield f"{where} without {key}.{inner}", edited(key, {k: v for k, v in value.items() if k != inner})
        if key == "takes":
            yield f"{where} takes twice as long", edited(key, doubled(value))
        if key == "retention":
            yield f"{where} keeps half as long", edited(key, f"{parse_duration(value) // 2}ns")
        if key == "dead_letter":
            yield f"{where} delivers once", edited(key, {**value, "after": 1})
    if node.get("kind") == "sqs" and "visibility" in node and "dead_letter" not in node:
        yield f"{where} delivers once", edited("visibility", "12h")


def doubled(value: Any) -> Any:
    """Twice a duration, or every duration of a distribution."""
    if isinstance(value, dict):
        return {key: doubled(one) for key, one in value.items()}
    return f"{2 * parse_duration(value)}ns"


def link_edits(original: dict[str, Any], design: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for i, link in enumerate(original["designs"][design]["links"]):
        selects = getattr(kind_of(original, design, link["link"].split()[0]), "selects", ())
        for key, value in link.items():
            if key in policy_names() or key in selects or value is True:
                data = deepcopy(original)
                del data["designs"][design]["links"][i][key]
                yield f"{design}: {link['link']} without {key}", data


def bypasses(original: dict[str, Any], design: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whoever handed to an intermediary calls whom it served. Claims about what is gone with it are left out."""
    links = original["designs"][design]["links"]
    ends = [(link["link"].split()[0], link["link"].split()[2]) for link in links]
    for name in dict.fromkeys(callee for _, callee in ends):
        after = [link for link, (caller, _) in zip(links, ends, strict=True) if caller == name]
        if not after or not intermediary(original, design, name):
            continue
        data = deepcopy(original)
        kept: list[dict[str, Any]] = []
        for link, (caller, callee) in zip(links, ends, strict=True):
            if callee == name:
                kept += [{**link, **direct(original, design, caller, one)} for one in after]
            elif caller != name:
                kept.append(link)
        data["designs"][design]["links"] = kept
        for node in data["designs"][design].get("nodes", {}).values():
            tasks = node.get("tasks", {})
            tasks |= {task: after[0]["link"].split()[2] for task, called in tasks.items() if called == name}
        if not re.search(rf'"{name}[".]', json.dumps([data["timeline"], data["expect"]])):
            data["designs"][design].get("nodes", {}).pop(name, None)
        of_its_own = rf"|\b{name}\." if kind_of(original, design, name).emits else ""
        gone = re.compile(rf"{name} ?[-=]>|[-=]> ?{name}\b{of_its_own}")
        data["expect"] = [claim for claim in data["expect"] if not gone.search(claim["that"])]
        yield f"{design}: {name} bypassed", data


def direct(data: dict[str, Any], design: str, caller: str, link: dict[str, Any]) -> dict[str, Any]:
    """A link as it is when its caller does without the one between: what only that one could say of it is gone."""
    between, _, callee = link["link"].split()
    own = getattr(kind_of(data, design, between), "link_params", {})
    handed = kind_of(data, design, caller).role in ("push", "stream") or kind_of(data, design, callee).role in ("push", "queue")
    rest = {key: value for key, value in link.items() if key not in own}
    return {**rest, "link": f"{caller} {'=>' if handed else '->'} {callee}"}


def intermediary(data: dict[str, Any], design: str, name: str) -> bool:
    cls = kind_of(data, design, name)
    return cls.role in BYPASSED or bool(getattr(cls, "shields", False))


def kind_of(data: dict[str, Any], design: str, name: str) -> Any:
    """The class of a node's kind."""
    declared = {**data["nodes"].get(name, {}), **data["designs"][design].get("nodes", {}).get(name, {})}
    return kind(declared["kind"])


def caught(mutant: Mutant) -> bool:
    """Whether a run of it is red: not steady, or an expectation that does not hold."""
    result = perform(load_text(mutant.text, mutant.what, faults=faults(), folder=str(GALLERY)), 1)
    result.run.close()
    return result.code != OK


@pytest.mark.parametrize("name", NAMES)
def test_every_playground_has_mutants_that_can_be_read(name: str) -> None:
    text = (GALLERY / f"{name}.yaml").read_text(encoding="utf-8")
    found = mutants(text)
    assert len(found) >= 4
    for mutant in found:
        load_text(mutant.text, mutant.what, faults=faults())
    load_text(json.dumps(read(text)), name, faults=faults())


@pytest.mark.slow
def test_expectations_catch_mutants(capsys: pytest.CaptureFixture[str]) -> None:
    if not compiled():
        pytest.skip("some two hundred runs: with the compiled engine they take minutes")
    tried = [(name, one) for name in NAMES for one in mutants((GALLERY / f"{name}.yaml").read_text(encoding="utf-8"))]
    survived = [(name, one.what) for name, one in tried if not caught(one)]
    with capsys.disabled():
        print(f"\n{len(tried) - len(survived)} of {len(tried)} mutants of the gallery are caught")
        for name, what in survived:
            print(f"  survived: {name}: {what} ({SURVIVORS.get((name, what), 'why?')})")
    assert len(survived) <= (1 - CAUGHT) * len(tried)
    assert [one for one in survived if one not in SURVIVORS] == []
