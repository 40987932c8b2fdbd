"""The reference pages of kinds, policies and faults: as data, made from declarations alone, and written as text or Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from textwrap import fill, indent
from typing import Any

from chaos.fault import ANYTHING, LINKS, PRODUCERS
from chaos.registry import faults
from topology import registry
from topology.frame import CRASHED, DRAINING, FROZEN, STARTING, UP
from topology.links import joins
from topology.parameters import Param
from topology.policy import LINK
from topology.registry import plain_words
from topology.spec.catalogue import Guards, Registered
from topology.spec.designs import DICE, REPLICAS, ZONES, has_replicas
from topology.spec.values import described, plain_default
from tui import examples, sources
from tui.acting import spared

WIDTH = 100
Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: a title, paragraphs, settings, lists of a word or two with what it means, and an example."""

    title: str
    words: tuple[str, ...]
    settings: tuple[tuple[str, Param], ...]
    link_settings: tuple[tuple[str, Param], ...]
    """What may be said on a link out of it, or on one by which it consumes."""
    lists: tuple[tuple[str, Rows], ...]
    example: str


def kind_page(name: str) -> Page:
    """Everything that the declaration of a kind says."""
    kind = registry.kind(name)
    common = {"replicas": REPLICAS, "zones": ZONES, "dice": DICE} if has_replicas(kind) else {"dice": DICE}
    lists = (
        ("States of a replica", tuple(_states(kind)) if kind.role != "producer" else ()),
        ("Reasons that it gives", _plain(sources.reasons(kind))),
        ("Links", tuple(_links(name))),
        ("Policies that it takes", tuple(_policies(name))),
        ("Faults that act on it", tuple(_faults(name))),
    )
    settings = tuple({**kind.params, **{n: p for n, p in common.items() if n not in kind.params}}.items())
    links = tuple({**kind.link_params, **kind.inlet_params}.items())
    return Page(f"{name}: a kind of node", _paragraphs(kind), settings, links, lists, _example(examples.kind_example, name))


def policy_page(name: str) -> Page:
    """Everything that the declaration of a policy says."""
    policy = registry.policy(name)
    where = "set on a link, for its caller's calls" if policy.on == LINK else "set on a node, at its door"
    takers = [] if policy.on == LINK else [one for one in registry.kind_names() if name in _fit(one)]
    lists = (
        ("Kinds that take it", tuple((one, first_sentence(registry.kind(one))) for one in takers)),
        ("States", _plain(sources.states(policy))),
        ("Reasons that it gives", _plain(sources.reasons(policy))),
    )
    settings = tuple(policy.params.items())
    return Page(f"{name}: a policy, {where}", _paragraphs(policy), settings, (), lists, _example(examples.policy_example, name))


def fault_page(name: str) -> Page:
    """Everything that the declaration of a fault says."""
    fault = faults()[name]
    kinds = [] if fault.acts_on == LINKS else [one for one in registry.kind_names() if not spared(fault, one)]
    where = {LINKS: "acts on links", PRODUCERS: "acts on producers", ANYTHING: "acts on anything"}.get(fault.acts_on)
    lists = (
        ("Kinds that it acts on", tuple((one, first_sentence(registry.kind(one))) for one in kinds)),
        ("Reasons that it gives", _plain(sources.reasons(fault))),
        ("What a world must be able to do", _plain(sorted(fault.needs))),
    )
    title = f"{name}: a fault, {where or 'acts on replicas'}"
    return Page(title, _paragraphs(fault), tuple(fault.params.items()), (), lists, _example(examples.fault_example, name))


REGISTERED = Registered()


def first_sentence(cls: type[Any]) -> str:
    """What a class models, in one sentence."""
    text = " ".join(plain_words(cls).split())
    return f"{text.partition('. ')[0].rstrip('.')}."


def _paragraphs(cls: type[Any]) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in plain_words(cls).split("\n\n"))


def _example(make: Callable[[str], str], name: str) -> str:
    try:
        return make(name)
    except examples.NoExample:
        return ""


def _plain(words: Iterable[str]) -> Rows:
    return tuple((word, "") for word in words)


def _states(kind: Any) -> Iterable[tuple[str, str]]:
    """What one replica can be; a managed node is never scaled, so that it neither drains nor starts late."""
    yield UP, "it works, or waits for work"
    kept = "its API refuses, what it keeps stays" if kind.managed else "the process is gone, and what was in memory"
    yield CRASHED, kept
    yield FROZEN, "it is silent, and keeps all it has"
    if has_replicas(kind):
        yield STARTING, "it comes up, and takes nothing yet"
        yield DRAINING, "it takes nothing new, and ends what it has"
    yield from ((word, "") for word in sources.states(kind))


