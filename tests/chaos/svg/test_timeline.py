"""Timelines: lines are where the figures are, bands where the faults were, and axes are shared."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from chaos.svg.timeline import LEFT, WIDTH, timeline
from tests.chaos import sample_journals as journals


def drawn(told: dict[str, Any]) -> list[ElementTree.Element]:
    """Every element of the picture."""
    return list(ElementTree.fromstring(timeline(told)).iter())


def test_a_band_lies_where_the_fault_lay() -> None:
    bands = [e for e in drawn(journals.one()) if e.get("class") == "band"]
    assert bands
    for band in bands:
        assert float(band.attrib["x"]) == pytest.approx(LEFT + WIDTH * 10 / 30, abs=0.1)
        assert float(band.attrib["width"]) == pytest.approx(WIDTH * 5 / 30, abs=0.2)


def test_a_fault_that_missed_a_design_has_no_band_there() -> None:
    told = journals.one()
    both = sum(1 for e in drawn(told) if e.get("class") == "band")
    del told["faults"][0]["targets"]["coupled"]
    assert sum(1 for e in drawn(told) if e.get("class") == "band") == both // 2


def test_a_steady_line_is_at_its_value() -> None:
    told = journals.one()
    for design in told["designs"].values():
        design["series"] = {"web.yes": {"bin": 1.0, "unit": "per second", "values": [50.0] * 30}}
    lines = [e for e in drawn(told) if e.tag.endswith("polyline")]
    panels = [e for e in drawn(told) if e.get("class") == "panel"]
    assert len(lines) == len(panels) == 2
    for line, panel in zip(lines, panels, strict=True):
        points = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
        assert [x for x, _ in points] == [LEFT, LEFT + WIDTH]
        # The axis ends at 50, the first round number that is not below the line.
        assert {y for _, y in points} == {float(panel.attrib["y"])}


def test_all_designs_share_their_axes() -> None:
    told = journals.one()
    scales = re.findall(r">([\d,.]+)</text>", timeline(told))
    assert len(scales) > 4
    heights = [e.attrib["height"] for e in drawn(told) if e.get("class") == "panel"]
    half = len(heights) // 2
    assert heights[:half] == heights[half:]


def test_nothing_kept_is_nothing_drawn() -> None:
    told = journals.one()
    for design in told["designs"].values():
        design["series"] = {}
    assert timeline(told) == ""


def test_two_flows_are_drawn_together() -> None:
    told = journals.one()
    two = {f"{name}.yes": {"bin": 1.0, "unit": "per second", "values": [30.0] * 30} for name in ("web", "app")}
    for design in told["designs"].values():
        design["series"] = two
    labels = {e.text for e in drawn(told) if e.get("text-anchor") == "end"}
    assert "60" in labels
