"""Which processes there are, and what cannot run live is refused by name before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.topology.live.shop import SHOP, shop
from topology.live.layout import Unsupported, check, hosts_of


def test_each_replica_has_a_process_and_a_queue_shares_one_with_its_dead_letters(tmp_path: Path) -> None:
    hosts = hosts_of(shop(tmp_path).design("decoupled"))
    assert hosts["backlog/0"] == [("backlog", 0), ("graveyard", 0)]
    assert sorted(hosts) == ["backlog/0", "front/0", "inventory/0", "inventory/1", "orders/0", "orders/1", "web/0"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{kind: load_balancer}", "{kind: load_balancer, stickiness: {by: client}}", "front: stickiness cannot run live"),
        ("takes: 2ms}", "takes: 2ms, idempotency_key: {}}", "idempotency_key is a table that replicas share"),
        ("wait: 1s, batch: 2}", "wait: 1s, batch: 2, delay: 5ms}", "a real wire has its own delay"),
    ],
)
def test_what_cannot_run_live_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in SHOP
    playground = shop(tmp_path, SHOP.replace(old, new, 1))
    with pytest.raises(Unsupported, match=words):
        check(playground.design("decoupled"))


def test_a_kind_that_cannot_run_live_is_named(tmp_path: Path) -> None:
    text = SHOP.replace("front:     {kind: load_balancer}", "news: {kind: sns}\n      front:     {kind: load_balancer}")
    playground = shop(tmp_path, text.replace("- web -> front -> orders\n", "- web -> front -> orders\n      - web => news\n", 1))
    with pytest.raises(Unsupported, match="decoupled: news: a sns cannot run live so far"):
        check(playground.design("decoupled"))
