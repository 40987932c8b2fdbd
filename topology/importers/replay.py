"""A log of real requests as the instants of a producer: recognised, ordered, merged and streamed in bounded memory.

A log is read once when the playground is checked, which counts and judges every line, and again by each producer that
replays it, as far as its run goes.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from topology.importers.access_log import COMBINED_WORDS, COMMON_WORDS, combined, common
from topology.importers.elb_log import ALB_WORDS, ELB_WORDS, alb, elb
from topology.importers.instants_csv import CSV_WORDS, Column, cells
from topology.importers.lines import blocks_of_lines
from topology.importers.stamps import SECOND

Parse = Callable[[bytes], int | None]

FORMATS: Final[dict[str, tuple[Parse, str]]] = {
    "common": (common, COMMON_WORDS),
    "combined": (combined, COMBINED_WORDS),
    "elb": (elb, ELB_WORDS),
    "alb": (alb, ALB_WORDS),
}
CSV: Final = "csv"
AUTO: Final = "auto"
CHOICES: Final = (AUTO, *FORMATS, CSV)
WHOLE_SECONDS: Final = frozenset({"common", "combined"})
"""Formats that know whole seconds only: requests of one second are spread evenly over it, in file order."""

SAMPLE: Final = 20
"""Lines by which a format is recognised."""

WINDOW: Final = 32_768
"""How many lines too late a line may stand: a server writes it when it has answered."""

LONGEST_GAP: Final = 10 * SECOND
"""How long a silence may last where silences are cut, in nanoseconds of the run."""

LATEST: Final = 4 * 10**18
"""No log lasts longer, in nanoseconds of the run (about 126 years)."""


class Log:
    """One file and how it is read. ValueError where no format fits it, with what was expected."""

    def __init__(self, path: str, wanted: str, column: str | None, lenient: bool) -> None:
        self.path = path
        self.lenient = lenient
        sample = self._sample()
        self.format = _recognised(path, sample, column) if wanted == AUTO else wanted
        if column is not None and self.format != CSV:
            raise ValueError(f"'column' belongs to a table of instants (csv); {path} is {FORMATS[self.format][1]}")
        self.headed, self.place = _heading(path, sample, column) if self.format == CSV else (False, 0)
        self.whole = self.format in WHOLE_SECONDS
        self.words = CSV_WORDS if self.format == CSV else FORMATS[self.format][1]

    def _sample(self) -> list[bytes]:
        """The first lines that hold something."""
        found: list[bytes] = []
        for lines in blocks_of_lines(self.path):
            found += [line for line in lines if line.strip()][: SAMPLE - len(found)]
            if len(found) == SAMPLE:
                break
        if not found:
            raise ValueError(f"the log {self.path} has no lines")
        return found

    def parse(self) -> Parse:
        """What reads one line."""
        return Column(self.place) if self.format == CSV else FORMATS[self.format][0]

    def refusal(self, number: int, line: bytes) -> str:
        """Why a line is none of this log's."""
        text = line[:60].decode("utf-8", "replace").strip()
        return f"{self.path}:{number}: not {self.words}: {text!r}; mend it, or say 'lenient: true' to skip and count such lines"

    def lateness(self, number: int) -> str:
        """Why a line that stands too late cannot be taken."""
        return (
            f"{self.path}:{number}: this is more than {WINDOW:,} lines out of order; sort the log by time, or say "
            f"'lenient: true' to skip and count such lines"
        )


class Tally:
    """Lines that were skipped: how many, and the first of them as file:line."""

    def __init__(self) -> None:
        self.skipped = 0
        self.first = ""

    def skip(self, log: Log, number: int, why: str) -> None:
        """Count one line, or refuse the log where it may not be skipped."""
        if not log.lenient:
            raise ValueError(why)
        self.skipped += 1
        if not self.first:
            self.first = f"{log.path}:{number}"


