"""Playgrounds and frames for the tests of the screen."""

from __future__ import annotations

from dataclasses import replace

from chaos.registry import faults
from chaos.runner import Runner
from topology.frame import FlowFrame, Frame, LinkFrame, NodeFrame
from topology.plan import Playground
from topology.spec import load_text
from tui.session import Session

S = 1_000_000_000

SHOP = """
version: 1
playground: shop
about: Orders placed at the web shop reach inventory.
lesson: A queue in between keeps the shop open.
price: Stock is behind while the backlog drains.
duration: {duration}
nodes:
  web:       {{kind: producer, rate: 50/s, deadline: 2s}}
  orders:    {{kind: service, replicas: 3, slots: 8, takes: {{median: 15ms, p99: 60ms}}}}
  inventory: {{kind: service, replicas: 2, slots: 8, takes: {{median: 20ms, p99: 90ms}}}}
designs:
  coupled:
    links: [web -> orders -> inventory]
  fair:
    links:
      - web -> orders
      - {{link: orders -> inventory, wiring: list, timeout: 500ms}}
  decoupled:
    nodes:
      front:   {{kind: load_balancer}}
      backlog: {{kind: sqs, visibility: 30s, dead_letter: {{to: graveyard, after: 5}}}}
      graveyard: {{kind: sqs}}
    links:
      - web -> front -> orders => backlog => inventory
timeline:
  - {{at: 10s, inject: crash, on: inventory, for: 20s}}
  - {{at: 40s, scale: orders, to: 4}}
"""


def shop(duration: str = "60s") -> Playground:
    """Three designs of a shop."""
    return load_text(SHOP.format(duration=duration), faults=faults())


def runner(seed: int = 7, duration: str = "60s") -> Runner:
    """The shop, at its start."""
    return Runner(shop(duration), seed, timeline=False)


def advance(session: Session, seconds: float) -> None:
    """Let the run go on, and look."""
    session.runner.advance(session.runner.now + round(seconds * S))
    session.look()


CALM = NodeFrame(
    name="orders", kind="service", state="ok", unhealthy=False, why="", replicas=(), up=1, wanted=1, busy=0, slots=0,
    queued=0, depth=0, in_flight=0, age_ns=0, rate_in=0.0, rate_out=0.0, rate_bad=0.0, p50_ns=0, p99_ns=0,
    occupancy=0.0, utilisation=0.0, arrivals=0, departures=0, errors=(), waits_for=(),
    gauges=(), wiring="", layers=(), shared=True,
)  # fmt: skip


def node(name: str, kind: str = "service", **figures: object) -> NodeFrame:
    """A node at rest, with some figures of its own."""
    return replace(CALM, name=name, kind=kind, **figures)  # type: ignore[arg-type]


def link(caller: str, callee: str, mode: str = "->", wiring: str = "pinned", **figures: object) -> LinkFrame:
    """A link at rest."""
    calm = LinkFrame(caller, callee, mode, wiring, 0.0, 0.0, 0, 0, (), 0.0, False, "", ())
    return replace(calm, **figures)  # type: ignore[arg-type]


def flow(**figures: float) -> FlowFrame:
    """A flow of which nothing is known but the figures given."""
    names = [name for name in FlowFrame.__slots__ if name not in ("producer", "reasons")]
    return FlowFrame(producer="web", reasons=(), **{name: figures.get(name, 0) for name in names})  # type: ignore[arg-type]


def frame(nodes: list[NodeFrame], links: list[LinkFrame], *flows: FlowFrame) -> Frame:
    """A design at one instant."""
    return Frame("coupled", 0, tuple(nodes), tuple(links), flows)
