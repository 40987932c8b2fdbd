"""Which formats a journal can be written in: the files of `chaos/reports`, and entry points of knockon.reports."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import Any

GROUP = "knockon.reports"


def formats() -> list[str]:
    """The names of all formats."""
    from chaos import reports

    own = [module.name for module in pkgutil.iter_modules(reports.__path__)]
    return sorted({*own, *(point.name for point in entry_points(group=GROUP))})


def write(name: str, journal: dict[str, Any]) -> str:
    """A journal in one format; KeyError when there is none of that name."""
    from chaos import reports

    if any(module.name == name for module in pkgutil.iter_modules(reports.__path__)):
        return str(importlib.import_module(f"chaos.reports.{name}").write(journal))
    for point in entry_points(group=GROUP):
        if point.name == name:
            return str(point.load().write(journal))
    raise KeyError(name)
