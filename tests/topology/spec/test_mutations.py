"""Thousands of damaged files: each gives a playground or problems with places, never anything else, and soon."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

import pytest

from tests.topology.spec.declared import FAULTS, Declared
from tests.topology.spec.examples import EXAMPLES
from topology.plan import Playground
from topology.spec import PlaygroundError, Problem, load_text

TOKENS = (
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        "- ",
        ",",
        "&a ",
        "*a",
        "!!str ",
        "!x ",
        "<<: ",
        "? ",
        "| ",
        "> ",
        "%",
        "@",
        "`",
        "#",
        '"',
        "'",
    ),
    *(
        "null",
        "true",
        "on",
        "~",
        "0",
        "-1",
        "1e999",
        ".inf",
        ".nan",
        "0x10",
        "9" * 30,
        "9" * 5000,
        "99999999999d",
        "-5s",
    ),
    *(
        "1000000/s",
        "0/s",
        "->",
        "=>",
        "all",
        "web",
        "crash",
        "\t",
        "\r",
        "\x00",
        "\x1b[31m",
        "\ud800",
        "é",
        "🙂",
        "\u2028",
    ),
    *("---\n", "...\n", "\n", "  ", "run: {seed: 1, end: 1m, commands: []}\n", "web -> web", "a -> b => c"),
)


def flip(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text))
    return text[:at] + chr(dice.choice([dice.randrange(128), dice.randrange(0x3000)])) + text[at + 1 :]


def delete(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text))
    return text[:at] + text[at + dice.randrange(1, 30) :]


def insert(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text))
    return text[:at] + dice.choice(TOKENS) + text[at:]


def lines(text: str, dice: random.Random) -> str:
    """Swap, drop or repeat lines."""
    rows = text.split("\n")
    a, b = dice.randrange(len(rows)), dice.randrange(len(rows))
    how = dice.randrange(3)
    if how == 0:
        rows[a], rows[b] = rows[b], rows[a]
    elif how == 1:
        del rows[a]
    else:
        rows[b:b] = rows[min(a, b) : min(a, b) + dice.randrange(1, 6)]
    return "\n".join(rows)


def words(text: str, dice: random.Random) -> str:
    """Put one word of the file, or a token, in the place of another."""
    spans = [m.span() for m in re.finditer(r"[\w./%]+", text)] or [(0, 0)]
    low, high = dice.choice(spans)
    other = dice.choice(spans)
    return text[:low] + dice.choice([text[slice(*other)], dice.choice(TOKENS)]) + text[high:]


def number(text: str, dice: random.Random) -> str:
    spans = [m.span() for m in re.finditer(r"\d+", text)] or [(0, 0)]
    low, high = dice.choice(spans)
    return text[:low] + dice.choice(["0", "-3", "1" * dice.randrange(1, 400), "0.1", "1e400", "", "007"]) + text[high:]


def nest(text: str, dice: random.Random) -> str:
    at, depth = dice.randrange(len(text)), dice.choice([5, 40, 3000])
    opening = dice.choice(["[", "{a: ", "- "])
    return text[:at] + opening * depth + text[at:]


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (flip, delete, insert, lines, words, words, number, nest)


def mutated(seed: int) -> str:
    """The same damaged file for the same number, on any machine."""
    dice = random.Random(seed)
    text = dice.choice(EXAMPLES)
    for _ in range(dice.choice([1, 1, 1, 2, 3, 8])):
        text = dice.choice(MUTATIONS)(text or " ", dice)
    return text or " "


def check(seed: int) -> None:
    text = mutated(seed)
    # Two thirds of the files come as the bytes that a disk holds, lone surrogates and broken sequences included.
    content: str | bytes = text if seed % 3 == 0 else text.encode("utf-8", "surrogatepass")
    if seed % 3 == 1:
        dice = random.Random(-seed)
        content = bytearray(content)
        content[dice.randrange(len(content))] = dice.randrange(256)
        content = bytes(content)
    began = time.process_time()
    for problem in problems_of(content):
        assert re.fullmatch(r"damaged\.yaml(:[1-9]\d*:[1-9]\d*)?: .+", str(problem), re.DOTALL), str(problem)
        assert "\x1b" not in str(problem)
        assert len(str(problem)) < 1200
    assert time.process_time() - began < 1.0


def problems_of(content: str | bytes) -> tuple[Problem, ...]:
    """What is wrong with a file: nothing, when it is a playground."""
    try:
        found = load_text(content, "damaged.yaml", catalogue=Declared(), faults=FAULTS)
    except PlaygroundError as error:
        return error.problems or (Problem("damaged.yaml", 0, 0, "\x1b refused without a reason"),)
    assert isinstance(found, Playground)
    return ()


@pytest.mark.parametrize("part", range(5))
def test_damaged_files(part: int) -> None:
    for seed in range(part * 100, part * 100 + 100):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_ten_thousand_damaged_files(part: int) -> None:
    for seed in range(part * 500, part * 500 + 500):
        check(seed)
