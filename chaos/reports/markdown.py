"""Markdown for a pull request: short, a table for each playground, what did not hold first, details folded away."""

from __future__ import annotations

import re
from typing import Any

from chaos.journals.reading import (
    FAIL,
    MARKS,
    PASS,
    UNKNOWN,
    chain,
    claim,
    clock,
    costs,
    ending,
    gates,
    happened,
    held_in,
    long,
    many,
    play_line,
    playgrounds,
    red_first,
    seeds_in_words,
    shown_run,
    spread_table,
    table,
    troubles,
    value,
    verdicts,
)
from chaos.report import Report

SIGNS = {PASS: "✅", FAIL: "❌", UNKNOWN: "❓"}
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")


class Markdown(Report):
    """Markdown for a pull request or a job summary."""

    suffix = ".md"

    def write(self, journal: dict[str, Any]) -> str:
        """A section for each playground, those that are red first."""
        ordered = sorted(playgrounds(journal), key=lambda one: one["exit_code"] in (0, None))
        return "\n\n".join("\n\n".join(part for part in _section(one) if part) for one in ordered) + "\n"


def _section(journal: dict[str, Any]) -> list[str]:
    sign = "✅" if journal["exit_code"] in (0, None) else "❌"
    rows = red_first(journal["expectations"])
    red = [row for row in rows if row["verdict"] != PASS]
    held = [row for row in rows if row["verdict"] == PASS]
    run = shown_run(journal)
    seed = f" with seed {run['seed']}" if many(journal) else ""
    return [
        f"### {sign} {_plain(journal['playground'])}: {_plain(ending(journal))}",
        f"{_plain(seeds_in_words(journal))}, {long(journal['duration'])} each" if many(journal) else "",
        _lines(f"not steady: {row['sentence']}{_seed(row)}" for row in gates(journal) if row["verdict"] != PASS),
        _lines(f"seed {seed}: {words}" for seed, words in troubles(journal)),
        _claims(red),
        *(_chain(journal, row) for row in red),
        _folded(f"{len(held)} held", _claims(held)) if held else "",
        _folded(f"What came of it{seed}", _lines(verdicts(run))),
        _folded("Figures", _table(spread_table(journal) if many(journal) else table(run))),
        _folded(f"What was done{seed}", _lines(f"{clock(at)} {words}" for at, words in happened(run))),
        _folded("What it cost", _lines(f"{name}; {d}: {w}" for name, by in costs(run) for d, w in by.items())),
        f"<sub>See it: <code>{_plain(play_line(journal, run['seed']))}</code></sub>",
    ]


def _seed(row: dict[str, Any]) -> str:
    return f" (seed {row['seed']})" if "seed" in row else ""


def _claims(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    several = "holds_in" in rows[0]
    head = ["", "expectation", "seeds", "worst of them"] if several else ["", "expectation", "was"]
    cells = [[SIGNS[row["verdict"]], claim(row), *([_held(row)] if several else []), _was(row)] for row in rows]
    return _table([head, *cells])


def _held(row: dict[str, Any]) -> str:
    return held_in(row).removeprefix("holds in ")


def _was(row: dict[str, Any]) -> str:
    seed = f", seed {row['worst_seed']}" if row.get("holds_in", 0) < row.get("of", 0) else ""
    return f"{value(row)}{seed}"


def _chain(journal: dict[str, Any], row: dict[str, Any]) -> str:
    steps = chain(row)
    if not steps:
        return ""
    seed = row.get("worst_seed", journal.get("seed"))
    return _folded(f"{MARKS[row['verdict']]} Why: {claim(row)}", _lines([*steps, f"see it: {play_line(journal, seed)}"]))


def _table(rows: list[list[str]]) -> str:
    head, *others = rows
    lines = [_row(head), _row(["---"] * len(head), plain=False), *(_row(row) for row in others)]
    return "\n".join(lines)


def _row(cells: list[str], *, plain: bool = True) -> str:
    return f"| {' | '.join(_plain(cell) if plain else cell for cell in cells)} |"


def _lines(lines: Any) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{_html(title)}</summary>\n\n{body}\n\n</details>" if body else ""


def _plain(text: str) -> str:
    """Words that mean themselves: no mark-up, no line break, no mention of anybody."""
    return SPECIAL.sub(r"\\\1", " ".join(str(text).split())).replace("@", "@\u200b")


def _html(text: str) -> str:
    return " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
