"""What `list`, `kinds`, `policies` and `faults` print: made from the registries, so that it never drifts from the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Any

from chaos import gallery
from chaos.registry import faults
from topology import registry
from topology.problems import near_miss
from topology.spec import load
from tui import reference
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
    found = playgrounds()
    width = max((len(one["name"]) for one in found), default=0) + 4
    rows = [fill(f"  {one['name'].ljust(width - 4)}  {one['about']}", WIDTH, subsequent_indent=" " * width) for one in found]
    return "\n".join(["playgrounds", *rows, "", "knockon play NAME opens one, knockon show NAME prints its file"]) + "\n"


def kinds_page(name: str | None, markdown: bool = False) -> str:
    """All kinds of nodes, or one of them; the name of a policy opens its page, too."""
    if name is None:
        if markdown:
            return _all("Kinds of nodes", registry.kind_names(), reference.kind_page)
        kinds = _short_list("kinds of nodes", registry.kinds())
        return f"{kinds}\n{policies_page(None)}"
    if name in registry.kind_names():
        return _written(reference.kind_page(name), markdown)
    if name in registry.policy_names():
        return _written(reference.policy_page(name), markdown)
    raise _unknown("kind or policy", name, [*registry.kind_names(), *registry.policy_names()])


def policies_page(name: str | None, markdown: bool = False) -> str:
    """All policies, or one of them."""
    if name is None:
        if markdown:
            return _all("Policies", registry.policy_names(), reference.policy_page)
        return _short_list("policies, set on a link or a node", registry.policies())
    if name in registry.policy_names():
        return _written(reference.policy_page(name), markdown)
    raise _unknown("policy", name, registry.policy_names())


def faults_page(name: str | None, markdown: bool = False) -> str:
    """All faults, or one of them."""
    known = faults()
    if name is None:
        return _all("Faults", list(known), reference.fault_page) if markdown else _short_list("faults", known)
    if name in known:
        return _written(reference.fault_page(name), markdown)
    raise _unknown("fault", name, list(known))


def _written(page: reference.Page, markdown: bool) -> str:
    return reference.as_markdown(page) if markdown else reference.as_text(page)


def _all(title: str, names: Sequence[str], page: Callable[[str], reference.Page]) -> str:
    return reference.all_as_markdown(title, {name: page(name) for name in names})


def _unknown(what: str, name: str, known: Sequence[str]) -> Mistake:
    near = near_miss(name, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
    return Mistake(f"there is no {what} called {name[:60]}; {hint}")


def _short_list(title: str, found: Mapping[str, type[Any]]) -> str:
    width = max(map(len, found), default=0)
    rows = [f"  {name.ljust(width)}  {reference.first_sentence(found[name])}" for name in found]
    return "\n".join([title, *rows]) + "\n"
