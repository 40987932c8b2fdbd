"""From what a file says to the inner value of a declared parameter: one function for nodes, links, policies and faults.

The checked models and the fast path of `load` both come here, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from topology import dist, units
from topology.importers.replay import Replay
from topology.parameters import REQUIRED, Param
from topology.spec.writer import flow
from topology.units import shown

Route = tuple[str | int, ...]
"""The way from a value down to a part of it."""


class Key(str):
    """At the end of a route: the mistake is about the key itself, not about what it holds."""

    __slots__ = ()


Report = Callable[[Route, str, str], None]
"""Takes the way to what is wrong, the words, and a near miss."""

MAX_MEASURED = 10_000
"""Values of an empirical distribution."""

_MAX_MEASURED_BYTES = 4 << 20

MAX_LISTED = 100
"""Names of a table, and words or files of a list."""

MAX_NESTED = 32
"""Levels of plain data, as deep as a file may nest."""

MAX_UNKNOWN = 40
"""Unknown names reported of one mapping."""

WRONG: Any = object()
"""What `inner` returns when it has reported a mistake."""


class Reading:
    """How values are read: where relative paths start, and whom to tell of mistakes."""

    _defaults: ClassVar[dict[int, tuple[Param, Any]]] = {}
    """Defaults read so far; each declaration is kept with its value, so that its id stays its own."""

    def __init__(self, report: Report, folder: str = "") -> None:
        self.report = report
        self.folder = folder

    def inner(self, param: Param, data: Any, route: Route = ()) -> Any:
        """The inner value of what a file says, or WRONG after reporting why."""
        if data is None:
            return self._absent(param, route)
        if param.type == "group":
            return self._group(param, data, route)
        if param.type == "table":
            return self._table(param, data, route)
        try:
            value = _CONVERT[param.type](data) if param.type in _CONVERT else self._other(param, data, route)
            if value is not WRONG:
                _bounded(param, value, data)
        except ValueError as error:
            self.report(route, _clean(error), _near(param, data))
            return WRONG
        return value

    def fields(self, params: dict[str, Param], data: Any, route: Route, owner: str, also: Iterable[str] = ()) -> Any:
        """The inner values of several parameters by name; unknown names are reported, `also` are left to others."""
        if not isinstance(data, dict):
            self.report(route, f"expected the settings of {owner} as a mapping, got {shown(data)}", "")
            return WRONG
        known = [*params, *also]
        unknown = [name for name in data if name not in known]
        for name in unknown[:MAX_UNKNOWN]:
            words = f"{owner} has no '{name[:40]}'; it takes {', '.join(known) if known else 'no settings'}"
            self.report((*route, Key(name)), words, _near_miss(name, known))
        values = {name: self._field(param, name, data, route, owner) for name, param in params.items()}
        return WRONG if any(v is WRONG for v in values.values()) else values

    def _field(self, param: Param, name: str, data: dict[str, Any], route: Route, owner: str) -> Any:
        if name in data:
            return self.inner(param, data[name], (*route, name))
        if param.required:
            self.report(route, f"{owner} needs '{name}': {_sentence(param.doc)}", "")
            return WRONG
        return self.default(param)

    def default(self, param: Param) -> Any:
        """The inner value of a parameter that a file leaves out."""
        if param.default is None:
            return None
        kept = self._defaults.get(id(param))
        if kept is not None:
            return kept[1]
        value = self.inner(param, param.default)
        if value is not WRONG:
            self._defaults[id(param)] = (param, value)
        return value

    def _absent(self, param: Param, route: Route) -> Any:
        if param.default is None:
            return None
        self.report(route, f"expected {described(param)}, got nothing", "")
        return WRONG

    def _group(self, param: Param, data: Any, route: Route) -> Any:
        short = param.short or (next(iter(param.fields)) if len(param.fields) == 1 else "")
        owner = str(route[-1]) if route else "this"
        if isinstance(data, dict):
            return self.fields(param.fields, data, route, owner)
        if not short:
            self.report(route, f"expected the settings of {owner} as a mapping, got {shown(data)}", "")
            return WRONG
        value = self.inner(param.fields[short], data, route)
        if value is WRONG:
            return WRONG
        others = {n: p for n, p in param.fields.items() if n != short}
        rest = self.fields(others, {}, route, owner)
        return WRONG if rest is WRONG else {n: value if n == short else rest[n] for n in param.fields}

    def _table(self, param: Param, data: Any, route: Route) -> Any:
        """A group for each name; a name with nothing after it takes every default."""
        from topology.spec.targets import NAME

        owner = str(route[-1]) if route else "this"
        if not isinstance(data, dict) or not data:
            self.report(route, f"expected the entries of {owner} by name, got {_nothing_or(data)}", "")
            return WRONG
        if len(data) > MAX_LISTED:
            self.report(route, f"{owner} has {len(data):,} entries; at most {MAX_LISTED} are read", "")
            return WRONG
        unfit = [name for name in data if not (isinstance(name, str) and NAME.fullmatch(name))]
        for name in unfit:
            words = f"expected a name: a letter, then letters, digits, - and _, at most 40 in all; got {shown(name)}"
            self.report((*route, Key(name)), words, "")
        rows = {name: self._group(param, {} if below is None else below, (*route, name)) for name, below in data.items()}
        return WRONG if unfit or any(row is WRONG for row in rows.values()) else rows

    def _other(self, param: Param, data: Any, route: Route) -> Any:
        if param.type == "choice":
            return _choice(param, data)
        if param.type == "path":
            return self._path(data)
        if param.type == "paths":
            return [self._path(one) for one in _listed_words(data)]
        if param.type == "dist":
            return self._dist(data, route)
        raise TypeError(f"a parameter of unknown type {param.type!r} is declared")

    def _path(self, data: Any) -> str:
        text = _word(data)
        path = Path(self.folder or ".", text).absolute()
        try:
            is_file = path.is_file()
        except OSError as error:
            raise ValueError(f"cannot read {shown(text)}: {error.strerror}") from error
        if not is_file:
            raise ValueError(f"there is no file {shown(text)} in {shown(str(path.parent))}")
        return str(path)

    def _dist(self, data: Any, route: Route) -> Any:
        if not isinstance(data, dict):
            return dist.constant(units.parse_duration(data))
        if "median" in data or "p99" in data:
            return self._shape("a log-normal duration", data, route, _LOGNORMAL, _lognormal)
        shape = next((name for name in data if name in _SHAPES), None)
        if shape is None or len(data) != 1:
            words = "expected one of median and p99, exponential, uniform, pareto, empirical"
            self.report(route, f"{words}, or a plain duration; got {_listed(data)}", _near_of(data))
            return WRONG
        if shape == "empirical":
            return self._measured(data[shape])
        fields, make = _SHAPES[shape]
        return self._shape(shape, data[shape], (*route, shape), fields, make)

    def _shape(self, name: str, data: Any, route: Route, fields: dict[str, Param], make: Callable[..., Any]) -> Any:
        values = self.fields(fields, data, route, name)
        return WRONG if values is WRONG else make(**values)

    def _measured(self, data: Any) -> Any:
        path = Path(self._path(data))
        if path.stat().st_size > _MAX_MEASURED_BYTES:
            raise ValueError(f"{shown(path.name)} is larger than {_MAX_MEASURED_BYTES >> 20} MiB, the limit")
        return dist.empirical(_measured_values(path))


def _measured_values(path: Path) -> list[int]:
    """The first column of a CSV file, durations or plain seconds; a first line that is neither is its heading."""
    import csv

    values: list[int] = []
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            for number, row in enumerate(csv.reader(stream), 1):
                value = _measured_value(row, number, path.name)
                if value is not None:
                    values.append(value)
                if len(values) > MAX_MEASURED:
                    raise ValueError(f"{shown(path.name)} holds more than {MAX_MEASURED:,} values, the limit")
    except (OSError, UnicodeError, csv.Error) as error:
        raise ValueError(f"cannot read {shown(path.name)}: {error}") from error
    if not values:
        raise ValueError(f"{shown(path.name)} holds no durations")
    return values


def _measured_value(row: list[str], number: int, name: str) -> int | None:
    text = row[0].strip() if row else ""
    if not text:
        return None
    try:
        seconds = units.finite(float(text))
    except ValueError:
        seconds = -1.0
    try:
        return round(seconds * 1e9) if 0 <= seconds <= 2_592_000 else units.parse_duration(text)
    except ValueError as error:
        if number == 1:
            return None
        raise ValueError(f"line {number} of {shown(name)}: {error}") from error


def _lognormal(median: int, p99: int) -> Any:
    if p99 < median:
        raise ValueError("p99 is shorter than the median")
    return dist.constant(median) if p99 == median else dist.lognormal(median, p99)


def _exponential(mean: int) -> Any:
    return dist.exponential(mean)


def _uniform(low: int, high: int) -> Any:
    if high < low:
        raise ValueError("high is shorter than low")
    return dist.uniform(low, high)


def _pareto(min: int, alpha: float) -> Any:
    return dist.pareto(min, alpha)


def _length(doc: str, **bounds: Any) -> Param:
    return Param("duration", REQUIRED, doc, **bounds)


_LOGNORMAL = {
    "median": _length("half of the draws are shorter", gt="0s"),
    "p99": _length("99 in 100 draws are shorter", gt="0s"),
}
_SHAPES: dict[str, tuple[dict[str, Param], Callable[..., Any]]] = {
    "exponential": ({"mean": _length("the mean", gt="0s")}, _exponential),
    "uniform": ({"low": _length("the shortest"), "high": _length("the longest")}, _uniform),
    "pareto": (
        {
            "min": _length("the shortest", gt="0s"),
            "alpha": Param("number", REQUIRED, "the tail index: smaller is heavier", gt=0, le=1000),
        },
        _pareto,
    ),
    "empirical": ({}, dist.empirical),
}
SHAPES = {name: fields for name, (fields, _) in _SHAPES.items()} | {"lognormal": _LOGNORMAL}
"""The distributions that a file can name, with their parameters."""


def _count(data: Any) -> int:
    if not isinstance(data, int) or isinstance(data, bool):
        raise ValueError(f"expected a whole number, got {shown(data)}")
    if not -(1 << 53) <= data <= 1 << 53:
        raise ValueError(f"expected a whole number below 2⁵³, got {shown(data)}")
    return data


def _flag(data: Any) -> bool:
    if isinstance(data, bool):
        return data
    raise ValueError(f"expected true or false, got {shown(data)}")


def _word(data: Any) -> str:
    if not isinstance(data, str):
        hint = "" if isinstance(data, dict | list) else "; put it in quotes"
        raise ValueError(f"expected a word, got {shown(data)}{hint}")
    return data


def _listed_words(data: Any) -> list[str]:
    """One word, or several in a list."""
    if not isinstance(data, list):
        return [_word(data)]
    if not 1 <= len(data) <= MAX_LISTED:
        raise ValueError(f"expected from 1 to {MAX_LISTED} words, got {len(data):,}")
    return [_word(one) for one in data]


def _plain(data: Any, depth: int = 0) -> Any:
    """What a file can hold: text, numbers, true, false, nothing, lists, and mappings from text; else ValueError."""
    if depth > MAX_NESTED:
        raise ValueError(f"nested deeper than {MAX_NESTED} levels, the limit")
    if data is None or isinstance(data, str | bool | int):
        return data
    if isinstance(data, float):
        return units.finite(data)
    if isinstance(data, list | tuple):
        return [_plain(one, depth + 1) for one in data]
    if isinstance(data, dict) and all(isinstance(key, str) for key in data):
        return {key: _plain(one, depth + 1) for key, one in data.items()}
    raise ValueError(f"expected text, numbers, lists or mappings, got {shown(data)}")


def _choice(param: Param, data: Any) -> str:
    text = str(data) if isinstance(data, int) else data  # an option may look like a number: `answer: 500`
    if isinstance(text, str) and text in param.options:
        return text
    raise ValueError(f"expected {' or '.join(param.options)}, got {shown(data)}")


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "duration": units.parse_duration,
    "rate": units.parse_rate,
    "share": units.parse_share,
    "size": units.parse_size,
    "count": _count,
    "number": units.finite,
    "flag": _flag,
    "word": _word,
    "words": _listed_words,
    "node": _word,
    "data": _plain,
}

_BOUNDS: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    ("ge", "at least", lambda v, b: v >= b),
    ("gt", "more than", lambda v, b: v > b),
    ("le", "at most", lambda v, b: v <= b),
    ("lt", "less than", lambda v, b: v < b),
)


def _bounded(param: Param, value: Any, data: Any) -> None:
    for name, words, holds in _BOUNDS:
        bound = getattr(param, name)
        if bound is None:
            continue
        if param.type == "dist":
            measure, limit = value.mean_ns(), units.parse_duration(bound)
        else:
            measure, limit = value, _CONVERT[param.type](bound)
        if not holds(measure, limit):
            raise ValueError(f"expected {words} {bound}, got {shown(data)}")


def _near(param: Param, data: Any) -> str:
    return _near_miss(data, param.options) if param.type == "choice" and isinstance(data, str) else ""


def _near_of(data: dict[str, Any]) -> str:
    return next((near for name in data if (near := _near_miss(name, _SHAPES))), "")


def _near_miss(name: str, known: Iterable[str]) -> str:
    from topology.problems import near_miss

    return near_miss(name, known)


def _nothing_or(data: Any) -> str:
    return "none" if data == {} else shown(data)


def _listed(data: dict[str, Any]) -> str:
    return ", ".join(name[:40] for name in list(data)[:5]) or "an empty mapping"


def _clean(error: ValueError) -> str:
    return " ".join(str(error).split())


def _sentence(doc: str) -> str:
    first = doc.strip().split(". ")[0].rstrip(".")
    return first[:1].lower() + first[1:]


_EXPECTED = {
    "duration": "a duration such as 30s",
    "rate": "a rate such as 100/s",
    "share": "a share such as 5%",
    "size": "a size such as 256KiB",
    "count": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "word": "a word",
    "words": "a word or a list of words",
    "node": "the name of a node",
    "path": "the path of a file",
    "paths": "the path of a file or a list of them",
    "data": "any value",
    "dist": "a duration such as 20ms or {median: 15ms, p99: 60ms}",
    "group": "a mapping",
    "table": "a mapping of names to settings",
}


def described(param: Param) -> str:
    """What a parameter takes, in a few words."""
    return " or ".join(param.options) if param.options else _EXPECTED.get(param.type, "a value")


def plain_default(param: Param) -> str:
    """A parameter's default as a file would say it."""
    if param.default is None or param.required:
        return ""
    return flow(param.default) if param.type in ("words", "paths", "data") else str(param.default)


