"""The next version of a state machine: what a deployment brings, and where nobody says it, the same with one mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from topology.asl.states import Task

RENAMED: Final = "a_field_that_was_renamed"


def with_a_mistake(definition: Any, task: Task) -> Any:
    """A definition whose one task reads a field that nobody writes any more, as after a change that was made half.

    A path that names nothing ends an execution whatever its Retry and Catch say; an expression without a value can be caught.
    """
    changed = json.loads(definition if isinstance(definition, (str, bytes)) else json.dumps(definition))
    for state in _states_of_name(changed, task.name):
        if task.in_jsonata:
            state["Arguments"] = f"{{% $states.input.{RENAMED} %}}"
        else:
            state["InputPath"] = f"$.{RENAMED}"
    return changed


def _states_of_name(value: Any, name: str) -> Iterator[dict[str, Any]]:
    """The states of a name, wherever they are in a definition."""
    if isinstance(value, dict):
        states = value.get("States")
        if isinstance(states, dict) and isinstance(states.get(name), dict):
            yield states[name]
        for inner in value.values():
            yield from _states_of_name(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _states_of_name(inner, name)
