"""A design as boxes and arrows: a column for each step from the producer, links that never hide what they join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chaos.svg.marks import element, picture, shortened, text

BOX_W, BOX_H = 164, 56
GAP_X, GAP_Y = 58, 26
EDGE = 12
CALL, HANDOFF, DEAD = "->", "=>", "dead letters"
CLASSES = {CALL: "call", HANDOFF: "handoff", DEAD: "dead"}


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node stands."""

    column: int
    row: int

    @property
    def x(self) -> int:
        """Its left side."""
        return EDGE + self.column * (BOX_W + GAP_X)

    @property
    def y(self) -> int:
        """Its upper side."""
        return EDGE + self.row * (BOX_H + GAP_Y)


def topology(name: str, plan: dict[str, Any], design: dict[str, Any], hit: set[str]) -> str:
    """The picture of one design. `hit` are the nodes that a fault was laid on; `design` has the figures of its run."""
    boxes = layout(plan)
    ill = {turn["node"] for turn in design["turns"] if turn["unhealthy"]}
    ill |= set(design["verdict"]["figures"].get("blast", ()))
    width = max(box.x for box in boxes.values()) + BOX_W + EDGE
    height = max(box.y for box in boxes.values()) + BOX_H + EDGE + (GAP_Y if _goes_back(plan, boxes) else 0)
    links = "".join(_link(link, boxes, height) for link in plan["links"])
    nodes = "".join(_node(node, boxes[node["name"]], design, hit, ill) for node in plan["nodes"])
    about = "; ".join(f"{link['from']} {_arrow(link)} {link['to']}" for link in plan["links"])
    return picture(width, height, f"Topology of {name}", about, links + nodes)


def _arrow(link: dict[str, Any]) -> str:
    words = {CALL: "calls", HANDOFF: "hands off to", DEAD: "gives dead letters to"}
    return words.get(link["mode"], str(link["mode"]))


def layout(plan: dict[str, Any]) -> dict[str, Box]:
    """A column for each step along the links, a row for each node of a column, in the order of those that lead to it."""
    columns = _columns(plan)
    rows: dict[str, Box] = {}
    for column in range(max(columns.values(), default=0) + 1):
        members = [node["name"] for node in plan["nodes"] if columns[node["name"]] == column]
        members.sort(key=lambda name: _mean_row(name, plan, rows))
        for row, name in enumerate(members):
            rows[name] = Box(column, row)
    return rows


def _columns(plan: dict[str, Any]) -> dict[str, int]:
    """How many steps each node is away from a beginning, by the longest way that does not go in circles."""
    names = [node["name"] for node in plan["nodes"]]
    columns = dict.fromkeys(names, 0)
    forward = _forward(plan)
    for _ in names:
        for tail, head in forward:
            columns[head] = max(columns[head], columns[tail] + 1)
    return columns


