"""What `list`, `kinds` and `faults` print: generated from the registries, so that it never drifts from the code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import fill, indent
from typing import Any

from chaos import gallery
from chaos.registry import faults
from topology import registry
from topology.parameters import Param
from topology.registry import plain_words
from topology.spec import load
from topology.spec.problems import near_miss
from topology.spec.values import described, plain_default
from tui.lookup import Mistake

WIDTH = 100


def playgrounds() -> list[dict[str, Any]]:
    """What there is in the gallery, with what each teaches."""
    found = []
    for name in gallery.names():
        playground = load(gallery.path(name), faults=faults())
        found.append(
            {
                "name": name,
                "about": playground.about,
                "lesson": playground.lesson,
                "price": playground.price,
                "designs": [design.name for design in playground.designs],
                "duration": playground.duration_ns / 1e9,
            }
        )
    return found


def gallery_page() -> str:
    """The gallery for people."""
    blocks = []
    for one in playgrounds():
        lines = [f"{one['name']}  ({', '.join(one['designs'])})"]
        lines += [indent(fill(one["about"], WIDTH - 4), "    ")] if one["about"] else []
        lines += [indent(fill(f"Lesson: {one['lesson']}", WIDTH - 4), "    ")] if one["lesson"] else []
        lines += [indent(fill(f"Price: {one['price']}", WIDTH - 4), "    ")] if one["price"] else []
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def kinds_page(name: str | None) -> str:
    """All kinds of nodes and all policies, or one of them with its parameters."""
    if name is None:
        kinds = _short_list("kinds of nodes", registry.kinds())
        policies = _short_list("policies, set on a link or a node", registry.policies())
        return f"{kinds}\n{policies}"
    if name in registry.kind_names():
        return _page(name, "kind of node", registry.kind(name))
    if name in registry.policy_names():
        return _page(name, "policy", registry.policy(name))
    raise _unknown("kind or policy", name, [*registry.kind_names(), *registry.policy_names()])


def faults_page(name: str | None) -> str:
    """All faults, or one of them with its parameters."""
    known = faults()
    if name is None:
        return _short_list("faults", known)
    if name in known:
        return _page(name, "fault", known[name])
    raise _unknown("fault", name, list(known))


def _unknown(what: str, name: str, known: Sequence[str]) -> Mistake:
    near = near_miss(name, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
    return Mistake(f"there is no {what} called {name[:60]}; {hint}")


def _short_list(title: str, found: Mapping[str, type[Any]]) -> str:
    width = max(map(len, found), default=0)
    rows = [f"  {name.ljust(width)}  {_first_sentence(found[name])}" for name in found]
    return "\n".join([title, *rows]) + "\n"


def _first_sentence(kind: type[Any]) -> str:
    text = " ".join(plain_words(kind).split())
    first = text.partition(". ")[0].rstrip(".")
    return f"{first}."


def _page(name: str, what: str, kind: type[Any]) -> str:
    paragraphs = plain_words(kind).split("\n\n")
    text = "\n\n".join(fill(" ".join(part.split()), WIDTH) for part in paragraphs)
    settings = "\n".join(_rows(kind.params.items(), ""))
    return f"{name}: a {what}\n\n{text}\n\n{settings or 'It takes no settings.'}\n"


def _rows(params: Iterable[tuple[str, Param]], prefix: str) -> list[str]:
    """One block for each parameter: its name, what it takes, default and bounds, a sentence, and the source."""
    rows = []
    for name, param in params:
        rows.append(f"  {prefix}{name}: {_takes(param)}")
        rows.append(indent(fill(param.doc, WIDTH - 6), "      "))
        if not param.required and param.default is not None:
            rows.append(f"      Source of the default: {param.source}")
        rows += _rows(param.fields.items(), f"{prefix}{name}.")
    return rows


_BOUNDS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("ge", lambda bound: f"at least {bound}"),
    ("gt", lambda bound: f"more than {bound}"),
    ("le", lambda bound: f"at most {bound}"),
    ("lt", lambda bound: f"less than {bound}"),
)


def _takes(param: Param) -> str:
    parts = [described(param)]
    parts.append("required" if param.required else f"default {plain_default(param) or 'none'}")
    parts += [words(getattr(param, name)) for name, words in _BOUNDS if getattr(param, name) is not None]
    return ", ".join(parts)
