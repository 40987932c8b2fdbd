"""Walks along links: what every message reaches."""

from __future__ import annotations

from topology.spec import load_text
from topology.spec.check import warnings

SHOP = """
playground: shop
duration: 30s
nodes:
  web: {kind: producer, rate: 100/s, keys: {count: 10}}
  app: {kind: service, takes: 1ms}
  db: {kind: database}
designs:
  direct:
    links: [web -> app -> db]
"""

CACHED = """
  cached:
    nodes:
      mem: {kind: cache}
    links: [web -> app -> mem -> db]
"""


def test_what_lies_behind_a_cache_is_not_reached_by_every_message() -> None:
    assert load_text(SHOP).flows[0].work == ("app", "db")
    assert load_text(SHOP + CACHED).flows[0].work == ("app",)


def test_nobody_is_warned_that_a_work_list_leaves_out_what_only_a_miss_reaches() -> None:
    assert not warnings(load_text(SHOP.replace("  direct:\n    links: [web -> app -> db]\n", "") + CACHED))
    assert [w for w in warnings(load_text(SHOP + CACHED)) if "db works for web" in w]
