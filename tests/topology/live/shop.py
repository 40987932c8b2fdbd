"""The shop that both worlds run, and the brokers that it may run over."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from topology.live.broker import AMQTT, MOSQUITTO

SHOP = """
version: 1
playground: shop
duration: 20s
nodes:
  web:       {kind: producer, rate: 20/s, deadline: 60s}
  orders:    {kind: service, slots: 16, takes: 1ms}
  backlog:   {kind: sqs, visibility: 1s}
  inventory: {kind: service, slots: 4, takes: 10ms}
designs:
  decoupled:
    links:
      - web -> orders
      - orders => backlog
      - {link: backlog => inventory, wait: 1s, batch: 2}
"""
NO_AMQTT = pytest.mark.skipif(not importlib.util.find_spec(AMQTT), reason="amqtt is not installed")
NO_MOSQUITTO = pytest.mark.skipif(not shutil.which(MOSQUITTO), reason="mosquitto is not on the PATH")
BROKERS = [pytest.param(AMQTT, marks=NO_AMQTT), pytest.param(MOSQUITTO, marks=NO_MOSQUITTO)]
ANY_BROKER = pytest.mark.skipif(
    not importlib.util.find_spec(AMQTT) and not shutil.which(MOSQUITTO),
    reason="amqtt is not installed, nor mosquitto",
)
