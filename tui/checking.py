"""What `check` and `schema` say of a file before it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from chaos.experiment import BAD_INPUT, OK
from chaos.registry import faults
from topology.plan import Playground
from topology.problems import PlaygroundError
from topology.spec import check
from topology.units import format_duration
from tui.lookup import Mistake, open_playground


def check_all(files: Sequence[str], settings: Sequence[str], resolved: bool) -> int:
    """Check every file; mistakes go to standard error, what is sound and its warnings to standard output."""
    code = OK
    for file in files:
        try:
            playground = open_playground(file, settings=settings)
        except PlaygroundError as error:
            print("\n".join(map(str, error.problems)), file=sys.stderr)
            code = BAD_INPUT
        except Mistake as mistake:
            print(f"knockon: {mistake}", file=sys.stderr)
            code = BAD_INPUT
        else:
            print(page(file, playground, resolved), end="")
    return code


def page(file: str, playground: Playground, resolved: bool) -> str:
    """What there is to say of a sound file."""
    designs = ", ".join(design.name for design in playground.designs)
    lines = [f"{file}: {playground.name}, {format_duration(playground.duration_ns)}, designs {designs}"]
    for flow in playground.flows:
        work = ", ".join(flow.work) if flow.work else "nothing but an answer"
        lines.append(f"  work of {flow.producer}: {work}")
    lines += [f"  warning: {words}" for words in check.warnings(playground)]
    if resolved:
        lines += _table(playground)
    return "\n".join(lines) + "\n"


def _table(playground: Playground) -> list[str]:
    """Every value with its source, under the thing that it belongs to."""
    lines: list[str] = []
    where = None
    for row in check.resolved(playground):
        if row.where != where:
            where = row.where
            lines += ["", f"  {where or 'the playground'}"]
        lines.append(f"    {row.name}: {row.value}  ({row.source})")
    return lines


def schema() -> dict[str, Any]:
    """The JSON schema of playground files."""
    from topology.spec import models

    return models.schema(faults=faults())
