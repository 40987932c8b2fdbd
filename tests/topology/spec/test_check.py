"""Warnings of designs that cannot work, and every value with its source."""

from __future__ import annotations

import pytest

from tests.topology.spec.declared import FAULTS, Declared
from tests.topology.spec.examples import EVERYTHING, EXAMPLES, SHOP
from topology.spec import load_text
from topology.spec.check import IN_FILE, Row, resolved, warnings


def warned(text: str) -> list[str]:
    return warnings(load_text(text, catalogue=Declared(), faults=FAULTS), Declared())


def test_a_sound_design_is_not_warned_of() -> None:
    assert warned(SHOP) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "visibility: 30s",
            "visibility: 50ms",
            "backlog shows a message again after 50 ms, and inventory takes up to 90 ms",
        ),
        (
            "visibility: 30s",
            "visibility: 30s, retention: 60s",
            "backlog keeps a message for 1 min, and working off a backlog takes",
        ),
        (
            "replicas: 2, slots: 8",
            "replicas: 1, slots: 2",
            "coupled: inventory is 123.2 % busy before anything breaks: 100/s of",
        ),
        (
            "replicas: 3, slots: 8",
            "replicas: 1, slots: 4",
            "coupled: orders has 106.4 % of its 4 slots taken before anything",
        ),
        (
            "graveyard: {kind: sqs}",
            "graveyard: {kind: sqs}\n      spare: {kind: service}",
            "decoupled: nothing reaches spare",
        ),
        ("=> backlog => inventory", "=> backlog", "decoupled: nobody consumes backlog"),
        ("=> backlog => inventory", "=> backlog => inventory => graveyard", "nobody consumes graveyard"),
        ("=> backlog => inventory", "=> backlog => inventory => orders", "hand work round in a circle"),
        ("deadline: 2s", "work: [orders]", "coupled: inventory works for web, and its work list leaves it out"),
        ("deadline: 2s", "work: []", "no node has to do work for web; say 'work: [NODE]'"),
        ("  orders:    {", "  spare: {kind: service}\n  orders:    {", "nothing reaches spare in any design"),
    ],
)
def test_warnings(old: str, new: str, words: str) -> None:
    assert any(words in warning for warning in warned(SHOP.replace(old, new))), warned(SHOP.replace(old, new))


CHAIN = """\
playground: chain
duration: 1m
nodes:
  web: {kind: producer, rate: 1/s}
  a: {kind: service}
  b: {kind: service}
designs:
  only:
    links:
      - {link: web -> a, timeout: 1s, retry: {attempts: 3}}
      - {link: a -> b, timeout: 500ms, retry: {attempts: 4}}
"""


def test_timeouts_that_are_the_wrong_way_round_and_retries_of_retries() -> None:
    assert warned(CHAIN) == [
        "web gives up on a after 1 s, while a waits 500 ms 4 times for b: the inner timeout should be the shorter",
        "retries multiply: one message may become 12 attempts at b; retry in one layer only, or give a retry_budget",
    ]
    assert warned(CHAIN.replace("500ms", "200ms").replace("attempts: 3", "attempts: 1")) == []


def test_every_value_has_a_source() -> None:
    rows = resolved(load_text(SHOP, catalogue=Declared(), faults=FAULTS), Declared())
    assert all(row.source for row in rows)
    assert Row("decoupled: backlog (sqs)", "visibility", "30 s", IN_FILE) in rows
    assert Row("decoupled: graveyard (sqs)", "visibility", "30 s", "SQS Developer Guide") in rows
    assert Row("coupled: orders (service)", "takes", "15 ms, p99 60 ms", IN_FILE) in rows
    assert Row("shop", "warmup", "5 s", "ours") in rows
    assert Row("web", "work", "orders, inventory", "what every message reaches in every design") in rows
    assert (
        Row("decoupled: backlog => inventory", "batch", "1", "SQS API Reference, ReceiveMessage, MaxNumberOfMessages")
        in rows
    )


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_can_be_resolved(text: str) -> None:
    found = load_text(text, catalogue=Declared(), faults=FAULTS)
    assert len(resolved(found, Declared())) > 10
    assert all(isinstance(words, str) for words in warnings(found, Declared()))


def test_policies_are_rows_too() -> None:
    rows = resolved(load_text(EVERYTHING, catalogue=Declared(), faults=FAULTS), Declared())
    assert Row("plain: app -> store", "timeout", "{after: 1 s}", IN_FILE) in rows
    assert Row("plain: app -> store", "wiring", "list", IN_FILE) in rows
