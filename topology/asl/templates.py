"""Payload templates and single settings: JSON with paths, intrinsic functions or JSONata expressions in it, compiled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from topology.asl import intrinsics
from topology.asl.failures import QUERY, Failure, Unresolved, runtime
from topology.asl.jsonata import Expression, QueryError, is_expression, text_of
from topology.asl.paths import Path, compile_path
from topology.asl.scope import Scope
from topology.problems import Refused

Place = tuple[str | int, ...]
JSONPATH, JSONATA = "JSONPath", "JSONata"

MAX_DEPTH = 100
"""How deep a template may be nested."""

_Fill = Callable[[Scope], Any]


class Template:
    """A JSON value of which parts are computed. `evaluate` raises Failure, with the field and the reason."""

    def __init__(self, value: Any, place: Place, language: str) -> None:
        """Compile it. Raises Refused."""
        self.place, self.language = place, language
        self._fill = _template(value, place, language, place[-1] if place else "")

    def evaluate(self, scope: Scope) -> Any:
        """The value, with every computed part filled in."""
        return self._fill(scope)


def _template(value: Any, place: Place, language: str, field: str | int) -> _Fill:
    if len(place) > MAX_DEPTH:
        raise Refused(place, f"a template may be nested {MAX_DEPTH} deep")
    if isinstance(value, dict):
        return _object(value, place, language, field)
    if isinstance(value, list):
        inner = [_template(item, (*place, i), language, f"{field}[{i}]") for i, item in enumerate(value)]
        return lambda scope: [fill(scope) for fill in inner]
    if language == JSONATA and is_expression(value):
        return compile_query(value, place, str(field)).evaluate
    return lambda _: value


def _object(value: dict[str, Any], place: Place, language: str, field: str | int) -> _Fill:
    """An object's fields; in JSONPath, what a name that ends in .$ holds is computed."""
    found: dict[str, _Fill] = {}
    for name, item in value.items():
        here = (*place, name)
        computed = language == JSONPATH and name.endswith(".$")
        plain = name.removesuffix(".$") if computed else name
        if plain in found:
            raise Refused(here, f"{plain!r} is given twice, once as {plain!r} and once as {plain + '.$'!r}")
        if computed:
            found[plain] = compile_value(item, here, name)
        else:
            found[plain] = _template(item, here, language, f"{field}/{name}")
    return lambda scope: {name: fill(scope) for name, fill in found.items()}


def compile_value(text: Any, place: Place, field: str) -> _Fill:
    """What stands at a name that ends in .$: a path or an intrinsic function."""
    if isinstance(text, str) and text.startswith("States."):
        call = intrinsics.compile_call(text, place)
        return lambda scope: _computed(call, scope)
    if not isinstance(text, str) or not text.startswith("$"):
        raise Refused(place, "expected a path or an intrinsic function, because the name ends in .$")
    return Selection(compile_path(text, place), field).evaluate


def _computed(call: intrinsics.Call, scope: Scope) -> Any:
    try:
        return call.evaluate(scope)
    except Unresolved as gap:
        raise runtime(gap.words) from None


class Selection:
    """A path in a field."""

    def __init__(self, path: Path, field: str) -> None:
        self.path, self.field = path, field

    @property
    def text(self) -> str:
        """The path as it is written."""
        return self.path.text

    def evaluate(self, scope: Scope) -> Any:
        """What it selects. Raises Failure."""
        try:
            return scope.select(self.path)
        except Unresolved as gap:
            if not gap.missing:
                raise runtime(gap.words) from None
            where = text_of(scope.context if self.path.root == "$$" else scope.value)
            raise runtime(
                f"The JSONPath '{self.path.text}' specified for the field '{self.field}' could not be found "
                f"in the input '{where[:1_000]}'"
            ) from None


class Query:
    """A JSONata expression in a field."""

    def __init__(self, expression: Expression, field: str) -> None:
        self.expression, self.field = expression, field

    @property
    def text(self) -> str:
        """The expression as it is written."""
        return self.expression.text

    def evaluate(self, scope: Scope) -> Any:
        """Its value. Raises Failure."""
        try:
            return self.expression.evaluate(scope)
        except QueryError as fault:
            words = f"The JSONata expression '{self.expression.text}' specified for the field '{self.field}' {fault}"
            raise Failure(QUERY, words, bare=True, location=self.field) from None


class Constant:
    """A value that stands in the definition."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.text, self.field = "", ""

    def evaluate(self, _: Scope) -> Any:
        """The value."""
        return self.value


Setting = Constant | Selection | Query


def compile_query(value: str, place: Place, field: str) -> Query:
    """A JSONata expression of a field. Raises Refused."""
    return Query(Expression(value, place), field)
