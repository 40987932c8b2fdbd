"""How a kind, a policy or a fault declares its parameters: once, as values.

From these declarations come the checked models, `knockon schema`, the help pages, the inspector and the fault form.
They are values and not annotations because compiled modules keep no annotations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

REQUIRED = object()
"""The default of a parameter that has none: leaving it out is a mistake."""

OURS = "ours"
"""The source of a default that no documentation gives."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its type, default, bounds, unit and a sentence.

    `type` is one of duration, rate, share, size, count, number, flag, word, words, choice, dist, node, path, paths, data, group,
    table.
    `default` and the bounds are written as in YAML ("30s", "100/s", 0.05); the spec turns them into inner values:
    durations into integer nanoseconds, rates into a float per second, shares into a float from 0 to 1, sizes into bytes,
    distributions into `topology.dist.Dist`, groups into a dict of inner values, or None where absent, tables into a dict of
    such dicts by name.
    """

    type: str
    default: Any
    doc: str
    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    source: str = OURS
    options: tuple[str, ...] = ()
    fields: dict[str, Param] = field(default_factory=dict)
    short: str = ""
    """For a group, or each group of a table: the field that a plain value stands for (`timeout: 1s` is
    `timeout: {after: 1s}`)."""

    @property
    def required(self) -> bool:
        """Whether leaving the parameter out is a mistake."""
        return self.default is REQUIRED


def duration(default: Any, doc: str, **bounds: Any) -> Any:
    """A length of time, such as 30s or 15ms; inner value: integer nanoseconds, or None."""
    return Param("duration", default, doc, **bounds)


def rate(default: Any, doc: str, **bounds: Any) -> Any:
    """Events per time, such as 100/s; inner value: float per second."""
    return Param("rate", default, doc, **bounds)


def share(default: Any, doc: str, **bounds: Any) -> Any:
    """A share, such as 5% or 0.05; inner value: float from 0 to 1."""
    return Param("share", default, doc, **{"ge": 0, "le": 1, **bounds})


def size(default: Any, doc: str, **bounds: Any) -> Any:
    """A size, such as 256KiB; inner value: bytes."""
    return Param("size", default, doc, **bounds)


def count(default: Any, doc: str, **bounds: Any) -> Any:
    """A whole number; inner value: int, or None."""
    return Param("count", default, doc, **bounds)


def number(default: Any, doc: str, **bounds: Any) -> Any:
    """A number; inner value: float."""
    return Param("number", default, doc, **bounds)


def flag(default: Any, doc: str, **rest: Any) -> Any:
    """True or false."""
    return Param("flag", default, doc, **rest)


def word(default: Any, doc: str, **rest: Any) -> Any:
    """A word or text; inner value: str, or None."""
    return Param("word", default, doc, **rest)


def words(default: Any, doc: str, **rest: Any) -> Any:
    """A list of words, or a single one; inner value: list of str, or None."""
    return Param("words", default, doc, **rest)


def choice(default: Any, doc: str, options: tuple[str, ...], **rest: Any) -> Any:
    """One of a few words; inner value: str."""
    return Param("choice", default, doc, options=options, **rest)


def dist(default: Any, doc: str, **rest: Any) -> Any:
    """A duration that may vary (see DESIGN of the file format); inner value: `topology.dist.Dist`."""
    return Param("dist", default, doc, **rest)


def node(default: Any, doc: str, **rest: Any) -> Any:
    """The name of another node of the design; inner value: str, or None."""
    return Param("node", default, doc, **rest)


def path(default: Any, doc: str, **rest: Any) -> Any:
    """A file, relative to the playground's own; inner value: str (absolute), or None."""
    return Param("path", default, doc, **rest)


def paths(default: Any, doc: str, **rest: Any) -> Any:
    """A list of files, or a single one, relative to the playground's own; inner value: list of str (absolute), or None."""
    return Param("paths", default, doc, **rest)


def data(default: Any, doc: str, **rest: Any) -> Any:
    """Any value that a file can hold (text, numbers, lists, mappings); inner value: the same, or None."""
    return Param("data", default, doc, **rest)


def group(fields: dict[str, Any], doc: str, default: Any = None, short: str = "", **rest: Any) -> Any:
    """Several parameters under one name; inner value: dict of inner values, or None when absent."""
    return Param("group", default, doc, fields=fields, short=short, **rest)


def table(fields: dict[str, Any], doc: str, default: Any = None, short: str = "", **rest: Any) -> Any:
    """A mapping of names of the user's own, each to a group of these parameters; inner value: dict of dicts by name, or None."""
    return Param("table", default, doc, fields=fields, short=short, **rest)
