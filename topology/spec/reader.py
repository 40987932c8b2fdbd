"""YAML 1.2, read with care: the core schema by our own resolver, a place for every value, limits that hold on the way.

PyYAML only scans and parses. The values are put together here from its events, so that a file which nests too deep,
repeats itself without end or is too large is turned down before anything is built of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from topology.problems import Problems

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels, the limit"
MAX_ALIASES = 64
MAX_VALUES = 300_000
"""Values of a file once its aliases are written out."""
MAX_TEXT = 4_000
"""Characters of one text."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_MAX_DIGITS = 40


@dataclass(slots=True)
class Value:
    """One value of a file with its place: a scalar, a list of values, or a mapping from text to values."""

    data: Any
    line: int = 0
    column: int = 0
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of a mapping: the place of each key."""
    quoted: bool = False
    start: int = 0
    end: int = 0
    weight: int = 1
    """How many values it is with everything in it."""
    height: int = 0
    """How many levels are below it."""

    @property
    def place(self) -> tuple[int, int]:
        """Line and column, from 1."""
        return (self.line, self.column)

    def get(self, key: str) -> Value | None:
        """A mapping's value of that key, or None."""
        return self.data.get(key) if isinstance(self.data, dict) else None

    def items(self) -> Iterator[tuple[str, Value]]:
        """A mapping's keys and values, in file order."""
        return iter(self.data.items())

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.data, dict):
            return {k: v.plain() for k, v in self.data.items()}
        if isinstance(self.data, list):
            return [v.plain() for v in self.data]
        return self.data

    def at(self, path: tuple[str | int, ...]) -> Value:
        """What stands at a path below, or the last thing on the way that exists."""
        value = self
        for step in path:
            below = value.data[step] if _holds(value.data, step) else None
            if below is None:
                return value
            value = below
        return value


def _holds(data: Any, step: str | int) -> bool:
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


class _Stop(Exception):
    """Nothing more can be read of this file."""


def read(text: str | bytes, problems: Problems) -> Value | None:
    """The file's one value, or None when it cannot be read at all; mistakes go to `problems`."""
    checked = _checked_text(text, problems)
    if checked is None:
        return None
    try:
        return _Composer(checked, problems).document()
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        problems.add(place, _syntax_words(error))
    except (yaml.YAMLError, ValueError) as error:
        problems.add((1, 1), f"this is not YAML: {' '.join(str(error).split())[:200]}")
    return None


def _checked_text(text: str | bytes, problems: Problems) -> str | None:
    if len(text) > MAX_BYTES:
        problems.add((1, 1), f"the file is larger than {MAX_BYTES >> 20} MiB, the limit")
        return None
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            sound, wrong_byte = error.object[: error.start].decode("utf-8"), error.object[error.start]
            problems.add(_last(sound), f"the file is not UTF-8: byte 0x{wrong_byte:02x} cannot be read")
            return None
    text = text.removeprefix("\ufeff")
    if _CONTROL.search(text):
        text = text.replace("\r\n", "\n")
    if wrong := _CONTROL.search(text):
        words = f"a control character (U+{ord(wrong[0]):04X}) is not allowed here"
        problems.add(_last(text[: wrong.start()]), words)
        return None
    return text


