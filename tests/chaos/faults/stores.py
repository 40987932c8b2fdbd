"""A small shop with a database, and the same behind a cache, for what faults do to them."""

from __future__ import annotations

from chaos.command import Command
from chaos.registry import faults
from chaos.runner import Runner
from topology.frame import FlowFrame, NodeFrame
from topology.plan import Playground
from topology.spec import load_text

S = 1_000_000_000

STORES = """
version: 1
playground: stores
duration: 40s
settle: 5s
drain: 30s
nodes:
  web:
    kind: producer
    rate: 200/s
    keys: {count: 50, skew: 0}
    mix: {look: {weight: 9}, buy: {weight: 1, attributes: {write: true}}}
    deadline: 2s
  app: {kind: service, replicas: 2, slots: 100, takes: 2ms}
  db: {kind: database, connections: 40, cores: 8, takes: 4ms, locks: {}, read_replicas: {count: 1, lag: 1ms}}
designs:
"""

DIRECT = """
  direct:
    links:
      - web -> app -> db
"""

CACHED = """
  cached:
    nodes:
      mem: {kind: cache, replicas: 2, takes: 1ms, ttl: 1h, single_flight: true}
    links:
      - web -> app -> mem -> db
"""


def stores(designs: str = DIRECT + CACHED) -> Playground:
    """The shop. Where it has both designs, the database is not work that every message needs."""
    return load_text(STORES + designs, "stores.yaml", faults=faults())


def running(until_s: float, *entries: Command, designs: str = DIRECT) -> Runner:
    """The shop at an instant, with commands on the way."""
    run = Runner(stores(designs), 1, timeline=False, commands=list(entries))
    run.advance(round(until_s * S))
    return run


def inject(at_s: float, what: str, on: str, for_s: float | None, **params: object) -> Command:
    """One fault on the way."""
    for_ns = None if for_s is None else round(for_s * S)
    return Command(round(at_s * S), "inject", (on,), what, params=params, for_ns=for_ns)


def flow(run: Runner) -> FlowFrame:
    """What became of the messages of the first design so far."""
    return run.frames()[0].flows[0]


def node(run: Runner, name: str) -> NodeFrame:
    """A node of the first design now."""
    found = run.frames()[0].node(name)
    assert found is not None
    return found


def gauge(run: Runner, name: str, what: str) -> float:
    """A figure of the kind's own."""
    return dict(node(run, name).gauges)[what]
