"""Where in the JSON text of a definition a mistake is."""

from __future__ import annotations

import json
import re

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def place_of(text: str, path: tuple[str | int, ...]) -> tuple[int, int]:
    """Line and column, from 1, of what a path names in a JSON text; of the innermost thing around it that there is.

    The text has to be JSON; a field is found at its name.
    """
    at = _skip(text, 0)
    found = at
    for step in path:
        inner = _member(text, at, step) if text[at : at + 1] == "{" else _item(text, at, step)
        if inner is None:
            break
        found, at = inner
    return text.count("\n", 0, found) + 1, found - text.rfind("\n", 0, found)


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _end(text: str, at: int) -> int:
    return _skip(text, _DECODER.raw_decode(text, at)[1])


def _member(text: str, at: int, name: str | int) -> tuple[int, int] | None:
    """Where an object's field and its value begin."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        start = at
        found, at = _DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, at) + 1)
        if found == name:
            return start, value
        at = _end(text, value)
        at = _skip(text, at + 1) if text[at] == "," else at
    return None


def _item(text: str, at: int, index: str | int) -> tuple[int, int] | None:
    """Where an array's item begins, twice."""
    if text[at] != "[" or not isinstance(index, int):
        return None
    at = _skip(text, at + 1)
    for _ in range(index):
        if text[at] == "]":
            return None
        at = _end(text, at)
        at = _skip(text, at + 1) if text[at] == "," else at
    return None if text[at] == "]" else (at, at)
