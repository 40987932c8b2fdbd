"""Shapes as the data of SVG paths, which canvases of browsers understand, too."""

from __future__ import annotations

from tui.record.shapes import Box, Outline


def box_path(box: Box, left: float, top: float) -> str:
    """A rectangle in a cell whose corner is there."""
    width, height = box.right - box.left, box.bottom - box.top
    return f"M{number(left + box.left)} {number(top + box.top)}h{number(width)}v{number(height)}h{number(-width)}z"


def outline_path(outline: Outline, left: float, top: float) -> str:
    """An outline in a cell whose corner is there."""
    points = [f"{number(left + x)} {number(top + y)}" for x, y in outline.points]
    return f"M{points[0]}L{' '.join(points[1:])}z"


def number(value: float, digits: int = 1) -> str:
    """As short as it goes."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = "0" if text in ("-0", "") else text
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