class Replay:
    """What a producer replays. `text` stands for it in digests, `mean_rate` is in requests per second of the run.

    `skipped` lines were no requests, and `first_skipped` names the first of them.
    """

    def __init__(self, logs: list[Log], faster: float, longest_gap: int | None) -> None:
        import hashlib  # opens the whole of OpenSSL, and most producers replay nothing

        self.logs = logs
        self.faster = faster
        self.longest_gap = longest_gap
        self.base = 0
        tally = Tally()
        hashed, self.count, last = hashlib.sha256(), 0, 0
        recorded = _recorded(logs, tally)
        first = next(recorded, [])
        self.base = first[0] if first else 0
        for at_ns in self._run_time(_chained(first, recorded)):
            hashed.update(array("q", at_ns).tobytes())
            self.count += len(at_ns)
            last = at_ns[-1]
        if not self.count:
            raise ValueError(f"the log {logs[0].path} has no line that could be replayed")
        self.skipped, self.first_skipped = tally.skipped, tally.first
        self.mean_rate = self.count * SECOND / last if last else float(self.count)
        self.text = f"log({self.count},{hashed.hexdigest()[:32]})"
        self._stamps = [_stamp(log.path) for log in logs]

    def words(self) -> str:
        """What it is, for people."""
        from topology.units import format_rate

        names = ", ".join(Path(log.path).name for log in self.logs)
        skipped = f", {self.skipped:,} lines skipped" if self.skipped else ""
        return f"{self.count:,} requests of {names}, {format_rate(self.mean_rate)}{skipped}"

    def chunks(self) -> Iterator[list[int]]:
        """The instants in nanoseconds since the first, some thousands at a time; PlaygroundError where a file changed."""
        for log, stamp in zip(self.logs, self._stamps, strict=True):
            if _stamp(log.path) != stamp:
                raise _unusable(log.path, "the log has changed since the playground was read; load it again")
        return self._run_time(_recorded(self.logs, Tally()))

    def _run_time(self, recorded: Iterator[list[int]]) -> Iterator[list[int]]:
        """From recorded instants to those of the run: from 0, faster, and with long silences cut."""
        base, faster = self.base, self.faster
        before, removed = 0, 0
        for chunk in recorded:
            at_ns = [t - base for t in chunk] if faster == 1.0 else [round((t - base) / faster) for t in chunk]
            if at_ns[-1] > LATEST:
                raise ValueError(f"the log {self.logs[0].path} lasts longer than can be run; say how much 'faster' it shall be")
            if self.longest_gap is not None:
                at_ns, before, removed = _cut(at_ns, self.longest_gap, before, removed)
            yield at_ns


class Cursor:
    """Where one producer stands in its replay."""

    def __init__(self, replay: Replay) -> None:
        self.rest = replay.chunks()

    def more(self) -> list[int]:
        """The next instants in nanoseconds, some thousands of them; none at the end."""
        return next(self.rest, [])


def read_replay(values: dict[str, Any]) -> Replay:
    """The replay that a producer's `replay` group asks for; ValueError says what is wrong with its files."""
    cut, gap = values["gaps"] == "cut", values["longest_gap"]
    if gap is not None and not cut:
        raise ValueError("'longest_gap' needs 'gaps: cut'")
    logs = [Log(path, values["format"], values["column"], values["lenient"]) for path in values["log"]]
    return Replay(logs, values["faster"], (LONGEST_GAP if gap is None else gap) if cut else None)


# Which format


def _recognised(path: str, sample: list[bytes], column: str | None) -> str:
    """The format that fits most of the first lines."""
    if column is not None:
        return CSV
    fits = {name: sum(parse(line) is not None for line in sample) for name, (parse, _) in FORMATS.items() if name != "combined"}
    best = max(fits, key=lambda name: fits[name])
    if fits[best]:
        return best
    if sum(Column(0)(line) is not None for line in sample[1:] or sample) * 2 >= len(sample[1:] or sample):
        return CSV
    text = sample[0][:60].decode("utf-8", "replace").strip()
    raise ValueError(
        f"{path}:1: not {COMMON_WORDS}, nor of an ELB's or ALB's, nor {CSV_WORDS}: {text!r}; say its 'format' if it begins oddly"
    )


