"""What all formats out of points need."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

PACKAGES = {"pillow": "PIL", "fontpkg-jetbrains-mono": "fontpkg_jetbrains_mono"}


def missing(found: Callable[[str], object] = find_spec) -> str:
    """Which packages are not there, in words."""
    absent = [name for name, module in PACKAGES.items() if not found(module)]
    return f"drawing pictures needs {' and '.join(absent)}: pip install 'knockon[films]'" if absent else ""
