"""Mutants of kinds, policies and faults: one thing changed in one of them, which at least one test should notice.

A mutant is written `sort name change parameter`, such as `policy bulkhead halve limit`. Changes: `drop` (it does nothing),
`halve` (what is given counts half), `default` (another value where none is given).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from chaos.fault import Fault
from chaos.registry import faults
from topology.parameters import Param
from topology.policy import LinkPolicy, NodePolicy, Policy, ScalePolicy
from topology.registry import kinds, policies

NUMBERS = ("duration", "rate", "share", "size", "count", "number")
DROPPED = ("__init__", "params", "on", "kinds", "configure")
"""What a dropped policy keeps of its own: its declaration and its memory, none of its behaviour."""
READ_BY_THE_WORLD = ("start", "clients")
"""Parameters of kinds that the world itself reads, so that they are not halved on their way into the kind but when checked."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one thing."""

    sort: str
    name: str
    change: str
    param: str = ""

    @property
    def text(self) -> str:
        """As it is written."""
        return " ".join(filter(None, (self.sort, self.name, self.change, self.param)))


def read(text: str) -> Mutant:
    """A mutant as written; ValueError where it is none."""
    words = text.split()
    if len(words) not in (3, 4) or words[0] not in ("kind", "policy", "fault"):
        raise ValueError(f"expected a mutant such as 'policy bulkhead halve limit', got {text!r}")
    return Mutant(*words)


def every() -> Iterator[Mutant]:
    """All mutants of all that is registered."""
    for sort, found in (("kind", kinds()), ("policy", policies()), ("fault", dict(faults()))):
        for name, cls in found.items():
            if sort != "kind" and name != "noop":
                yield Mutant(sort, name, "drop")
            for param_name, param in cls.params.items():
                if param.type in NUMBERS or param.type == "dist":
                    yield Mutant(sort, name, "halve", param_name)
                if _other_default(param) is not None:
                    yield Mutant(sort, name, "default", param_name)


def apply(mutant: Mutant) -> None:
    """Change what the mutant says, in this process. Only what runs from source can be changed."""
    cls: Any = {"kind": kinds, "policy": policies, "fault": faults}[mutant.sort]()[mutant.name]
    if mutant.change == "drop":
        _drop(cls)
    elif mutant.change == "default":
        param = cls.params[mutant.param]
        cls.params = {**cls.params, mutant.param: replace(param, default=_other_default(param))}
    else:
        _halve(cls, mutant)


def _drop(cls: Any) -> None:
    if issubclass(cls, Fault):
        cls.inject = lambda self, world, targets, values, ramp_ns: ()
        return
    base = next(b for b in (LinkPolicy, NodePolicy, ScalePolicy, Policy) if issubclass(cls, b))
    own = [name for name, thing in vars(cls).items() if callable(thing) and name not in DROPPED and not name.startswith("__")]
    if not any(hasattr(base, name) for name in own):  # A node asks it by names of its own, such as a saga's.
        for name in own:
            setattr(cls, name, lambda *_: None)
    for name, thing in vars(base).items():
        if name not in DROPPED and not name.startswith("__"):
            setattr(cls, name, thing)


def _halve(cls: Any, mutant: Mutant) -> None:
    """Let the given value of one parameter count half."""
    if mutant.sort == "fault":
        inject = cls.inject

        def halved(self: Any, world: Any, targets: Any, values: Any, ramp_ns: int) -> Any:
            return inject(self, world, targets, _with_half(values, mutant.param), ramp_ns)

        cls.inject = halved
        return
    if mutant.sort == "kind" and mutant.param in READ_BY_THE_WORLD:
        _halve_checked(cls, mutant.param)
        return
    configure: Callable[..., None] = cls.configure

    def configured(self: Any, ctx: Any, values: dict[str, Any], third: Any) -> None:
        configure(self, ctx, _with_half(values, mutant.param), third)

    cls.configure = configured


def _halve_checked(cls: Any, name: str) -> None:
    """Let the value count half from when the file is checked."""
    prepare = getattr(cls, "prepare", dict)

    def prepared(values: dict[str, Any]) -> dict[str, Any]:
        return _with_half(prepare(values), name)

    cls.prepare = staticmethod(prepared)


def _with_half(values: dict[str, Any], name: str) -> dict[str, Any]:
    value = values.get(name)
    if value is None:
        return values
    if isinstance(value, int) and not isinstance(value, bool):
        return {**values, name: value // 2}
    if isinstance(value, float):
        return {**values, name: value / 2}
    from topology import dist

    return {**values, name: dist.constant(round(value.mean_ns() / 2))} if isinstance(value, dist.Dist) else values


def _other_default(param: Param) -> Any:
    """Another value that the parameter could have by default; None where there is none to swap."""
    default = param.default
    if param.type == "flag":
        return not default
    if param.type == "choice" and default is not None:
        return next((option for option in param.options if option != default), None)
    if param.required or default is None or param.type not in NUMBERS:
        return None
    return _doubled(param, default)


def _doubled(param: Param, default: Any) -> Any:
    """Twice the default, as a file would say it; half of it where twice is out of bounds."""
    from topology.spec.values import WRONG, Reading

    number, unit = _split(default)
    if number == 0:
        return None
    for factor in (2, 0.5):
        value = number * factor
        text = f"{value:g}{unit}" if unit else (int(value) if value == int(value) else value)
        if Reading(lambda *_: None).inner(replace(param, default=None), text) is not WRONG:
            return text
    return None


def _split(default: Any) -> tuple[float, str]:
    if isinstance(default, int | float):
        return float(default), ""
    digits = len(default) - len(default.lstrip("0123456789.")) if isinstance(default, str) else 0
    return (float(default[:digits]), default[digits:]) if digits else (0.0, "")
