"""`compare`: calibrate on one healthy live run, then the same runs live and simulated, side by side, with one verdict on both."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from chaos.compare.across import Comparison, Order, Row, Verdict, side_by_side
from chaos.compare.calibration import Delays, calibrated, fitted, healthy, unhealthy
from chaos.experiment import FAILED, NOT_STEADY, OK, SIGNALLED, Result, perform
from chaos.journals.journal import LIVE, Journal, environment, journal
from chaos.journals.reading import FAIL, MARKS, PASS, UNKNOWN, columns, measured
from topology.files import write_whole
from topology.plan import Playground
from topology.spec.figures import SHARE
from topology.units import format_duration
from tui.headless import LIVE_SLICE_NS, Outputs, Progress, Signals, check_files
from tui.lookup import Mistake

if TYPE_CHECKING:
    from topology.live.theatre import Theatre

CALIBRATION_NS = 20_000_000_000
"""So long the healthy run lasts, unless the playground itself is shorter."""
NS_PER_MS = 1_000_000


class Stopped(Exception):
    """A signal asked for the end."""


class NotHealthy(Exception):
    """The healthy run was none, so that nothing can be calibrated on it; the words say where."""


@dataclass(slots=True)
class Noise:
    """What the machine added to one live run: how late timers came, and what it said about itself."""

    lags_ns: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def look(self, theatre: Theatre) -> None:
        """Take down the latest timer of any process that should run now."""
        hosts = theatre.stage.running() if theatre.stage is not None else ()
        self.lags_ns.append(max((host.lag_ns for host in hosts), default=0))

    def listen(self, theatre: Theatre) -> None:
        """Take down what the run said of the machine: every design says the same."""
        notes = theatre.stage.worlds[0].notes() if theatre.stage is not None else ()
        self.words = [f"{at / 1e9:.0f} s: {words}" for at, who, words in notes if who == "live"]

    def told(self) -> dict[str, Any]:
        """For the report, in seconds."""
        lags = self.lags_ns or [0]
        return {"lag_median": median(lags) / 1e9, "lag_max": max(lags) / 1e9, "words": self.words}


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of all runs."""

    delays: Delays
    healthy: Journal
    fit: Comparison
    """The healthy run beside the simulation that was calibrated on it."""
    found: Comparison
    sims: list[Journal]
    lives: list[Journal]


class Comparing:
    """One comparison under way: it runs live runs one after another, over one theatre."""

    def __init__(self, playground: Playground, theatre: Theatre, seeds: list[int], quiet: bool) -> None:
        self.playground = playground
        self.theatre = theatre
        self.seeds = seeds
        self.outputs = Outputs(quiet=quiet)
        self.noise: list[Noise] = []

    def run(self, signals: Signals) -> Compared:
        """All runs; Stopped when a signal came."""
        self._say(self._plan())
        calm = healthy(self.playground, CALIBRATION_NS)
        first = self._live(calm, self.seeds[0], 0, signals)
        simulate = partial(self._simulated, seed=self.seeds[0], signals=signals)
        sick = unhealthy(simulate(calm), first)
        if sick:
            raise NotHealthy("\n".join(sick))
        delays = fitted(calm, first, simulate)
        known = calibrated(self.playground, delays)
        lives = [self._live(self.playground, seed, number, signals) for number, seed in enumerate(self.seeds, 1)]
        sims = [self._simulated(known, seed, signals) for seed in self.seeds]
        fit = side_by_side([simulate(calibrated(calm, delays))], [first])
        return Compared(delays, first, fit, side_by_side(sims, lives), sims, lives)

    def _plan(self) -> str:
        calm = min(self.playground.duration_ns, CALIBRATION_NS)
        whole = calm + len(self.seeds) * self.playground.duration_ns
        runs = f"{len(self.seeds)} of {format_duration(self.playground.duration_ns)}"
        words = f"a healthy live run of {format_duration(calm)}, then {runs}: {format_duration(whole)} by the wall's clock"
        return f"{self.playground.name}: {words}; and after each at most {format_duration(self.playground.drain_ns)} to empty"

    def _live(self, playground: Playground, seed: int, number: int, signals: Signals) -> Journal:
        """One live run; number 0 is the healthy one."""
        name = f"run {number} of {len(self.seeds)}, seed {seed}" if number else "calibration"
        noise, began = Noise(), time.perf_counter()
        with Progress(f"live: {name}", number, len(self.seeds) + 1, self.outputs) as progress:

            def step(now_ns: int, end_ns: int) -> None:
                noise.look(self.theatre)
                progress.step(now_ns, end_ns)

            result = perform(playground, seed, step, signals.stop, self.theatre, LIVE_SLICE_NS)
        took = time.perf_counter() - began
        told = _told(result, took, LIVE)
        noise.listen(self.theatre)
        self.noise.append(noise)
        if signals.stop():
            raise Stopped
        self._say(f"live: {name}: {took:.0f} s; timers at most {max(noise.lags_ns, default=0) / NS_PER_MS:.1f} ms late")
        return told

    def _simulated(self, playground: Playground, seed: int, signals: Signals) -> Journal:
        began = time.perf_counter()
        told = _told(perform(playground, seed, stop=signals.stop), time.perf_counter() - began)
        if signals.stop():
            raise Stopped
        return told

    def _say(self, words: str) -> None:
        if not self.outputs.quiet:
            print(words, file=sys.stderr, flush=True)


