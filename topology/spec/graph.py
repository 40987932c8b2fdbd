"""Walks along the links of a design: what is reached, what goes round in circles, what every message passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from topology.plan import CALL, DesignPlan, LinkPlan

Links = Sequence[LinkPlan]


def outgoing(links: Iterable[LinkPlan]) -> dict[str, list[LinkPlan]]:
    """Links by caller, in file order."""
    found: dict[str, list[LinkPlan]] = {}
    for link in links:
        found.setdefault(link.caller, []).append(link)
    return found


def reached(start: Iterable[str], links: Iterable[LinkPlan]) -> set[str]:
    """Every node that something from `start` can get to, the start included."""
    out, seen = outgoing(links), set(start)
    waiting = list(seen)
    while waiting:
        for link in out.get(waiting.pop(), ()):
            if link.callee not in seen:
                seen.add(link.callee)
                waiting.append(link.callee)
    return seen


def always_reached(producer: str, design: DesignPlan, kind: Callable[[str], Any], filtered: bool = False) -> set[str]:
    """What every message of a producer reaches: no optional link, no fallback, no choice among several receivers, no miss.

    `filtered`: also what it reaches where every rule and filter on the way lets it pass.
    """
    out = outgoing(design.links)
    kept = [
        link
        for link in unshielded(design.links, kind, producer)
        if not link.values.get("optional")
        and (filtered or not selective(link, kind(link.caller)))
        and not (len(out[link.caller]) > 1 and getattr(kind(link.caller), "role", "") in ("proxy", "queue"))
    ]
    return reached([producer], kept)


def selective(link: LinkPlan, caller: Any) -> bool:
    """Whether a link out of a node of that kind lets only some messages pass."""
    return any(link.values.get(name) is not None for name in getattr(caller, "selects", ()))


def unshielded(links: Iterable[LinkPlan], kind: Callable[[str], Any], start: str = "") -> list[LinkPlan]:
    """The links over which nobody answers by itself what others should do: no cache, and no fallback.

    What `start` offers itself goes over its own links.
    """
    return [
        link
        for link in links
        if (link.caller == start or not getattr(kind(link.caller), "shields", False)) and "fallback" not in link.policies
    ]


def cycle(links: Iterable[LinkPlan], mode: str | None = CALL) -> list[str]:
    """The nodes of one circle of links, first node repeated at the end; empty when there is none. No mode: any link."""
    out = outgoing(link for link in links if mode is None or link.mode == mode)
    state: dict[str, int] = {}
    for start in out:
        if start not in state and (found := _circle_from(start, out, state)):
            return found
    return []


def _circle_from(start: str, out: dict[str, list[LinkPlan]], state: dict[str, int]) -> list[str]:
    """A walk in depth without recursion: chains may be as long as a file allows."""
    path, steps = [start], [iter(out[start])]
    state[start] = 1
    while path:
        link = next(steps[-1], None)
        if link is None:
            state[path.pop()] = 2
            steps.pop()
        elif state.get(link.callee) == 1:
            return [*path[path.index(link.callee) :], link.callee]
        elif link.callee not in state:
            state[link.callee] = 1
            path.append(link.callee)
            steps.append(iter(out.get(link.callee, ())))
    return []


def order(names: Sequence[str], links: Iterable[LinkPlan]) -> list[str]:
    """Callers before callees; what hangs in a circle comes last, as declared."""
    listed = list(links)
    out, waiting_for = outgoing(listed), dict.fromkeys(names, 0)
    for link in listed:
        waiting_for[link.callee] += 1
    ready = [name for name in names if waiting_for[name] == 0]
    for name in ready:
        for link in out.get(name, ()):
            waiting_for[link.callee] -= 1
            if waiting_for[link.callee] == 0:
                ready.append(link.callee)
    done = set(ready)
    return ready + [name for name in names if name not in done]
