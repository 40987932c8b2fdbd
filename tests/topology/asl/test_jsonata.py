"""JSONata: the functions that states add, what comes from outside, and what ends an expression."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from topology.asl.jsonata import Expression, QueryError, is_expression
from topology.asl.scope import Outside, Scope
from topology.problems import Refused


def value(text: str, **variables: Any) -> Any:
    outside = Outside(lambda: 1_500_000_000_123_000_000, lambda: 0.25, lambda: "an-id")
    states = {"input": {"list": [1, 2, 3], "gap": None, "empty": []}}
    return Expression(f"{{% {text} %}}").evaluate(Scope(None, {"State": {"Name": "S"}}, variables, outside, states))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$states.input.list", [1, 2, 3]),
        ("$states.input.empty", []),
        ("$states.input.gap", None),
        ("$states.context.State.Name", "S"),
        ("$x + $sum($states.input.list)", 10),
        ("$nothing_said", None),
        ("{'a': $states.input.gap, 'b': 1.0}", {"a": None, "b": 1}),
        ("$partition($states.input.list, 2)", [[1, 2], [3]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(1, 9, 9)", 1),
        ("$hash('input data', 'MD5')", "812f45842bc6d66ee14572ce20db8e86"),
        ("$parse('{\"a\": [1]}').a", [1]),
        ("$random()", 0.25),
        ("$random(5) = $random(5)", True),
        ("$uuid()", "an-id"),
        ("$millis()", 1_500_000_000_123),
        ("$now()", "2017-07-14T02:40:00.123Z"),
        ("$now('[Y0001]')", "2017"),
        ("$shuffle([1, 2, 3, 4])", [2, 1, 3, 4]),
        ("($f := function($n){ $n = 0 ? 'done' : $f($n - 1) }; $f(5000))", "done"),
    ],
)
def test_what_an_expression_gives(text: str, found: Any) -> None:
    assert value(text, x=4, nothing_said=None) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$unset", "returned nothing"),
        ("$states.input.list[7]", "returned nothing"),
        ("$sum", "unsupported result type"),
        ("1 / 0", "error during evaluation"),
        ("'a' + 1", "error during evaluation"),
        ("$parse('{')", "error during evaluation"),
        ("($f := function($n){ $f($n + 1) }; $f(1))", "steps"),
        ("($f := function($n){ 1 + $f($n + 1) }; $f(1))", "deep"),
    ],
)
def test_an_expression_without_a_value(text: str, words: str) -> None:
    limit = sys.getrecursionlimit()
    with pytest.raises(QueryError, match=words):
        value(text)
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("text", ["(", "$eval('1')", "1 +", "{'a'}"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        Expression(f"{{% {text} %}}")


def test_only_whole_texts_are_expressions() -> None:
    assert is_expression("{% 1 %}")
    assert not any(is_expression(text) for text in (" {% 1 %}", "{% 1", "{%}", 1, None))
