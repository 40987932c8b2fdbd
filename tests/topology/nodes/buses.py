"""Playgrounds with buses, schedules and pipes, from the lines that matter."""

from __future__ import annotations

from topology.plan import Playground
from topology.sim.world import SimWorld
from topology.spec import load_text

WEB = """
  web:
    kind: producer
    rate: 10/s
    mix:
      small: {weight: 3, attributes: {source: shop, detail-type: order}, body: {amount: 10, lines: [{sku: a, n: 1}]}}
      large: {weight: 1, attributes: {source: shop, detail-type: order}, body: {amount: 500, lines: [{sku: b, n: 9}]}}
"""


def text_of(nodes: str, links: list[str], web: str = WEB, duration: str = "1h") -> str:
    """A playground of one design; `nodes` are lines of YAML with two blanks before each name."""
    rows = "".join(f"      - {link}\n" for link in links)
    body = "\n".join(line for line in (web + nodes).splitlines() if line.strip())
    return f"playground: it\nduration: {duration}\nnodes:\n{body}\ndesigns:\n  only:\n    links:\n{rows}"


def loaded(nodes: str, links: list[str], web: str = WEB) -> Playground:
    """The same, read and checked."""
    return load_text(text_of(nodes, links, web))


def built(nodes: str, links: list[str], web: str = WEB, seed: int = 1) -> SimWorld:
    """The same as a world."""
    made = loaded(nodes, links, web)
    return SimWorld(made.designs[0], made, seed)
