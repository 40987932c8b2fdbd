"""A playground for each kind, policy and fault, made from its declaration: the smallest that shows where it belongs.

Where that does not tell enough, a class may say `example`: its settings as YAML, or all that follows the head.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chaos.fault import LINKS
from chaos.registry import faults
from topology import registry
from topology.parameters import Param
from topology.problems import PlaygroundError
from topology.spec import load_text
from topology.spec.values import WRONG, Reading, plain_default
from tui.acting import spared

HEAD = "playground: example\nduration: 1m\n"
SHOWN = 4
"""Settings that an example names, beside those that must be there."""

OTHERS = {
    "web": "{kind: producer, rate: 20/s}",
    "app": "{kind: service, replicas: 2, takes: 20ms}",
    "store": "{kind: service, takes: 5ms}",
    "jobs": "{kind: sqs}",
}
"""Who stands around what is shown."""

_WAYS = {
    "producer": ("visitors", ["{} -> app"]),
    "service": ("orders", ["web -> {}", "web -> {} -> app"]),
    "endpoint": ("bank", ["web -> app -> {}", "web -> {}"]),
    "proxy": ("front", ["web -> {} -> app"]),
    "gateway": ("gate", ["web -> {} -> app"]),
    "scheduler": ("nightly", ["{} -> app"]),
    "queue": ("backlog", ["web => {} => app"]),
    "stream": ("clicks", ["web => {} => app"]),
    "push": ("news", ["web => {} => app", "web => {} => jobs"]),
    "function": ("resize", ["web -> {}", "web => {}"]),
}
"""What a node of each role is called, and how it may be wired, the simplest first."""
_ANY = ("it", [way for _, ways in _WAYS.values() for way in ways])


class NoExample(ValueError):
    """A declaration asks for what cannot be guessed."""


def kind_example(name: str) -> str:
    """A playground with a node of a kind."""
    cls = registry.kind(name)
    more = [] if _said(cls) != ("", "") else [_settings(cls.params, SHOWN)]
    return _first(_with_kind(name, more), f"kind {name}")


def policy_example(name: str) -> str:
    """A playground with a policy where it belongs."""
    return _first(_with_policy(name, registry.policy(name)), f"policy {name}")


def fault_example(name: str) -> str:
    """A playground into which a fault is injected."""
    return _first(_with_fault(name, faults()[name]), f"fault {name}")


def _first(candidates: Iterator[str], what: str) -> str:
    """The first that is a playground; without one the declaration asks for what cannot be guessed."""
    wrong = ""
    for text in candidates:
        try:
            load_text(text, faults=faults())
        except PlaygroundError as error:
            wrong = wrong or str(error)
        else:
            return text
    raise NoExample(f"no example of {what} can be made from its declaration; give its class an 'example': {wrong}")


def _said(cls: Any) -> tuple[str, str]:
    """What a class says itself: all of an example, and its settings."""
    own = getattr(cls, "example", "").strip("\n")
    return (own, "") if "designs:" in own else ("", own)


def _with_kind(name: str, more: list[str], policy: str = "") -> Iterator[str]:
    """A node of a kind with the settings of its own example, else with `more`, else with as few as there may be."""
    cls = registry.kind(name)
    whole, own = _said(cls)
    if whole and not policy:
        yield f"{HEAD}{whole}\n"
        return
    called, ways = _WAYS.get(cls.role, _ANY)
    for settings in [own] if own else [*more, *_least(cls.params)]:
        inside = ", ".join(words for words in (f"kind: {name}", _bare(settings), policy) if words)
        for way in ways:
            yield _playground([way.format(called)], {called: f"{{{inside}}}"})


def _with_policy(name: str, cls: Any) -> Iterator[str]:
    whole, own = _said(cls)
    if whole:
        yield f"{HEAD}{whole}\n"
        return
    for settings in [own] if own else [_settings(cls.params, SHOWN), *_least(cls.params)]:
        word = f"{name}: {settings if settings.startswith('{') or ':' not in settings else f'{{{settings}}}'}"
        if cls.on == "node":
            for kind in [*cls.kinds, *registry.kind_names()]:
                yield from _with_kind(kind, [], word)
            continue
        for besides in ("", "timeout: 200ms", "retry: {attempts: 3}", "timeout: 200ms, retry: {attempts: 3}"):
            inside = ", ".join(part for part in ("link: web -> app", besides, word) if part)
            yield _playground([f"{{{inside}}}"])
        yield _playground(["web -> app", f"{{link: app -> store, {word}}}"])
        yield _playground(["web -> app", f"{{link: app => jobs, {word}}}", "jobs => store"])


def _with_fault(name: str, cls: Any) -> Iterator[str]:
    whole, own = _said(cls)
    if whole:
        yield f"{HEAD}{whole}\n"
        return
    kinds = [one for one in ("service", *registry.kind_names()) if not spared(cls, one)]
    for settings in [own] if own else [_settings(cls.params, SHOWN), *_least(cls.params)]:
        entry = ", ".join(words for words in (f"inject: {name}", "on: {on}", "for: 20s", _bare(settings)) if words)
        for kind in dict.fromkeys(kinds):
            called, _ = _WAYS.get(registry.kind(kind).role, _ANY)
            for base in _with_kind(kind, []):
                link = base.rpartition("- ")[2].split()[:3]
                on = " ".join(link) if cls.acts_on == LINKS else called
                yield f"{base}timeline:\n  - {{at: 10s, {entry.replace('{on}', on)}}}\n"


def _playground(links: list[str], nodes: dict[str, str] | None = None) -> str:
    """One design of these links; whoever stands around is declared as far as links name him."""
    named = set(re.findall(r"[a-z]+", " ".join(links)))
    declared = {name: words for name, words in OTHERS.items() if name in named} | (nodes or {})
    rows = [f"  {name}: {words}" for name, words in declared.items()]
    return "\n".join([f"{HEAD}nodes:", *rows, "designs:", "  only:", "    links:", *(f"      - {x}" for x in links), ""])


def _least(params: Mapping[str, Param]) -> list[str]:
    """As little as may be said: what must be set, and then, one at a time, what has no default."""
    must = _bare(_settings(params, 0))
    free = [f"{n}: {value_of(p)}" for n, p in params.items() if not p.required and p.default is None]
    return [f"{{{must}}}", *(f"{{{must}, {one}}}" if must else f"{{{one}}}" for one in free)]


def _settings(params: Mapping[str, Param], most: int) -> str:
    """What must be set, and the first few of the rest at their defaults, as a flow mapping."""
    free = [n for n, p in params.items() if not p.required and p.default is not None and p.type not in ("path", "node")]
    chosen = [name for name, param in params.items() if param.required or name in free[:most]]
    return "{" + ", ".join(f"{name}: {value_of(params[name])}" for name in chosen) + "}"


def _bare(settings: str) -> str:
    return settings[1:-1] if settings.startswith("{") else settings


_TYPICAL: dict[str, tuple[str, ...]] = {
    "duration": ("1s", "30s", "100ms", "10ms", "1h"),
    "rate": ("20/s", "1/s", "1000/s"),
    "share": ("10%", "50%", "100%", "0%"),
    "size": ("64KiB", "1KiB", "1MiB"),
    "count": ("3", "1", "10", "100", "1000"),
    "number": ("2", "1", "0.5", "10", "100"),
    "flag": ("true",),
    "word": ("something",),
    "node": ("app",),
    "dist": ("20ms", "1s"),
}


def value_of(param: Param) -> str:
    """A value that a parameter takes: its default, or a typical one within its bounds."""
    if not param.required and param.default is not None:
        return plain_default(param) if param.type in ("words", "data") else _plain(plain_default(param))
    if param.type == "choice":
        return param.options[0]
    if param.type == "group":
        return _settings(param.fields, 0)
    if param.type == "table":
        return f"{{one: {_settings(param.fields, 2)}}}"
    reading = Reading(lambda *_: None)
    bounds = [str(bound) for bound in (param.ge, param.le) if bound is not None]
    for text in (*_TYPICAL.get(param.type, ("something",)), *bounds):
        if reading.inner(param, _data(param, text)) is not WRONG:
            return text
    return "something"


def _data(param: Param, text: str) -> Any:
    """What the reader makes of a plain scalar."""
    if param.type in ("count", "number"):
        return float(text) if "." in text else int(text)
    return text == "true" if param.type == "flag" else text


def _plain(text: str) -> str:
    """A default as YAML: words of Python become those of YAML, and what could be read otherwise is quoted."""
    if text in ("True", "False"):
        return text.lower()
    return f'"{text}"' if any(char in text for char in ":{}[],#&*!|>'\"%@`") and not text.endswith("%") else text
