"""Whether the hot modules run compiled, and why not where they do not."""

from __future__ import annotations

import importlib
from pathlib import Path

NOTE = "BUILD"
"""The file beside this one in which the build left its one sentence; a checkout has none."""


def compiled() -> bool:
    """Whether the engine that this process would use is a compiled extension."""
    engine = importlib.import_module("topology.sim.engine")
    return not str(engine.__file__).endswith(".py")


def reason() -> str:
    """Why it is so, in words: what compiled it, or what stood in the way."""
    try:
        return Path(__file__).with_name(NOTE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return "running from a checkout, which is never compiled in place"


def summary() -> str:
    """One line for `knockon --version`."""
    return f"{'compiled' if compiled() else 'plain Python'} ({reason()})"
