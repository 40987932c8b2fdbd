"""Small playgrounds for tests, and runs of them."""

from __future__ import annotations

from typing import Any

from chaos.registry import faults
from chaos.runner import Runner
from topology.plan import Playground
from topology.spec import load_text

SHOP = """
version: 1
playground: small
duration: 30s
settle: 5s
drain: 30s
nodes:
  web: {kind: producer, rate: 40/s, deadline: 1s}
  orders: {kind: service, replicas: 2, slots: 4, takes: 5ms}
  inventory: {kind: service, replicas: 2, slots: 4, takes: {median: 8ms, p99: 30ms}}
designs:
  coupled:
    links:
      - {link: web -> orders}
      - {link: orders -> inventory, timeout: 300ms, retry: {attempts: 2, backoff: 50ms}}
  decoupled:
    nodes:
      backlog: {kind: sqs, visibility: 2s, dead_letter: {to: graveyard, after: 3}}
      graveyard: {kind: sqs}
    links:
      - web -> orders => backlog => inventory
"""

CRASH = """
timeline:
  - {at: 10s, inject: crash, on: inventory, for: 5s}
"""

CLAIMS = """
steady:
  - {in: all, that: web.success, is: ">= 99%"}
expect:
  - {in: coupled, that: web.success, during: fault, is: "< 20%"}
  - {in: decoupled, that: web.success, during: all, is: ">= 99%"}
  - {in: decoupled, that: web.lost, during: all, is: "= 0"}
"""


def small(more: str = "", **changes: Any) -> Playground:
    """The small shop, with more lines after it and some settings changed."""
    settings = [f"{name}={value}" for name, value in changes.items()]
    return load_text(SHOP + more, "small.yaml", faults=faults(), settings=settings)


def run_to(playground: Playground, until_s: float, *, seed: int = 1, timeline: bool = True) -> Runner:
    """A run advanced to an instant."""
    run = Runner(playground, seed, timeline=timeline)
    run.advance(round(until_s * 1e9))
    return run
