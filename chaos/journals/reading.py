"""What every report reads from a journal, and the words it uses for it: one wording, whatever the format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from topology.spec.figures import COUNT, NUMBER, SECONDS, SHARE, format_value
from topology.units import format_duration, format_share

Journal = dict[str, Any]
Row = dict[str, Any]

PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"
MARKS = {PASS: "✔", FAIL: "✖", UNKNOWN: "?"}
WORDS = {PASS: "held", FAIL: "did not hold", UNKNOWN: "unknown"}

# What a journal holds.


def playgrounds(journal: Journal) -> list[Journal]:
    """The journals of each playground: several where several files were run."""
    return list(journal["playgrounds"]) if "playgrounds" in journal else [journal]


def runs(journal: Journal) -> list[Journal]:
    """The runs of one playground, one for each seed."""
    return list(journal["runs"]) if "runs" in journal else [journal]


def many(journal: Journal) -> bool:
    """Whether it is about several seeds."""
    return "runs" in journal


def shown_run(journal: Journal) -> Journal:
    """The run to draw: of several seeds the worst of the first expectation that did not hold, else the first."""
    all_runs = runs(journal)
    bad = [row.get("worst_seed") for row in red_first(journal["expectations"]) if row["verdict"] != PASS]
    drawn = {run["seed"]: run for run in all_runs if any(d["series"] for d in run["designs"].values())}
    return next((drawn[seed] for seed in bad if seed in drawn), all_runs[0])


def red_first(rows: list[Row]) -> list[Row]:
    """Expectations with those that did not hold first, then the unknown ones."""
    return sorted(rows, key=lambda row: (FAIL, UNKNOWN, PASS).index(row["verdict"]))


def gates(journal: Journal) -> list[Row]:
    """The steady state of each run, each row with its seed: all rows of a single run, of several seeds only bad ones."""
    if not many(journal):
        return list(journal["steady"])
    return [{**row, "seed": run["seed"]} for run in runs(journal) for row in run["steady"] if row["verdict"] != PASS]


def troubles(journal: Journal) -> list[tuple[int, str]]:
    """What could not be done at its instant, each with its seed."""
    return [(run["seed"], could_not(command)) for run in runs(journal) for command in run["not_done"]]


# Words.


def heading(journal: Journal) -> str:
    """`shop · seed 1 · 3 min`, or `shop · 20 seeds (1 to 20) · 3 min`; real processes are called live."""
    world = journal.get("environment", {}).get("world", "")
    parts = [journal["playground"], seeds_in_words(journal), long(journal["duration"]), world]
    return " · ".join(part for part in parts if part)


def seeds_in_words(journal: Journal) -> str:
    """`seed 7`, or `20 seeds (1 to 20)`."""
    seeds = [run["seed"] for run in runs(journal)]
    return f"{len(seeds)} seeds ({seeds[0]} to {seeds[-1]})" if many(journal) else f"seed {seeds[0]}"


def claim(row: Row) -> str:
    """An expectation without its value: `coupled: web.success during fault < 20%`."""
    before, found, _ = str(row["sentence"]).partition(f" {row['is']}: ")
    return f"{before} {row['is']}" if found else str(row["sentence"])


def value(row: Row) -> str:
    """What was read for an expectation, in words; empty where its sentence has none."""
    return str(row["sentence"]).partition(f" {row['is']}: ")[2]


def held_in(row: Row) -> str:
    """`holds in 19 of 20`, with what that says about all seeds; empty for a single run."""
    if "holds_in" not in row:
        return ""
    enough = f" (it takes {row['needed']})" if row["needed"] != row["of"] else ""
    unknown = f", unknown in {row['unknown_in']}" if row["unknown_in"] else ""
    return f"holds in {row['holds_in']} of {row['of']}{enough}{unknown}"


def in_general(row: Row) -> str:
    """What k of n seeds say about all seeds: `of all seeds it holds in 76 % to 99 %`; empty where some are unknown."""
    if row.get("unknown_in", 1):
        return ""
    low, high = row["interval"]
    return f"of all seeds it holds in {format_share(low)} to {format_share(high)}"


def play_line(journal: Journal, seed: int | None) -> str:
    """The command that shows a seed on screen."""
    return f"knockon play {journal['environment'].get('named') or journal['playground']} --seed {seed} --timeline"


def chain(row: Row) -> list[str]:
    """The first offence and the why-chain of an expectation, one line for each step; empty where there is none."""
    lines = []
    offence = row.get("first_offence")
    if offence:
        lines.append(f"first at {_place(offence)}")
    lines += [f"{'because ' if number else ''}{_place(step)}" for number, step in enumerate(row.get("why") or ())]
    return lines


def _place(step: Row) -> str:
    """One step: `00:30.0 inventory: crashed`."""
    at = "" if step.get("at") is None else clock(step["at"])
    where = step.get("where") or step.get("node") or ""
    return ": ".join(part for part in (" ".join(part for part in (at, where) if part), step.get("words")) if part)


COST_UNITS = {
    "blast_radius": SHARE,
    "degraded": SECONDS,
    "done_later": SECONDS,
    "minutes": NUMBER,
    "stale": SECONDS,
    "unhealthy": SECONDS,
}
COST_WORDS = {"degraded": "bad answers for", "done_later": "work done later (p99) by"}
SAID_IF_ANY = ("dead_lettered", "duplicates", "half_done", "done_later")


def cost(figures: Row | None) -> str:
    """What a fault cost one design: `told no 4,021, lost 0, blast radius 50 %`; less than nothing is what it spared."""
    if figures and not any(figures.values()):
        return "nothing"
    parts = []
    for name, figure in (figures or {}).items():
        words = COST_WORDS.get(name, name.replace("_", " "))
        if name in SAID_IF_ANY and not figure:
            continue
        if isinstance(figure, int | float) and not isinstance(figure, bool):
            parts.append(f"{words} {format_value(figure, COST_UNITS.get(name, COUNT))}")
        elif isinstance(figure, str) and figure:
            parts.append(f"{words} {figure}")
    return ", ".join(parts)


def costs(run: Journal) -> list[tuple[str, dict[str, str]]]:
    """For each fault whose cost is known: its name and what it cost each design; at last all, and what they did together."""
    rows = [(f"{f['what']} on {f['words']} at {clock(f['since'])}", f.get("cost")) for f in run["faults"]]
    rows += [("all of them", run.get("all_faults")), ("together, beyond what each cost alone", run.get("together"))]
    return [(name, {design: cost(figures) for design, figures in what.items()}) for name, what in rows if what]


def happened(run: Journal) -> list[tuple[float, str]]:
    """What was done to the designs of one run, in order: instants in seconds, and words."""
    found = []
    for fault in run["faults"]:
        until = "until the end" if fault["until"] is None else f"until {clock(fault['until'])}"
        where = "" if len(fault["targets"]) == len(run["designs"]) else f", only in {', '.join(fault['targets'])}"
        found.append((fault["since"], f"{fault['what']} on {fault['words']} {until}{where}"))
    for command in run["commands"]:
        if command["verb"] != "inject":
            to = f" to {command['to']}" if "to" in command else ""
            found.append((command["at"], f"{command['verb']} {', '.join(command.get('on', []))}{to}"))
    found.sort()
    found += [(command["at"], f"the dice left out {command['what']}") for command in run["spared"]]
    found += [(command["at"], could_not(command)) for command in run["not_done"]]
    found += [(c["at"], f"not reached: {c['verb']} {c.get('what', '')}".strip()) for c in run["not_reached"]]
    return found + [(run["duration"], unmet(entry)) for entry in run.get("not_fired", ())]


def unmet(entry: Row) -> str:
    """An entry whose condition never held."""
    what = " ".join(part for part in (entry["verb"], entry["what"], ", ".join(entry["on"])) if part)
    return f"never done: {what}, since {entry['when']} never came true in {entry['of']}"


def could_not(command: Row) -> str:
    """A command that could not be done, and why."""
    return f"could not {command['verb']} {command.get('what', '')}: {command['why']}"


# The figures of one run, a row each, a column for each design.

Read = Callable[[Row], str]


def _flows(design: Row) -> list[Row]:
    return list(design["flows"].values())


def _sum(name: str) -> Read:
    return lambda design: f"{sum(flow[name] for flow in _flows(design)):,}"


def _time(name: str, part: str) -> Read:
    def read(design: Row) -> str:
        known = [flow[name][part] for flow in _flows(design) if flow[name][part] is not None]
        return format_duration(round(max(known) * 1e9)) if known else "–"

    return read


def _success(design: Row) -> str:
    known = [flow["success"] for flow in _flows(design) if flow["success"] is not None]
    return format_share(min(known)) if known else "–"


def _after(name: str) -> Read:
    def read(design: Row) -> str:
        seconds = design["verdict"]["figures"][name]
        return "–" if seconds is None else format_duration(round(seconds * 1e9)) if seconds else "at once"

    return read


def _blast(design: Row) -> str:
    figures = design["verdict"]["figures"]
    return f"{format_share(figures['blast_radius'])} {', '.join(figures['blast'])}".strip()


OF_FLOWS: tuple[tuple[str, Read], ...] = (
    ("offered", _sum("offered")),
    ("told yes", _sum("told_yes")),
    ("told no", _sum("told_no")),
    ("answered by a fallback", _sum("degraded")),
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
)
OF_FAULTS: tuple[tuple[str, Read], ...] = (
    ("it spread to", _blast),
    ("answers back after heal", _after("recovered_after")),
    ("backlog gone after heal", _after("drained_after")),
)


def table(run: Journal) -> list[list[str]]:
    """The figures of one run: a head with the designs, then a row for each figure."""
    rows = [*OF_FLOWS, *(OF_FAULTS if run["faults"] else ())]
    designs = run["designs"]
    inside = dict.fromkeys(node for design in designs.values() for node in design.get("emitted", {}))
    rows += [(f"{node}: {label}", _emitted(node, name)) for node in inside for name, label in OF_EMITTED]
    return [["", *designs], *([label, *(read(design) for design in designs.values())] for label, read in rows)]


OF_EMITTED = (("offered", "offered"), ("told_no", "told no"), ("done", "work done"), ("lost", "lost after a yes"))
"""What is said of the messages that a node inside made, beside what its customers were told."""


def _emitted(node: str, name: str) -> Read:
    def read(design: Row) -> str:
        flow = design.get("emitted", {}).get(node)
        return "–" if flow is None else f"{flow[name]:,}"

    return read


SPREAD = (
    ("success", "in time, of the answered", SHARE),
    ("told_no", "told no", COUNT),
    ("latency.p99", "answer p99", SECONDS),
    ("completion.p99", "all done p99", SECONDS),
    ("done_after_no", "told no, yet done", COUNT),
    ("half_done", "half done", COUNT),
    ("duplicates", "done more than once", COUNT),
    ("lost", "lost after a yes", COUNT),
    ("dead_lettered", "dead letters", COUNT),
)
SPREAD_ALL = (
    ("blast_radius", "it spread to, of the others", SHARE),
    ("recovered_after", "answers back after heal", SECONDS),
    ("drained_after", "backlog gone after heal", SECONDS),
)


def spread_table(journal: Journal) -> list[list[str]]:
    """The figures over several seeds: the mean, and where the mean of all seeds lies with 95 % confidence."""
    over = journal["over_seeds"]
    flows = list(dict.fromkeys(flow for design in runs(journal)[0]["designs"].values() for flow in design["flows"]))
    wanted = [(f"{flow}.{name}", _of(flow, label, flows), unit) for flow in flows for name, label, unit in SPREAD]
    wanted += SPREAD_ALL if any(run["faults"] for run in runs(journal)) else ()
    rows = [[label, *(spread(over[design].get(name), unit) for design in over)] for name, label, unit in wanted]
    return [["", *over], *rows]


def _of(flow: str, label: str, flows: list[str]) -> str:
    return label if len(flows) == 1 else f"{flow}: {label}"


def spread(row: Row | None, unit: str) -> str:
    """`97.1 % (96.8 % to 97.4 %)`; one value where all seeds have the same."""
    if row is None:
        return "–"
    if row["least"] == row["most"] or row["interval"] is None:
        return measured(row["mean"], unit)
    low, high = row["interval"]
    return f"{measured(row['mean'], unit)} ({measured(low, unit)} to {measured(high, unit)})"


def measured(number: float, unit: str) -> str:
    """A mean for people: counts that are not whole get one decimal."""
    return f"{number:,.1f}" if unit == COUNT and number != int(number) else format_value(number, unit)


def verdicts(run: Journal) -> list[str]:
    """The verdict on one run, a line for each design."""
    said = str(run["verdict"]["sentence"]).split("\n")
    if not run["faults"]:
        return said
    designs = list(run["designs"].values())
    return [*(str(design["verdict"]["sentence"]) for design in designs), *said[len(designs) :]]


def ending(journal: Journal) -> str:
    """The last line: what the exit code means."""
    code, rows = journal["exit_code"], journal["expectations"]
    if code is None:
        return "Played on screen, not run to its end by the timeline: what the file expects was not judged."
    if code > 128:
        return f"Interrupted; this is what came of it until then (exit code {code})."
    if code == 4:
        return "A command found nothing to act on (exit code 4)."
    if code == 3:
        return "It was not steady before the first fault, so what came after says nothing (exit code 3)."
    if journal["explored"]:
        return "Nothing was expected: the file has no `expect`."
    held = sum(1 for row in rows if row["verdict"] == PASS)
    if code == 0:
        return f"All {held} expectations held." if held > 1 else "The expectation held."
    return f"{held} of {len(rows)} expectations held (exit code {code})."


def columns(rows: list[list[str]]) -> Iterator[str]:
    """A table as lines of text: the first column to the left, the others to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()


def clock(seconds: float) -> str:
    """Minutes and seconds, with tenths where they are not round."""
    whole = int(seconds)
    tenths = f".{int(seconds * 10) % 10}" if seconds != whole else ""
    return f"{whole // 60:02d}:{whole % 60:02d}{tenths}"


def long(seconds: float) -> str:
    """A duration of so many seconds, in words."""
    return format_duration(round(seconds * 1e9))