def _forward(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """The links without those that would close a circle."""
    kept: list[tuple[str, str]] = []
    for link in plan["links"]:
        if not _leads(link["to"], link["from"], kept):
            kept.append((link["from"], link["to"]))
    return kept


def _leads(begin: str, end: str, links: list[tuple[str, str]]) -> bool:
    seen, todo = {begin}, [begin]
    while todo:
        here = todo.pop()
        if here == end:
            return True
        new = [head for tail, head in links if tail == here and head not in seen]
        seen.update(new)
        todo += new
    return False


def _mean_row(name: str, plan: dict[str, Any], rows: dict[str, Box]) -> float:
    before = [rows[link["from"]].row for link in plan["links"] if link["to"] == name and link["from"] in rows]
    return sum(before) / len(before) if before else 0.0


def _goes_back(plan: dict[str, Any], boxes: dict[str, Box]) -> bool:
    return any(boxes[link["to"]].column <= boxes[link["from"]].column for link in plan["links"])


def _node(node: dict[str, Any], box: Box, design: dict[str, Any], hit: set[str], ill: set[str]) -> str:
    name = node["name"]
    state = "hit" if name in hit else "ill" if name in ill else "well"
    sign = {"hit": "✖ ", "ill": "▲ ", "well": ""}[state]
    parts = [
        element("rect", x=box.x, y=box.y, width=BOX_W, height=BOX_H, rx=5, class_=f"box {state}"),
        text(box.x + 9, box.y + 17, f"{sign}{shortened(name, 19)}", "name"),
        text(box.x + 9, box.y + 32, shortened(_kind(node), 26), "small"),
        text(box.x + 9, box.y + 47, shortened(_figures(name, design), 28), "small"),
    ]
    return element("g", "".join(parts))


def _kind(node: dict[str, Any]) -> str:
    return f"{node['kind']} × {node['replicas']}" if node["replicas"] > 1 else str(node["kind"])


def _figures(name: str, design: dict[str, Any]) -> str:
    """One line of what the node went through."""
    flow = design["flows"].get(name)
    if flow is not None:
        return f"{flow['offered']:,} offered, {flow['told_no']:,} no"
    node = design["nodes"].get(name, {})
    errors = sum(node.get("errors", {}).values())
    busy = node.get("occupancy")
    parts = [f"{busy:.0%} held"] if busy is not None else [f"{node.get('arrivals', 0):,} in"]
    return ", ".join([*parts, *([f"{errors:,} errors"] if errors else [])])


def _link(link: dict[str, Any], boxes: dict[str, Box], height: int) -> str:
    tail, head = boxes[link["from"]], boxes[link["to"]]
    kind = CLASSES.get(link["mode"], "call")
    x1, y1, x2, y2 = tail.x + BOX_W, tail.y + BOX_H // 2, head.x - 7, head.y + BOX_H // 2
    if head.column > tail.column + 1 and head.row == tail.row:
        return _over(x1, y1, x2, tail.y - GAP_Y // 2, kind)
    if head.column > tail.column:
        middle = (x1 + x2) // 2
        way = f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"
        return _way(way, kind) + _tip(x2, y2, kind)
    return _back(tail, head, height, kind)


def _over(x1: int, y: int, x2: int, above: int, kind: str) -> str:
    """Past a box that stands between the two."""
    up = f"M{x1} {y} C{x1 + 30} {y} {x1 + 10} {above} {x1 + GAP_X} {above}"
    way = f"{up} L{x2 - GAP_X} {above} C{x2 - 10} {above} {x2 - 30} {y} {x2} {y}"
    return _way(way, kind) + _tip(x2, y, kind)


def _back(tail: Box, head: Box, height: int, kind: str) -> str:
    """From below a box to below one that stands before it, or above or under it."""
    if head.column == tail.column:
        down = head.row > tail.row
        x = tail.x + BOX_W // 2
        y1, y2 = (tail.y + BOX_H, head.y - 7) if down else (tail.y, head.y + BOX_H + 7)
        return _way(f"M{x} {y1} L{x} {y2}", kind) + _tip(x, y2, kind, "down" if down else "up")
    x1, x2, floor = tail.x + BOX_W // 2, head.x + BOX_W // 2, height - EDGE
    way = f"M{x1} {tail.y + BOX_H} L{x1} {floor} L{x2} {floor} L{x2} {head.y + BOX_H + 7}"
    return _way(way, kind) + _tip(x2, head.y + BOX_H + 7, kind, "up")


def _way(way: str, kind: str) -> str:
    """A hand-off is a double line, so that it is told from a call without any colour."""
    drawn = element("path", d=way, class_=f"link {kind}")
    return drawn + element("path", d=way, class_="link gap") if kind == "handoff" else drawn


def _tip(x: int, y: int, kind: str, towards: str = "right") -> str:
    corners = {
        "right": f"{x + 6},{y} {x - 3},{y - 5} {x - 3},{y + 5}",
        "down": f"{x},{y + 6} {x - 5},{y - 3} {x + 5},{y - 3}",
        "up": f"{x},{y - 6} {x - 5},{y + 3} {x + 5},{y + 3}",
    }
    return element("polygon", points=corners[towards], class_=f"tip {kind}")
