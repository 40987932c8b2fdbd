"""Rules of Choice states."""

from __future__ import annotations

from typing import Any

import pytest

from topology.asl.choice import OPERATORS, compile_rule
from topology.asl.failures import Failure
from topology.asl.scope import Outside, Scope
from topology.problems import Refused


def holds(rule: dict[str, Any], value: Any) -> bool:
    outside = Outside(lambda: 0, lambda: 0.5, lambda: "id")
    return compile_rule({**rule, "Next": "N"}, ())(Scope(value, {"State": {"Name": "here"}}, {"limit": 3}, outside))


EARLY, LATE = "2016-03-14T01:59:00Z", "2016-03-14T01:59:00.5Z"


@pytest.mark.parametrize(
    ("operator", "wanted", "yes", "no"),
    [
        ("StringEquals", "a", ["a"], ["b", "A", 1, None]),
        ("StringLessThan", "b", ["a", ""], ["b", "c", 1]),
        ("StringGreaterThanEquals", "b", ["b", "c", "é"], ["a"]),
        ("StringMatches", "log-*.txt", ["log-.txt", "log-a.b.txt"], ["log-a.txtx", "xlog-a.txt", 5]),
        ("StringMatches", "a\\*b", ["a*b"], ["axb", "a\\*b"]),
        ("StringMatches", "**", ["", "anything\nat all"], [None]),
        ("NumericEquals", 1, [1, 1.0], [2, "1", True]),
        ("NumericLessThanEquals", 2.5, [2.5, -1], [3, False]),
        ("BooleanEquals", False, [False], [True, 0, None, ""]),
        ("TimestampEquals", EARLY, [EARLY, "2016-03-14T02:59:00+01:00"], [LATE, "2016-03-14", 1]),
        ("TimestampLessThan", LATE, [EARLY], [LATE, "no"]),
        ("TimestampGreaterThan", EARLY, [LATE], [EARLY]),
        ("IsNull", True, [None], [0, "", False]),
        ("IsNull", False, [0], [None]),
        ("IsNumeric", True, [0, 1.5], [True, "1"]),
        ("IsString", True, [""], [None, 1]),
        ("IsBoolean", True, [True], [1, "true"]),
        ("IsTimestamp", True, [EARLY], ["2016-03-14 01:59:00Z", "2016-13-14T01:59:00Z", 5]),
    ],
)
def test_an_operator(operator: str, wanted: Any, yes: list[Any], no: list[Any]) -> None:
    assert [holds({"Variable": "$.v", operator: wanted}, {"v": value}) for value in (*yes, *no)] == [
        *([True] * len(yes)),
        *([False] * len(no)),
    ]


@pytest.mark.parametrize("operator", [name for name in OPERATORS if name.endswith("Path")])
def test_every_comparison_also_takes_a_path(operator: str) -> None:
    same = {"S": "a", "N": 1, "B": True, "T": EARLY}[operator[0]]
    with_equals = operator in ("BooleanEqualsPath",) or "Equals" in operator
    assert holds({"Variable": "$.v", operator: "$.w"}, {"v": same, "w": same}) is with_equals


def test_texts_are_ordered_by_their_utf_16_units() -> None:
    assert holds({"Variable": "$.v", "StringLessThan": "\ufb03"}, {"v": "\U0001f600"})


def test_presence() -> None:
    assert holds({"Variable": "$.v", "IsPresent": True}, {"v": None})
    assert holds({"Variable": "$.v.w[2]", "IsPresent": False}, {"v": {"w": [1]}})
    assert not holds({"Variable": "$..w", "IsPresent": True}, {"v": 1})


def test_variables_and_the_context_object() -> None:
    assert holds({"Variable": "$limit", "NumericEqualsPath": "$.v"}, {"v": 3})
    assert holds({"Variable": "$$.State.Name", "StringEquals": "here"}, {})


def test_rules_are_joined() -> None:
    low, high = {"Variable": "$.v", "NumericGreaterThan": 1}, {"Variable": "$.v", "NumericLessThan": 5}
    rule = {"Or": [{"And": [low, {"Not": {"Variable": "$.v", "NumericEquals": 3}}, high]}, {"Variable": "$.v", "IsNull": True}]}
    assert [holds(rule, {"v": v}) for v in (1, 2, 3, 4, 5, None)] == [False, True, False, True, False, True]


def test_a_variable_that_is_not_there_fails_the_execution() -> None:
    with pytest.raises(Failure, match="references an invalid value") as found:
        holds({"Variable": "$.v", "IsNull": True}, {})
    assert found.value.fatal


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.v"},
        {"StringEquals": "a"},
        {"Variable": "$.v", "StringEquals": 1},
        {"Variable": "$.v", "NumericEquals": True},
        {"Variable": "$.v", "TimestampEquals": "soon"},
        {"Variable": "$.v", "StringEqual": "a"},
        {"Variable": "$.v", "StringEquals": "a", "IsNull": True},
        {"Variable": "v", "IsNull": True},
        {"Variable": "$.v", "IsNull": "yes"},
        {"Variable": "$.v", "StringMatches": "a\\b"},
        {"Variable": "$.v", "And": [{"Variable": "$.v", "IsNull": True}]},
        {"And": []},
        {"Not": []},
        {"And": [{"Variable": "$.v", "IsNull": True, "Next": "X"}]},
        [],
    ],
)
def test_a_wrong_rule_is_refused(rule: Any) -> None:
    with pytest.raises(Refused):
        compile_rule(rule, ())
