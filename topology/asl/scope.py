"""What an expression may look at: the input, the context object, the variables, and the few things that come from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from topology.asl.failures import Unresolved
from topology.asl.paths import Path
from topology.asl.tally import Tally


@dataclass(frozen=True, slots=True)
class Outside:
    """The clock and the dice of an execution, given to it, so that a run can be repeated.

    `now_ns`: nanoseconds since 1970. `random`: from 0 up to but not 1. `uuid`: a new text each time. `tallies`: what becomes
    of each state is counted there, by its name, items of a distributed Map included.
    """

    now_ns: Callable[[], int]
    random: Callable[[], float]
    uuid: Callable[[], str]
    tallies: dict[str, Tally] = field(default_factory=dict)


@dataclass(slots=True)
class Scope:
    """What one evaluation sees. `states` adds `result` or `errorOutput` to what JSONata sees as $states."""

    value: Any
    context: dict[str, Any]
    variables: Mapping[str, Any]
    outside: Outside
    states: dict[str, Any] = field(default_factory=dict)

    def select(self, path: Path) -> Any:
        """What a path selects. Raises Unresolved."""
        if path.root == "$":
            return path.select(self.value)
        if path.root == "$$":
            return path.select(self.context)
        if path.root not in self.variables:
            raise Unresolved(f"the variable ${path.root} has no value", missing=True)
        return path.select(self.variables[path.root])
