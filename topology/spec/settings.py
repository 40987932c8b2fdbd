"""Changes from the command line, such as `backlog.visibility=10s`, made to a file's values before they are checked."""

from __future__ import annotations

from collections.abc import Sequence

from topology import registry
from topology.problems import PlaygroundError, Problem, Problems, near_miss
from topology.spec.reader import Value, read
from topology.spec.writer import emit
from topology.units import shown

EVERY = "*"
"""In place of a node's name: every node that says something about the parameter."""


def change(root: Value, settings: Sequence[str], source: str) -> str:
    """Make every change in the values, and return the text of a file that says so.

    PlaygroundError where a change makes no sense.
    """
    for text in settings:
        name, equals, value = text.partition("=")
        parts = name.strip().split(".")
        if not equals or not all(parts) or len(parts) > 3:
            raise _wrong(text, "expected NODE.PARAMETER=VALUE")
        fresh = _value(text, value)
        if len(parts) == 1:
            _put(root, parts, fresh)
        elif parts[0] == EVERY:
            _everywhere(root, parts[1:], fresh)
        else:
            _node(root, text, parts, fresh)
    return emit(root) if settings else source


def _value(text: str, value: str) -> Value:
    problems = Problems(f"--set {text}")
    fresh = read(value, problems) if value.strip() else Value("")
    if fresh is None:
        raise _wrong(text, f"cannot read the value {shown(value)}")
    problems.raise_any()
    return _unplaced(fresh)


def _unplaced(value: Value) -> Value:
    """The same with no place, since it stands in no file."""
    if isinstance(value.data, dict):
        data = {key: _unplaced(below) for key, below in value.data.items()}
        return Value(data, keys=dict.fromkeys(data, (0, 0)))
    return Value([_unplaced(below) for below in value.data] if isinstance(value.data, list) else value.data)


def _node(root: Value, text: str, parts: list[str], fresh: Value) -> None:
    """Change the node where every design has it, and where a design says something of its own about the same field."""
    name, field = parts[0], parts[1]
    designs = root.get("designs")
    own = [d.get("nodes") for _, d in designs.items()] if designs is not None and isinstance(designs.data, dict) else []
    shared = root.get("nodes")
    below = shared.get(name) if shared is not None else None
    if below is not None and isinstance(below.data, dict):
        _put(below, parts[1:], fresh)
    known: list[str] = [] if shared is None or not isinstance(shared.data, dict) else list(shared.data)
    found = below is not None
    for nodes in own:
        node = nodes.get(name) if nodes is not None else None
        known += list(nodes.data) if nodes is not None and isinstance(nodes.data, dict) else []
        if node is not None and isinstance(node.data, dict) and (below is None or field in node.data):
            _put(node, parts[1:], fresh)
            found = True
    if not found:
        raise _wrong(text, f"there is no node {shown(name)}", near_miss(name, dict.fromkeys(known)))


def _everywhere(root: Value, parts: list[str], fresh: Value) -> None:
    designs = root.get("designs")
    own = [d.get("nodes") for _, d in designs.items()] if designs is not None and isinstance(designs.data, dict) else []
    for nodes in [root.get("nodes"), *own]:
        for _, node in nodes.items() if nodes is not None and isinstance(nodes.data, dict) else ():
            if isinstance(node.data, dict) and parts[0] in node.data:
                _put(node, parts, fresh)


def _put(holder: Value, parts: list[str], fresh: Value) -> None:
    if len(parts) > 1:
        below = holder.get(parts[0])
        if below is None or not isinstance(below.data, dict):
            below = _spelt_out(holder, parts[0])
            holder.data[parts[0]] = below
            holder.keys[parts[0]] = (0, 0)
        holder = below
    holder.data[parts[-1]] = fresh
    holder.keys[parts[-1]] = (0, 0)


def _spelt_out(node: Value, field: str) -> Value:
    """The mapping that a plain value stands for: `replay: own.log` is `replay: {log: own.log}`."""
    kind, said = node.get("kind"), node.get(field)
    if said is None or said.data is None or kind is None or kind.data not in registry.kind_names():
        return Value({})
    param = registry.kind(kind.data).params.get(field)
    short = param.short or (next(iter(param.fields)) if len(param.fields) == 1 else "") if param is not None else ""
    return Value({short: said}, keys={short: (0, 0)}) if short else Value({})


def _wrong(text: str, words: str, near: str = "") -> PlaygroundError:
    return PlaygroundError([Problem(f"--set {text}", 0, 0, words, near)])
