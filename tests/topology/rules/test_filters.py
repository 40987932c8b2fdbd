"""Filter policies of SNS: the rules of "Filter policy constraints" and of the pages on matching texts, numbers and keys."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.problems import Refused
from topology.rules.filters import LARGEST_POLICY, Scope, compile_filter
from topology.rules.patterns import compile_pattern


def refusal(policy: Any, scope: Scope = "MessageAttributes") -> Refused:
    with pytest.raises(Refused) as refused:
        compile_filter(policy, scope)
    return refused.value


def typed(kind: str, value: Any) -> dict[str, Any]:
    return {"Type": kind, "Value": value}


@pytest.mark.parametrize(
    ("leaf", "taken", "left"),
    [
        (["tea"], ["tea", ["milk", "tea"], typed("String", "tea"), typed("String.Array", '["tea", 1]')], ["Tea", 1]),
        (["tea"], [], [typed("Binary", "tea"), typed("String", "teas")]),
        ([100], [100, 100.0, typed("Number", "100"), typed("Number", "1e2"), typed("String.Array", "[100]")], ["100"]),
        ([100], [], [typed("String", "100"), typed("Number", "101")]),
        ([True], [True, typed("String.Array", "[true]")], ["true", typed("String", "true")]),
        ([None], [typed("String.Array", "[null]")], ["null", ""]),
        ([{"prefix": "tea-"}], ["tea-green", ["milk", "tea-black"]], ["Tea-green", 7]),
        ([{"suffix": "-cup"}], ["big-cup"], ["cup"]),
        ([{"equals-ignore-case": "Tea"}], ["TEA"], ["teas"]),
        ([{"wildcard": "t*a"}], ["tea", "ta"], ["teas"]),
        ([{"cidr": "10.20.0.0/16"}], ["10.20.255.1"], ["10.21.0.1", "ten"]),
        ([{"anything-but": ["tea", "milk"]}], ["water", ["tea", "water"], 7], ["milk", ["tea"], typed("Binary", "x")]),
        ([{"anything-but": [3, 4]}], [5, "3"], [3, 4.0]),
        ([{"anything-but": {"prefix": "tea"}}], ["green tea"], ["tea time"]),
        ([{"numeric": [">=", 1.5, "<", 2]}], [1.5, 1.99999, typed("Number", "1.75")], [2, "1.75", typed("Number", "one")]),
        ([{"exists": True}], ["", 0, typed("Number", 3)], [typed("Binary", "AA==")]),
        ([{"exists": False}], [typed("Binary", "AA=="), b"\x00"], ["", []]),
        ("tea", ["tea"], ["teas"]),
    ],
)
def test_attributes(leaf: Any, taken: list[Any], left: list[Any]) -> None:
    policy = compile_filter({"drink": leaf})
    assert [value for value in taken if not policy.matches({"drink": value})] == []
    assert [value for value in left if policy.matches({"drink": value})] == []


@pytest.mark.parametrize(
    "value",
    [typed("String.Array", "[tea]"), typed("String.Array", '"tea"'), typed("Number", "nan"), typed("Number", None)],
)
def test_an_attribute_that_cannot_be_read_is_there_and_matches_nothing_else(value: Any) -> None:
    assert not compile_filter({"drink": [{"anything-but": "milk"}]}).matches({"drink": value})
    assert not compile_filter({"drink": [{"exists": False}]}).matches({"drink": value})
    assert compile_filter({"drink": [{"exists": True}]}).matches({"drink": value})


def test_attributes_may_be_written_as_publish_takes_them() -> None:
    policy = compile_filter({"drink": ["tea"], "cups": [{"numeric": [">", 1]}]})
    cups = {"DataType": "Number", "StringValue": "2"}
    assert policy.matches({"drink": {"DataType": "String", "StringValue": "tea"}, "cups": cups})
    assert not policy.matches({"drink": {"DataType": "Binary", "BinaryValue": "dGVh"}, "cups": cups})


@pytest.mark.parametrize(
    "test",
    ["a", {"anything-but": "a"}, {"anything-but": {"suffix": "a"}}, {"prefix": ""}, {"numeric": ["<", 9]}, {"exists": True}],
)
def test_a_missing_key_matches_only_what_asks_for_its_absence(test: Any) -> None:
    assert not compile_filter({"k": [test]}).matches({"other": "a"})
    assert not compile_filter({"k": [test]}, "MessageBody").matches(body={"other": "a"})
    assert compile_filter({"k": [test, {"exists": False}]}).matches({})
    assert compile_filter({"k": [test, {"exists": False}]}, "MessageBody").matches(body={})


def test_all_keys_and_one_value_of_each() -> None:
    policy = compile_filter({"drink": ["tea", "milk"], "size": ["big"]})
    assert policy.matches({"drink": "milk", "size": "big"})
    assert not policy.matches({"drink": "milk", "size": "small"})
    assert not policy.matches({"drink": "milk"})
    assert not policy.matches(None)


def test_or_chooses_between_keys() -> None:
    policy = compile_filter({"a": [1], "$or": [{"b": [2]}, {"c": [3], "$or": [{"d": [4]}, {"e": [5]}]}]})
    assert policy.matches({"a": 1, "b": 2})
    assert policy.matches({"a": 1, "c": 3, "e": 5})
    assert not policy.matches({"a": 1, "c": 3})
    assert not policy.matches({"b": 2})


@pytest.mark.parametrize("leaf", [["x"], [{"prefix": "x"}, {"suffix": "z"}], [{"prefix": "x"}], "x"])
def test_an_or_that_offers_no_keys_is_a_name_like_any_other(leaf: Any) -> None:
    policy = compile_filter({"$or": leaf})
    assert policy.matches({"$or": "x"})
    assert not policy.matches({"a": "x"})


@pytest.mark.parametrize("policy", [{}, None, "{}"])
def test_without_a_policy_everything_is_taken(policy: Any) -> None:
    for scope in ("MessageAttributes", "MessageBody"):
        assert compile_filter(policy, scope).matches({}, "no JSON")


def test_a_body_is_an_object_or_its_json() -> None:
    policy = compile_filter({"order": {"lines": {"sku": ["a"], "n": [{"numeric": [">", 1]}]}}}, "MessageBody")
    taken = {"order": {"lines": [{"sku": "b", "n": 1}, {"sku": "a", "n": 2}]}}
    split = {"order": {"lines": [{"sku": "b", "n": 2}, {"sku": "a", "n": 1}]}}
    assert policy.matches(body=taken)
    assert policy.matches(body=json.dumps(taken))
    assert policy.matches(body=json.dumps(taken).encode())
    assert not policy.matches(body=split), "the fields of one line have to match together"
    assert not policy.matches({"order": "a"}, None), "attributes are not looked at"


@pytest.mark.parametrize("body", ["not JSON", "[1]", "null", "7", None, "[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json_object_matches_no_policy(body: Any) -> None:
    assert not compile_filter({"a": [{"exists": False}]}, "MessageBody").matches(body=body)


def test_attributes_have_no_fields_inside() -> None:
    assert refusal({"a": {"b": ["x"]}}).path == ("a",)
    assert refusal({"$or": [{"a": ["x"]}, {"b": {"c": ["x"]}}]}).path == ("$or", 1, "b")
    compile_filter({"a": {"b": ["x"]}}, "MessageBody")


def test_at_most_five_keys_have_values() -> None:
    five = {f"k{n}": ["x"] for n in range(4)} | {"k": {"inside": ["x"]}}
    compile_filter(five, "MessageBody")
    assert "got 6" in refusal({**five, "one more": ["x"]}, "MessageBody").words
    assert "got 6" in refusal({"$or": [{"a": ["x"], "b": ["x"], "c": ["x"]}, {"d": ["x"], "e": ["x"], "f": ["x"]}]}).words


def test_the_values_of_all_keys_multiply_to_at_most_150() -> None:
    values = [f"v{n}" for n in range(31)]
    compile_filter({"a": values[:30], "b": values[:5]})
    assert "got 155" in refusal({"a": values, "b": values[:5]}).words
    compile_filter({"$or": [{"a": values[:30]}, {"b": values[:5]}]})
    assert "got 155" in refusal({"$or": [{"a": values}, {"b": values[:5]}]}).words
    assert "got 155" in refusal({"$or": values, "b": values[:5]}).words


def test_a_key_inside_others_counts_with_its_levels() -> None:
    policy = {"a": {"b": {"c": ["1", "2", "3", "4"]}}, "d": {"e": ["1", "2", "3"]}}
    compile_filter(policy, "MessageBody")
    assert "got 216" in refusal({**policy, "f": ["1", "2", "3"]}, "MessageBody").words, "3 x 4 times 2 x 3 times 1 x 3"


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ("[]", ()),
        ({"a": []}, ("a",)),
        ({"a": [[1]]}, ("a", 0)),
        ({"a": [{"numeric": ["<", 1_000_000_001]}]}, ("a", 0, "numeric", 1)),
        ({"a": [{"numeric": ["<", 1.234567]}]}, ("a", 0, "numeric", 1)),
        ({"a": [{"prefix": {"equals-ignore-case": "x"}}]}, ("a", 0, "prefix")),
        ({"a": [{"exactly": "x"}]}, ("a", 0)),
        ({"a": [{"wildcard": "a**"}]}, ("a", 0, "wildcard")),
        ({"a": [{"anything-but": ["x", 1]}]}, ("a", 0, "anything-but")),
    ],
)
def test_what_the_service_refuses_is_refused_at_its_place(policy: Any, path: tuple[str | int, ...]) -> None:
    assert refusal(policy).path == path


def test_a_policy_has_at_most_256_kibibytes() -> None:
    frame = len('{"a":[""]}')
    compile_filter({"a": ["x" * (LARGEST_POLICY - frame)]})
    assert "262,145" in refusal({"a": ["x" * (LARGEST_POLICY - frame + 1)]}).words


def test_an_unknown_scope_is_refused() -> None:
    assert "MessageAttributes or MessageBody" in refusal({"a": ["x"]}, "Body").words  # type: ignore[arg-type]


VALUES = st.sampled_from(["x", "xy", "", 1, 2.5, True, None])
POLICIES = st.dictionaries(st.sampled_from("ab"), st.lists(VALUES, min_size=1, max_size=3), min_size=1)


@given(POLICIES, st.dictionaries(st.sampled_from("abc"), st.one_of(VALUES, st.lists(VALUES, min_size=1, max_size=3))))
def test_attributes_of_plain_values_match_as_the_same_body_and_the_same_event_do(policy: Any, values: Any) -> None:
    expected = compile_pattern(policy).matches(values)
    assert compile_filter(policy).matches(values) is expected
    assert compile_filter(policy, "MessageBody").matches(body=values) is expected