def _heading(path: str, sample: list[bytes], column: str | None) -> tuple[bool, int]:
    """Whether a table has a heading, and the place of its instants."""
    if column is None:
        return Column(0)(sample[0]) is None and len(sample) > 1, 0
    names = [name.strip() for name in cells(sample[0].rstrip(b"\r"))]
    if column not in names:
        raise ValueError(f"{path} has no column {column[:40]!r}; its heading has {', '.join(names)[:200]}")
    return True, names.index(column)


# From files to instants in order


def _recorded(logs: list[Log], tally: Tally) -> Iterator[list[int]]:
    """The recorded instants of all files, in order."""
    if len(logs) == 1:
        return _ordered(logs[0], tally)
    return _chunked(merge(*(_flat(_ordered(log, tally)) for log in logs)))


def _ordered(log: Log, tally: Tally) -> Iterator[list[int]]:
    """One file's instants in order: what stands a little too late is put in its place."""
    kept: list[int] = []
    floor, full = -(1 << 62), 2 * WINDOW
    for block in _blocks(log, tally):
        if block and min(block)[0] < floor:
            block = _without_late(log, block, floor, tally)
        kept += [t for t, _ in block]
        if len(kept) >= full:
            kept.sort()
            ripe = len(kept) - WINDOW
            while log.whole and ripe and kept[ripe - 1] == kept[ripe]:
                ripe -= 1  # a second is spread once all of it is there
            if ripe:
                floor = kept[ripe]
                yield _spread(kept[:ripe]) if log.whole else kept[:ripe]
                kept = kept[ripe:]
            full = max(2 * WINDOW, 2 * len(kept))
    kept.sort()
    if kept:
        yield _spread(kept) if log.whole else kept


def _blocks(log: Log, tally: Tally) -> Iterator[list[tuple[int, int]]]:
    """The instants of lines as they stand, with the number of each line."""
    parse, number, headed = log.parse(), 0, log.headed
    for lines in blocks_of_lines(log.path):
        block: list[tuple[int, int]] = []
        for line in lines:
            number += 1
            at = parse(line)
            if at is not None:
                block.append((at, number))
            elif line.strip() and not headed:
                tally.skip(log, number, log.refusal(number, line))
            else:
                headed = headed and not line.strip()
        yield block


def _without_late(log: Log, block: list[tuple[int, int]], floor: int, tally: Tally) -> list[tuple[int, int]]:
    for at, number in block:
        if at < floor:
            tally.skip(log, number, log.lateness(number))
    return [(at, number) for at, number in block if at >= floor]


def _spread(seconds: list[int]) -> list[int]:
    """Evenly over its second, each."""
    found: list[int] = []
    for second, same in groupby(seconds):
        n = sum(1 for _ in same)
        found += [second] if n == 1 else [second + SECOND * k // n for k in range(n)]
    return found


def _cut(at_ns: list[int], longest: int, before: int, removed: int) -> tuple[list[int], int, int]:
    """Shorten what is longer than the longest silence. `before` is the instant before these, `removed` how much is gone."""
    found: list[int] = []
    for at in at_ns:
        gap = at - before
        if gap > longest:
            removed += gap - longest
        before = at
        found.append(at - removed)
    return found, before, removed


def _flat(chunks: Iterator[list[int]]) -> Iterator[int]:
    for chunk in chunks:
        yield from chunk


def _chunked(instants: Iterator[int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    for at in instants:
        chunk.append(at)
        if len(chunk) == WINDOW:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _chained(first: list[int], rest: Iterator[list[int]]) -> Iterator[list[int]]:
    if first:
        yield first
    yield from rest


def _stamp(path: str) -> tuple[int, int]:
    """What changes when a file does."""
    try:
        found = os.stat(Path(path))
    except OSError as error:
        raise _unusable(path, f"the log can no longer be read: {(error.strerror or str(error)).lower()}") from error
    return (found.st_size, found.st_mtime_ns)


def _unusable(path: str, words: str) -> Exception:
    """What a run that has begun ends with."""
    from topology.problems import PlaygroundError, Problem

    return PlaygroundError([Problem(path, 0, 0, words)])
