"""The graph of a definition: its states, and every way from one to another, in words that fit on a screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from topology.asl.states import Choice, Flow, Map, Parallel, State, StateMachine, Task, Wait, inner_flows
from topology.asl.templates import Constant, Setting
from topology.workflow_frame import CATCH, CHOICE, DEFAULT, FORK, JOIN, NEXT, StateGraph, StatePart, Way

_SIGNS = {
    "Equals": "=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "≤",
    "GreaterThanEquals": "≥",
    "Matches": "like",
}
_SORTS = ("String", "Numeric", "Boolean", "Timestamp")


def graph_of(machine: StateMachine, definition: Any) -> StateGraph:
    """The graph of a machine; `definition` is what it was loaded from, whose conditions are shown as they are written."""
    found: list[tuple[State, Flow, int]] = []
    _collect(machine, -1, found)
    index = {state.name: i for i, (state, _, _) in enumerate(found)}
    states = tuple(_part(state, flow, within) for state, flow, within in found)
    ways = tuple(way for state, _, within in found for way in _ways(state, index, within, _written(definition, state)))
    return StateGraph(states, ways, machine.comment)


def _collect(flow: Flow, within: int, found: list[tuple[State, Flow, int]]) -> None:
    for state in flow.states.values():
        at = len(found)
        found.append((state, flow, within))
        for inner in inner_flows(state):
            _collect(inner, at, found)


def _part(state: State, flow: Flow, within: int) -> StatePart:
    last = state.next is None and state.type != "Choice"
    return StatePart(state.name, state.type, _does(state), within, flow.start == state.name, last, tuple(_rules(state)))


def _ways(state: State, index: dict[str, int], within: int, written: dict[str, Any]) -> Iterator[Way]:
    """The ways out of a state, in the order in which they are tried."""
    here = index[state.name]
    for flow in inner_flows(state):
        yield Way(here, index[flow.start], FORK)
    if isinstance(state, Choice):
        rules = written.get("Choices") or []
        for i, rule in enumerate(state.rules):
            words = condition(rules[i]) if i < len(rules) else ""
            yield Way(here, index[rule.next], CHOICE, words, i + 1)
        if state.default is not None:
            yield Way(here, index[state.default], DEFAULT, "no rule holds")
    elif state.next is not None:
        yield Way(here, index[state.next], NEXT)
    elif within >= 0 and state.type != "Fail":
        yield Way(here, within, JOIN)
    for catcher in state.catch:
        yield Way(here, index[catcher.next], CATCH, ", ".join(catcher.errors))


def _written(definition: Any, state: State) -> dict[str, Any]:
    """A state as the definition writes it."""
    part = definition
    for step in state.place:
        try:
            part = part[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return part if isinstance(part, dict) else {}


def condition(rule: Any) -> str:
    """A rule of a Choice in words: $.n > 5, or a condition in JSONata."""
    if not isinstance(rule, dict):
        return ""
    if "Condition" in rule:
        return str(rule["Condition"]).removeprefix("{%").removesuffix("%}").strip()
    for operator, joint in (("And", " and "), ("Or", " or ")):
        if operator in rule:
            parts = [condition(one) for one in rule[operator]]
            return joint.join(f"({one})" if " and " in one or " or " in one else one for one in parts)
    if "Not" in rule:
        return f"not ({condition(rule['Not'])})"
    test = next((key for key in rule if key not in ("Variable", "Next", "Comment", "Assign", "Output")), "")
    return f"{rule.get('Variable', '')} {_compared(test, rule.get(test))}".strip()


def _compared(test: str, value: Any) -> str:
    if test.startswith("Is"):
        return ("is " if value else "is not ") + test.removeprefix("Is").lower()
    for sort in _SORTS:
        test = test.removeprefix(sort)
    sign = _SIGNS.get(test.removesuffix("Path"), test)
    return f"{sign} {value if test.endswith('Path') or not isinstance(value, str) else repr(value)}"


def _does(state: State) -> str:
    """What a state does, in few words."""
    if isinstance(state, Task):
        return f"{state.resource.service}:{state.resource.action}{state.resource.pattern}"
    if isinstance(state, Wait):
        said = _said(state.until)
        return f"{said} s" if state.way == "Seconds" and isinstance(state.until, Constant) else said
    if isinstance(state, Parallel):
        return f"{len(state.branches)} branches at once"
    if isinstance(state, Map):
        most = _said(state.concurrency)
        at_once = "" if most in ("0", "") else f", {most} at once"
        return f"each item{' in an execution of its own' if state.distributed else ''}{at_once}"
    return state.comment


def _said(setting: Setting) -> str:
    return str(setting.value) if isinstance(setting, Constant) else str(getattr(setting, "text", ""))


def _rules(state: State) -> Iterator[str]:
    for rule in state.retry:
        longest = f", at most {rule.longest} s" if rule.longest is not None else ""
        rate = f", then ×{rule.rate:g}" if rule.rate != 1 else ""
        yield f"{', '.join(rule.errors)}: {rule.attempts} times after {rule.interval} s{rate}{longest}"
