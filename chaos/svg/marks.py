"""What all pictures are made of: elements with escaped text. Colours are classes, so that the page decides about them."""

from __future__ import annotations

from html import escape


def element(name: str, content: str = "", **attributes: object) -> str:
    """One element; `class_` becomes `class`, and `stroke_width` becomes `stroke-width`. The content is mark-up already."""
    shown = "".join(f' {_name(key)}="{escape(_value(value))}"' for key, value in attributes.items())
    return f"<{name}{shown}>{content}</{name}>" if content else f"<{name}{shown}/>"


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> str:
    """Words at a place."""
    return element("text", escape(words), x=x, y=y, class_=class_, text_anchor=anchor)


def picture(width: float, height: float, title: str, about: str, content: str) -> str:
    """A whole picture, with a title and a description for those who cannot see it."""
    told = f"<title>{escape(title)}</title><desc>{escape(about)}</desc>"
    size = {"viewBox": f"0 0 {_value(width)} {_value(height)}", "width": width, "height": height}
    return element("svg", told + content, **size, role="img", aria_label=title)


def shortened(words: str, most: int) -> str:
    """Words cut to a length, with a sign that they were."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _name(key: str) -> str:
    return key if key == "viewBox" else key.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
