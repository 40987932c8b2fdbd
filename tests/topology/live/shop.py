"""The shop that both worlds run, and the brokers that it may run over."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from topology.live.broker import AMQTT, MOSQUITTO, mosquitto
from topology.plan import Playground
from topology.spec.loading import load

SHOP = """
version: 1
playground: shop
duration: 60s
warmup: 1s
drain: 60s
nodes:
  web:       {kind: producer, rate: 20/s, deadline: 30s}
  orders:    {kind: service, replicas: 2, slots: 16, takes: 2ms}
  inventory: {kind: service, replicas: 2, slots: 4, takes: 10ms}
designs:
  coupled:
    links:
      - {link: web -> orders, wiring: list}
      - {link: orders -> inventory, wiring: list, timeout: 5s, retry: {attempts: 3, backoff: 50ms}}
  decoupled:
    nodes:
      front:     {kind: load_balancer}
      backlog:   {kind: sqs, visibility: 2s, dead_letter: {to: graveyard, after: 20}}
      graveyard: {kind: sqs}
    links:
      - web -> front -> orders
      - {link: orders => backlog, timeout: 20s, retry: {attempts: 20, backoff: 200ms, style: fixed}}
      - {link: backlog => inventory, wait: 1s, batch: 2}
"""
NO_AMQTT = pytest.mark.skipif(not importlib.util.find_spec(AMQTT), reason="amqtt is not installed")
NO_MOSQUITTO = pytest.mark.skipif(not mosquitto(), reason="mosquitto is not installed")
BROKERS = [pytest.param(AMQTT, marks=NO_AMQTT), pytest.param(MOSQUITTO, marks=NO_MOSQUITTO)]
S = 1_000_000_000


def shop(folder: Path, text: str = SHOP) -> Playground:
    """The shop, read from a file."""
    path = folder / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)
