"""Paths: what they select, where they may write, and which texts are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.asl.failures import Unresolved
from topology.asl.paths import compile_path, put
from topology.problems import Refused

STORE: dict[str, Any] = {
    "book": [{"title": "A", "price": 8}, {"title": "B", "price": 12, "isbn": "1"}, {"title": "C", "price": 22.5}],
    "odd name": {"x-y": 1},
    "open": True,
    "numbers": [3, 1, 2],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.open", True),
        ("$.book[0].title", "A"),
        ("$.book[-1].title", "C"),
        ("$['odd name']['x-y']", 1),
        ('$["odd name"].x-y', 1),
        ("$.book[*].title", ["A", "B", "C"]),
        ("$.book[0:2].price", [8, 12]),
        ("$.book[::2].price", [8, 22.5]),
        ("$.book[0,2].title", ["A", "C"]),
        ("$.book[0]['title','price']", ["A", 8]),
        ("$..price", [8, 12, 22.5]),
        ("$.book[?(@.price > 10)].title", ["B", "C"]),
        ("$.book[?(@.isbn)].title", ["B"]),
        ("$.book[?(!(@.isbn) && @.price < 10 || @.title == 'C')].title", ["A", "C"]),
        ("$.book[?(@.title in ['A', 'B'])].price", [8, 12]),
        ("$.book[?(@.title =~ /[ab]/i)].price", [8, 12]),
        ("$.book.length()", 3),
        ("$.numbers.max()", 3),
        ("$.nothing[*].at.all", []),
        ("$.nothing[1:5]", []),
        ("$..nothing", []),
    ],
)
def test_what_a_path_selects(path: str, found: Any) -> None:
    assert compile_path(path).select(STORE) == found


@pytest.mark.parametrize("path", ["$.nothing", "$.book[3]", "$.open.x", "$.book.title", "$.nothing[0]"])
def test_a_definite_path_that_names_nothing_is_unresolved(path: str) -> None:
    with pytest.raises(Unresolved):
        compile_path(path).select(STORE)


@pytest.mark.parametrize(
    "path",
    ["", "a", "$.", "$[", "$.a[", "$.a[b]", "$.a[?(@.b ==)]", "$.a b", "$.f()", "$['a", "$.a[1:2:0]", "$.a[?(1)]", 7, None],
)
def test_what_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(Refused):
        compile_path(path)


@pytest.mark.parametrize("path", ["$.a[*]", "$..a", "$.a[0:1]", "$.a[?(@.b)]", "$.a[-1]"])
def test_a_reference_path_names_one_place(path: str) -> None:
    assert compile_path("$.a[0]['b']", reference=True).is_reference
    with pytest.raises(Refused):
        compile_path(path, reference=True)


def test_a_filter_tells_true_from_one() -> None:
    items = [{"x": True, "n": 1}, {"x": 1, "n": 2}, {"n": 3}]
    assert compile_path("$[?(@.x == 1)].n").select(items) == [2]
    assert compile_path("$[?(@.x == true)].n").select(items) == [1]


def test_a_backslash_stands_only_before_the_closing_quote_and_itself() -> None:
    path = "$['it" + chr(92) + "'s " + chr(92) * 2 + " and " + chr(92) + "n']"
    assert compile_path(path).select({"it's " + chr(92) + " and " + chr(92) + "n": 1}) == 1


def test_a_value_is_put_into_a_copy() -> None:
    document = {"a": {"b": [1, {"c": 2}]}, "d": 3}
    assert put(compile_path("$.a.b[1].e.f"), document, 9) == {"a": {"b": [1, {"c": 2, "e": {"f": 9}}]}, "d": 3}
    assert document == {"a": {"b": [1, {"c": 2}]}, "d": 3}
    assert put(compile_path("$"), document, 9) == 9
    for path in ("$.d.x", "$.a.b[5]", "$.a[0]"):
        with pytest.raises(Unresolved):
            put(compile_path(path), document, 9)


@given(st.text(alphabet="$.[]*?()@'\":,0123ab=<>!&| \\/", max_size=25))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = compile_path(f"${text}")
    except Refused:
        return
    try:
        path.select(STORE)
    except Unresolved:
        return
