"""The same with the kinds, policies and faults that the program really has."""

from __future__ import annotations

import pytest

from tests.topology.spec.declared import FAULTS
from tests.topology.spec.examples import SHOP
from topology import registry
from topology.links import joins
from topology.plan import BALANCED, CALL, HANDOFF, LIST, PINNED, PULL
from topology.spec import PlaygroundError, load_text
from topology.spec.check import resolved, warnings
from topology.spec.models import kind_model, policy_model, schema

REPLAYED = SHOP.replace("rate: 100/s", "replay: access.log")


def test_the_shop() -> None:
    shop = load_text(SHOP, faults=FAULTS)
    assert warnings(shop) == []
    assert all(row.source for row in resolved(shop))
    assert shop.flows[0].work == ("orders", "inventory")


def test_every_default_is_sound() -> None:
    for name in registry.kind_names():
        kind_model(name)
    for name in registry.policy_names():
        policy_model(name)
    assert set(registry.kind_names()) <= {part["title"] for part in schema()["$defs"]["node"]["anyOf"]}


def test_a_mistake_in_a_log_is_named_by_its_line(tmp_path: object) -> None:
    with pytest.raises(PlaygroundError, match=r"access\.log"):
        load_text(REPLAYED, folder=str(tmp_path))


@pytest.mark.parametrize(
    ("caller", "mode", "callee", "wiring"),
    [
        ("producer", CALL, "service", PINNED),
        ("producer", CALL, "load_balancer", PINNED),
        ("producer", HANDOFF, "sqs", PINNED),
        ("service", CALL, "endpoint", PINNED),
        ("service", HANDOFF, "service", PINNED),
        ("load_balancer", CALL, "service", BALANCED),
        ("load_balancer", CALL, "endpoint", BALANCED),
        ("sqs", HANDOFF, "service", PULL),
        ("service", CALL, "sqs", ""),
        ("producer", HANDOFF, "service", ""),
        ("load_balancer", HANDOFF, "sqs", ""),
        ("load_balancer", CALL, "load_balancer", BALANCED),
        ("nlb", CALL, "alb", BALANCED),
        ("producer", CALL, "throttle", PINNED),
        ("throttle", CALL, "service", LIST),
        ("throttle", CALL, "alb", LIST),
        ("alb", CALL, "throttle", BALANCED),
        ("throttle", HANDOFF, "sqs", ""),
        ("sqs", HANDOFF, "throttle", ""),
        ("service", HANDOFF, "throttle", ""),
        ("cron", CALL, "service", PINNED),
        ("cron", CALL, "alb", PINNED),
        ("cron", HANDOFF, "sqs", PINNED),
        ("cron", HANDOFF, "service", PINNED),
        ("service", CALL, "cron", ""),
        ("sqs", HANDOFF, "sqs", ""),
        ("sqs", HANDOFF, "endpoint", ""),
        ("sqs", CALL, "service", ""),
        ("endpoint", CALL, "service", ""),
        ("service", CALL, "producer", ""),
    ],
)
def test_the_table_of_links(caller: str, mode: str, callee: str, wiring: str) -> None:
    found, remedy = joins(caller, callee, mode)
    assert found == wiring
    assert bool(remedy) != bool(wiring)


def test_every_pair_has_an_answer() -> None:
    for caller in registry.kind_names():
        for callee in registry.kind_names():
            for mode in (CALL, HANDOFF):
                wiring, remedy = joins(caller, callee, mode)
                assert bool(wiring) != bool(remedy.format(caller="a", callee="b"))
