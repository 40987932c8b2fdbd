"""What the patterns of EventBridge and the filter policies of SNS share: leaves, `$or`, and fields inside arrays.

The rules are those of the documentation and of aws/event-ruler, which both services run. Where the two differ, a Dialect says so.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from math import isfinite
from typing import Any, Final

from topology.problems import Refused, near_miss
from topology.rules.wildcards import Wildcard, complexity
from topology.units import is_number, shown

Path = tuple[str | int, ...]
Test = Callable[[Any], bool]
"""Whether one value of an event (a text, a number, true, false or null) is as a leaf wants it."""

UNREADABLE: Final = object()
"""Stands for a value that is there and cannot be read: it satisfies `exists: true` and nothing else."""

OR: Final = "$or"
RESERVED: Final = frozenset(
    {"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr", "html"}
    | {"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "ip-address-in-range"}
    | {"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-not-in-range"}
)
"""Names that no field inside `$or` may have."""

_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_IPV4: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})")
_IPV6: Final = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_CIDR: Final = re.compile(r"([^/]+)/([0-9]{1,3})")
_DEEPEST: Final = 400


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one service reads the language."""

    service: str
    operators: frozenset[str]
    """What an object in a leaf may ask for."""
    largest: int
    """Numbers are compared between minus this and this."""
    decimals: int
    """Numbers are compared to so many digits after the point."""
    ends_ignore_case: bool
    """Whether a prefix or a suffix may be `{"equals-ignore-case": …}`."""
    bare_values: bool
    """Whether a leaf may be one value without the list around it."""
    or_as_name: bool
    """Whether a `$or` that is no list of two or more objects is the name of a field like any other."""
    most_branches: int
    """`$or` may come to so many combinations."""
    most_beginnings: int | None
    """The highest complexity of the wildcards of one field."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What the value of one field has to be: one of several things."""

    tests: tuple[Test, ...]
    present: bool
    """Any value will do."""
    absent: bool
    """It will do that there is no such field."""
    size: int
    """How many alternatives are written."""
    depth: int
    """How many names lead to it."""

    def takes(self, value: Any) -> bool:
        """Whether the value is one of the alternatives."""
        return self.present or (value is not UNREADABLE and any(test(value) for test in self.tests))


Branch = dict[str, Leaf]
"""Fields by their full names, names joined by dots; all of them have to hold."""

Places = Mapping[int, int]
"""For each array around a value (by its number) the element in which the value lies."""

Fields = dict[str, list[tuple[Any, Places]]]
"""The values of an event, by full names."""


def read(written: Any, dialect: Dialect) -> tuple[list[Branch], list[Leaf]]:
    """The combinations that a pattern stands for, one of which has to hold, and its leaves. Raises Refused."""
    reader = _Reader(dialect)
    if not isinstance(written, dict):
        raise Refused((), f'expected an object that names fields, got {shown(written)}; write it as {{"field": ["value"]}}')
    return reader.object(written, (), "", [{}], inside_or=False), reader.leaves


@dataclass(slots=True)
class _Reader:
    """Goes through a pattern from the outside in."""

    dialect: Dialect
    leaves: list[Leaf] = field(default_factory=list)

    def object(self, written: dict[Any, Any], path: Path, prefix: str, branches: list[Branch], inside_or: bool) -> list[Branch]:
        """The branches with what this object adds to each of them."""
        if not written:
            raise Refused(path, "expected at least one field in the object; name one, or leave the object out")
        if len(path) > _DEEPEST:
            raise Refused(path, f"expected objects nested at most {_DEEPEST} deep; write a flatter pattern")
        for name, value in written.items():
            here = (*path, name)
            if not isinstance(name, str):
                raise Refused(path, f"expected names that are texts, got {shown(name)}; put it in quotes")
            if name == OR and not (self.dialect.or_as_name and not _is_or(value)):
                branches = self._or(value, here, prefix, branches)
            elif inside_or and name in RESERVED:
                raise Refused(here, f"expected the name of a field inside $or; '{name}' is an operator, and goes below a field")
            elif isinstance(value, dict):
                branches = self.object(value, here, f"{prefix}{name}.", branches, inside_or)
            else:
                branches = self._leaf(value, here, f"{prefix}{name}", branches)
        return branches

    def _or(self, value: Any, path: Path, prefix: str, branches: list[Branch]) -> list[Branch]:
        """Every branch once with each of the alternatives."""
        if not isinstance(value, list):
            raise Refused(path, f"expected a list of objects, got {shown(value)}; write [{{…}}, {{…}}]")
        if len(value) < 2:
            raise Refused(path, f"expected at least two objects, got {len(value)}; without a choice leave $or out")
        found: list[Branch] = []
        for index, each in enumerate(value):
            if not isinstance(each, dict):
                raise Refused((*path, index), f"expected an object that names fields, got {shown(each)}")
            found += self.object(each, (*path, index), prefix, branches, inside_or=True)
            if len(found) > self.dialect.most_branches:
                most = f"{self.dialect.most_branches:,}"
                raise Refused(path, f"expected at most {most} combinations of all $or together; split it over several rules")
        return found

    def _leaf(self, value: Any, path: Path, name: str, branches: list[Branch]) -> list[Branch]:
        """Every branch with one more field; where a field is named twice, the later one counts."""
        if self.dialect.bare_values and isinstance(value, str | int | float):
            value = [value]
        if not isinstance(value, list):
            raise Refused(path, f"expected a list of values or an object, got {shown(value)}; write it in brackets")
        if not value:
            raise Refused(path, "expected at least one value in the list; write one, or leave the field out")
        leaf = _alternatives(value, path, self.dialect)
        self.leaves.append(leaf)
        return [branch | {name: leaf} for branch in branches]


