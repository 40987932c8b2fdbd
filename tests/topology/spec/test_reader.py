"""YAML 1.2, typed by the core schema, with places and limits."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
import yaml

from topology.problems import PlaygroundError, Problems
from topology.spec import reader
from topology.spec.reader import Value, read


def value(text: str | bytes) -> Value:
    problems = Problems("f.yaml")
    found = read(text, problems)
    problems.raise_any()
    assert found is not None
    return found


def refused(text: str | bytes) -> list[str]:
    problems = Problems("f.yaml")
    read(text, problems)
    with pytest.raises(PlaygroundError) as caught:
        problems.raise_any()
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(params=["C", "Python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers must read the same."""
    if request.param == "Python":
        monkeypatch.setattr(reader, "_LOADER", yaml.SafeLoader)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("PyYAML without its C parser")


@pytest.mark.usefixtures("loader")
class TestTypes:
    @pytest.mark.parametrize(
        ("text", "data"),
        [
            *[
                (word, word)
                for word in ("on", "off", "yes", "no", "y", "n", "On", "1:30", "1_000", "0b11", "2001-01-01")
            ],
            *[(word, None) for word in ("null", "~", "Null")],
            *[("true", True), ("false", False), ("True", True), ("12", 12), ("-3", -3), ("+3", 3), ("010", 10)],
            *[
                ("0o17", 15),
                ("0x1F", 31),
                ("1.5", 1.5),
                ("1e3", 1000.0),
                (".5", 0.5),
                ("1.", 1.0),
                ("-.inf", -math.inf),
            ],
            *[("'12'", "12"), ('"true"', "true"), ("30s", "30s"), ("5%", "5%"), ("=", "="), ("-", [None])],
        ],
    )
    def test_core_schema(self, text: str, data: Any) -> None:
        assert value(f"[{text}]" if text != "-" else text).plain() in ([data], data)

    def test_nan(self) -> None:
        assert math.isnan(value(".nan").data)

    def test_places_are_those_of_the_file(self) -> None:
        found = value("a: 1\nb:\n  - {c: x, d: [y]}\n")
        assert found.at(("b", 0, "d", 0)).place == (3, 16)
        assert found.data["b"].data[0].keys["d"] == (3, 12)
        assert found.at(("b", 7)).place == (3, 3)

    def test_places_count_characters(self) -> None:
        assert value("{ä🙂: x}").at(("ä🙂",)).place == (1, 6)


@pytest.mark.usefixtures("loader")
class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "f.yaml:1:1: the file is empty; expected a playground"),
            ("# nothing", "f.yaml:1:1: the file is empty; expected a playground"),
            ("a: 1\na: 2", "f.yaml:2:1: the key 'a' is there twice; the first is on line 1"),
            ("a: {b: 1, b: 2}", "f.yaml:1:11: the key 'b' is there twice; the first is on line 1"),
            (
                "x: &x {a: 1}\ny:\n  <<: *x",
                "f.yaml:3:3: merge keys (<<) are not read; write the fields out, or use designs.NAME.nodes",
            ),
            ("a: !!int 3", "f.yaml:1:4: the tag tag:yaml.org,2002:int is not read; write the value alone"),
            ("a: !x {b: 1}", "f.yaml:1:4: the tag !x is not read; write the value alone"),
            ("a: !!python/object:os.system x", "is not read; write the value alone"),
            ("true: 1", "f.yaml:1:1: expected a word as key, got true; put it in quotes"),
            ("{[a]: 1}", "f.yaml:1:2: expected a word as key, got a list or mapping"),
            ("a: *b", "f.yaml:1:4: no anchor &b before this"),
            ("a: &a [*a]", "f.yaml:1:8: *a stands inside its own anchor, which would never end"),
            ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document begins here; expected one playground in a file"),
            ("a: [1", "this is not YAML:"),
            ("a:\n\t- b", "f.yaml:2:1: this is not YAML:"),
            ('a: "\\e[31m"', "f.yaml:1:4: the text holds a control character, which is not allowed"),
            ("a: \x07", "f.yaml:1:4: a control character (U+0007) is not allowed here"),
            (b"a: \xff", "f.yaml:1:4: the file is not UTF-8: byte 0xff cannot be read"),
            ("a: " + "9" * 50, "f.yaml:1:4: a number of 50 digits; at most 40 are read"),
            ("a: " + "x" * 5000, "f.yaml:1:4: a text of 5,000 characters; at most 4,000 are read"),
        ],
    )
    def test_one_mistake(self, text: str | bytes, problem: str) -> None:
        (found,) = refused(text)
        assert problem in found

    def test_several_at_once(self) -> None:
        assert len(refused("a: !x 1\na: 2\n<<: 3\n1: 4")) == 4


@pytest.mark.usefixtures("loader")
class TestLimits:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("[" * 100_000, "nested deeper than 32 levels"),
            ("- " * 50_000, "nested deeper than 32 levels"),
            ("{a: " * 50_000, "nested deeper than 32 levels"),
            ("x" * ((1 << 20) + 1), "larger than 1 MiB"),
            ("a: &a 1\nb: [" + "*a," * 65 + "]", "more than 64 aliases"),
        ],
    )
    def test_large_and_deep(self, text: str, words: str) -> None:
        began = time.process_time()
        assert words in refused(text)[0]
        assert time.process_time() - began < 1

    def test_a_bomb_of_aliases_is_not_built(self) -> None:
        lines = ["a: &a [x,x,x,x,x,x,x,x]"]
        lines += [
            f"{new}: &{new} [{','.join([f'*{old}'] * 6)}]" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
        ]
        assert "values, the limit" in refused("\n".join(lines))[0]

    def test_depth_counts_through_aliases(self) -> None:
        lines = ["a: &a " + "[" * 20 + "]" * 20, "b: " + "[" * 20 + "*a" + "]" * 20]
        assert "nested deeper" in refused("\n".join(lines))[0]


def test_an_alias_stands_for_its_anchor() -> None:
    assert value("a: &x {b: [1]}\nc: *x").plain() == {"a": {"b": [1]}, "c": {"b": [1]}}


def test_windows_line_ends_and_a_mark_at_the_start() -> None:
    assert value("\ufeffa: 1\r\nb: [2]\r\n").plain() == {"a": 1, "b": [2]}
