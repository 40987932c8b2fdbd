"""Boxes and arrows: columns from the producer, nothing on top of anything, whatever the links."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from chaos.svg.topology import layout, topology
from tests.chaos import sample_journals as journals

NAMES = "abcdefg"


def plan(links: list[tuple[str, str]], names: str = NAMES) -> dict[str, Any]:
    """A plan with these links."""
    nodes = [{"name": name, "kind": "service", "replicas": 2, "shared": True} for name in names]
    return {"about": "", "nodes": nodes, "links": [{"from": a, "to": b, "mode": "->", "wiring": ""} for a, b in links]}


LINKS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda ends: ends[0] != ends[1]))


@given(LINKS)
def test_no_two_boxes_stand_on_one_place_and_every_picture_is_well_formed(links: list[tuple[str, str]]) -> None:
    boxes = layout(plan(links))
    assert set(boxes) == set(NAMES)
    assert len({(box.column, box.row) for box in boxes.values()}) == len(NAMES)
    empty = {"flows": {}, "nodes": {}, "turns": [], "verdict": {"figures": {}}}
    ElementTree.fromstring(topology("any", plan(links), empty, {"a"}))


def test_columns_are_steps_from_the_producer() -> None:
    boxes = layout(plan([("a", "b"), ("b", "c"), ("a", "c"), ("c", "b")], "abc"))
    assert [boxes[name].column for name in "abc"] == [0, 1, 2]


def test_a_hit_node_and_one_that_turned_unhealthy_are_marked() -> None:
    told = journals.one()
    drawn = topology("coupled", told["plans"]["coupled"], told["designs"]["coupled"], {"inventory"})
    assert "✖ inventory" in drawn
    assert "▲ orders" in drawn
    assert "web calls orders; orders calls inventory" in drawn
    assert "gives dead letters to" in topology("d", told["plans"]["decoupled"], told["designs"]["decoupled"], set())