def _is_or(value: Any) -> bool:
    """Whether a list has the shape of alternatives."""
    shaped = isinstance(value, list) and len(value) > 1 and all(isinstance(each, dict) for each in value)
    return shaped and not any(name in RESERVED for each in value for name in each)


def _alternatives(values: list[Any], path: Path, dialect: Dialect) -> Leaf:
    tests: list[Test] = []
    exists: set[bool] = set()
    wildcards: list[Wildcard] = []
    for index, value in enumerate(values):
        here = (*path, index)
        if not isinstance(value, dict):
            tests.append(_exactly(value, here, dialect))
            continue
        name, operand = _only(value, here, dialect.operators, dialect)
        here = (*here, name)
        if name == "exists":
            exists.add(_exists(operand, here))
        elif name == "wildcard":
            wildcards.append(Wildcard(_text(operand, here), here))
        else:
            tests.append(_OPERATORS[name](operand, here, dialect))
    if dialect.most_beginnings is not None and complexity(wildcards, dialect.most_beginnings + 1) > dialect.most_beginnings:
        raise Refused(path, "expected wildcards that are easier to follow; use fewer asterisks, or a prefix or a suffix")
    tests += [_on_texts(wildcard.matches) for wildcard in wildcards]
    # Every $or that offers a choice is followed by the number of the object in it, and is no level of its own.
    depth = sum(1 if isinstance(step, str) else -1 for step in path)
    return Leaf(tuple(tests), True in exists, False in exists, len(values), depth)


def _only(value: dict[Any, Any], path: Path, known: Iterable[str], dialect: Dialect) -> tuple[str, Any]:
    """The one operator of an object, and what it is given."""
    if len(value) != 1:
        raise Refused(path, f"expected exactly one operator, got {len(value)}; write each in an object of its own")
    ((name, operand),) = value.items()
    if name not in known:
        hint = near_miss(str(name), known)
        also = f" (did you mean {hint}?)" if hint else ""
        raise Refused(path, f"{dialect.service} has no operator {shown(name)} here{also}; it has {', '.join(sorted(known))}")
    return str(name), operand


def _exactly(value: Any, path: Path, dialect: Dialect) -> Test:
    """The value itself; numbers as numbers, and addresses however they are spelled."""
    if value is None or isinstance(value, bool):
        return lambda other: other is value
    if isinstance(value, str):
        place = address(value)
        if place is not None:
            return lambda other: isinstance(other, str) and (other == value or address(other) == place)
        return lambda other: isinstance(other, str) and other == value
    if is_number(value) and (isinstance(value, int) or isfinite(value)):
        wanted = steps(value, dialect)
        if wanted is None or _finer(value, dialect):
            return lambda other: is_number(other) and bool(other == value)
        return lambda other: steps(other, dialect) == wanted
    raise Refused(path, f"expected a text, a number, true, false, null or an operator, got {shown(value)}")


def _exists(operand: Any, path: Path) -> bool:
    if not isinstance(operand, bool):
        raise Refused(path, f"expected true or false, got {shown(operand)}")
    return operand


def _text(operand: Any, path: Path) -> str:
    if not isinstance(operand, str):
        raise Refused(path, f"expected a text, got {shown(operand)}; put it in quotes, and several in objects of their own")
    return operand


