"""Which parts of a flow's work lie behind each link: what an attempt over it could still get done."""

from __future__ import annotations

from topology.plan import DesignPlan


def reaches_of(plan: DesignPlan, flows: list[tuple[str, list[str]]]) -> list[list[tuple[list[int], int, int]]]:
    """For each link, for each flow: (parts reachable behind it, the callee's own part or -1, the pair's bit)."""
    required = {name: at for at, name in enumerate({name: None for _, work in flows for name in work})}
    behind = _behind(plan, required)
    wanted = [sum(1 << required[name] for name in work) for _, work in flows]
    rows: list[list[tuple[list[int], int, int]]] = []
    bits = [0] * len(flows)
    for link in plan.links:
        row: list[tuple[list[int], int, int]] = []
        for i, (_, work) in enumerate(flows):
            there = behind[link.callee] & wanted[i]
            parts = [p for p, name in enumerate(work) if there >> required[name] & 1] if there else []
            part = work.index(link.callee) if parts and link.callee in work else -1
            bit = 0
            if part >= 0:
                bit = 1 << bits[i]
                bits[i] += 1
            row.append((parts, part, bit))
        rows.append(row)
    return rows


def _behind(plan: DesignPlan, required: dict[str, int]) -> dict[str, int]:
    """For each node, as bits, the required ones that a message at it can still reach, itself included.

    What is found at a callee is handed up to its callers until nothing is new: a long chain costs no more than its links.
    """
    callers: dict[str, list[str]] = {node.name: [] for node in plan.nodes}
    for link in plan.links:
        callers[link.callee].append(link.caller)
    found = {node.name: 1 << required[node.name] if node.name in required else 0 for node in plan.nodes}
    todo = [name for name, bits in found.items() if bits]
    while todo:
        name = todo.pop()
        bits = found[name]
        for caller in callers[name]:
            if found[caller] | bits != found[caller]:
                found[caller] |= bits
                todo.append(caller)
    return found
