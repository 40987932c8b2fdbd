"""A state machine alone as a playground: customers start executions, and each of its tasks is a service."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from topology.asl import Mistakes, load
from topology.problems import Problems
from topology.spec.reader import Value
from topology.spec.targets import RESERVED
from topology.spec.writer import flow
from topology.workflows import tasks_of

RATE, TAKES = "2/s", "50ms"
"""How often an execution begins, and how long a task takes where nobody says otherwise."""
LONGEST = 40
"""Letters of a node's name."""


def is_machine(root: Value) -> bool:
    """Whether a file holds a state machine and no playground."""
    return isinstance(root.data, dict) and {"StartAt", "States"} <= root.data.keys() and "designs" not in root.data


def playground_of(root: Value, path: str, problems: Problems) -> str:
    """The text of a playground around a state machine; every mistake in it is reported at its place.

    The input of its executions has whatever the definition's paths ask for. Times and error rates of tasks are chosen with
    `--set NODE.takes=1s`, `--set NODE.fails=5%`.
    """
    definition = root.plain()
    try:
        machine = load(definition)
    except Mistakes as mistakes:
        for one in mistakes.all:
            problems.add(root.at(one.path).place, str(one))
        problems.raise_any()
    names = _names([task.name for task in tasks_of(machine)])
    mix = {"run": {"body": sample(definition)}}
    nodes: dict[str, dict[str, Any]] = {
        "starts": {"kind": "producer", "rate": RATE, "deadline": "5m", "work": ["flow"], "mix": mix},
        "flow": {"kind": "step_functions", "definition": definition, "tasks": names},
    }
    nodes |= {name: {"kind": "service", "replicas": 2, "slots": 50, "takes": TAKES} for name in names.values()}
    links = ["starts => flow", *(f"flow -> {name}" for name in names.values())]
    name = _plain(Path(path).name.partition(".")[0]) or "workflow"
    about = f"The state machine in {Path(path).name}: {definition.get('Comment') or f'{len(names)} tasks'}"
    head = {"playground": name, "about": about, "duration": "5m"}
    body = {**head, "nodes": nodes, "designs": {"workflow": {"links": links}}}
    return "".join(f"{key}: {flow(value) if isinstance(value, dict) else json.dumps(value)}\n" for key, value in body.items())


def sample(definition: Any) -> dict[str, Any]:
    """An input in which every path of a definition leads somewhere: what a Choice compares with, a list, a word."""
    found: dict[str, Any] = {}
    for path, value in _asked(definition):
        _put(found, re.findall(r"[A-Za-z0-9_-]+", path.replace("[*]", "[0]")), value)
    return found


_PATH = re.compile(r"(?<![$A-Za-z])\$\.[A-Za-z_][A-Za-z0-9_.\[\]*-]*")
_VALUES: dict[str, Any] = {"ItemsPath": [1, 2, 3], "SecondsPath": 1, "TimestampPath": "2026-01-05T00:01:00Z"}


def _asked(part: Any) -> Iterator[tuple[str, Any]]:
    """Every path in a definition, with what it should lead to."""
    if isinstance(part, list):
        for one in part:
            yield from _asked(one)
    if not isinstance(part, dict):
        return
    compared = [value for key, value in part.items() if key.startswith(("Numeric", "String", "Boolean", "Timestamp"))]
    for key, value in part.items():
        if isinstance(value, str) and key != "ResultPath":
            wanted = compared[0] if key == "Variable" and compared else _VALUES.get(key, "word")
            yield from ((path.rstrip(".-"), wanted) for path in _PATH.findall(value))
        yield from _asked(value)


def _put(inside: Any, steps: list[str], value: Any) -> None:
    """Let a path lead to a value, unless something is there that it must pass, or that is no plain word."""
    for at, step in enumerate(steps[:-1]):
        below: Any = [{}] if steps[at + 1].isdigit() else {}
        if isinstance(inside, list):
            inside = inside[0]
            continue
        if not isinstance(inside.get(step), dict | list):
            inside[step] = below
        inside = inside[step]
    if isinstance(inside, dict) and inside.get(steps[-1], "word") == "word":
        inside[steps[-1]] = value


def _names(states: list[str]) -> dict[str, str]:
    """A node's name for each state: as much of its own as a name may have, and a number where two would be alike."""
    found: dict[str, str] = {}
    for state in states:
        name = _plain(state) or "task"
        if name in (*RESERVED, "starts", "flow"):
            name = f"{name}-task"
        number, chosen = 1, name
        while chosen in found.values():
            number += 1
            chosen = f"{name[: LONGEST - 4]}-{number}"
        found[state] = chosen
    return found


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-0123456789_")[:LONGEST].rstrip("-")
