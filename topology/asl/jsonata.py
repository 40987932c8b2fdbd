"""JSONata expressions between {% and %}, evaluated by the library jsonata-python, without its clock, dice and $eval."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from topology.asl import intrinsics, jsontext
from topology.asl.scope import Scope
from topology.asl.timestamps import show
from topology.problems import Refused

MAX_STEPS = 100_000
"""An expression that takes more steps than this is given up."""

MAX_DEPTH = 400
"""How deep evaluations may nest in each other."""

PYTHON_FRAMES = 10_000
"""Room for that depth, so that the caller's own depth makes no difference."""

MAX_EXPRESSION = 65_536
"""A longer expression is refused."""

_EVAL = re.compile(r"\$eval\s*\(")


class QueryError(Exception):
    """An expression that gives no value; the words say why."""


def is_expression(value: Any) -> bool:
    """Whether a value of a definition is an expression and no plain text."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}") and len(value) >= 4


class Expression:
    """A compiled expression. `text`: what stands between the marks."""

    def __init__(self, value: str, place: tuple[str | int, ...] = ()) -> None:
        """Compile it. Raises Refused for what is no JSONata or uses $eval."""
        self.text = value[2:-2].strip()
        if len(self.text) > MAX_EXPRESSION:
            raise Refused(place, f"a JSONata expression may have {MAX_EXPRESSION:,} characters")
        if _EVAL.search(self.text):
            raise Refused(place, "the JSONata function $eval is not supported; $parse reads JSON texts")
        try:
            self._compiled = _library().Jsonata(self.text)
        except Exception as fault:
            raise Refused(place, f"the JSONata expression {self.text!r} cannot be read: {fault}") from None
        self._compiled.set_output_convert_nulls(False)
        self._compiled.set_validate_input(False)
        if self._compiled.get_errors():
            raise Refused(place, f"the JSONata expression {self.text!r} cannot be read: {self._compiled.get_errors()[0]}")

    def evaluate(self, scope: Scope) -> Any:
        """The value, as plain JSON. Raises QueryError."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, PYTHON_FRAMES))
        try:
            found = self._compiled.evaluate(None, _bindings(scope))
        except Exception as fault:
            raise QueryError(f"threw an error during evaluation: {fault}") from None
        finally:
            sys.setrecursionlimit(limit)
        if found is None:
            raise QueryError("returned nothing (undefined).")
        return _plain(found)


def _bindings(scope: Scope) -> dict[str, Any]:
    """The names that an expression sees."""
    bound = {name: _shielded(value) for name, value in scope.variables.items()}
    seen = {name: _shielded(value) for name, value in scope.states.items()}
    bound["states"] = {**seen, "context": scope.context}
    bound.update(_functions(scope))
    bound["__evaluate_entry"], bound["__evaluate_exit"] = _bounds()
    return bound


def _shielded(value: Any) -> Any:
    """A JSON null is told from nothing."""
    return _null() if value is None else value


def _functions(scope: Scope) -> dict[str, Any]:
    """The functions that states add to the language, and those that would look at the clock or throw dice."""
    outside = scope.outside
    call = _library().Jsonata.JLambda

    def now(picture: Any = None, zone: Any = None) -> Any:
        if picture is None and zone is None:
            return show(outside.now_ns())
        from jsonata.functions import Functions

        return Functions.datetime_from_millis(outside.now_ns() // 1_000_000, picture, zone)

    def pick(seed: Any = None) -> float:
        return outside.random() if seed is None else intrinsics.seeded(seed)

    def shuffle(values: Any) -> list[Any]:
        left = list(values)
        return [left.pop(int(outside.random() * len(left))) for _ in range(len(left))]

    def spread(first: Any, last: Any, step: Any) -> Any:
        found = intrinsics.array_range(None, first, last, step)
        return found[0] if len(found) == 1 else found

    made: dict[str, Callable[..., Any]] = {
        "partition": lambda values, length: intrinsics.partition(None, values, length),
        "range": spread,
        "hash": lambda value, algorithm="SHA-256": intrinsics.hashed(None, value, algorithm),
        "random": pick,
        "uuid": outside.uuid,
        "parse": lambda value: None if value is None else _shielded(intrinsics.parsed(None, value)),
        "now": now,
        "millis": lambda: outside.now_ns() // 1_000_000,
        "shuffle": shuffle,
    }
    return {name: call(function) for name, function in made.items()}


def _bounds() -> tuple[Callable[..., None], Callable[..., None]]:
    """What is called around each step, so that no expression runs for ever."""
    steps = depth = 0

    def enter(*_: Any) -> None:
        nonlocal steps, depth
        steps, depth = steps + 1, depth + 1
        if steps > MAX_STEPS:
            raise QueryError(f"it takes more than {MAX_STEPS:,} steps")
        if depth > MAX_DEPTH:
            raise QueryError(f"it is nested more than {MAX_DEPTH} deep")

    def leave(*_: Any) -> None:
        nonlocal depth
        depth -= 1

    return enter, leave


def _plain(value: Any) -> Any:
    """The JSON of a result. Raises QueryError for a function, a regular expression or a number that JSON has not."""
    if value is None or value is _null():
        return None
    if isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise QueryError("returned a number that JSON has not.")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [_plain(item) for item in value]
    try:
        return [_plain(value[i]) for i in range(len(value))]
    except (TypeError, AttributeError):
        raise QueryError("returned an unsupported result type.") from None


def _library() -> Any:
    """The library, loaded when the first expression is read; it raises Python's recursion limit, which is put back."""
    limit = sys.getrecursionlimit()
    from jsonata import jsonata

    if sys.getrecursionlimit() != limit:
        sys.setrecursionlimit(limit)
    return jsonata


def _null() -> Any:
    from jsonata.utils import Utils

    return Utils.NULL_VALUE


def text_of(value: Any) -> str:
    """A value as a message quotes it."""
    try:
        return jsontext.write(value)
    except ValueError:
        return str(value)
