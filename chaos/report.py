"""Which formats a journal can be told in: the files of `chaos/reports`, entry points of knockon.reports, `--plugins`."""

from __future__ import annotations

from typing import Any, ClassVar

from topology.registry import Folder


class Report:
    """One format. Its file's name is its name; its docstring says in plain words what it is good for."""

    suffix: ClassVar[str] = ".txt"
    """How files of this format end."""

    def write(self, journal: dict[str, Any]) -> str:
        """The journal of a run, of several seeds, or of several playgrounds (`playgrounds`), as text."""
        raise NotImplementedError


REPORTS = Folder("chaos.reports", "chaos.report.Report", "knockon.reports", "reports")


def formats() -> list[str]:
    """The names of all formats."""
    return REPORTS.names()


def write(name: str, journal: dict[str, Any]) -> str:
    """A journal in one format; KeyError when there is none of that name."""
    report: Report = REPORTS.get(name)()
    return report.write(journal)
