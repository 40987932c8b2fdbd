"""A summary to read in a terminal or a log: plain text, no colours."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import fill
from typing import Any

from topology.spec.units import format_duration, format_share

SUFFIX = ".txt"
WIDTH = 100
MARKS = {"pass": "✔", "fail": "✖", "unknown": "?"}


def write(journal: dict[str, Any]) -> str:
    """The summary of one run, or of several seeds."""
    parts = _several(journal) if "runs" in journal else _one(journal)
    return "\n\n".join(part for part in parts if part) + "\n"


def _one(journal: dict[str, Any]) -> list[str]:
    head = f"{journal['playground']} · seed {journal['seed']} · {_long(journal['duration'])}"
    return [
        f"{head} · digest {journal['digest'][:12]}",
        fill(journal["about"], WIDTH) if journal["about"] else "",
        _happened(journal),
        _table(journal),
        _verdicts(journal),
        _claims("steady before the first fault", journal["steady"]),
        _claims("expected", journal["expectations"]),
        ending(journal),
    ]


def _several(journal: dict[str, Any]) -> list[str]:
    seeds = journal["seeds"]
    head = f"{journal['playground']} · {len(seeds)} seeds ({seeds[0]} to {seeds[-1]}) · {_long(journal['duration'])}"
    rows = [_over_row(one) for one in journal["expectations"]]
    claims = "\n".join(["expected", *rows]) if rows else ""
    unsteady = [run["seed"] for run in journal["runs"] if any(one["verdict"] != "pass" for one in run["steady"])]
    gate = f"not steady before the first fault with seed {', '.join(map(str, unsteady))}" if unsteady else ""
    return [head, claims, gate, ending(journal)]


def _over_row(one: dict[str, Any]) -> str:
    """One claim over several seeds, with a seed in which it did not hold."""
    row = f"  {MARKS[one['verdict']]} {one['in']}: {one['that']}{_during(one)} {one['is']}:"
    row += f" holds in {one['holds_in']} of {one['of']}"
    return row if one["holds_in"] == one["of"] else f"{row}; seed {one['worst_seed']}: {_value(one)}"


def _value(one: dict[str, Any]) -> str:
    return str(one["sentence"]).rpartition(": ")[2]


def _during(one: dict[str, Any]) -> str:
    return "" if one["during"] == "all" else f" during {one['during']}"


def _happened(journal: dict[str, Any]) -> str:
    lines = []
    for fault in journal["faults"]:
        until = "until the end" if fault["until"] is None else f"until {clock(fault['until'])}"
        where = "" if len(fault["targets"]) == len(journal["designs"]) else f", only in {', '.join(fault['targets'])}"
        lines.append(f"  {clock(fault['since'])}  {fault['what']} on {fault['words']} {until}{where}")
    for command in journal["commands"]:
        if command["verb"] != "inject":
            to = f" to {command['to']}" if "to" in command else ""
            lines.append(f"  {clock(command['at'])}  {command['verb']} {', '.join(command.get('on', []))}{to}")
    lines.sort()
    lines += [f"  {clock(c['at'])}  the dice left out {c['what']}" for c in journal["spared"]]
    lines += [f"  {clock(c['at'])}  could not {c['verb']} {c.get('what', '')}: {c['why']}" for c in journal["not_done"]]
    lines += [f"  {clock(c['at'])}  not reached: {c['verb']} {c.get('what', '')}" for c in journal["not_reached"]]
    return "\n".join(["what was done", *lines]) if lines else "nothing was done to it"


def _flows(design: dict[str, Any]) -> list[dict[str, Any]]:
    return list(design["flows"].values())


def _sum(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda design: f"{sum(flow[name] for flow in _flows(design)):,}"


def _time(name: str, part: str) -> Callable[[dict[str, Any]], str]:
    def read(design: dict[str, Any]) -> str:
        known = [flow[name][part] for flow in _flows(design) if flow[name][part] is not None]
        return format_duration(round(max(known) * 1e9)) if known else "–"

    return read


def _success(design: dict[str, Any]) -> str:
    known = [flow["success"] for flow in _flows(design) if flow["success"] is not None]
    return format_share(min(known)) if known else "–"


def _figure(name: str) -> Callable[[dict[str, Any]], str]:
    def read(design: dict[str, Any]) -> str:
        value = design["verdict"]["figures"][name]
        return "–" if value is None else format_duration(round(value * 1e9)) if value else "at once"

    return read


def _blast(design: dict[str, Any]) -> str:
    figures = design["verdict"]["figures"]
    return f"{format_share(figures['blast_radius'])} {', '.join(figures['blast'])}".strip()


ROWS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("offered", _sum("offered")),
    ("told yes", _sum("told_yes")),
    ("told no", _sum("told_no")),
    ("in time, of the answered", _success),
    ("answer p50 / p99", lambda d: f"{_time('latency', 'p50')(d)} / {_time('latency', 'p99')(d)}"),
    ("all done p50 / p99", lambda d: f"{_time('completion', 'p50')(d)} / {_time('completion', 'p99')(d)}"),
    ("work done", _sum("done")),
    ("told no, yet done", _sum("done_after_no")),
    ("half done", _sum("half_done")),
    ("done more than once", _sum("duplicates")),
    ("lost after a yes", _sum("lost")),
    ("dead letters", _sum("dead_lettered")),
    ("still open at the end", _sum("in_system")),
    ("it spread to", _blast),
    ("answers back after heal", _figure("recovered_after")),
    ("backlog gone after heal", _figure("drained_after")),
)


def _table(journal: dict[str, Any]) -> str:
    """One column for each design."""
    designs = journal["designs"]
    cells = [["", *designs]] + [[label, *(read(d) for d in designs.values())] for label, read in ROWS]
    faulted = bool(journal["faults"])
    cells = [row for row in cells if faulted or row[0] not in {label for label, _ in ROWS[-3:]}]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = []
    for row in cells:
        first, *others = row
        columns = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append(f"  {'  '.join(columns)}".rstrip())
    return "\n".join(lines)


def _verdicts(journal: dict[str, Any]) -> str:
    said = journal["verdict"]["sentence"].split("\n")
    if not journal["faults"]:
        return "\n".join(fill(line, WIDTH) for line in said)
    designs = list(journal["designs"].values())
    lines = [*(design["verdict"]["sentence"] for design in designs), *said[len(designs) :]]
    wrapped = (fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in lines)
    return "\n".join([f"what came of it since {clock(journal['verdict']['since'])}", *wrapped])


def _claims(title: str, judged: list[dict[str, Any]]) -> str:
    if not judged:
        return ""
    return "\n".join([title, *(f"  {MARKS[one['verdict']]} {one['sentence']}" for one in judged)])


def ending(journal: dict[str, Any]) -> str:
    """The last line: what the exit code means."""
    code, claims = journal["exit_code"], journal["expectations"]
    if code is None:
        return "Played by hand: what the file expects of its own timeline was not judged."
    if code > 128:
        return f"Interrupted; this is what came of it until then (exit code {code})."
    if code == 4:
        return "A command found nothing to act on (exit code 4)."
    if code == 3:
        return "It was not steady before the first fault, so what came after says nothing (exit code 3)."
    if journal["explored"]:
        return "Nothing was expected: the file has no `expect`."
    held = sum(1 for one in claims if one["verdict"] == "pass")
    if code == 0:
        return f"All {held} expectations held." if held > 1 else "The expectation held."
    return f"{held} of {len(claims)} expectations held (exit code {code})."


def clock(seconds: float) -> str:
    """Minutes and seconds, with tenths where they are not round."""
    whole = int(seconds)
    tenths = f".{int(seconds * 10) % 10}" if seconds != whole else ""
    return f"{whole // 60:02d}:{whole % 60:02d}{tenths}"


def _long(seconds: float) -> str:
    return format_duration(round(seconds * 1e9))
