"""Every playground that ships keeps what it claims, for seeds that nobody picked."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import chaos
from chaos.experiment import OK, perform
from chaos.judge.claims import PASS
from chaos.registry import faults
from topology.build_info import compiled
from topology.plan import Playground
from topology.spec import load

GALLERY = Path(str(chaos.__file__)).parent / "gallery"
NAMES = sorted(path.stem for path in GALLERY.glob("*.yaml"))
SMALL = ("shop", "long-outage", "bad-deploy", "mailings", "news-flash", "upload")
"""Those that take only a few seconds uncompiled; the compiled engine runs all."""
SEEDS = int(os.environ.get("KNOCKON_SEEDS", "20"))
"""How many seeds the slow test takes; `make seeds` takes 200."""


def shipped(name: str) -> Playground:
    """One playground of the gallery."""
    return load(GALLERY / f"{name}.yaml", faults=faults())


def broken_claims(playground: Playground, seed: int) -> list[str]:
    """What did not hold, in words; the world is closed."""
    result = perform(playground, seed)
    judged = [*result.steady, *result.expected]
    result.run.close()
    found = [f"seed {seed}: {one.claim.that} {one.claim.text}: {one.value}" for one in judged if one.verdict != PASS]
    assert found or result.code == OK
    return found


def test_the_gallery_is_complete() -> None:
    assert set(NAMES) == {
        "shop", "three-tier", "retry-storm", "long-outage", "slow-dependency", "cache-stampede", "black-friday",
        "noisy-neighbour", "bad-deploy", "autoscaler-trap", "zone-outage", "brownout", "stock-order", "news-flash", "upload",
        "mailings", "dlq-flood", "unmatched", "sensors", "log-lake", "ingest", "rebalance-loop",
        "everything",
    }  # fmt: skip


def test_the_front_page_names_them_all() -> None:
    """In a checkout; an installed package has no README beside it."""
    page = GALLERY.parents[1] / "README.md"
    if page.exists():
        named = page.read_text(encoding="utf-8")
        assert [name for name in NAMES if f"| `{name}` |" not in named] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_gate_claims_a_lesson_and_a_price(name: str) -> None:
    playground = shipped(name)
    assert playground.steady
    assert playground.expect
    assert playground.lesson
    assert playground.price
    assert len(playground.designs) > 1


@pytest.mark.parametrize("name", NAMES)
def test_what_it_claims_holds(name: str) -> None:
    if name not in SMALL and not compiled():
        pytest.skip("run compiled, where it takes a second")
    assert broken_claims(shipped(name), 1) == []


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_what_it_claims_holds_for_many_seeds(name: str, times: int) -> None:
    if not compiled():
        pytest.skip("many seeds are tried with the compiled engine: make slow does both")
    playground = shipped(name)
    playground = replace(playground, duration_ns=playground.duration_ns * times)
    seeds = SEEDS if times == 1 else max(1, SEEDS // 4)
    broken = [words for seed in range(1, seeds + 1) for words in broken_claims(playground, seed)]
    assert broken == []


def test_decoupling_is_not_free_in_any_of_them() -> None:
    """Where a design hands work on, its customers hear yes before the work is done, and the ledger says how long before."""
    result = perform(replace(shipped("shop"), duration_ns=80_000_000_000), 2)
    stale = {w.plan.name: max(t.staleness.max_ns for t in w.tallies("web")) for w in result.run.worlds}
    result.run.close()
    assert stale["coupled"] == stale["fair"] == 0
    assert stale["decoupled"] > 30_000_000_000
