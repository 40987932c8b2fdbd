"""Filter policies of SNS subscriptions: which messages a subscription takes. Read once, then asked for each sort of message.

Sources: SNS Developer Guide, "Filter policy constraints", "AND/OR logic", "Key matching", "Numeric value matching", "String value
matching".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import prod
from typing import Any, Final, Literal

from topology.problems import Refused
from topology.rules.matching import OR, UNREADABLE, Branch, Dialect, Fields, Leaf, fields_of, holds, in_order, read
from topology.rules.patterns import parse
from topology.units import is_number, shown

Scope = Literal["MessageAttributes", "MessageBody"]
SCOPES: Final = ("MessageAttributes", "MessageBody")
MOST_KEYS: Final = 5
MOST_COMBINATIONS: Final = 150
LARGEST_POLICY: Final = 256 * 1024
"""Bytes of JSON that a policy may have."""

_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_HUGE: Final = 1e15

SNS: Final = Dialect(
    service="SNS",
    operators=frozenset({"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"}),
    largest=1_000_000_000,
    decimals=5,
    ends_ignore_case=False,
    bare_values=True,
    or_as_name=True,
    most_branches=1_000,
    most_beginnings=None,
)


class Filter:
    """A filter policy that the service would take."""

    def __init__(self, branches: list[Branch], scope: Scope) -> None:
        self.scope = scope
        self._branches = in_order(branches)
        self._names = frozenset(name for branch in branches for name in branch)

    def matches(self, attributes: Mapping[str, Any] | None = None, body: Any = None) -> bool:
        """Whether the subscription takes a message; only what the scope names is looked at.

        An attribute is a plain value (text, number, list) or an object with Type (or DataType) and Value (or StringValue).
        A body is an object or its JSON text; whatever else it is, no policy but the empty one takes it.
        """
        if not self._names:
            return True
        if self.scope == "MessageAttributes":
            return self._hold(_fields_of_attributes(attributes or {}, self._names))
        if isinstance(body, str | bytes):
            try:
                body = json.loads(body)
            except (ValueError, RecursionError):
                return False
        return isinstance(body, dict) and self._hold(fields_of(body, self._names))

    def _hold(self, fields: Fields) -> bool:
        return any(holds(branch, fields) for branch in self._branches)


def compile_filter(policy: Any, scope: Scope = "MessageAttributes") -> Filter:
    """Read a filter policy, given as an object or as its JSON. Raises Refused with the place inside it, as the service would."""
    if scope not in SCOPES:
        raise Refused((), f"expected the scope {' or '.join(SCOPES)}, got {shown(scope)}")
    if isinstance(policy, str):
        policy = parse(policy)
    if policy is None or policy == {}:
        return Filter([{}], scope)
    if scope == "MessageAttributes":
        _refuse_nesting(policy, ())
    branches, leaves = read(policy, SNS)
    _check_limits(policy, leaves)
    return Filter(branches, scope)


def _refuse_nesting(policy: Any, path: tuple[str | int, ...]) -> None:
    """Attributes have no fields inside."""
    for name, value in policy.items() if isinstance(policy, dict) else ():
        if isinstance(value, dict):
            raise Refused((*path, name), "expected a list, as attributes hold no objects; or set the scope to MessageBody")
        for index, each in enumerate(value if name == OR and isinstance(value, list) else ()):
            _refuse_nesting(each, (*path, name, index))


def _check_limits(policy: dict[str, Any], leaves: list[Leaf]) -> None:
    """How large and how complex a policy may be; a key inside others counts with the number of its levels."""
    size = len(json.dumps(policy, ensure_ascii=False, separators=(",", ":")).encode())
    if size > LARGEST_POLICY:
        raise Refused((), f"expected at most {LARGEST_POLICY:,} bytes of JSON, got {size:,}; shorten the policy")
    if len(leaves) > MOST_KEYS:
        raise Refused((), f"expected at most {MOST_KEYS} keys with values, got {len(leaves)}; leave some out")
    combinations = prod(leaf.size * leaf.depth for leaf in leaves)
    if combinations > MOST_COMBINATIONS:
        words = f"expected at most {MOST_COMBINATIONS} combinations (the values of all keys multiplied), got {combinations:,}"
        raise Refused((), f"{words}; give fewer values, for example as a prefix")


def _fields_of_attributes(attributes: Mapping[str, Any], names: frozenset[str]) -> Fields:
    """The values of the attributes that matter; binary ones are as if they were not there."""
    found: Fields = {}
    for name in names:
        if name in attributes:
            values = _values(attributes[name])
            if values is not None:
                found[name] = [(value, {}) for value in values or [UNREADABLE]]
    return found


def _values(attribute: Any) -> list[Any] | None:
    """The values of one attribute; an empty list where it cannot be read, None where no policy looks at such a one."""
    if not isinstance(attribute, Mapping):
        if isinstance(attribute, list | tuple):
            return list(attribute)
        return None if isinstance(attribute, bytes | bytearray) else [attribute]
    kind = str(attribute.get("DataType", attribute.get("Type", "")))
    value = attribute.get("StringValue", attribute.get("Value"))
    if kind == "String.Array":
        return _listed(value)
    if kind.partition(".")[0] == "Number":
        number = _numbered(value)
        return [] if number is None else [number]
    return [value] if kind.partition(".")[0] == "String" else None


def _listed(value: Any) -> list[Any]:
    """The elements of a list or of the JSON of one; of nothing else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    return list(value) if isinstance(value, list | tuple) else []


def _numbered(value: Any) -> int | float | None:
    """A number, or the one that a text spells."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    return value if is_number(value) and -_HUGE < value < _HUGE else None
