"""Texts with asterisks: what they match, how they are escaped, and how hard they are to follow."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.problems import Refused
from topology.rules.wildcards import Wildcard, complexity


def matches(pattern: str, text: str) -> bool:
    return Wildcard(pattern, ()).matches(text)


@pytest.mark.parametrize(
    ("pattern", "text", "held"),
    [
        ("plain", "plain", True),
        ("plain", "plainer", False),
        ("", "", True),
        ("", "x", False),
        ("*", "", True),
        ("*", "line\nbreak", True),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("*.log", "app.log.gz", False),
        (r"5\*3", "5*3", True),
        (r"5\*3", "5xx3", False),
        (r"C:\\*", "C:\\temp", True),
        ("ä*ö", "ä--ö", True),
    ],
)
def test_an_asterisk_is_any_text(pattern: str, text: str, held: bool) -> None:
    assert matches(pattern, text) is held


@pytest.mark.parametrize(("pattern", "words"), [("a**b", "character 2"), (r"a\b", "character 2"), ("ab\\", "character 3")])
def test_two_asterisks_in_a_row_and_other_escapes_are_refused(pattern: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        Wildcard(pattern, ("file", 0, "wildcard"))
    assert refused.value.path == ("file", 0, "wildcard")


@given(st.text("ab*", max_size=7).filter(lambda text: "**" not in text), st.text("ab", max_size=8))
def test_it_matches_what_a_regular_expression_does(pattern: str, text: str) -> None:
    assert matches(pattern, text) is (re.fullmatch(pattern.replace("*", ".*"), text) is not None)


@pytest.mark.parametrize(
    ("patterns", "figure"),
    [
        (["abc"], 1),
        (["*"], 1),
        (["abc*"], 2),
        (["*abc"], 2),
        (["*a*"], 3),
        (["*a*a*"], 5),
        (["*a*", "*b*"], 5),
        ([], 0),
    ],
)
def test_complexity_counts_the_beginnings_that_match_at_once(patterns: list[str], figure: int) -> None:
    assert complexity([Wildcard(pattern, ()) for pattern in patterns], 100) == figure


def test_complexity_is_counted_no_further_than_asked() -> None:
    assert complexity([Wildcard("*a*a*a*a*a*a*", ())], 4) == 4


@given(st.lists(st.text("ab*", min_size=1, max_size=3).filter(lambda text: "**" not in text), min_size=1, max_size=2))
def test_no_short_text_matches_more_beginnings_than_the_complexity(patterns: list[str]) -> None:
    texts = ["".join(letters) for size in range(1, 7) for letters in product("abz", repeat=size)]
    beginnings = [re.compile(each[:size].replace("*", ".*")) for each in patterns for size in range(1, len(each) + 1)]
    most = max(sum(one.fullmatch(text) is not None for one in beginnings) for text in texts)
    assert complexity([Wildcard(pattern, ()) for pattern in patterns], 100) == most
