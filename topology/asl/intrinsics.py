"""The intrinsic functions of JSONPath states: `States.Format('{} of {}', $.a, States.ArrayLength($.b))`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from topology.asl import jsontext
from topology.asl.failures import Unresolved
from topology.asl.paths import Path, compile_path
from topology.asl.scope import Outside, Scope
from topology.chance import Dice
from topology.problems import Refused, near_miss

MAX_NESTED = 10
"""Functions inside functions inside one field."""

MAX_TEXT = 10_000
"""Characters that hashing and Base64 take."""

MAX_RANGE = 1_000
"""Items of an ArrayRange."""

HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,2})?")
_NAME = re.compile(r"States\.([A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True)
class Call:
    """A function and what it is called with: paths, other calls and constants."""

    text: str
    name: str
    arguments: tuple[Any, ...]

    def evaluate(self, scope: Scope) -> Any:
        """The value. Raises Unresolved where a path names nothing or the function does not take what it gets."""
        values = []
        for argument in self.arguments:
            if isinstance(argument, Call):
                values.append(argument.evaluate(scope))
            elif isinstance(argument, Path):
                values.append(scope.select(argument))
            else:
                values.append(argument)
        try:
            return FUNCTIONS[self.name].compute(scope.outside, *values)
        except ValueError as fault:
            raise Unresolved(f"The function '{self.text}' had the following error: {fault}") from None


@dataclass(frozen=True, slots=True)
class Function:
    """How many values a function takes, and what it makes of them; it raises ValueError for what it does not take."""

    least: int
    most: int
    compute: Callable[..., Any]


def compile_call(text: str, place: tuple[str | int, ...] = ()) -> Call:
    """Read an intrinsic function. Raises Refused, with the mistake."""
    reader = _Reader(text, place)
    call = reader.call(1)
    reader.space()
    if reader.at < len(text):
        reader.refuse("expected the end of the text")
    return call


class _Reader:
    """Reads one call from left to right."""

    def __init__(self, text: str, place: tuple[str | int, ...]) -> None:
        self.text, self.place, self.at = text, place, 0

    def refuse(self, words: str) -> NoReturn:
        raise Refused(self.place, f"{self.text!r} is no intrinsic function: at character {self.at + 1}: {words}")

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1

    def take(self, token: str) -> bool:
        self.space()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def call(self, depth: int) -> Call:
        """A function's name and what stands between its parentheses."""
        if depth > MAX_NESTED:
            self.refuse(f"functions may be nested {MAX_NESTED} deep")
        start = self.at
        found = _NAME.match(self.text, self.at)
        if found is None:
            self.refuse("expected the name of a function, as in States.Format")
        name = found.group(1)
        if name not in FUNCTIONS:
            hint = near_miss(name, FUNCTIONS)
            self.refuse(f"there is no States.{name}" + (f" (did you mean States.{hint}?)" if hint else ""))
        self.at = found.end()
        arguments = self.arguments(depth)
        function = FUNCTIONS[name]
        if not function.least <= len(arguments) <= function.most:
            wanted = f"{function.least}" if function.least == function.most else f"at least {function.least}"
            self.refuse(f"States.{name} takes {wanted} values and got {len(arguments)}")
        return Call(self.text[start : self.at], name, tuple(arguments))

    def arguments(self, depth: int) -> list[Any]:
        if not self.take("("):
            self.refuse("expected (")
        found: list[Any] = []
        if self.take(")"):
            return found
        while True:
            self.space()
            found.append(self.argument(depth))
            if self.take(")"):
                return found
            if not self.take(","):
                self.refuse("expected , or )")

    def argument(self, depth: int) -> Any:
        """A path, a call or a constant."""
        rest = self.text[self.at : self.at + 7]
        if rest.startswith("$"):
            return self.path()
        if rest.startswith("'"):
            return self.quoted()
        if rest.startswith("States."):
            return self.call(depth + 1)
        for word, value in (("true", True), ("false", False), ("null", None)):
            if rest.startswith(word):
                self.at += len(word)
                return value
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            self.refuse("expected a path, a text in single quotes, a number, true, false, null or a function")
        self.at = number.end()
        return float(number.group()) if set(number.group()) & set(".eE") else int(number.group())

    def path(self) -> Path:
        """A path, up to the comma or parenthesis that is outside its brackets and quotes."""
        start, depth, quote = self.at, 0, ""
        while self.at < len(self.text):
            letter = self.text[self.at]
            if quote:
                self.at += letter == "\\"
                quote = "" if letter == quote else quote
            elif letter in "'\"" and depth:
                quote = letter
            elif letter in "[(":
                depth += 1
            elif letter in "])" and depth:
                depth -= 1
            elif letter in ",)":
                break
            self.at += 1
        return compile_path(self.text[start : self.at].strip(), self.place)

    def quoted(self) -> str:
        """A text in single quotes. A backslash may stand before ', {, } and itself; \\{ and \\} stay for Format to read."""
        self.at += 1
        found: list[str] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter == "'":
                return "".join(found)
            if letter == "\\":
                letter = self.text[self.at : self.at + 1]
                if letter not in tuple("'{}\\"):
                    self.refuse(r"a backslash may stand only before ', {, } or another backslash")
                self.at += 1
                letter = f"\\{letter}" if letter in "{}" else letter
            found.append(letter)
        self.refuse("the closing ' is missing")


