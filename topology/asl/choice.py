"""The rules of a Choice state: every operator, joined by And, Or and Not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from topology.asl import timestamps
from topology.asl.failures import Unresolved, runtime
from topology.asl.paths import Path, compile_path
from topology.asl.scope import Scope
from topology.problems import Refused, near_miss
from topology.rules.wildcards import Wildcard

Place = tuple[str | int, ...]
Test = Callable[[Scope], bool]

MAX_NESTED = 50
"""How deep And, Or and Not may be nested."""

_STARS = re.compile(r"(\\.)|\*+", re.DOTALL)
RULE_FIELDS = ("Next", "Assign", "Comment")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda a, b: bool(a == b),
    "LessThan": lambda a, b: bool(a < b),
    "LessThanEquals": lambda a, b: bool(a <= b),
    "GreaterThan": lambda a, b: bool(a > b),
    "GreaterThanEquals": lambda a, b: bool(a >= b),
}


def _number(value: Any) -> Any:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _text(value: Any) -> Any:
    """Texts are ordered by their UTF-16 code units, as Java's are."""
    return value.encode("utf-16-be", "surrogatepass") if isinstance(value, str) else None


def _truth(value: Any) -> Any:
    return value if isinstance(value, bool) else None


_KINDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "Numeric": (_number, "a number"),
    "String": (_text, "a text"),
    "Timestamp": (timestamps.parse, "a timestamp such as 2016-03-14T01:59:00Z"),
}
IS = {
    "IsNull": lambda value: value is None,
    "IsNumeric": lambda value: _number(value) is not None,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: timestamps.parse(value) is not None,
}
COMPARISONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], bool], str]] = {
    **{f"{kind}{order}": (read, test, words) for kind, (read, words) in _KINDS.items() for order, test in _ORDERS.items()},
    "BooleanEquals": (_truth, lambda a, b: bool(a == b), "true or false"),
}
OPERATORS = (*COMPARISONS, *(f"{name}Path" for name in COMPARISONS), "StringMatches", "IsPresent", *IS)
"""Every operator that compares a Variable."""


def compile_rule(rule: Any, place: Place, *, top: bool = True, depth: int = 0) -> Test:
    """What a rule tests. Raises Refused. The fields of a whole rule, such as Next, are left to its state."""
    if not isinstance(rule, dict):
        raise Refused(place, "expected an object with Variable and an operator, or with And, Or or Not")
    if depth > MAX_NESTED:
        raise Refused(place, f"And, Or and Not may be nested {MAX_NESTED} deep")
    others = RULE_FIELDS if top else ("Comment",)
    names = [name for name in rule if name not in others and name != "Variable"]
    if len(names) != 1:
        raise Refused(place, f"expected one operator, or And, Or or Not, and found {', '.join(names) or 'none'}")
    operator, here = names[0], (*place, names[0])
    if operator in ("And", "Or", "Not"):
        if "Variable" in rule:
            raise Refused((*place, "Variable"), f"goes with an operator, not with {operator}")
        return _joined(operator, rule[operator], here, depth)
    if operator not in OPERATORS:
        hint = near_miss(operator, OPERATORS)
        raise Refused(here, "there is no such operator" + (f" (did you mean {hint}?)" if hint else ""))
    if "Variable" not in rule:
        raise Refused(place, f"{operator} needs a Variable, a path")
    return _compared(operator, rule[operator], compile_path(rule["Variable"], (*place, "Variable")), here)


def _joined(operator: str, inner: Any, here: Place, depth: int) -> Test:
    if operator == "Not":
        test = compile_rule(inner, here, top=False, depth=depth + 1)
        return lambda scope: not test(scope)
    if not isinstance(inner, list) or not inner:
        raise Refused(here, "expected an array of rules that is not empty")
    tests = [compile_rule(rule, (*here, i), top=False, depth=depth + 1) for i, rule in enumerate(inner)]
    if operator == "And":
        return lambda scope: all(test(scope) for test in tests)
    return lambda scope: any(test(scope) for test in tests)


def _compared(operator: str, wanted: Any, variable: Path, here: Place) -> Test:
    if operator == "IsPresent" or operator in IS:
        if not isinstance(wanted, bool):
            raise Refused(here, "expected true or false")
        return _present(variable, wanted) if operator == "IsPresent" else _typed(IS[operator], variable, wanted)
    if operator == "StringMatches":
        pattern = _wildcard(wanted, here)
        return lambda scope: isinstance(value := _selected(scope, variable), str) and pattern.matches(value)
    if operator.endswith("Path"):
        read, test, _ = COMPARISONS[operator.removesuffix("Path")]
        other = compile_path(wanted, here)
        return lambda scope: _holds(read, test, _selected(scope, variable), _selected(scope, other))
    read, test, words = COMPARISONS[operator]
    if read(wanted) is None:
        raise Refused(here, f"expected {words}")
    return lambda scope: _holds(read, test, _selected(scope, variable), wanted)


def _holds(read: Callable[[Any], Any], test: Callable[[Any, Any], bool], value: Any, wanted: Any) -> bool:
    """Values of another type than the operator's are never equal, less or greater."""
    left, right = read(value), read(wanted)
    return left is not None and right is not None and test(left, right)


def _typed(test: Callable[[Any], bool], variable: Path, wanted: bool) -> Test:
    return lambda scope: test(_selected(scope, variable)) is wanted


def _present(variable: Path, wanted: bool) -> Test:
    def test(scope: Scope) -> bool:
        try:
            found = scope.select(variable)
        except Unresolved:
            return not wanted
        return (variable.definite or bool(found)) is wanted

    return test


def _selected(scope: Scope, path: Path) -> Any:
    try:
        return scope.select(path)
    except Unresolved:
        raise runtime(
            f"Invalid path '{path.text}': The choice state's condition path references an invalid value."
        ) from None


def _wildcard(pattern: Any, here: Place) -> Wildcard:
    """A text in which * stands for any letters; a backslash before * or itself takes it as it is."""
    if not isinstance(pattern, str):
        raise Refused(here, "expected a text")
    return Wildcard(_STARS.sub(lambda found: found.group(1) or "*", pattern), here)
