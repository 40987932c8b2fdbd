"""Parameters that hold more than one measure: tables, lists of words and files, plain data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.parameters import REQUIRED, Param, count, data, node, number, path, paths, size, table, word, words
from topology.spec.canonical import with_content
from topology.spec.designs import named_nodes
from topology.spec.models import model, param_schema
from topology.spec.values import WRONG, Reading, described, plain_default, text_of

MIX = table(
    {"weight": number(1, "Its share.", gt=0), "size": size("1KiB", "How large."), "body": data(None, "What is in it.")},
    "Sorts.",
)
LIMITS = table({"most": count(REQUIRED, "How many.", ge=1), "name": word(None, "Its name.")}, "Limits.", short="most")
WORDS = words(["id", "item"], "Names.")
ANY = data(None, "Anything.")

Found = list[tuple[tuple[str | int, ...], str, str]]


def read(param: Param, value: Any, folder: str = "") -> tuple[Any, Found]:
    """The inner value and every mistake that was reported."""
    mistakes: Found = []
    found = Reading(lambda route, words, near: mistakes.append((route, words, near)), folder).inner(param, value)
    return found, mistakes


def test_a_table_has_a_group_for_each_name() -> None:
    found, mistakes = read(MIX, {"order": {"weight": 3, "size": "2KiB", "body": {"id": 7}}, "look": None})
    assert mistakes == []
    assert found == {
        "order": {"weight": 3.0, "size": 2048, "body": {"id": 7}},
        "look": {"weight": 1.0, "size": 1024, "body": None},
    }
    assert list(found) == ["order", "look"]


def test_a_plain_value_stands_for_the_short_field_of_a_row() -> None:
    found = read(LIMITS, {"gold": 9, "tin": {"most": 1}})[0]
    assert found == {"gold": {"most": 9, "name": None}, "tin": {"most": 1, "name": None}}


@pytest.mark.parametrize(
    ("value", "route", "words"),
    [
        ({}, (), "expected the entries of this by name, got none"),
        ([1], (), "expected the entries of this by name, got a list"),
        ({"9th": {}}, ("9th",), "expected a name: a letter"),
        ({"a" * 41: {}}, ("a" * 41,), "at most 40"),
        ({"order": 3}, ("order",), "expected the settings of order as a mapping, got 3"),
        ({"order": {"wieght": 3}}, ("order", "wieght"), "order has no 'wieght'"),
        ({"order": {"weight": 0}}, ("order", "weight"), "expected more than 0, got 0"),
        ({f"sort{k}": {} for k in range(101)}, (), "101 entries; at most 100"),
    ],
)
def test_what_a_table_refuses(value: Any, route: tuple[str, ...], words: str) -> None:
    _, mistakes = read(MIX, value)
    assert [m[0] for m in mistakes] == [route]
    assert words in mistakes[0][1]


def test_every_mistake_of_a_table_is_told_at_once() -> None:
    _, mistakes = read(MIX, {"a": {"weight": -1}, "b": {"size": "big"}, "c d": {}})
    assert sorted(m[0][0] for m in mistakes) == ["a", "b", "c d"]


def test_a_hundred_entries_are_read() -> None:
    assert len(read(MIX, {f"sort{k}": None for k in range(100)})[0]) == 100


def test_words_are_a_list_or_one() -> None:
    assert read(WORDS, "id") == (["id"], [])
    assert read(WORDS, ["id", "two words"]) == (["id", "two words"], [])
    assert Reading(lambda *_: None).default(WORDS) == ["id", "item"]
    assert plain_default(WORDS) == "[id, item]"


@pytest.mark.parametrize(
    ("value", "words"),
    [([], "from 1 to 100 words, got 0"), ([3], "put it in quotes"), ({"a": 1}, "expected a word")],
)
def test_what_a_list_of_words_refuses(value: Any, words: str) -> None:
    found, mistakes = read(WORDS, value)
    assert found is WRONG
    assert words in mistakes[0][1]


def test_files_are_a_list_or_one(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(name)
    logs = paths(REQUIRED, "Logs.")
    assert read(logs, "a.log", str(tmp_path))[0] == [str(tmp_path / "a.log")]
    both = read(logs, ["b.log", "a.log"], str(tmp_path))[0]
    assert both == [str(tmp_path / "b.log"), str(tmp_path / "a.log")]
    assert "there is no file 'c.log'" in read(logs, ["a.log", "c.log"], str(tmp_path))[1][0][1]
    hashes = with_content({"logs": logs}, {"logs": both})["logs"]
    assert len(set(hashes)) == 2
    assert all(one.startswith("sha256:") for one in hashes)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(-1e14, 1e14) | st.text(max_size=20),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=10), below, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_data_is_kept_as_it_is_and_can_be_made_canonical(value: Any) -> None:
    found, mistakes = read(ANY, value)
    assert (found, mistakes) == (value, [])
    assert json.loads(json.dumps(with_content({"any": ANY}, {"any": found})))["any"] == value


def nested(depth: int) -> Any:
    """Lists in lists."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [float("nan"), {"a": float("inf")}, {1: 2}, [{3}], nested(40)])
def test_what_is_no_plain_data(value: Any) -> None:
    found, mistakes = read(ANY, value)
    assert found is WRONG
    assert len(mistakes) == 1


def test_files_in_a_table_are_named_by_what_they_hold(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1\n")
    files = table({"file": path(REQUIRED, "A file.")}, "Files.")
    found = read(files, {"a": {"file": "x.csv"}}, str(tmp_path))[0]
    assert with_content({"files": files}, {"files": found})["files"]["a"]["file"].startswith("sha256:")


def test_nodes_named_in_a_table_are_found() -> None:
    routes = table({"to": node(REQUIRED, "Where to.")}, "Routes.")
    found = list(named_nodes({"routes": routes}, {"routes": {"a": {"to": "x"}, "b": {"to": "y"}}}))
    assert [(route, name) for route, name, _ in found] == [(("routes", "a", "to"), "x"), (("routes", "b", "to"), "y")]


def test_words_for_people() -> None:
    assert text_of(MIX, read(MIX, {"a": {"body": [1]}})[0]) == "{a: {weight: 1.0, size: 1 KiB, body: [1]}}"
    assert text_of(WORDS, ["a", "b c"]) == "[a, b c]"
    assert described(MIX) == "a mapping of names to settings"
    assert described(WORDS) == "a word or a list of words"
    assert described(ANY) == "any value"


def test_models_and_schema_agree_with_the_reader() -> None:
    made: Any = model("wide", {"mix": MIX, "words": WORDS, "any": ANY})(mix={"a": {"weight": 2}}, words="x", any=[1, None])
    assert made.mix == {"a": {"weight": 2.0, "size": 1024, "body": None}}
    assert (made.words, made.any) == (["x"], [1, None])
    rows = param_schema(MIX)["anyOf"][0]
    assert (rows["minProperties"], rows["maxProperties"]) == (1, 100)
    assert rows["additionalProperties"]["anyOf"][0]["properties"]["weight"]["exclusiveMinimum"] == 0
    assert param_schema(WORDS)["anyOf"][1]["items"] == {"type": "string"}