def rounded(value: Any) -> int:
    """A number as an integer: half of one is rounded up."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("expected a number")
    if not abs(value) < 2**62:
        raise ValueError("the number is too large")
    return value if isinstance(value, int) else _floor(value + 0.5)


def _floor(value: float) -> int:
    whole = int(value)
    return whole - (whole > value)


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("expected an array")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def _short(value: Any) -> str:
    if len(_text(value)) > MAX_TEXT:
        raise ValueError(f"the text may have {MAX_TEXT:,} characters")
    return str(value)


def partition(_: Outside | None, values: Any, length: Any) -> list[Any]:
    """An array in chunks of a length; the last one may be shorter."""
    items, step = _array(values), rounded(length)
    if step <= 0:
        raise ValueError("the chunk size has to be above 0")
    return [items[i : i + step] for i in range(0, len(items), step)]


def array_range(_: Outside | None, first: Any, last: Any, step: Any) -> list[int]:
    """The numbers from the first to the last, both included."""
    start, end, by = rounded(first), rounded(last), rounded(step)
    if by == 0:
        raise ValueError("the step may not be 0")
    found = range(start, end + (1 if by > 0 else -1), by)
    if len(found) > MAX_RANGE:
        raise ValueError(f"an array made by a range may have {MAX_RANGE:,} items")
    return list(found)


def _get_item(_: Outside, values: Any, index: Any) -> Any:
    items, at = _array(values), rounded(index)
    if not 0 <= at < len(items):
        raise ValueError(f"the array has no index {at}")
    return items[at]


def _unique(_: Outside, values: Any) -> list[Any]:
    found: list[Any] = []
    for item in _array(values):
        if not any(jsontext.same(item, other) for other in found):
            found.append(item)
    return found


def _encode(_: Outside, value: Any) -> str:
    return base64.b64encode(_short(value).encode("utf-8", "surrogatepass")).decode("ascii")


def _decode(_: Outside, value: Any) -> str:
    try:
        return base64.b64decode(_short(value), validate=True).decode("utf-8", "replace")
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("the text is no Base64") from None


def hashed(_: Outside | None, value: Any, algorithm: Any) -> str:
    """The hash of a text, or of the JSON of anything else, in hexadecimal digits."""
    name = HASHES.get(algorithm) if isinstance(algorithm, str) else None
    if name is None:
        raise ValueError(f"the algorithm has to be one of {', '.join(HASHES)}")
    text = value if isinstance(value, str) else jsontext.write(value)
    return hashlib.new(name, _short(text).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _merge(_: Outside, first: Any, second: Any, deep: Any) -> dict[str, Any]:
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise ValueError("expected two objects")
    if deep is not False:
        raise ValueError("deep merging is not supported: the third value has to be false")
    return {**first, **second}


def parsed(_: Outside | None, value: Any) -> Any:
    """The value of a JSON text; null for an empty one."""
    text = _text(value)
    return jsontext.read(text) if text.strip() else None


def _random(outside: Outside, first: Any, last: Any, *seed: Any) -> int:
    start, end = rounded(first), rounded(last)
    if end <= start:
        raise ValueError("the end has to be above the start")
    share = seeded(rounded(seed[0])) if seed else outside.random()
    return min(start + int(share * (end - start)), end - 1)


def seeded(seed: float | int | str) -> float:
    """Between 0 and 1: the same number for the same seed."""
    return Dice(0, "seed", str(seed)).uniform(0, 0)


def _split(_: Outside, value: Any, splitter: Any) -> list[str]:
    found, word, ends = [], "", set(_text(splitter))
    for letter in _text(value):
        if letter in ends:
            found.append(word)
            word = ""
        else:
            word += letter
    return [part for part in [*found, word] if part]


def _shown(value: Any, nested: bool = False) -> str:
    """A value inside a formatted text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(_shown(item, True) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_shown(item, True)}" for name, item in value.items()) + "}"
    return jsontext.write(value)


def _pieces(template: str) -> Iterator[str | None]:
    """The letters of a template, and None for each {}; an escaped brace is a letter."""
    at = 0
    while at < len(template):
        if template.startswith("{}", at):
            yield None
            at += 2
        else:
            at += template[at : at + 2] in ("\\{", "\\}")
            yield template[at]
            at += 1


def _format(_: Outside, template: Any, *values: Any) -> str:
    pieces = list(_pieces(_text(template)))
    if pieces.count(None) != len(values):
        raise ValueError(f"the text has {pieces.count(None)} places {{}} for {len(values)} values")
    left = iter(values)
    return "".join(_shown(next(left)) if piece is None else piece for piece in pieces)


MANY = 1_000
FUNCTIONS = {
    "Array": Function(0, MANY, lambda _, *values: list(values)),
    "ArrayPartition": Function(2, 2, partition),
    "ArrayContains": Function(2, 2, lambda _, values, item: any(jsontext.same(item, one) for one in _array(values))),
    "ArrayRange": Function(3, 3, array_range),
    "ArrayGetItem": Function(2, 2, _get_item),
    "ArrayLength": Function(1, 1, lambda _, values: len(_array(values))),
    "ArrayUnique": Function(1, 1, _unique),
    "Base64Encode": Function(1, 1, _encode),
    "Base64Decode": Function(1, 1, _decode),
    "Hash": Function(2, 2, hashed),
    "JsonMerge": Function(3, 3, _merge),
    "StringToJson": Function(1, 1, parsed),
    "JsonToString": Function(1, 1, lambda _, value: jsontext.write(value)),
    "MathRandom": Function(2, 3, _random),
    "MathAdd": Function(2, 2, lambda _, a, b: rounded(a) + rounded(b)),
    "StringSplit": Function(2, 2, _split),
    "UUID": Function(0, 0, lambda outside: outside.uuid()),
    "Format": Function(1, MANY, _format),
}
"""Every function by its name after `States.`."""
