"""Event patterns of EventBridge: which events a rule routes. Read once, then asked for each sort of message.

Sources: EventBridge User Guide, "Comparison operators for use in event patterns" and "Quotas"; aws/event-ruler.
"""

from __future__ import annotations

import json
from typing import Any, Final

from topology.problems import Refused
from topology.rules.matching import Branch, Dialect, fields_of, holds, in_order, read
from topology.units import shown

LONGEST: Final = 2_048
"""Characters of JSON that a pattern may have."""

EVENTBRIDGE: Final = Dialect(
    service="EventBridge",
    operators=frozenset(
        {"anything-but", "cidr", "equals-ignore-case", "exactly", "exists", "numeric", "prefix", "suffix", "wildcard"}
    ),
    largest=5_000_000_000,
    decimals=6,
    ends_ignore_case=True,
    bare_values=False,
    or_as_name=False,
    most_branches=1_000,
    # The service does not publish this limit. It refuses the guide's example of complexity 11 and takes others of 9.
    most_beginnings=10,
)


class Pattern:
    """A pattern that the service would take."""

    def __init__(self, branches: list[Branch]) -> None:
        self._branches = in_order(branches)
        self._names = frozenset(name for branch in branches for name in branch)

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether the whole event (with `source`, `detail` and so on) is one that the pattern asks for."""
        if not isinstance(event, dict):
            return False
        fields = fields_of(event, self._names)
        return any(holds(branch, fields) for branch in self._branches)


def compile_pattern(pattern: Any) -> Pattern:
    """Read a pattern, given as an object or as its JSON. Raises Refused with the place inside it, as the service would."""
    if isinstance(pattern, str):
        return compile_text(pattern)
    branches, _ = read(pattern, EVENTBRIDGE)
    _check_length(json.dumps(pattern, ensure_ascii=False, separators=(",", ":")))
    return Pattern(branches)


def check_pattern(pattern: Any, *place: str) -> None:
    """See that there is no pattern, or a sound one. Raises Refused with where it stands in what holds it."""
    try:
        if pattern is not None:
            compile_pattern(pattern)
    except Refused as refused:
        raise refused.within(*place) from None


def compile_text(text: str) -> Pattern:
    """Read a pattern from its JSON text. Raises Refused."""
    _check_length(text)
    return Pattern(read(parse(text), EVENTBRIDGE)[0])


def parse(text: str) -> Any:
    """What a JSON text holds. Raises Refused with the line and column in words."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as wrong:
        raise Refused((), f"expected JSON: {wrong.msg} at line {wrong.lineno}, column {wrong.colno}; correct it there") from None
    except RecursionError:
        raise Refused((), "expected JSON that is less deeply nested; write a flatter one") from None


def _no_number(name: str) -> Any:
    raise Refused((), f"expected JSON, which has no {shown(name)}; write a number")


def _check_length(text: str) -> None:
    if len(text) > LONGEST:
        raise Refused((), f"expected at most {LONGEST:,} characters of JSON, got {len(text):,}; split it over several rules")
