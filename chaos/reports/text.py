"""A summary to read in a terminal or a log: plain text, no colours."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from chaos.journals.reading import (
    MARKS,
    PASS,
    chain,
    claim,
    clock,
    columns,
    costs,
    ending,
    happened,
    heading,
    held_in,
    in_general,
    many,
    play_line,
    playgrounds,
    runs,
    spread_table,
    table,
    troubles,
    value,
    verdicts,
)
from chaos.report import Report

WIDTH = 100
RULE = "─" * 80


class Text(Report):
    """A summary to read in a terminal or a log."""

    suffix = ".txt"

    def write(self, journal: dict[str, Any]) -> str:
        """The summary of one run, of several seeds, or of several playgrounds one after the other."""
        parts = [(_several if many(one) else _one)(one) for one in playgrounds(journal)]
        return f"\n{RULE}\n".join("\n\n".join(part for part in one if part) for one in parts) + "\n"


def _one(journal: dict[str, Any]) -> list[str]:
    return [
        f"{heading(journal)} · digest {journal['digest'][:12]}",
        fill(journal["about"], WIDTH) if journal["about"] else "",
        _happened(journal),
        _indented(columns(table(journal))),
        _verdicts(journal),
        _costs(journal),
        _claims("steady before the first fault", journal["steady"]),
        _claims("expected", journal["expectations"]),
        ending(journal),
    ]


def _several(journal: dict[str, Any]) -> list[str]:
    rows = [line for one in journal["expectations"] for line in _over_row(journal, one)]
    unsteady = [run["seed"] for run in runs(journal) if any(one["verdict"] != PASS for one in run["steady"])]
    gate = f"not steady before the first fault with seed {', '.join(map(str, unsteady))}" if unsteady else ""
    figures = _indented(columns(spread_table(journal)))
    return [
        heading(journal),
        f"mean over the seeds, and where the mean of all seeds lies (95 %)\n{figures}",
        "\n".join(["expected", *rows]) if rows else "",
        *(_costs(run, f" with seed {run['seed']}") for run in runs(journal) if costs(run)),
        gate,
        "\n".join(f"seed {seed}: {words}" for seed, words in troubles(journal)),
        ending(journal),
    ]


def _over_row(journal: dict[str, Any], one: dict[str, Any]) -> list[str]:
    """One expectation over several seeds, with the worst of them where it did not hold in all."""
    lines = [f"  {MARKS[one['verdict']]} {claim(one)}: {held_in(one)}"]
    if one["holds_in"] < one["of"]:
        lines[0] += f"; {in_general(one)}" if in_general(one) else ""
        lines.append(f"      worst with seed {one['worst_seed']}: {value(one)}; see it: {play_line(journal, one['worst_seed'])}")
        lines += [f"      {line}" for line in chain(one)]
    return lines


def _happened(journal: dict[str, Any]) -> str:
    lines = [f"  {clock(at)}  {words}" for at, words in happened(journal)]
    return "\n".join(["what was done", *lines]) if lines else "nothing was done to it"


def _indented(lines: Any) -> str:
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _verdicts(journal: dict[str, Any]) -> str:
    lines = verdicts(journal)
    if not journal["faults"]:
        return "\n".join(fill(line, WIDTH) for line in lines)
    wrapped = (fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in lines)
    return "\n".join([f"what came of it since {clock(journal['verdict']['since'])}", *wrapped])


def _costs(journal: dict[str, Any], which: str = "") -> str:
    """What each fault cost each design, where that was worked out."""
    lines = []
    for name, designs in costs(journal):
        lines.append(f"  {name}")
        for design, words in designs.items():
            lines.append(fill(f"{design}: {words}", WIDTH, initial_indent="    ", subsequent_indent="      "))
    if journal["faults"] and not lines:
        return "what each fault cost: run with --cost"
    return "\n".join([f"what it cost{which}", *lines]) if lines else ""


def _claims(title: str, judged: list[dict[str, Any]]) -> str:
    if not judged:
        return ""
    lines = []
    for one in judged:
        lines.append(f"  {MARKS[one['verdict']]} {one['sentence']}")
        lines += [f"      {line}" for line in chain(one)]
    return "\n".join([title, *lines])
