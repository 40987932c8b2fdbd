"""The intrinsic functions, each by its rule, and calls that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.asl.failures import Unresolved
from topology.asl.intrinsics import FUNCTIONS, compile_call
from topology.asl.scope import Outside, Scope
from topology.problems import Refused

OUTSIDE = Outside(lambda: 0, lambda: 0.5, lambda: "an-id")
DATA = {"list": [1, 2, 3, 4, 5], "twice": [1, 1.0, True, 1, "a", "a", {"x": 1}, {"x": 1}], "text": "a-b c", "o": {"k": [1, "t"]}}


def value(call: str) -> Any:
    return compile_call(call).evaluate(Scope(DATA, {"Execution": {"Id": "run"}}, {"n": 4}, OUTSIDE))


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("States.Array()", []),
        ("States.Array(1, 'a', true, null, $.text, $n, $$.Execution.Id)", [1, "a", True, None, "a-b c", 4, "run"]),
        ("States.ArrayPartition($.list, 2)", [[1, 2], [3, 4], [5]]),
        ("States.ArrayContains($.list, 3)", True),
        ("States.ArrayContains($.list, '3')", False),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.list, 4)", 5),
        ("States.ArrayLength($.list)", 5),
        ("States.ArrayUnique($.twice)", [1, 1.0, True, "a", {"x": 1}]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGVjb2RlZCBkYXRh')", "Decoded data"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.JsonMerge($.o, States.StringToJson('\\{\"z\":2\\}'), false)", None),
        ("States.StringToJson('[1, \"a\"]')", [1, "a"]),
        ("States.JsonToString($.o)", '{"k":[1,"t"]}'),
        ("States.MathRandom(1, 999)", 500),
        ("States.MathAdd(111, -1)", 110),
        ("States.MathAdd(-1.5, 0)", -1),
        ("States.StringSplit('1,2,3,4,5', ',')", ["1", "2", "3", "4", "5"]),
        ("States.StringSplit('This.is+a,test=string', '.+,=')", ["This", "is", "a", "test", "string"]),
        ("States.UUID()", "an-id"),
        ("States.Format('{} is \\{{}\\}, it\\'s {}', $.text, 1.5, $.o)", "a-b c is {1.5}, it's {k=[1, t]}"),
        ("States.ArrayGetItem(States.StringSplit($.text, '-'), States.MathAdd(0, 1))", "b c"),
    ],
)
def test_what_a_function_gives(call: str, found: Any) -> None:
    if "JsonMerge" in call:
        call, found = "States.JsonMerge($.o, $.o, false)", DATA["o"]
    assert value(call) == found


def test_a_seed_gives_the_same_number() -> None:
    assert value("States.MathRandom(1, 1000000, 7)") == value("States.MathRandom(1, 1000000, 7)")
    assert 1 <= value("States.MathRandom(1, 3, 8)") < 3


@pytest.mark.parametrize(
    "call",
    [
        "States.ArrayPartition($.list, 0)",
        "States.ArrayPartition($.text, 1)",
        "States.ArrayGetItem($.list, 5)",
        "States.ArrayRange(1, 5000, 1)",
        "States.ArrayRange(1, 2, 0)",
        "States.Hash('a', 'SHA-3')",
        "States.Base64Decode('%')",
        "States.JsonMerge($.o, $.o, true)",
        "States.StringToJson('NaN')",
        "States.Format('{} {}', 1)",
        "States.MathAdd('1', 2)",
        "States.MathRandom(3, 3)",
        "States.ArrayLength($.nothing)",
        "States.Array($unset)",
    ],
)
def test_what_a_function_does_not_take_is_unresolved(call: str) -> None:
    with pytest.raises(Unresolved):
        value(call)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("States.Fromat('{}')", "did you mean States.Format"),
        ("States.Array(1, 2", "expected , or )"),
        ("States.Array(1) x", "expected the end"),
        ("States.UUID(1)", "takes 0 values and got 1"),
        ("States.Array('a\\\"b')", "a backslash may stand only before"),
        ("States.Array('a)", "the closing ' is missing"),
        ("States.Array($.a[)", "no path"),
        ("States.Array(a)", "expected a path"),
        ("States.Array(" * 11 + ")" * 11, "nested 10 deep"),
    ],
)
def test_a_wrong_call_is_refused(call: str, words: str) -> None:
    with pytest.raises(Refused, match=words.replace("(", r"\(").replace(")", r"\)")):
        compile_call(call)


@given(st.sampled_from(sorted(FUNCTIONS)), st.text(alphabet="$.,()'{}\\ 019-ae[]*", max_size=20))
def test_any_text_is_a_call_or_refused(name: str, text: str) -> None:
    try:
        call = compile_call(f"States.{name}({text})")
    except Refused:
        return
    try:
        call.evaluate(Scope(DATA, {}, {}, OUTSIDE))
    except Unresolved:
        return
