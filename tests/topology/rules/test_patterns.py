"""Event patterns, by the rules of "Comparison operators for use in event patterns" and of the README of event-ruler."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topology.problems import Refused
from topology.rules.patterns import LONGEST, compile_pattern, compile_text


def takes(leaf: Any, value: Any) -> bool:
    """Whether a leaf takes the value of the field `v`."""
    return compile_pattern({"v": leaf}).matches({"v": value})


def refusal(pattern: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        compile_pattern(pattern)
    return refused.value


@pytest.mark.parametrize(
    ("leaf", "taken", "left"),
    [
        (["paid"], ["paid", ["open", "paid"]], ["Paid", "paid ", 1, None, [], {"paid": 1}]),
        ([""], [""], [" ", None, []]),
        ([None], [None, [1, None]], ["null", "", 0, False, []]),
        ([True], [True], [1, "true", False]),
        ([1], [1, 1.0, 1.0000001], [True, "1", 1.1]),
        ([0.5, "x"], [0.5, "x"], ["0.5"]),
        ([6_000_000_000], [6_000_000_000], [6_000_000_001, "6000000000"]),
        ([{"exactly": "5"}], ["5"], [5]),
        ([{"prefix": "eu-"}], ["eu-west-1", ["us-east-1", "eu-north-1"]], ["EU-west-1", "us-eu-", 5, None]),
        ([{"prefix": ""}], ["", "any"], [0, None]),
        ([{"suffix": ".gz"}], ["a.gz"], ["a.GZ", "gz"]),
        ([{"prefix": {"equals-ignore-case": "Eu-"}}], ["EU-west-1", "eu-"], ["us-"]),
        ([{"suffix": {"equals-ignore-case": ".Gz"}}], ["a.GZ"], ["a.gzip"]),
        ([{"equals-ignore-case": "Straße"}], ["STRAßE", "straße"], ["strasse", 1]),
        ([{"exists": True}], [1, None, "", [0]], [[], {}, {"w": 1}]),
        ([{"exists": False}], [[], {}, {"w": 1}], [1, None, ""]),
        ([{"wildcard": "shop/*/paid"}], ["shop/7/paid", "shop//paid"], ["shop/paid", 7]),
    ],
)
def test_values_and_texts(leaf: Any, taken: list[Any], left: list[Any]) -> None:
    assert [value for value in taken if not takes(leaf, value)] == []
    assert [value for value in left if takes(leaf, value)] == []


@pytest.mark.parametrize(
    ("operand", "taken", "left"),
    [
        ("open", ["paid", 1, None, True, ["open", "paid"]], ["open", ["open"], []]),
        (["open", "void"], ["paid"], ["open", "void"]),
        (7, [8, "7", 7.5, None], [7, 7.0]),
        ([7, 8.5], [9], [7, 8.5]),
        ({"prefix": "in"}, ["out", 3], ["inside"]),
        ({"prefix": ["in", "out"]}, ["beside"], ["inside", "outside"]),
        ({"suffix": "side"}, ["sideways"], ["inside"]),
        ({"suffix": ["side", "ways"]}, ["out"], ["inside", "sideways"]),
        ({"equals-ignore-case": "Open"}, ["opened", None], ["OPEN", "open"]),
        ({"equals-ignore-case": ["Open", "VOID"]}, ["paid"], ["void", "oPEN"]),
        ({"wildcard": "*/tmp/*"}, ["tmp/x", 4], ["/tmp/", "a/tmp/b"]),
        ({"wildcard": ["a*", "*z"]}, ["maz0"], ["ab", "yz"]),
    ],
)
def test_anything_but(operand: Any, taken: list[Any], left: list[Any]) -> None:
    leaf = [{"anything-but": operand}]
    assert [value for value in taken if not takes(leaf, value)] == []
    assert [value for value in left if takes(leaf, value)] == []
    assert not compile_pattern({"v": leaf}).matches({"w": "other"}), "a field that is not there has no value"


@pytest.mark.parametrize(
    ("operand", "taken", "left"),
    [
        (["=", 2.5], [2.5], [2.4, "2.5", True, None]),
        (["<", 0], [-0.000001, -5e9], [0, 1, -5.1e9]),
        (["<=", 0], [0, -1], [0.000001]),
        ([">", 10], [10.000001, 5_000_000_000], [10, 5_000_000_001]),
        ([">=", 10], [10], [9.999999]),
        ([">", 0, "<=", 5], [0.1, 5], [0, 5.1]),
        ([">=", -5e9, "<", 5e9], [-5e9, 4_999_999_999], [5e9]),
    ],
)
def test_numbers(operand: Any, taken: list[Any], left: list[Any]) -> None:
    leaf = [{"numeric": operand}]
    assert [value for value in taken if not takes(leaf, value)] == []
    assert [value for value in left if takes(leaf, value)] == []


@pytest.mark.parametrize(
    ("cidr", "taken", "left"),
    [
        ("192.168.4.0/22", ["192.168.4.0", "192.168.7.255"], ["192.168.8.0", "192.168.3.255", "192.168.4.256", "::1", 4]),
        ("192.168.4.9/24", ["192.168.4.1"], ["192.168.5.9"]),
        ("10.0.0.7/32", ["10.0.0.7"], ["10.0.0.6"]),
        ("0.0.0.0/0", ["1.2.3.4"], ["1.2.3", "host"]),
        ("2001:db8:7::/48", ["2001:DB8:7::1", "2001:0db8:0007:ffff::"], ["2001:db8:8::1", "10.0.0.1"]),
    ],
)
def test_addresses(cidr: str, taken: list[Any], left: list[Any]) -> None:
    assert [value for value in taken if not takes([{"cidr": cidr}], value)] == []
    assert [value for value in left if takes([{"cidr": cidr}], value)] == []


def test_an_address_is_the_same_however_it_is_spelled() -> None:
    assert takes(["2001:db8::1"], "2001:0DB8:0::0001")
    assert not takes(["2001:db8::1"], "2001:db8::2")


ORDERS = {"lines": [{"sku": "a", "n": 1, "tags": ["new"]}, {"sku": "b", "n": 2, "tags": ["old", "gift"]}], "at": ["x", "y"]}


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        ({"sku": ["a"], "n": [1]}, True),
        ({"sku": ["a"], "n": [2]}, False),
        ({"sku": ["b"], "tags": ["gift"], "n": [{"numeric": [">", 1]}]}, True),
        ({"sku": ["a"], "tags": ["gift"]}, False),
        ({"n": [{"exists": True}], "sku": ["a"]}, True),
        ({"n": [{"exists": True}], "sku": ["b"]}, True),
        ({"sku": ["b"], "void": [{"exists": False}]}, True),
        ({"$or": [{"sku": ["a"], "n": [2]}, {"sku": ["b"], "n": [1]}]}, False),
        ({"n": [2], "$or": [{"sku": ["a"]}, {"tags": ["old"]}]}, True),
        ({"n": [1], "$or": [{"sku": ["b"]}, {"tags": ["old"]}]}, False),
    ],
)
def test_fields_of_an_object_in_an_array_match_in_the_same_element(lines: Any, held: bool) -> None:
    pattern = {"lines": lines, "at": ["y"]}
    assert compile_pattern(pattern).matches(ORDERS) is held


def test_the_same_element_also_holds_for_arrays_in_arrays() -> None:
    nested = {"a": [{"id": 1, "b": [{"x": 1, "y": 2}]}, {"id": 2, "b": [{"x": 3, "y": 4}, {"x": 5, "y": 6}]}]}
    assert compile_pattern({"a": {"id": [2], "b": {"x": [5], "y": [6]}}}).matches(nested)
    assert not compile_pattern({"a": {"b": {"x": [3], "y": [6]}}}).matches(nested)
    assert not compile_pattern({"a": {"id": [1], "b": {"x": [3]}}}).matches(nested)
    assert compile_pattern({"a": {"x": [7], "y": [8]}}).matches({"a": [[{"x": 7}], [{"x": 1}, {"x": 7, "y": 8}]]})


def test_absence_is_judged_in_the_element_that_the_names_before_it_chose() -> None:
    event = {"d": [{"a": 1}, {"b": 2}]}
    assert compile_pattern({"d": {"a": [1], "b": [{"exists": False}]}}).matches(event)
    assert not compile_pattern({"d": {"a": [{"exists": False}], "b": [2]}}).matches(event), "`a` comes first, and is somewhere"


def test_names_joined_by_dots_reach_inside() -> None:
    assert compile_pattern({"a.b": [1]}).matches({"a": {"b": 1}})
    assert compile_pattern({"a": {"b": [1]}}).matches({"a.b": 1})
    assert not compile_pattern({"a.b": {"c": [1]}}).matches({"a": {"b": 1}})


def test_a_plain_element_goes_together_with_any_other_of_its_array() -> None:
    assert compile_pattern({"a": [1], "a.b": [2]}).matches({"a": [1, {"b": 2}]})


def test_or_works_at_every_level_together_with_other_fields() -> None:
    either = [{"a": [1]}, {"b": [2], "$or": [{"c": [3]}, {"d": [4]}]}]
    pattern = compile_pattern({"s": ["x"], "$or": either, "e": {"$or": [{"f": [5]}, {"g": [6]}]}})
    rest = {"e": {"g": 6}}
    assert pattern.matches({"s": "x", "a": 1, **rest})
    assert pattern.matches({"s": "x", "b": 2, "d": 4, **rest})
    assert not pattern.matches({"s": "x", "b": 2, **rest})
    assert not pattern.matches({"s": "y", "a": 1, **rest})
    assert not pattern.matches({"s": "x", "a": 1, "e": {"f": 6}})


def test_or_has_at_most_a_thousand_combinations() -> None:
    ten = {"$or": [{f"k{n}": [1]} for n in range(10)]}
    compile_pattern({"a": ten, "b": ten, "c": ten})
    assert refusal({"a": ten, "b": ten, "c": {"$or": [*ten["$or"], {"x": [1]}]}}).path == ("c", "$or")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ([], ()),
        ({}, ()),
        ({"a": {}}, ("a",)),
        ({"a": []}, ("a",)),
        ({"a": "x"}, ("a",)),
        ({"a": None}, ("a",)),
        ({"a": {"b": True}}, ("a", "b")),
        ({"a": [["x"]]}, ("a", 0)),
        ({"a": ["x", {}]}, ("a", 1)),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, ("a", 0)),
        ({"a": [{"prefixes": "x"}]}, ("a", 0)),
        ({"a": [float("nan")]}, ("a", 0)),
        ({1: ["x"]}, ()),
        ({"a": [{"prefix": {"suffix": "x"}}]}, ("a", 0, "prefix")),
        ({"a": [{"suffix": ["x"]}]}, ("a", 0, "suffix")),
        ({"a": [{"equals-ignore-case": 1}]}, ("a", 0, "equals-ignore-case")),
        ({"a": [{"exists": "true"}]}, ("a", 0, "exists")),
        ({"a": {"exists": True}}, ("a", "exists")),
        ({"a": [{"wildcard": ["x*"]}]}, ("a", 0, "wildcard")),
        ({"a": [{"wildcard": "x**"}]}, ("a", 0, "wildcard")),
        ({"a": [{"cidr": "10.0.0.0"}]}, ("a", 0, "cidr")),
        ({"a": [{"cidr": "10.0.0.0/33"}]}, ("a", 0, "cidr")),
        ({"a": [{"cidr": "10.0.0.300/8"}]}, ("a", 0, "cidr")),
        ({"a": [{"cidr": "2001:db8::/129"}]}, ("a", 0, "cidr")),
        ({"a": [{"numeric": 5}]}, ("a", 0, "numeric")),
        ({"a": [{"numeric": []}]}, ("a", 0, "numeric")),
        ({"a": [{"numeric": ["<"]}]}, ("a", 0, "numeric")),
        ({"a": [{"numeric": ["!=", 5]}]}, ("a", 0, "numeric", 0)),
        ({"a": [{"numeric": ["<", "5"]}]}, ("a", 0, "numeric", 1)),
        ({"a": [{"numeric": ["<", True]}]}, ("a", 0, "numeric", 1)),
        ({"a": [{"numeric": [">", 5_000_000_001]}]}, ("a", 0, "numeric", 1)),
        ({"a": [{"numeric": [">", 0.1234567]}]}, ("a", 0, "numeric", 1)),
        ({"a": [{"numeric": [">", 5, "<", 5]}]}, ("a", 0, "numeric")),
        ({"a": [{"numeric": ["<", 5, ">", 1]}]}, ("a", 0, "numeric", 0)),
        ({"a": [{"numeric": [">", 5, "=", 6]}]}, ("a", 0, "numeric", 2)),
        ({"a": [{"numeric": ["=", 5, "<", 6]}]}, ("a", 0, "numeric", 0)),
        ({"a": [{"anything-but": []}]}, ("a", 0, "anything-but")),
        ({"a": [{"anything-but": True}]}, ("a", 0, "anything-but")),
        ({"a": [{"anything-but": ["x", 1]}]}, ("a", 0, "anything-but")),
        ({"a": [{"anything-but": [{"prefix": "x"}]}]}, ("a", 0, "anything-but")),
        ({"a": [{"anything-but": {"numeric": ["=", 1]}}]}, ("a", 0, "anything-but")),
        ({"a": [{"anything-but": {"prefix": "x", "suffix": "y"}}]}, ("a", 0, "anything-but")),
        ({"a": [{"anything-but": {"suffix": ""}}]}, ("a", 0, "anything-but", "suffix")),
        ({"a": [{"anything-but": {"suffix": []}}]}, ("a", 0, "anything-but", "suffix")),
        ({"a": [{"anything-but": {"prefix": ["x", ""]}}]}, ("a", 0, "anything-but", "prefix", 1)),
        ({"a": [{"anything-but": 1e10}]}, ("a", 0, "anything-but")),
        ({"$or": {"a": ["x"]}}, ("$or",)),
        ({"$or": [{"a": ["x"]}]}, ("$or",)),
        ({"$or": [{"a": ["x"]}, "b"]}, ("$or", 1)),
        ({"$or": [{"a": ["x"]}, {}]}, ("$or", 1)),
        ({"$or": [{"a": ["x"]}, {"prefix": ["y"]}]}, ("$or", 1, "prefix")),
        ({"$or": [{"a": ["x"]}, {"b": {"numeric": ["y"]}}]}, ("$or", 1, "b", "numeric")),
    ],
)
def test_what_the_service_refuses_is_refused_at_its_place(pattern: Any, path: tuple[str | int, ...]) -> None:
    assert refusal(pattern).path == path


def test_a_refusal_says_place_expectation_and_remedy() -> None:
    said = str(refusal({"detail": {"price": ["x", {"numeric": ["<", "5"]}]}}))
    assert said == "detail.price[1].numeric[1]: expected a number, got '5'; write it without quotes"
    assert "did you mean prefix?" in str(refusal({"a": [{"prefx": "x"}]}))


def test_names_of_operators_are_names_outside_of_or() -> None:
    assert compile_pattern({"prefix": ["x"]}).matches({"prefix": "x"})


def test_wildcards_of_one_field_must_be_easy_to_follow_together() -> None:
    easy = [{"wildcard": f"*:team/{name}/*"} for name in ("red", "green", "blue")]
    compile_pattern({"arn": easy, "other": easy})
    assert refusal({"arn": [*easy, {"wildcard": "*:team/grey/*"}]}).path == ("arn",)
    compile_pattern({"arn": [{"anything-but": {"wildcard": "*a*a*a*a*a*a*a*"}}]})


def test_a_pattern_has_at_most_2048_characters() -> None:
    frame = len('{"a":[""]}')
    compile_pattern({"a": ["x" * (LONGEST - frame)]})
    assert refusal({"a": ["x" * (LONGEST - frame + 1)]}).path == ()
    with pytest.raises(Refused, match="2,049"):
        compile_text('{"a":["x"]}'.ljust(2_049))


def test_it_may_be_written_as_json() -> None:
    text = '{"n": [{"numeric": [">", 1e2]}]}'
    assert compile_text(text).matches({"n": 101})
    assert compile_pattern(text).matches({"n": 101})
    assert compile_text('{"n": [1], "n": [2]}').matches({"n": 2}), "the later of two counts"


@pytest.mark.parametrize(("text", "words"), [("{'a': 1}", "line 1, column 2"), ('{"a": [NaN]}', "NaN"), ("[1]", "a list")])
def test_what_is_no_json_object_is_refused(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        compile_text(text)


def test_nesting_without_end_is_refused_and_not_followed() -> None:
    deep: Any = ["x"]
    for _ in range(700):
        deep = {"a": deep}
    assert "nested" in refusal(deep).words


def test_what_is_no_object_matches_nothing() -> None:
    assert not compile_pattern({"a": [{"exists": False}]}).matches([{"b": 1}])  # type: ignore[arg-type]


def test_many_elements_that_almost_match_are_told_apart_quickly() -> None:
    event = {name: [{"x": n, "y": n + 1} for n in range(60)] for name in "abcd"}
    same = {"x": [{"exists": True}], "y": [{"exists": True}]}
    assert not compile_pattern({"a": same, "b": same, "c": same, "d": {**same, "z": [1]}}).matches(event)


# A second, slower reading of the language: an event with arrays holds when one of the events does that have a single element
# in place of every array.

SCALARS = st.sampled_from(["x", "xy", "yx", "", 1, 2, 2.5, True, None])
LEAVES = st.sampled_from(
    [
        ["x"],
        ["", None],
        [1, True],
        [2.5, {"prefix": "y"}],
        [{"prefix": "x"}],
        [{"anything-but": {"suffix": "y"}}],
        [{"anything-but": "x"}],
        [{"anything-but": 1}],
        [{"exists": True}],
        [{"numeric": [">", 1, "<=", 2.5]}],
    ]
)


def objects(inner: st.SearchStrategy[Any], least: int = 1) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from("abc"), inner, min_size=least, max_size=2)


def with_or(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    either = st.tuples(objects(inner), objects(inner)).map(list)
    return st.one_of(objects(inner), st.builds(lambda plain, both: {**plain, "$or": both}, objects(inner), either))


PATTERNS = with_or(st.one_of(LEAVES, with_or(LEAVES), objects(objects(LEAVES))))
FLAT_EVENTS = objects(st.one_of(SCALARS, objects(st.one_of(SCALARS, objects(SCALARS, 0)), 0)), 0)


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(inner, st.lists(inner, max_size=3))


OBJECTS = arrays(objects(st.one_of(SCALARS, st.lists(SCALARS, max_size=2)), 0))
EVENTS = objects(st.one_of(arrays(SCALARS), OBJECTS, arrays(objects(OBJECTS, 0))), 0)
ABSENT = object()


def single(value: Any) -> list[Any]:
    """Every way to put one element in place of each array."""
    if isinstance(value, list):
        return [each for element in value for each in single(element)] or [ABSENT]
    if isinstance(value, dict):
        ways = itertools.product(*(single(each) for each in value.values()))
        return [dict(zip(value, way, strict=True)) for way in ways]
    return [value]


def same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def one_holds(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, dict):
        return same(wanted, value)
    ((name, operand),) = wanted.items()
    if name == "exists":
        return (value is not ABSENT and not isinstance(value, dict)) is operand
    if value is ABSENT or isinstance(value, dict):
        return False
    if name == "numeric":
        return isinstance(value, int | float) and not isinstance(value, bool) and 1 < value <= 2.5
    if name == "prefix":
        return isinstance(value, str) and value[: len(operand)] == operand
    if isinstance(operand, dict):
        return not (isinstance(value, str) and value.endswith(operand["suffix"]))
    return not same(value, operand)


def naive(pattern: Any, event: Any) -> bool:
    """Whether an event without arrays holds; names that `$or` repeats are left out by the caller."""
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(naive(each, event) for each in wanted):
                return False
            continue
        value = event.get(name, ABSENT) if isinstance(event, dict) else ABSENT
        fits = naive(wanted, value) if isinstance(wanted, dict) else any(one_holds(each, value) for each in wanted)
        if not fits:
            return False
    return True


def repeats(pattern: Any) -> bool:
    """Whether `$or` names a field that stands beside it, where the later one counts."""
    if not isinstance(pattern, dict):
        return False
    inside = [name for each in pattern.get("$or", ()) for name in each]
    beneath = [*pattern.values(), *(pattern.get("$or", ()))]
    return any(name in pattern for name in inside) or any(repeats(each) for each in beneath)


def check_arrays(pattern: Any, event: Any) -> None:
    expected = any(naive(pattern, way) for way in single(event))
    assert compile_pattern(pattern).matches(event) is expected, json.dumps([pattern, event])


BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Drawing a pattern takes long on a machine that does much else."""
UNREPEATED = PATTERNS.filter(lambda pattern: not repeats(pattern))


@settings(BUSY, max_examples=25)
@given(UNREPEATED, EVENTS)
def test_arrays_agree_with_a_naive_reading(pattern: Any, event: Any) -> None:
    check_arrays(pattern, event)


@pytest.mark.slow
@settings(BUSY, max_examples=300)
@given(UNREPEATED, EVENTS)
def test_many_arrays_agree_with_a_naive_reading(pattern: Any, event: Any) -> None:
    check_arrays(pattern, event)


ABSENCE = st.one_of(LEAVES, st.just([{"exists": False}]), st.just(["x", {"exists": False}]))


@settings(BUSY)
@given(with_or(st.one_of(ABSENCE, objects(ABSENCE))).filter(lambda pattern: not repeats(pattern)), FLAT_EVENTS)
def test_absence_agrees_with_a_naive_reading(pattern: Any, event: Any) -> None:
    assert compile_pattern(pattern).matches(event) is naive(pattern, event)
