"""Texts with asterisks, as patterns of events use them: how they are written, what they match, how hard they are to follow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

from topology.problems import Refused

STAR: Final = -1
_ANY_OTHER: Final = -2
_MOST_STATES: Final = 20_000
"""Texts with more states than this are as good as endless to follow."""


class Wildcard:
    """A text in which `*` stands for any characters or none; a backslash before `*` or a backslash means just that character."""

    def __init__(self, text: str, path: tuple[str | int, ...]) -> None:
        self.pieces: list[str] = [""]
        """The texts between the asterisks; one alone when there is no asterisk."""
        at = 0
        while at < len(text):
            here, following = text[at], text[at + 1 : at + 2]
            if here == "*" and following == "*":
                raise Refused(path, f"expected no two asterisks in a row, got '**' at character {at + 1}; write one")
            if here == "\\" and following not in ("*", "\\"):
                raise Refused(path, f"expected \\* or \\\\ at character {at + 1}; write \\\\ for a backslash itself")
            if here == "*":
                self.pieces.append("")
            else:
                self.pieces[-1] += following if here == "\\" else here
            at += 2 if here == "\\" else 1

    def matches(self, text: str) -> bool:
        """Whether the whole text is such a one."""
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return text == first
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return False
        for piece in self.pieces[1:-1]:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    def symbols(self) -> list[int]:
        """Its characters as numbers, STAR for an asterisk."""
        return list(chain(*([STAR, *map(ord, piece)] for piece in self.pieces)))[1:]


def complexity(wildcards: Sequence[Wildcard], enough: int) -> int:
    """How many beginnings of the wildcards one and the same text can match at once, in the worst case; at most `enough`.

    That is what a matcher has to keep in mind while it reads a value, and what event-ruler's MachineComplexityEvaluator
    counts. A beginning is counted once for every wildcard that it is one of.
    """
    symbols = [wildcard.symbols() for wildcard in wildcards]
    letters = {symbol for each in symbols for symbol in each if symbol != STAR} | {_ANY_OTHER}
    waiting = [_with_stars(symbols, {(which, 0) for which in range(len(symbols))})]
    seen, most = set(waiting), 0
    while waiting:
        reached = waiting.pop()
        for letter in letters:
            following = _with_stars(symbols, _step(symbols, reached, letter))
            if not following or following in seen:
                continue
            seen.add(following)
            waiting.append(following)
            most = max(most, len(following))
            if most >= enough or len(seen) > _MOST_STATES:
                return enough
    return most


def _step(symbols: list[list[int]], reached: frozenset[tuple[int, int]], letter: int) -> set[tuple[int, int]]:
    """The beginnings that match a text with one more letter; a beginning is (which wildcard, how many of its symbols)."""
    stay = {(which, size) for which, size in reached if size and symbols[which][size - 1] == STAR}
    return stay | {(w, size + 1) for w, size in reached if size < len(symbols[w]) and symbols[w][size] == letter}


def _with_stars(symbols: list[list[int]], reached: set[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """The same with those that end in an asterisk more, which may stand for nothing."""
    more = {(which, size + 1) for which, size in reached if size < len(symbols[which]) and symbols[which][size] == STAR}
    return frozenset(reached | more)
