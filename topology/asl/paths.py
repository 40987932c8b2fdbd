"""JSONPath as the states language uses it: paths that select, and reference paths that name one place to write to.

A path whose steps can select only one value is definite: it gives that value, or is unresolved. Any other gives an array,
which may be empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from topology.asl.failures import Unresolved
from topology.problems import Refused

MAX_PATH = 4_096
"""A longer path is refused."""

MAX_SELECTED = 1_000_000
"""A path that would select more values than this is unresolved."""

_NAME = re.compile(r"[^\s.\[\]()'\"?,*&|=<>!~]+")
_VARIABLE = re.compile(r"[^\W\d]\w*")
_INTEGER = re.compile(r"-?\d+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_OPERATOR = re.compile(r"==|!=|<=|>=|=~|<|>|(?:in|nin)\b")
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. `kind`: name, index, names, indexes, slice, every, filter, deep or call."""

    kind: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path. `root`: `$` the input, `$$` the context object, or the name of a variable."""

    text: str
    root: str
    steps: tuple[Step, ...]

    @property
    def definite(self) -> bool:
        """Whether it can select only one value."""
        return all(step.kind in ("name", "index", "call") for step in self.steps)

    @property
    def is_reference(self) -> bool:
        """Whether it only names fields and places in arrays."""
        return all(step.kind == "name" or (step.kind == "index" and step.value >= 0) for step in self.steps)

    def select(self, value: Any) -> Any:
        """What it selects in a value. Raises Unresolved where a definite path names nothing."""
        if self.definite:
            for step in self.steps:
                value = _one(step, value)
            return value
        return list(_many(self.steps, value))


def compile_path(text: Any, place: tuple[str | int, ...] = (), *, reference: bool = False) -> Path:
    """Read a path. Raises Refused for a text that is none, or that is no reference path where one is needed."""
    if not isinstance(text, str):
        raise Refused(place, "expected a path, a text that begins with $")
    if len(text) > MAX_PATH:
        raise Refused(place, f"a path may have {MAX_PATH:,} characters")
    reader = _Reader(text, place)
    path = Path(text, reader.root(), reader.steps())
    if not reader.at_end:
        reader.refuse("expected . or [ here")
    if reference and not path.is_reference:
        raise Refused(place, f"{text!r} has to be a reference path: only names and places in arrays, as in $.orders[0].id")
    return path


def put(path: Path, document: Any, value: Any) -> Any:
    """The document with the value at the place that a reference path names; the document itself stays as it is.

    Missing objects on the way are made. Raises Unresolved where something else is in the way.
    """
    return _put(path.steps, 0, document, value, path)


def _put(steps: tuple[Step, ...], i: int, document: Any, value: Any, path: Path) -> Any:
    if i == len(steps):
        return value
    step = steps[i]
    if step.kind == "name" and isinstance(document, dict):
        return {**document, step.value: _put(steps, i + 1, document.get(step.value, {}), value, path)}
    if step.kind == "index" and isinstance(document, list) and 0 <= step.value < len(document):
        inner = _put(steps, i + 1, document[step.value], value, path)
        return [*document[: step.value], inner, *document[step.value + 1 :]]
    raise Unresolved(f"Unable to apply ReferencePath {path.text} to input")


def _one(step: Step, value: Any) -> Any:
    """The one value that a step selects."""
    if step.kind == "name":
        if isinstance(value, dict) and step.value in value:
            return value[step.value]
        raise Unresolved(f"Missing property in path $['{step.value}']", missing=True)
    if step.kind == "index":
        if isinstance(value, list) and -len(value) <= step.value < len(value):
            return value[step.value]
        raise Unresolved(f"Missing index in path $[{step.value}]", missing=True)
    found: Any = step.value(value)
    return found


def _many(steps: tuple[Step, ...], value: Any) -> Iterator[Any]:
    """The values that steps select, from left to right; what is missing is left out."""
    found = [value]
    for step in steps:
        found = [inner for outer in found for inner in _each(step, outer)]
        if len(found) > MAX_SELECTED:
            raise Unresolved(f"a path selects more than {MAX_SELECTED:,} values")
    yield from found


def _each(step: Step, value: Any) -> Iterator[Any]:
    """The values that one step selects in one value."""
    kind, wanted = step.kind, step.value
    if kind in ("name", "index", "call"):
        try:
            yield _one(step, value)
        except Unresolved as gap:
            if not gap.missing:
                raise
    elif kind == "every":
        yield from _children(value)
    elif kind == "deep":
        yield from _below(value)
    elif kind == "names" and isinstance(value, dict):
        yield from (value[name] for name in wanted if name in value)
    elif kind == "indexes" and isinstance(value, list):
        yield from (value[i] for i in wanted if -len(value) <= i < len(value))
    elif kind == "slice" and isinstance(value, list):
        yield from value[wanted]
    elif kind == "filter":
        yield from (item for item in (value if isinstance(value, list) else [value]) if wanted(item))


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _below(value: Any) -> Iterator[Any]:
    """A value and everything inside it, outer before inner."""
    left = [value]
    while left:
        value = left.pop()
        yield value
        left.extend(reversed(_children(value)))


def _length(value: Any) -> Any:
    if isinstance(value, (list, dict, str)):
        return len(value)
    raise Unresolved("length() needs an array, an object or a text")


def _over_numbers(name: str, compute: Callable[[list[float]], float]) -> Callable[[Any], Any]:
    """A function over an array of numbers."""

    def call(value: Any) -> Any:
        if isinstance(value, list) and value and all(_is_number(item) for item in value):
            return compute(value)
        raise Unresolved(f"{name}() needs an array of numbers")

    return call


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "length": _length,
    "size": _length,
    "min": _over_numbers("min", min),
    "max": _over_numbers("max", max),
    "sum": _over_numbers("sum", sum),
    "avg": _over_numbers("avg", lambda numbers: sum(numbers) / len(numbers)),
}

_Test = Callable[[Any], bool]


def _same(a: Any, b: Any) -> bool:
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _ordered(a: Any, b: Any) -> bool:
    return (_is_number(a) and _is_number(b)) or (isinstance(a, str) and isinstance(b, str))


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "!=": lambda a, b: not _same(a, b),
    "<": lambda a, b: _ordered(a, b) and bool(a < b),
    "<=": lambda a, b: _ordered(a, b) and bool(a <= b),
    ">": lambda a, b: _ordered(a, b) and bool(a > b),
    ">=": lambda a, b: _ordered(a, b) and bool(a >= b),
    "in": lambda a, b: isinstance(b, list) and any(_same(a, item) for item in b),
    "nin": lambda a, b: isinstance(b, list) and not any(_same(a, item) for item in b),
    "=~": lambda a, b: isinstance(a, str) and b.search(a) is not None,
}


class _Reader:
    """Reads one path from left to right."""

    def __init__(self, text: str, place: tuple[str | int, ...]) -> None:
        self.text, self.place, self.at, self.nested = text, place, 0, 0

    def refuse(self, words: str) -> NoReturn:
        raise Refused(self.place, f"{self.text!r} is no path that is supported: at character {self.at + 1}: {words}")

    @property
    def at_end(self) -> bool:
        return self.at >= len(self.text)

    def peek(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def take(self, token: str) -> bool:
        if self.peek(token):
            self.at += len(token)
            return True
        return False

    def need(self, token: str) -> None:
        if not self.take(token):
            self.refuse(f"expected {token}")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found.group() if found else None

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def root(self) -> str:
        """What the path starts from."""
        if not self.take("$"):
            self.refuse("a path begins with $")
        if self.take("$"):
            return "$$"
        return self.match(_VARIABLE) or "$"

    def steps(self) -> tuple[Step, ...]:
        """The steps up to the first character that belongs to none."""
        found: list[Step] = []
        while True:
            if self.take(".."):
                found.append(Step("deep"))
                found.append(self.bracket() if self.take("[") else self.field())
            elif self.take("."):
                found.append(self.field())
            elif self.take("["):
                found.append(self.bracket())
            else:
                return tuple(found)

    def field(self) -> Step:
        """What stands after a dot."""
        if self.take("*"):
            return Step("every")
        if self.peek("["):
            self.need("[")
            return self.bracket()
        name = self.match(_NAME)
        if name is None:
            self.refuse("expected the name of a field")
        if not self.take("("):
            return Step("name", name)
        self.need(")")
        if name not in _FUNCTIONS:
            self.refuse(f"the function {name}() is not supported; there are {', '.join(_FUNCTIONS)}")
        return Step("call", _FUNCTIONS[name])

    def bracket(self) -> Step:
        """What stands between brackets, and the closing one."""
        self.space()
        if self.take("*"):
            step = Step("every")
        elif self.take("?"):
            self.space()
            self.need("(")
            step = Step("filter", self.either())
            self.need(")")
        elif self.peek("'") or self.peek('"'):
            names = self.listed(self.quoted)
            step = Step("name", names[0]) if len(names) == 1 else Step("names", tuple(names))
        else:
            step = self.numbers()
        self.space()
        self.need("]")
        return step

    def listed(self, one: Callable[[], Any]) -> list[Any]:
        """Values with commas between them."""
        found = [one()]
        self.space()
        while self.take(","):
            self.space()
            found.append(one())
            self.space()
        return found

    def numbers(self) -> Step:
        """An index, several, or a slice."""
        first = self.match(_INTEGER)
        self.space()
        if not self.peek(":"):
            if first is None:
                self.refuse("expected an index, a slice, *, a quoted name or a filter")
            rest = self.listed(self.integer) if self.take(",") else []
            return Step("indexes", (_small(first, self), *rest)) if rest else Step("index", _small(first, self))
        bounds = [first]
        while self.take(":"):
            self.space()
            bounds.append(self.match(_INTEGER))
            self.space()
        if len(bounds) > 3 or bounds[2:] == ["0"]:
            self.refuse("a slice has a start, an end and a step that is not 0")
        return Step("slice", slice(*(None if bound is None else _small(bound, self) for bound in bounds)))

    def integer(self) -> int:
        self.space()
        found = self.match(_INTEGER)
        if found is None:
            self.refuse("expected an index")
        return _small(found, self)

    def quoted(self) -> str:
        """A text between quotes; a backslash before such a quote or another backslash is left out."""
        if self.at_end or self.text[self.at] not in "'\"":
            self.refuse("expected a quoted name")
        quote = self.text[self.at]
        self.at += 1
        found: list[str] = []
        while not self.at_end:
            letter = self.text[self.at]
            self.at += 1
            if letter == quote:
                return "".join(found)
            if letter == "\\" and self.text[self.at : self.at + 1] in (quote, "\\"):
                letter = self.text[self.at]
                self.at += 1
            found.append(letter)
        self.refuse(f"the closing {quote} is missing")

    def either(self) -> _Test:
        """Tests joined by ||."""
        tests = [self.both()]
        while self.take("||"):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def both(self) -> _Test:
        """Tests joined by &&."""
        tests = [self.test()]
        while self.take("&&"):
            tests.append(self.test())
        return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)

    def test(self) -> _Test:
        """One test, and the space around it."""
        self.nested += 1
        if self.nested > 20:
            self.refuse("a filter may be nested 20 deep")
        self.space()
        if self.take("!"):
            inner = self.test()
            self.nested -= 1
            return lambda item: not inner(item)
        if self.take("("):
            found = self.either()
            self.need(")")
        else:
            found = self.comparison()
        self.space()
        self.nested -= 1
        return found

    def comparison(self) -> _Test:
        """`left operator right`, or a path that has to exist."""
        left = self.operand()
        self.space()
        sign = self.match(_OPERATOR)
        if sign is None:
            if not left.at_item:
                self.refuse("expected a comparison such as == 'a'")
            return left.exists
        self.space()
        right = self.expression() if sign == "=~" else self.operand()
        compare = _COMPARE[sign]

        def test(item: Any) -> bool:
            try:
                return compare(left.value(item), right.value(item))
            except Unresolved:
                return False

        return test

    def operand(self) -> _Operand:
        """A path from @, a text, a number, a word or an array of them."""
        if self.take("@"):
            return _Operand(Path("@", "@", self.steps()), None)
        if self.peek("'") or self.peek('"'):
            return _Operand(None, self.quoted())
        if self.take("["):
            self.space()
            values = [] if self.peek("]") else self.listed(self.constant)
            self.need("]")
            return _Operand(None, values)
        return _Operand(None, self.constant())

    def constant(self) -> Any:
        if self.peek("'") or self.peek('"'):
            return self.quoted()
        for word, value in _WORDS.items():
            if self.take(word):
                return value
        number = self.match(_NUMBER)
        if number is None:
            self.refuse("expected @, a quoted text, a number, true, false or null")
        return float(number) if set(number) & set(".eE") else _small(number, self)

    def expression(self) -> _Operand:
        """A regular expression between slashes."""
        found = self.match(re.compile(r"/((?:[^/\\]|\\.)*)/(i?)"))
        if found is None:
            self.refuse("expected a regular expression between slashes")
        body, _, flags = found[1:].rpartition("/")
        try:
            return _Operand(None, re.compile(body, re.IGNORECASE if flags else 0))
        except re.error as fault:
            self.refuse(f"{fault}")


@dataclass(frozen=True, slots=True)
class _Operand:
    """One side of a comparison: a path from the item, or a constant."""

    at_item: Path | None
    constant: Any

    def value(self, item: Any) -> Any:
        return self.constant if self.at_item is None else self.at_item.select(item)

    def exists(self, item: Any) -> bool:
        try:
            found = self.value(item)
        except Unresolved:
            return False
        assert self.at_item is not None
        return self.at_item.definite or bool(found)


def _small(digits: str, reader: _Reader) -> int:
    if len(digits) > 15:
        reader.refuse("a number has at most 15 digits")
    return int(digits)