def _told(result: Result, took: float, world: str = "") -> Journal:
    """The journal of a finished run, which is let go."""
    try:
        return journal(result, took, world)
    finally:
        result.run.close()


def checked(playground: Playground) -> None:
    """Mistake where there is no live side to compare with."""
    if not hasattr(os, "fork"):
        raise Mistake("compare runs the playground live, too, and live needs a POSIX system; `knockon run` simulates it here")
    if playground.run is not None:
        raise Mistake(f"{playground.path}: compare takes a playground, not the run file of one run")
    from topology.live.layout import Unsupported, check

    for design in playground.designs:
        try:
            check(design)
        except Unsupported as error:
            said = str(error).replace("; leave --live out", "").replace(" or --live out", " out")
            raise Mistake(f"compare runs the playground live, too, and that cannot be done:\n{said}") from error


def compare(playground: Playground, theatre: Theatre, seeds: list[int], json: str | None, quiet: bool) -> int:
    """Compare and tell; 0 where the verdict is the same, 1 where it is not, 3 where nothing could be calibrated."""
    check_files(Outputs(json=json))
    comparing = Comparing(playground, theatre, seeds, quiet)
    with Signals() as signals:
        try:
            came = comparing.run(signals)
        except Stopped:
            print("knockon: interrupted; nothing is compared", file=sys.stderr)
            return SIGNALLED + signals.stop()
        except NotHealthy as error:
            remedy = "lower its rate with --set, or choose another --broker"
            print(f"knockon: this machine cannot carry {playground.name} live; {remedy}\n{error}", file=sys.stderr)
            return NOT_STEADY
    told = report(playground, came, comparing.noise)
    if json != "-" and not quiet:
        print("\n".join(lines(told, came)))
    if json:
        from chaos.reports.json import write_value

        text = write_value({**told, "healthy_run": came.healthy, "sim": came.sims, "live": came.lives})
        sys.stdout.write(text) if json == "-" else write_whole(json, text)
    return OK if came.found.agrees else FAILED


def report(playground: Playground, came: Compared, noise: list[Noise]) -> dict[str, Any]:
    """The comparison as one object, in SI units; the noise of the healthy run comes first."""
    found = came.found
    return {
        "schema": {"name": "knockon.comparison", "version": 1},
        "playground": playground.name,
        "duration": playground.duration_ns / 1e9,
        "environment": environment(0.0),
        "calibration": {d: {link: ns / 1e9 for link, ns in links.items()} for d, links in came.delays.items()},
        "healthy": [asdict(row) for row in came.fit.rows],
        "noise": [one.told() for one in noise],
        "figures": [asdict(row) for row in found.rows],
        "verdicts": [_verdict(one) for one in found.verdicts],
        "orders": [asdict(one) for one in found.orders],
        "not_done": list(found.not_done),
        "agrees": found.agrees,
    }


def _verdict(one: Verdict) -> dict[str, Any]:
    return {**asdict(one), "agrees": one.agrees, "always": one.always, "undecided": one.undecided}