def _links(name: str) -> Iterable[tuple[str, str]]:
    """Every legal link with another kind, gathered by what the link means."""
    found: dict[tuple[str, str], list[str]] = {}
    for other in registry.kind_names():
        for caller, callee, side in ((name, other, "to"), (other, name, "from")):
            for mode in ("->", "=>"):
                wiring, _ = joins(caller, callee, mode)
                if wiring:
                    way = f"{name} {mode} X" if side == "to" else f"X {mode} {name}"
                    found.setdefault((way, wiring), []).append(other)
    for (way, wiring), others in found.items():
        yield way, f"{wiring}; X is {_or(others)}"


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _policies(kind: str) -> Iterable[tuple[str, str]]:
    for name in _fit(kind):
        yield name, first_sentence(registry.policy(name))


def _fit(kind: str) -> list[str]:
    """The policies that may be set on nodes of a kind."""
    guards = Guards(REGISTERED, "node", kind)
    return [name for name in registry.policy_names() if not guards.unfit(name)]


def _faults(kind: str) -> Iterable[tuple[str, str]]:
    """Those that act on the node itself, and those that act on its links."""
    for name, fault in faults().items():
        if not spared(fault, kind):
            yield name, f"{'on its links: ' if fault.acts_on == LINKS else ''}{first_sentence(fault)}"


# Writing.


def as_text(page: Page) -> str:
    """A page for a terminal."""
    blocks = [page.title, "\n\n".join(_filled(words) for words in page.words)]
    blocks.append("\n".join(["Settings", *_setting_rows(page.settings, "")]) if page.settings else "It takes no settings.")
    if page.link_settings:
        blocks.append("\n".join(["Settings of its links", *_setting_rows(page.link_settings, "")]))
    for title, rows in page.lists:
        if rows:
            blocks.append("\n".join([title, *_list_rows(rows)]))
    if page.example:
        blocks.append(f"Example\n{indent(page.example.rstrip(), '  ')}")
    return "\n\n".join(blocks) + "\n"


def _filled(words: str, width: int = WIDTH, first: str = "", rest: str = "") -> str:
    """A paragraph; names such as dead-letter stay whole."""
    return fill(words, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _list_rows(rows: Rows) -> list[str]:
    width = max(len(word) for word, _ in rows) + 2
    lines = []
    for word, meaning in rows:
        first = f"  {word:<{width}}"
        lines.append(_filled(meaning, WIDTH, first, " " * len(first)) if meaning else f"  {word}")
    return lines


def _setting_rows(params: Iterable[tuple[str, Param]], prefix: str) -> list[str]:
    """One block for each parameter: its name, what it takes, default and bounds, a sentence, and the source."""
    rows = []
    for name, param in params:
        rows.append(f"  {prefix}{name}: {takes(param)}")
        rows.append(_filled(param.doc, WIDTH, " " * 6, " " * 6))
        if _has_default(param):
            rows.append(f"      Source of the default: {param.source}")
        rows += _setting_rows(param.fields.items(), f"{prefix}{name}.")
    return rows


def _has_default(param: Param) -> bool:
    return not param.required and param.default is not None


_BOUNDS: tuple[tuple[str, str], ...] = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))


def takes(param: Param) -> str:
    """What a parameter takes: its sort, default and bounds."""
    parts = [described(param)]
    parts.append("required" if param.required else f"default {plain_default(param) or 'none'}")
    parts += [f"{words} {getattr(param, name)}" for name, words in _BOUNDS if getattr(param, name) is not None]
    return ", ".join(parts)


def as_markdown(page: Page) -> str:
    """A page for a site."""
    blocks = [f"## {page.title}", *page.words]
    for title, params in (("", page.settings), ("**Settings of its links**\n", page.link_settings)):
        if params:
            head = ["| setting | takes | default | what it is | source |", "|---|---|---|---|---|"]
            blocks.append("\n".join([*([title] if title else []), *head, *_markdown_rows(params, "")]))
    for title, rows in page.lists:
        if rows:
            items = (f"- `{word}`{': ' if meaning else ''}{meaning}" for word, meaning in rows)
            blocks.append("\n".join([f"**{title}**", "", *items]))
    if page.example:
        blocks.append(f"```yaml\n{page.example.rstrip()}\n```")
    return "\n\n".join(blocks) + "\n"


def _markdown_rows(params: Iterable[tuple[str, Param]], prefix: str) -> list[str]:
    rows = []
    for name, param in params:
        bounds = [f"{words} {getattr(param, n)}" for n, words in _BOUNDS if getattr(param, n) is not None]
        default = "required" if param.required else plain_default(param) or "none"
        source = param.source if _has_default(param) else ""
        cells = (f"`{prefix}{name}`", ", ".join([described(param), *bounds]), default, param.doc, source)
        rows.append("| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |")
        rows += _markdown_rows(param.fields.items(), f"{prefix}{name}.")
    return rows


def all_as_markdown(title: str, pages: Mapping[str, Page]) -> str:
    """All pages of one sort."""
    return "\n".join([f"# {title}", "", *(as_markdown(page) for page in pages.values())])
