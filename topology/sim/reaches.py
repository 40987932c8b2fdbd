"""Which parts of a flow's work lie behind each link: what an attempt over it could still get done."""

from __future__ import annotations

from topology.plan import DesignPlan


def reaches_of(plan: DesignPlan, flows: list[tuple[str, list[str]]]) -> list[list[tuple[list[int], int, int]]]:
    """For each link, for each flow: (parts reachable behind it, the callee's own part or -1, the pair's bit)."""
    behind = _closure(plan)
    rows: list[list[tuple[list[int], int, int]]] = []
    bits = [0] * len(flows)
    for link in plan.links:
        row = []
        for i, (_, work) in enumerate(flows):
            parts = [p for p, name in enumerate(work) if name in behind[link.callee]]
            part = work.index(link.callee) if link.callee in work else -1
            bit = 0
            if part >= 0:
                bit = 1 << bits[i]
                bits[i] += 1
            row.append((parts, part, bit))
        rows.append(row)
    return rows


def _closure(plan: DesignPlan) -> dict[str, dict[str, None]]:
    """For each node, itself and every node that a message at it can still reach, in file order."""
    edges: dict[str, list[str]] = {node.name: [] for node in plan.nodes}
    for link in plan.links:
        edges[link.caller].append(link.callee)
    return {name: _reached(name, edges) for name in edges}


def _reached(start: str, edges: dict[str, list[str]]) -> dict[str, None]:
    found: dict[str, None] = {start: None}
    todo = [start]
    while todo:
        for name in edges[todo.pop()]:
            if name not in found:
                found[name] = None
                todo.append(name)
    return found