def text_of(param: Param, value: Any) -> str:
    """An inner value for people."""
    if value is None:
        return "none"
    if isinstance(value, Replay):
        return value.words()
    if param.type == "duration":
        return units.format_duration(value)
    if param.type == "rate":
        return units.format_rate(value)
    if param.type == "share":
        return units.format_share(value)
    if param.type == "size":
        return units.format_size(value)
    if param.type == "flag":
        return "true" if value else "false"
    if param.type == "group":
        parts = (f"{n}: {text_of(p, value.get(n))}" for n, p in param.fields.items())
        return f"{{{', '.join(parts)}}}"
    return _wide_text(param, value)


def _wide_text(param: Param, value: Any) -> str:
    """What is not one measure: several words or groups, plain data, a distribution."""
    if param.type == "table":
        one = replace(param, type="group")
        return f"{{{', '.join(f'{name}: {text_of(one, row)}' for name, row in value.items())}}}"
    if param.type in ("words", "paths", "data"):
        return flow(value)
    return dist_words(value) if param.type == "dist" else str(value)


def dist_words(value: Any) -> str:
    """A distribution in short words: "20 ms", "15 ms, p99 60 ms"."""
    if not value.varies:
        return units.format_duration(round(value.mean_ns()))
    middle, high = units.format_duration(value.quantile(0.5)), units.format_duration(value.quantile(0.99))
    return f"{middle}, p99 {high}"
