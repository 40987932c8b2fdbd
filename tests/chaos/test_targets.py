"""The target language, against real worlds."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from chaos.fault import ANYTHING, LINKS, PRODUCERS, REPLICAS
from chaos.runner import Runner
from chaos.targets import Resolver
from tests.chaos.playgrounds import small


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Runner(small(), 1, timeline=False).resolver


def hits(resolver: Resolver, text: str, acts_on: str, designs: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """What a target means in each design, as text."""
    found = resolver.resolve([text], acts_on, designs, "salt").targets
    return {name: [str(target) for target in targets] for name, targets in found.items()}


@pytest.mark.parametrize(
    ("text", "acts_on", "coupled", "decoupled"),
    [
        ("inventory", REPLICAS, ["inventory/0, inventory/1"], ["inventory/0, inventory/1"]),
        ("inventory/1", REPLICAS, ["inventory/1"], ["inventory/1"]),
        ("backlog", REPLICAS, None, ["backlog/0"]),
        ("kind:sqs", REPLICAS, None, ["backlog/0", "graveyard/0"]),
        ("web", PRODUCERS, ["web/0"], ["web/0"]),
        ("all", PRODUCERS, ["web/0"], ["web/0"]),
        ("orders -> inventory", LINKS, ["orders -> inventory"], None),
        ("orders => backlog", LINKS, None, ["orders => backlog"]),
        ("orders", LINKS, ["web -> orders", "orders -> inventory"], ["web -> orders", "orders => backlog"]),
    ],
)
def test_what_a_target_means(
    resolver: Resolver, text: str, acts_on: str, coupled: list[str] | None, decoupled: list[str] | None
) -> None:
    expected = {"coupled": coupled, "decoupled": decoupled}
    found = hits(resolver, text, acts_on)
    assert {name: found.get(name) for name in expected} == expected


def test_all_never_breaks_the_outside_world(resolver: Resolver) -> None:
    found = hits(resolver, "all", REPLICAS)
    assert not any(target.startswith("web") for targets in found.values() for target in targets)


@pytest.mark.parametrize("text", ["one:inventory", "half:inventory", "one:kind:service", "half:orders"])
def test_the_same_indices_in_every_design(resolver: Resolver, text: str) -> None:
    found = hits(resolver, text, REPLICAS)
    assert found["coupled"] == found["decoupled"]
    assert all("," not in target for target in found["coupled"])


def test_the_choice_changes_with_the_instant_alone(resolver: Resolver) -> None:
    chosen = {str(resolver.resolve(["one:inventory"], REPLICAS, (), f"at {n}").targets) for n in range(20)}
    assert len(chosen) == 2


def test_in_restricts(resolver: Resolver) -> None:
    assert list(hits(resolver, "inventory", REPLICAS, ("decoupled",))) == ["decoupled"]


@pytest.mark.parametrize(
    ("text", "acts_on", "words"),
    [
        ("inventroy", REPLICAS, "did you mean inventory"),
        ("orders -> inventroy", LINKS, "did you mean orders -> inventory"),
        ("kind:servise", REPLICAS, "did you mean service"),
        ("web", REPLICAS, "outside world"),
        ("inventory", PRODUCERS, "offers nothing"),
        ("one:inventory", LINKS, "lies on links"),
        ("orders -> inventory", REPLICAS, "is a link"),
        ("two:inventory", ANYTHING, "expected"),
    ],
)
def test_what_cannot_be_hit_is_refused_in_words(resolver: Resolver, text: str, acts_on: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        hits(resolver, text, acts_on)


def test_a_replica_that_is_not_there_is_hit_nowhere(resolver: Resolver) -> None:
    assert hits(resolver, "inventory/7", REPLICAS) == {}