def _last(text: str) -> tuple[int, int]:
    """The place just after a text."""
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _syntax_words(error: yaml.MarkedYAMLError) -> str:
    problem = " ".join((error.problem or "it cannot be read").split())
    context = " ".join((error.context or "").split())
    if "maximum nesting depth" in problem:  # newer parsers have a limit of their own, beyond ours
        return TOO_DEEP
    if "cannot start any token" in problem and "\\t" in problem:
        return "this is not YAML: a tab cannot indent; use spaces"
    return f"this is not YAML: {problem}{f' ({context})' if context else ''}"[:300]


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read."""

    value: Value
    anchor: str | None
    key: str | None = None
    wants_key: bool = True
    skipping: bool = False
    """The last key was wrong, so what follows it is read and dropped."""


class _Composer:
    """Puts values together from parsing events, without recursion."""

    def __init__(self, text: str, problems: Problems) -> None:
        self._events = yaml.parse(text, Loader=_LOADER)
        self._problems = problems
        self._anchors: dict[str, Value | None] = {}
        self._aliases = 0
        self._values = 0
        self._stack: list[_Open] = []
        self._root: Value | None = None
        self._documents = 0

    def document(self) -> Value | None:
        for event in self._events:
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._open(event)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._close(event)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._start(event)
        if self._root is None:
            self._problems.add((1, 1), "the file is empty; expected a playground")
        return self._root

    def _start(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._problems.add(_place(event), "a second document begins here; expected one playground in a file")
            raise _Stop

    def _count(self, event: Any, weight: int = 1) -> None:
        self._values += weight
        if self._values > MAX_VALUES:
            self._problems.add(_place(event), f"the file holds more than {MAX_VALUES:,} values, the limit")
            raise _Stop

    def _tag(self, event: Any) -> None:
        if event.tag is not None:
            self._problems.add(_place(event), f"the tag {event.tag[:40]} is not read; write the value alone")

    def _scalar(self, event: Any) -> None:
        self._count(event)
        self._tag(event)
        place = _place(event)
        quoted = not event.implicit[0] or bool(event.style)
        if self._expects_key():
            self._key(event.value, quoted, place)
            return
        data = event.value if quoted else self._typed(event.value, place)
        if isinstance(data, str):
            data = self._text(data, place)
        value = Value(data, *place, quoted=quoted, start=event.start_mark.index, end=event.end_mark.index)
        self._remember(event.anchor, value)
        self._put(value)

    def _text(self, text: str, place: tuple[int, int]) -> str:
        if len(text) > MAX_TEXT:
            self._problems.add(place, f"a text of {len(text):,} characters; at most {MAX_TEXT:,} are read")
        elif _CONTROL.search(text):
            self._problems.add(place, "the text holds a control character, which is not allowed")
            return _CONTROL.sub("", text)
        return text[:MAX_TEXT]

    def _typed(self, text: str, place: tuple[int, int]) -> Any:
        """The core schema: null, true, false, whole numbers and floats; everything else is text."""
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "+-.0123456789":
            return text
        if _INT.fullmatch(text):
            if len(text) > _MAX_DIGITS:
                self._problems.add(place, f"a number of {len(text):,} digits; at most {_MAX_DIGITS} are read")
                return 0
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if _FLOAT.fullmatch(text):
            lower = text.lower()
            return float(lower.replace(".", "") if lower[-1] in "fn" else lower)
        return text

    def _expects_key(self) -> bool:
        top = self._stack[-1] if self._stack else None
        return top is not None and isinstance(top.value.data, dict) and top.wants_key

    def _key(self, text: str, quoted: bool, place: tuple[int, int]) -> None:
        top = self._stack[-1]
        top.wants_key, top.skipping, top.key = False, True, None
        if not quoted and text == "<<":
            self._problems.add(place, "merge keys (<<) are not read; write the fields out, or use designs.NAME.nodes")
        elif not quoted and not isinstance(self._typed(text, place), str):
            self._problems.add(place, f"expected a word as key, got {text[:40] or 'nothing'}; put it in quotes")
        elif text in top.value.data:
            first = top.value.keys[text][0]
            self._problems.add(place, f"the key '{text[:40]}' is there twice; the first is on line {first}")
        else:
            key = self._text(text, place)
            top.key, top.skipping = key, False
            top.value.keys[key] = place

    def _open(self, event: Any) -> None:
        self._count(event)
        self._tag(event)
        place = _place(event)
        if self._expects_key():
            self._problems.add(place, "expected a word as key, got a list or mapping")
            raise _Stop
        if len(self._stack) >= MAX_DEPTH:
            self._problems.add(place, TOO_DEEP)
            raise _Stop
        data: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        value = Value(data, *place, quoted=bool(event.flow_style), start=event.start_mark.index)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(value, event.anchor))

    def _close(self, event: Any) -> None:
        done = self._stack.pop()
        done.value.end = event.end_mark.index
        self._remember(done.anchor, done.value)
        self._put(done.value)

    def _alias(self, event: Any) -> None:
        place = _place(event)
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            self._problems.add(place, f"more than {MAX_ALIASES} aliases, the limit")
            raise _Stop
        if self._expects_key():
            self._problems.add(place, "expected a word as key, got an alias")
            raise _Stop
        if event.anchor not in self._anchors:
            self._problems.unknown(place, f"no anchor &{event.anchor[:40]} before this", event.anchor, self._anchors)
            raise _Stop
        value = self._anchors[event.anchor]
        if value is None:
            self._problems.add(place, f"*{event.anchor[:40]} stands inside its own anchor, which would never end")
            raise _Stop
        self._count(event, value.weight)
        if len(self._stack) + value.height >= MAX_DEPTH:
            self._problems.add(place, TOO_DEEP)
            raise _Stop
        self._put(value)

    def _remember(self, anchor: str | None, value: Value) -> None:
        if anchor is not None:
            self._anchors[anchor] = value

    def _put(self, value: Value) -> None:
        if not self._stack:
            self._root = value
            return
        top = self._stack[-1]
        holder = top.value
        holder.weight += value.weight
        holder.height = max(holder.height, value.height + 1)
        if isinstance(holder.data, list):
            holder.data.append(value)
            return
        if not top.skipping and top.key is not None:
            holder.data[top.key] = value
        top.wants_key = True


def _place(event: Any) -> tuple[int, int]:
    return (event.start_mark.line + 1, event.start_mark.column + 1)