def _on_texts(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _end(operand: Any, path: Path, dialect: Dialect) -> tuple[str, bool]:
    """A prefix or suffix, and whether its case does not matter."""
    if isinstance(operand, dict) and dialect.ends_ignore_case:
        name, inner = _only(operand, path, ("equals-ignore-case",), dialect)
        return _text(inner, (*path, name)).lower(), True
    return _text(operand, path), False


def _prefix(operand: Any, path: Path, dialect: Dialect) -> Test:
    text, folded = _end(operand, path, dialect)
    return _on_texts(lambda value: (value.lower() if folded else value).startswith(text))


def _suffix(operand: Any, path: Path, dialect: Dialect) -> Test:
    text, folded = _end(operand, path, dialect)
    return _on_texts(lambda value: (value.lower() if folded else value).endswith(text))


def _ignore_case(operand: Any, path: Path, dialect: Dialect) -> Test:
    text = _text(operand, path).lower()
    return _on_texts(lambda value: value.lower() == text)


def _exact_text(operand: Any, path: Path, dialect: Dialect) -> Test:
    text = _text(operand, path)
    return _on_texts(lambda value: value == text)


def _wildcard(operand: Any, path: Path, dialect: Dialect) -> Test:
    return _on_texts(Wildcard(_text(operand, path), path).matches)


def _numeric(operand: Any, path: Path, dialect: Dialect) -> Test:
    """One comparison, or a range that begins with its lower end."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise Refused(path, f'expected an operator and a number, or two of each, got {shown(operand)}; write [">", 0, "<=", 5]')
    bounds: list[tuple[Callable[[int, int], bool], int]] = []
    for at in range(0, len(operand), 2):
        sign = operand[at]
        allowed = tuple(_COMPARE) if len(operand) == 2 else (">", ">=") if at == 0 else ("<", "<=")
        if not isinstance(sign, str) or sign not in allowed:
            signs = " ".join(allowed)
            raise Refused((*path, at), f"expected one of {signs}, got {shown(sign)}; a range begins with its lower end")
        bounds.append((_COMPARE[sign], _number(operand[at + 1], (*path, at + 1), dialect)))
    if len(bounds) == 2 and bounds[0][1] >= bounds[1][1]:
        raise Refused(path, f"expected a lower end below {shown(operand[3])}, got {shown(operand[1])}")

    def test(value: Any) -> bool:
        number = steps(value, dialect)
        return number is not None and all(compare(number, bound) for compare, bound in bounds)

    return test


def _number(operand: Any, path: Path, dialect: Dialect) -> int:
    """A number that the service can compare, in its smallest steps."""
    if not is_number(operand):
        raise Refused(path, f"expected a number, got {shown(operand)}; write it without quotes")
    number = steps(operand, dialect)
    if number is None:
        raise Refused(path, f"expected a number from -{dialect.largest:,} to {dialect.largest:,}, got {shown(operand)}")
    if _finer(operand, dialect):
        raise Refused(path, f"expected at most {dialect.decimals} digits after the point, got {shown(operand)}; round it")
    return number


def _cidr(operand: Any, path: Path, dialect: Dialect) -> Test:
    """A range of addresses; bits of the address beyond the mask do not matter."""
    written = _CIDR.fullmatch(_text(operand, path))
    place = address(written[1]) if written else None
    if written is None or place is None or int(written[2]) > place[0]:
        raise Refused(path, f"expected an address and its mask, got {shown(operand)}; write it as 10.0.0.0/24 or 2001:db8::/64")
    bits, number = place
    host = bits - int(written[2])

    def test(value: str) -> bool:
        other = address(value)
        return other is not None and other[0] == bits and other[1] >> host == number >> host

    return _on_texts(test)


def _anything_but(operand: Any, path: Path, dialect: Dialect) -> Test:
    """Any value except the ones given; a field that is not there has no value."""
    if isinstance(operand, dict):
        name, inner = _only(operand, path, _BUT, dialect)
        banned = [_BUT[name](text, here, dialect) for text, here in _texts(inner, (*path, name), name)]
        return lambda value: not any(test(value) for test in banned)
    values = operand if isinstance(operand, list) else [operand]
    places = [(*path, index) for index in range(len(values))] if isinstance(operand, list) else [path]
    if values and all(isinstance(value, str) for value in values):
        texts = frozenset(values)
        return lambda value: not (isinstance(value, str) and value in texts)
    if values and all(is_number(value) for value in values):
        numbers = frozenset(_number(value, here, dialect) for value, here in zip(values, places, strict=True))
        return lambda value: steps(value, dialect) not in numbers
    raise Refused(path, f"expected texts only or numbers only, and at least one, got {shown(operand)}")


def _texts(operand: Any, path: Path, name: str) -> Iterable[tuple[str, Path]]:
    """The text or texts that `anything-but` is to leave out, each with its place."""
    if isinstance(operand, list) and not operand:
        raise Refused(path, "expected at least one text in the list; write one")
    places = [(*path, index) for index in range(len(operand))] if isinstance(operand, list) else [path]
    for each, here in zip(operand if isinstance(operand, list) else [operand], places, strict=True):
        text = _text(each, here)
        if not text and name in ("prefix", "suffix"):
            raise Refused(here, f"expected a {name} of at least one character: the empty one leaves out every text")
        yield text, here


_Operator = Callable[[Any, Path, Dialect], Test]
_BUT: Final[dict[str, _Operator]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
}
_OPERATORS: Final[dict[str, _Operator]] = {
    "exactly": _exact_text,
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}


def steps(value: Any, dialect: Dialect) -> int | None:
    """A number in steps of the last digit that is compared; None for what is no number or too large to compare."""
    if not is_number(value) or not -dialect.largest <= value <= dialect.largest:
        return None
    return int(_shifted(value, dialect).to_integral_value(ROUND_FLOOR))


def _finer(value: int | float, dialect: Dialect) -> bool:
    """Whether it has digits after the last one that is compared."""
    shifted = _shifted(value, dialect)
    return shifted != shifted.to_integral_value()


def _shifted(value: int | float, dialect: Dialect) -> Decimal:
    return Decimal(value if isinstance(value, int) else repr(value)).scaleb(dialect.decimals)


def address(text: str) -> tuple[int, int] | None:
    """The bits (32 or 128) and the number of an internet address; None for any other text."""
    four = _IPV4.fullmatch(text)
    if four:
        parts = [int(part) for part in four.groups()]
        return (32, int.from_bytes(bytes(parts))) if max(parts) < 256 else None
    if not _IPV6.fullmatch(text):
        return None
    try:
        return 128, int(ipaddress.IPv6Address(text))
    except ValueError:
        return None


def fields_of(event: dict[str, Any], names: Iterable[str]) -> Fields:
    """The values of an event's fields, of those that can matter to the names; objects and arrays themselves are no values."""
    wanted = {step for name in names for step in name.split(".")}
    found: Fields = {}
    arrays = 0
    waiting: list[tuple[Any, str, Places]] = [(event, "", {})]
    while waiting:
        value, name, places = waiting.pop()
        if isinstance(value, dict):
            prefix = f"{name}." if name else ""
            inner = ((str(key), each) for key, each in value.items())
            waiting += [(each, prefix + key, places) for key, each in inner if wanted.issuperset(key.split("."))]
        elif isinstance(value, list | tuple):
            for index, each in enumerate(value):
                nested = isinstance(each, dict | list | tuple)
                waiting.append((each, name, {**places, arrays: index} if nested else places))
            arrays += 1
        else:
            found.setdefault(name, []).append((value, places))
    return found


def holds(branch: Sequence[tuple[str, Leaf]], fields: Fields) -> bool:
    """Whether every field of a branch, given in the order of names, has a value that its leaf takes.

    Values of different elements of the same array do not go together. A field is absent when no value of it goes together with
    the values chosen for the names before it.
    """
    values = [fields.get(name, []) for name, _ in branch]
    mentioned: list[frozenset[int]] = [frozenset()]
    for each in reversed(values):
        mentioned.append(mentioned[-1].union(*(places for _, places in each)))
    mentioned.reverse()
    dead: set[tuple[int, frozenset[tuple[int, int]]]] = set()

    def fits(at: int, chosen: Places) -> bool:
        if at == len(branch):
            return True
        relevant = {array: index for array, index in chosen.items() if array in mentioned[at]}
        state = (at, frozenset(relevant.items()))
        if state in dead:
            return False
        leaf, there = branch[at][1], False
        for value, places in values[at]:
            if any(relevant.get(array, index) != index for array, index in places.items()):
                continue
            there = True
            if leaf.takes(value) and fits(at + 1, {**relevant, **places}):
                return True
        if not there and leaf.absent and fits(at + 1, relevant):
            return True
        dead.add(state)
        return False

    return fits(0, {})


def in_order(branches: Iterable[Branch]) -> tuple[tuple[tuple[str, Leaf], ...], ...]:
    """Branches as `holds` reads them."""
    return tuple(tuple(sorted(branch.items(), key=lambda item: item[0])) for branch in branches)
