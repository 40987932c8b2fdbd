"""Sound files: what they become."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.topology.spec.declared import FAULTS, Declared
from tests.topology.spec.examples import BRACES, EVERYTHING, KEPT, SHOP
from topology.plan import BALANCED, CALL, HANDOFF, LIST, PINNED, PULL, Playground
from topology.spec import PlaygroundError, load, load_text


def made(text: str, **rest: Any) -> Playground:
    return load_text(text, catalogue=Declared(), faults=FAULTS, **rest)


def test_the_shop() -> None:
    shop = made(SHOP)
    assert (shop.name, shop.duration_ns, shop.seed) == ("shop", 180 * 10**9, 1)
    assert (shop.warmup_ns, shop.settle_ns, shop.drain_ns, shop.grid_ns) == (5 * 10**9, 30 * 10**9, 60 * 10**9, 10**8)
    assert [d.name for d in shop.designs] == ["coupled", "decoupled"]
    assert [n.name for n in shop.design("decoupled").nodes] == [
        "web",
        "orders",
        "inventory",
        "front",
        "backlog",
        "graveyard",
    ]
    assert [n.shared for n in shop.design("decoupled").nodes] == [True, True, True, False, False, False]
    links = [(li.caller, li.mode, li.callee, li.wiring) for li in shop.design("decoupled").links]
    assert links == [
        ("web", CALL, "front", PINNED),
        ("front", CALL, "orders", BALANCED),
        ("orders", HANDOFF, "backlog", PINNED),
        ("backlog", HANDOFF, "inventory", PULL),
    ]
    orders = shop.design("coupled").node("orders")
    assert orders is not None
    assert (orders.replicas, orders.dice, orders.values["slots"]) == (3, "orders", 8)
    assert orders.values["takes"].text == "lognormal(15000000,60000000)"


def test_work_is_what_every_message_reaches_in_every_design() -> None:
    assert made(SHOP).flows[0].work == ("orders", "inventory")
    assert made(SHOP.replace("=> backlog => inventory", "")).flows[0].work == ("orders",)
    optional = SHOP.replace(
        "- web -> orders -> inventory", "- web -> orders\n      - {link: orders -> inventory, optional: true}"
    )
    assert made(optional).flows[0].work == ("orders",)


def test_one_of_several_targets_is_not_reached_by_all() -> None:
    text = SHOP.replace("=> backlog => inventory", "=> backlog => inventory\n      - backlog => payment")
    text = text.replace("  inventory:", "  payment: {kind: service}\n  inventory:", 1)
    assert made(text).flows[0].work == ("orders",)


def test_everything() -> None:
    found = made(EVERYTHING)
    plain, queued = found.designs
    assert plain.about == "Everything calls everything."
    assert found.flows[0].work == ("app", "store")
    assert [n.replicas for n in (plain.nodes[1], queued.nodes[1])] == [4, 2]
    assert plain.nodes[1].policies == {"queue": {"limit": 100}}
    assert queued.nodes[1].policies == {}
    assert plain.links[1].wiring == LIST
    assert plain.links[1].policies["timeout"] == {"after": 10**9}
    assert plain.links[2].policies["timeout"] == {"after": 5 * 10**8}
    assert queued.links[3].values["batch"] == 10
    latency, slow = found.timeline[:2]
    assert latency.on == ("app -> store",)
    assert latency.designs == ("plain",)
    assert latency.params["jitter"] == 5_000_000
    assert (slow.on, slow.params, slow.ramp_ns, slow.probability) == (
        ("one:app", "store/0"),
        {"factor": 20.0},
        5 * 10**9,
        0.5,
    )
    verbs = [e.verb for e in found.timeline]
    assert verbs == ["inject", "inject", "inject", "scale", "rewire", "set", "rate", "redrive", "heal"]
    assert [e.to for e in found.timeline[3:7]] == [6, None, 10**10, 200.0]
    assert found.steady[0].minimum == 50
    p99, depth, goodput, unhealthy = found.expect or ()
    assert (p99.span_ns, p99.op, p99.value, p99.seeds) == ((40 * 10**9, 60 * 10**9), "<", 0.25, 19)
    assert (depth.designs, depth.minimum, depth.value) == (("queued",), 0, 1000.0)
    assert (goodput.designs, goodput.value) == (("plain", "queued"), 10.0)
    assert unhealthy.during == "all"


def test_without_expect_it_is_an_exploration() -> None:
    assert made(BRACES).expect is None
    assert made(BRACES).steady == ()


def test_what_was_kept_of_a_run() -> None:
    run = made(KEPT).run
    assert run is not None
    assert (run.seed, run.end_ns, run.digest) == (7, 150 * 10**9, "0123456789abcdef")
    assert run.commands[0]["at_ns"] == 30_000_000_001
    assert run.commands[0]["for_ns"] == 60 * 10**9
    assert run.commands[1] == {
        **{"at_ns": 70 * 10**9, "verb": "scale", "on": ("orders",), "what": "", "designs": ("coupled",), "params": {}},
        **{"for_ns": None, "ramp_ns": 0, "probability": 1.0, "to": 5, "by": "run"},
    }


def test_a_kept_run_may_leave_windows_empty() -> None:
    kept = KEPT.replace("    - {at: 30000000001ns, inject: crash, on: [inventory], for: 1m}\n", "")
    assert made(kept.replace("for: 60s}", "for: 4m}").replace("during: fault", "during: recovery")).run is not None


def test_the_canonical_text_knows_no_spelling() -> None:
    other = (
        SHOP.replace("3m", "180s").replace("100/s", "6000/m").replace("99%", "0.99").replace("Orders placed", "Orders")
    )
    other = "# a comment\n" + other.replace("{at: 30s, inject: crash,", "{inject: 'crash', at: 0.5m,")
    assert made(other).canonical == made(SHOP).canonical
    assert json.loads(made(SHOP).canonical)["duration"] == 180 * 10**9


@pytest.mark.parametrize(
    ("old", "new"),
    [("100/s", "101/s"), ("slots: 8, takes: {median: 20ms", "slots: 9, takes: {median: 20ms"), ("crash", "slow")],
)
def test_the_canonical_text_knows_every_value(old: str, new: str) -> None:
    assert made(SHOP.replace(old, new)).canonical != made(SHOP).canonical


def test_keeping_a_run_does_not_change_the_playground() -> None:
    assert made(KEPT).canonical == made(SHOP).canonical


def test_files_and_texts_are_one(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    found = load(tmp_path / "shop.yaml", catalogue=Declared(), faults=FAULTS)
    assert found.path == str(tmp_path / "shop.yaml")
    assert found.canonical == made(SHOP).canonical


def test_a_chain_of_ten_thousand_services() -> None:
    nodes = "".join(f"  n{i}: {{kind: service}}\n" for i in range(9_999))
    links = "".join(f"      - n{i} -> n{i + 1}\n" for i in range(9_998))
    head = "playground: long\nduration: 1m\nnodes:\n  web: {kind: producer, rate: 1/s, work: [n7, n9998]}\n"
    found = made(f"{head}{nodes}designs:\n  only:\n    links:\n      - web -> n0\n{links}")
    assert found.flows[0].work == ("n7", "n9998")
    assert len(found.designs[0].links) == 9_999


class TestSettings:
    def test_a_shared_node(self) -> None:
        found = made(SHOP, settings=["inventory.replicas=5", "web.rate=7/s", "seed=9"])
        assert {d.nodes[2].replicas for d in found.designs} == {5}
        assert found.seed == 9

    def test_a_node_of_one_design_and_a_group(self) -> None:
        found = made(SHOP, settings=["backlog.dead_letter.after=9", "orders.takes={median: 1ms, p99: 2ms}"])
        backlog = found.designs[1].node("backlog")
        assert backlog is not None
        assert backlog.values["dead_letter"] == {"to": "graveyard", "after": 9}

    def test_it_reaches_designs_that_say_otherwise(self) -> None:
        assert [d.nodes[1].replicas for d in made(EVERYTHING, settings=["app.replicas=7"]).designs] == [7, 7]

    def test_the_source_says_so(self) -> None:
        changed = made(SHOP, settings=["inventory.replicas=5"])
        assert made(changed.source).canonical == changed.canonical

    @pytest.mark.parametrize(
        ("setting", "words"),
        [
            (
                "inventroy.replicas=5",
                "--set inventroy.replicas=5: there is no node 'inventroy' (did you mean inventory?)",
            ),
            ("inventory.replicsa=5", "inventory (service) has no 'replicsa'"),
            ("inventory.replicas", "--set inventory.replicas: expected NODE.PARAMETER=VALUE"),
            ("inventory.replicas=", "expected a whole number, got ''"),
            ("inventory.replicas=[", "--set inventory.replicas=[: cannot read the value '['"),
            ("inventory.replicas=0", "playground: expected at least 1, got 0"),
            ("sed=3", "a playground has no 'sed'"),
        ],
    )
    def test_mistakes(self, setting: str, words: str) -> None:
        with pytest.raises(PlaygroundError) as caught:
            made(SHOP, settings=[setting])
        assert words in str(caught.value)


class Prepared(Declared):
    """A catalogue whose producer looks at its values as a whole."""

    def kind(self, name: str) -> Any:
        kind = super().kind(name)
        if name != "producer":
            return kind

        class Careful(kind):  # type: ignore[misc, valid-type]
            @staticmethod
            def prepare(values: dict[str, Any]) -> dict[str, Any]:
                if values["rate"] > 50:
                    raise ValueError("too eager")
                return {**values, "rate": values["rate"] * 2}

        return Careful


def test_a_kind_may_look_at_its_values_as_a_whole() -> None:
    with pytest.raises(PlaygroundError, match="playground:6:3: web: too eager"):
        load_text(SHOP, catalogue=Prepared())
    slower = load_text(SHOP.replace("100/s", "10/s"), catalogue=Prepared())
    assert slower.designs[0].nodes[0].values["rate"] == 20.0


def test_plans_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        made(SHOP).name = "other"  # type: ignore[misc]


def test_more_parts_than_the_ledger_can_keep_are_refused() -> None:
    nodes = "".join(f"  s{i}: {{kind: service}}\n" for i in range(61))
    chain = " -> ".join(f"s{i}" for i in range(61))
    head = "playground: wide\nduration: 1m\nnodes:\n  web: {kind: producer, rate: 1/s}\n"
    text = f"{head}{nodes}designs:\n  only:\n    links:\n      - web -> {chain}\n"
    with pytest.raises(PlaygroundError, match=r"61 nodes would have to do their part .* at most 60"):
        made(text)
    assert made(text.replace("rate: 1/s", "rate: 1/s, work: [s1, s2]")).flows[0].work == ("s1", "s2")
