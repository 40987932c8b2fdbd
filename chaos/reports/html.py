"""One page that holds everything: pictures, verdict, expectations, why-chains and costs. No script, nothing from outside."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from chaos.journals.reading import (
    FAIL,
    MARKS,
    PASS,
    UNKNOWN,
    WORDS,
    chain,
    claim,
    clock,
    costs,
    ending,
    gates,
    happened,
    heading,
    held_in,
    in_general,
    many,
    play_line,
    playgrounds,
    red_first,
    shown_run,
    spread_table,
    table,
    troubles,
    value,
    verdicts,
)
from chaos.report import Report
from chaos.svg.style import PATTERNS, STYLE
from chaos.svg.timeline import timeline
from chaos.svg.topology import topology

KEY = (
    "Single line: a call, the caller waits. Double line: a hand-off. Dots: dead letters. "
    "✖ and a thick frame: hit by a fault. ▲ and a dashed frame: turned unhealthy."
)


class Html(Report):
    """One page to look at, offline, in print, and without seeing colours."""

    suffix = ".html"

    def write(self, journal: dict[str, Any]) -> str:
        """A whole page, a part for each playground."""
        ones = playgrounds(journal)
        title = escape(f"knockon: {', '.join(one['playground'] for one in ones)}")
        parts = "".join(_playground(one) for one in ones)
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
        page = f'<!DOCTYPE html>\n<html lang="en"><head>{head}<link rel="icon" href="data:,"><style>{STYLE}</style></head>'
        return f"{page}<body>{PATTERNS}{parts}</body></html>\n"


def _playground(journal: dict[str, Any]) -> str:
    run = shown_run(journal)
    which = f" (seed {run['seed']})" if many(journal) else ""
    bad = "" if journal["exit_code"] in (0, None) else " bad"
    figures = spread_table(journal) if many(journal) else table(run)
    caption = "Mean over the seeds, and where the mean of all seeds lies with 95 % confidence." if many(journal) else ""
    parts = [
        f"<header><h1>{escape(journal['playground'])}</h1><p class=dim>{escape(heading(journal))}</p>",
        f"<p>{escape(journal['about'])}</p>" if journal["about"] else "",
        f'<p class="result{bad}">{"✔" if not bad else "✖"} {escape(ending(journal))}</p></header>',
        _section(f"What came of it{which}", "".join(f"<p>{escape(line)}</p>" for line in verdicts(run))),
        _section("Expectations", _expectations(journal)),
        _section(f"Over time{which}", _over_time(run)),
        _section("Figures", _wide(_table(figures, caption))),
        _section(f"What was done{which}", _done(run)),
        _section(f"What each fault cost{which}", _costs(run)),
        _section("The designs", _designs(journal, run)),
        _section("Said by the file", _said(journal)),
        _outside(journal, run),
    ]
    return f"<main>{''.join(parts)}</main>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _wide(content: str) -> str:
    return f'<div class="wide">{content}</div>' if content else ""


def _over_time(run: dict[str, Any]) -> str:
    drawn = timeline(run)
    if not drawn:
        return "<p>No series were kept of this run.</p>"
    key = "Bands: a fault lay on this design. Triangles: a node turned unhealthy. All designs share their axes."
    return f"<p class=dim>{key}</p>{_wide(drawn)}"


def _expectations(journal: dict[str, Any]) -> str:
    """The table of all that was judged, what did not hold first; under it the why-chains."""
    several = many(journal)
    gate = [{**row, "steady": True} for row in gates(journal)]
    rows = [row for row in gate if row["verdict"] != PASS] + red_first(journal["expectations"])
    rows += [row for row in gate if row["verdict"] == PASS]
    lost = "".join(f"<p>✖ seed {seed}: {escape(words)}</p>" for seed, words in troubles(journal))
    if not rows:
        return lost
    head = ["", "expectation", *(["seeds · of all seeds (95 %)"] if several else []), "worst seed" if several else "was"]
    cells = "".join(_claim_row(row, several) for row in rows)
    whys = "".join(_why(journal, row) for row in rows if row["verdict"] != PASS)
    return lost + _wide(f"<table><thead><tr>{_heads(head)}</tr></thead><tbody>{cells}</tbody></table>") + whys


def _claim_row(row: dict[str, Any], several: bool) -> str:
    verdict = row["verdict"]
    steady = "steady before the first fault: " if row.get("steady") else ""
    cells = [f'<td class="verdict"><b>{MARKS[verdict]} {WORDS[verdict]}</b></td>', f"<td>{escape(steady + claim(row))}</td>"]
    if several:
        general = in_general(row).removeprefix("of all seeds it holds in ")
        told = " · ".join(part for part in (held_in(row).removeprefix("holds in "), general) if part)
        cells.append(f"<td>{escape(told)}</td>")
    seed = f"seed {row.get('worst_seed', row.get('seed'))}: " if several else ""
    return f'<tr class="{_class(verdict)}">{"".join(cells)}<td>{escape(seed + value(row))}</td></tr>'


def _class(verdict: str) -> str:
    return verdict if verdict in (PASS, FAIL, UNKNOWN) else UNKNOWN


def _why(journal: dict[str, Any], row: dict[str, Any]) -> str:
    steps = "".join(f"<li>{escape(step)}</li>" for step in chain(row))
    seed = row.get("worst_seed", row.get("seed", journal.get("seed")))
    told = f'<ol class="why">{steps}</ol>' if steps else ""
    title = f"{MARKS[row['verdict']]} {'Why: ' if steps else ''}{claim(row)}"
    return f"<h3>{escape(title)}</h3>{told}<p>See it: <code>{escape(play_line(journal, seed))}</code></p>"


def _heads(names: Iterable[str], numbers: bool = False) -> str:
    kind = ' class="n"' if numbers else ""
    return "".join(f'<th scope="col"{kind if at else ""}>{escape(name)}</th>' for at, name in enumerate(names))


def _table(rows: list[list[str]], caption: str) -> str:
    """Figures: a row for each, a column for each design."""
    head, *others = rows
    lines = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td class=n>{escape(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in others
    )
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{told}<thead><tr>{_heads(head, numbers=True)}</tr></thead><tbody>{lines}</tbody></table>"


def _done(run: dict[str, Any]) -> str:
    rows = "".join(f"<tr><td>{clock(at)}</td><td>{escape(words)}</td></tr>" for at, words in happened(run))
    if not rows:
        return "<p>Nothing was done to it.</p>"
    return f"<table><thead><tr>{_heads(['at', 'what'])}</tr></thead><tbody>{rows}</tbody></table>"


def _costs(run: dict[str, Any]) -> str:
    known = costs(run)
    if not known:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(design)}</td><td>{escape(words)}</td></tr>'
        for name, designs in known
        for design, words in designs.items()
    )
    return _wide(f"<table><thead><tr>{_heads(['fault', 'design', 'cost'])}</tr></thead><tbody>{rows}</tbody></table>")


def _designs(journal: dict[str, Any], run: dict[str, Any]) -> str:
    """A picture of each design; what was hit and what turned unhealthy is marked."""
    parts = []
    for name, plan in journal["plans"].items():
        if name in run["designs"]:
            hit = {node for fault in run["faults"] for target in fault["targets"].get(name, ()) for node in _nodes(target)}
            about = f"<p>{escape(plan['about'])}</p>" if plan["about"] else ""
            drawn = _wide(topology(name, plan, run["designs"][name], hit))
            parts.append(f"<h3>{escape(name)}</h3>{about}{drawn}")
    return f"<p class=dim>{KEY}</p>{''.join(parts)}"


def _nodes(target: str) -> list[str]:
    """The nodes of a target such as `inventory/0, inventory/1`, or both ends of a link."""
    ends = target.replace(" => ", ", ").replace(" -> ", ", ").split(", ")
    return [end.partition("/")[0] for end in ends]


def _said(journal: dict[str, Any]) -> str:
    said = [("Lesson", journal["lesson"]), ("Price", journal["price"])]
    return "".join(f"<p><b>{title}:</b> {escape(words)}</p>" for title, words in said if words)


def _outside(journal: dict[str, Any], run: dict[str, Any]) -> str:
    outside = journal["environment"]
    engine = "compiled" if outside["compiled"] else "not compiled"
    parts = [
        f"knockon {outside['version']} ({engine})",
        f"Python {outside['python']}",
        outside["platform"],
        f"{outside['wall_seconds']:.1f} s",
        f"digest of seed {run['seed']}: {run['digest']}",
    ]
    see = f"See it: <code>{escape(play_line(journal, run['seed']))}</code>"
    return f"<footer><p>{see}</p><p class=dim>{escape(' · '.join(parts))}</p></footer>"