def lines(told: dict[str, Any], came: Compared) -> Iterator[str]:
    """All of it for people."""
    found = came.found
    yield "calibrated on the healthy run: a delay on each link, each way, so that nodes keep messages as long as they did live"
    for design, links in told["calibration"].items():
        yield f"  {design}: " + ", ".join(f"{link} {seconds * 1e3:.1f} ms" for link, seconds in links.items())
    yield from _fit(came.fit)
    yield ""
    yield from columns([["", "simulated", "live", "min to max", "deviation"], *_table(found.rows)])
    yield ""
    yield from _verdicts(found)
    yield from _noise(told["noise"])
    for world, runs in (("simulated", came.sims), ("live", came.lives)):
        yield f"{world}, first seed: {runs[0]['verdict']['sentence']}"
    yield _ending(found)


def _fit(fit: Comparison) -> Iterator[str]:
    """How well the calibrated simulation meets the run that it was calibrated on."""
    shown = [row for row in fit.rows if row.figure in ("answer p50", "done p50")]
    for row in shown:
        where = f"{row.design} {row.flow} {row.figure}"
        yield f"  healthy, {where}: simulated {_value(row.sim, row)}, live {_value(row.live, row)}"


def _table(rows: tuple[Row, ...]) -> Iterator[list[str]]:
    before = ""
    for row in rows:
        place = f"{row.design} {row.flow}"
        if place != before:
            yield [place, "", "", "", ""]
            before = place
        spread = f"{_value(row.low, row)} – {_value(row.high, row)}" if row.low is not None else "–"
        yield [f"  {row.figure}", _value(row.sim, row), _value(row.live, row), spread, _deviation(row)]


def _value(value: float | None, row: Row) -> str:
    return "–" if value is None else measured(value, row.unit)


def _deviation(row: Row) -> str:
    if row.deviation is None:
        return "from nothing" if row.sim == 0 and row.live else "–"
    if not row.deviation:
        return "same"
    return f"{row.deviation * 100:+.1f} {'points' if row.unit == SHARE else '%'}"


def _verdicts(found: Comparison) -> Iterator[str]:
    for one in found.verdicts:
        held = [_held(world) for world in (one.sim, one.live)]
        words = "unknown in both worlds" if one.undecided else f"simulated {held[0]}, live {held[1]}"
        few = "" if one.always or not one.agrees else "; the same by most runs, and not with every seed"
        mark = MARKS[UNKNOWN] if one.undecided else _mark(one)
        yield f"{mark} {one.claim}: {words}{few}"
    for order in found.orders:
        same = f"both {order.sim}" if order.sim == order.live else f"simulated {order.sim}; live {order.live}"
        yield f"{_mark(order)} designs by {order.by}: {same}"
    yield from (f"{MARKS[FAIL]} done in one world alone: {words}" for words in found.not_done)


def _mark(one: Verdict | Order) -> str:
    return MARKS[PASS if one.agrees else FAIL]


def _held(verdicts: tuple[str, ...]) -> str:
    unknown = verdicts.count(UNKNOWN)
    return f"held {verdicts.count(PASS)} of {len(verdicts)}{f' ({unknown} unknown)' if unknown else ''}"


def _noise(noise: list[dict[str, Any]]) -> Iterator[str]:
    mostly, worst = median(one["lag_median"] for one in noise) * 1e3, max(one["lag_max"] for one in noise) * 1e3
    runs = f"{len(noise) - 1} live {'run' if len(noise) == 2 else 'runs'}"
    yield f"the machine: its latest timer was mostly {mostly:.1f} ms late, at worst {worst:.1f} ms; min to max is over {runs}"
    for number, one in enumerate(noise):
        if one["words"]:
            more = f" (and {len(one['words']) - 1} times more)" if len(one["words"]) > 1 else ""
            yield f"  {f'run {number}' if number else 'healthy run'}, {one['words'][0]}{more}"
    if any(one["words"] for one in noise):
        yield "  it was short of a processor: where the worlds differ, compare again when it has less to do, or at a lower rate"


def _ending(found: Comparison) -> str:
    decided = [one for one in found.verdicts if not one.undecided]
    agree = sum(1 for one in decided if one.agrees)
    always = sum(1 for one in decided if one.always)
    counted = f"{agree} of {len(decided)} expectations came out the same, {always} with every seed"
    if len(decided) < len(found.verdicts):
        counted += f"; {len(found.verdicts) - len(decided)} unknown in both worlds"
    return f"The verdict is {'the same in both worlds' if found.agrees else 'not the same (exit code 1)'}: {counted}."
