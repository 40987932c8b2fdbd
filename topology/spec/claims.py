"""The `steady` and `expect` lines of a file: which figure of which designs, over which window, compared with what."""

from __future__ import annotations

import re
from dataclasses import dataclass

from topology.plan import ALWAYS, EVENTUALLY, IS, NEVER, Claim, Entry
from topology.problems import Problems
from topology.spec import figures
from topology.spec.reader import Value
from topology.spec.script import ScriptReader
from topology.spec.terms import EXAMPLE, Expression, Unreadable, Unsure
from topology.units import format_duration, parse_duration, shown

WINDOWS = ("before", "fault", "recovery", "after", "all")
MAX_CLAIMS = 1_000

HOWS = (IS, ALWAYS, NEVER, EVENTUALLY)
EXPECT_KEYS = ("in", "that", "during", *HOWS, "within", "min", "seeds")
STEADY_KEYS = ("in", "that", IS, ALWAYS, NEVER, "min")
GATE_MINIMUM = 100
"""How many messages the whole gate needs where the line does not say."""
_SPAN = re.compile(r"\s*(\S(?:[^.]|\.(?!\.))*?)\s*\.\.\s*(\S.*?)\s*")
_SEEDS = re.compile(r"\s*([0-9]{1,6})\s+of\s+([0-9]{1,6})\s*")


@dataclass(frozen=True, slots=True)
class Stretch:
    """When faults come and go, as far as the file alone tells; what waits for a condition may come at any time, or never."""

    warmup_ns: int
    settle_ns: int
    duration_ns: int
    first_inject: int | None
    last_heal: int | None
    """None where a fault stays to the end."""
    open: bool = False
    """Whether a fault, or what heals it, waits for a condition."""

    def empty(self, window: str) -> str:
        """Why a window holds no instant at all; empty where it does."""
        first = self.first_inject
        if self.warmup_ns >= self.duration_ns:
            return f"the warm-up, {format_duration(self.warmup_ns)}, takes the whole run"
        if window == "all" or (window == "before" and first is None):
            return ""
        if self.open and window != "before":
            return ""
        if first is None:
            return "the timeline injects nothing"
        if window == "before":
            early = f"the first fault comes before the warm-up ends, after {format_duration(self.warmup_ns)}"
            return f"{early}; let it come later, or set a shorter 'warmup'" if first <= self.warmup_ns else ""
        if window == "fault":
            return "the first fault comes at the end of the run" if first >= self.duration_ns else ""
        return self._empty_later(window)

    def _empty_later(self, window: str) -> str:
        healed = self.last_heal
        if healed is None or healed >= self.duration_ns:
            return "a fault lasts to the end of the run; give it 'for', or heal it"
        if window == "after" and healed + self.settle_ns >= self.duration_ns:
            end = format_duration(healed + self.settle_ns)
            return f"recovery takes until {end}, past the end of the run; shorten 'settle' or lengthen 'duration'"
        return ""


def stretch(timeline: tuple[Entry, ...], warmup_ns: int, settle_ns: int, duration_ns: int) -> Stretch:
    """What the timeline says about windows. A heal of the same targets, or of all, ends what was injected before it."""
    injected = [entry for entry in timeline if entry.verb == "inject"]
    known = [(entry, at) for entry in injected for at in entry.instants()]
    heals = [(entry, at) for entry in timeline if entry.verb == "heal" for at in entry.instants()]
    ends = [_end(entry, at, heals) for entry, at in known]
    sound = [end for end in ends if end is not None]
    last = max(sound) if sound and len(sound) == len(ends) else None
    first = min((at for _, at in known), default=None)
    waits = any(entry.when is not None for entry in timeline if entry.verb in ("inject", "heal"))
    return Stretch(warmup_ns, settle_ns, duration_ns, first, last, waits)


def _end(entry: Entry, begin_ns: int, heals: list[tuple[Entry, int]]) -> int | None:
    found = [at for heal, at in heals if at >= begin_ns and _heals(heal, entry)]
    if entry.for_ns is not None:
        found.append(begin_ns + entry.for_ns)
    return min(found, default=None)


def _heals(heal: Entry, entry: Entry) -> bool:
    everywhere = not heal.designs or set(entry.designs or ("",)) <= set(heal.designs)
    return everywhere and ("all" in heal.on or set(entry.on) <= set(heal.on))


class ClaimReader:
    """Reads claims against the designs and the timeline that they are about. No stretch: windows are not checked."""

    def __init__(self, problems: Problems, script: ScriptReader, windows: Stretch | None, duration_ns: int) -> None:
        self.problems, self.script = problems, script
        self.windows, self.duration_ns = windows, duration_ns

    def claims(self, value: Value | None, what: str) -> tuple[Claim, ...]:
        """Every sound line of `steady` or `expect`."""
        if value is None:
            return ()
        if not isinstance(value.data, list) or not value.data:
            got = "an empty list" if value.data == [] else shown(value.data)
            words = f"expected {what} as a list of claims, got {got}; leave {what} out to claim nothing"
            self.problems.add(value.place, words)
            return ()
        if len(value.data) > MAX_CLAIMS:
            self.problems.add(value.place, f"{len(value.data):,} claims; at most {MAX_CLAIMS:,} are allowed")
            return ()
        found = [self._claim(item, what == "steady") for item in value.data]
        return tuple(claim for claim in found if claim is not None)

    def _claim(self, item: Value, steady: bool) -> Claim | None:
        if not isinstance(item.data, dict):
            example = '{in: all, that: web.success, is: ">= 99%"}'
            self.problems.add(item.place, f"expected a claim such as {example}, got {shown(item.data)}")
            return None
        self._unknown_keys(item, steady)
        designs = self.script.chosen(item.get("in"))
        how = self._how(item, steady)
        about = None if designs is None or how is None else self._that(item, designs, how != IS)
        window = ("before", None) if steady else self._during(item)
        minimum, seeds = self._minimum(item), self._seeds(item)
        within = self._within(item, how)
        if about is None or how is None:
            return None
        compared = self._compared(item, how, about)
        if compared is None or window is None:
            return None
        self._windowed(item, about, window)
        if minimum is None:
            minimum = 0 if all(f.grid for f in about.figures) else GATE_MINIMUM if steady and how == IS else 1
        text = _text(item, how, within)
        return Claim(
            about.holders, about.text, window[0], *compared, text, window[1], minimum, seeds[0] or None, item.line,
            how, within, about.terms, about.between, about.unit, seeds[1],
        )  # fmt: skip

    def _unknown_keys(self, item: Value, steady: bool) -> None:
        known = STEADY_KEYS if steady else EXPECT_KEYS
        for key in item.data:
            if key not in known:
                words = f"a claim has no '{key[:40]}'; it takes {', '.join(known)}"
                if steady and key in EXPECT_KEYS:
                    words = f"'{key}' has no place in steady, which is always about the time before the first fault"
                self.problems.unknown(item.keys[key], words, key, known)

    def _how(self, item: Value, steady: bool) -> str | None:
        """What sort of claim it is: exactly one of is, always, never, eventually."""
        given = [key for key in item.data if key in HOWS and not (steady and key == EVENTUALLY)]
        if len(given) == 1:
            return str(given[0])
        if given:
            words = f"a claim compares once; this one says {' and '.join(given)}"
            self.problems.add(item.keys[given[1]], words)
        else:
            self.problems.add(item.place, "a claim needs 'is': a comparison such as \">= 99%\"; or always, never, eventually")
        return None

    def _windowed(self, item: Value, about: Expression, window: tuple[str, tuple[int, int] | None]) -> None:
        """Refuse what can only be had for the whole run, and a window that must be empty."""
        during, span = window
        for term, figure in zip(about.terms, about.figures, strict=True):
            if not figure.windowed and during != "all":
                words = f"{term.figure} can only be had for the whole run; leave 'during' out"
                self.problems.add(item.data["that"].place, words)
                return
        if self.windows is not None and span is None and (why := self.windows.empty(during)):
            place = item.data["during"].place if "during" in item.data else item.place
            self.problems.add(place, f"the window '{during}' must be empty: {why}")

    def _that(self, item: Value, designs: tuple[str, ...], now: bool) -> Expression | None:
        value = item.get("that")
        if value is None or not isinstance(value.data, str):
            place = item.place if value is None else value.place
            got = "" if value is None else f", got {shown(value.data)}"
            self.problems.add(place, f"a claim needs 'that': {EXAMPLE}{got}")
            return None
        try:
            about = self.script.terms.expression(value.data, designs, now)
            if designs and all(term.design for term in about.terms):
                self.problems.add(item.data["in"].place, f"{about.text} names its designs itself; leave 'in' out")
            return about
        except Unsure:
            return None
        except Unreadable as wrong:
            self.problems.unknown(value.place, wrong.words, wrong.name, wrong.known)
            return None

    def _within(self, item: Value, how: str | None) -> int | None:
        value = item.get("within")
        if value is None:
            return None
        if how != EVENTUALLY:
            self.problems.add(item.keys["within"], "'within' belongs to 'eventually': how long it may take")
            return None
        try:
            return parse_duration(value.data)
        except ValueError as error:
            self.problems.add(value.place, " ".join(str(error).split()))
            return None

    def _during(self, item: Value) -> tuple[str, tuple[int, int] | None] | None:
        value = item.get("during")
        if value is None:
            return "all", None
        text = value.data
        if text in WINDOWS:
            return text, None
        match = _SPAN.fullmatch(text) if isinstance(text, str) and len(text) < 200 else None
        if match is None:
            words = f"expected {', '.join(WINDOWS)} or an interval such as 40s..60s, got {shown(text)}"
            self.problems.unknown(value.place, words, str(text)[:60], WINDOWS)
            return None
        try:
            span = (parse_duration(match[1]), parse_duration(match[2]))
        except ValueError as error:
            self.problems.add(value.place, f"{shown(text)} is no interval: {error}")
            return None
        return self._span(value, span)

    def _span(self, value: Value, span: tuple[int, int]) -> tuple[str, tuple[int, int]] | None:
        if span[0] >= span[1]:
            self.problems.add(
                value.place, f"the interval {value.data} must be empty: it ends where it begins or before"
            )
        elif span[1] > self.duration_ns:
            end = format_duration(self.duration_ns)
            self.problems.add(value.place, f"the interval {value.data} ends past the end of the run, {end}")
        else:
            return " ".join(value.data.split()), span
        return None

    def _compared(self, item: Value, how: str, about: Expression) -> tuple[str, float] | None:
        value = item.data[how]
        try:
            return figures.parse_comparison(value.plain(), about.unit, about.signed)
        except ValueError as error:
            self.problems.add(value.place, " ".join(str(error).split()))
            return None

    def _minimum(self, item: Value) -> int | None:
        value = item.get("min")
        if value is None:
            return None
        if isinstance(value.data, int) and not isinstance(value.data, bool) and 0 <= value.data <= 10**9:
            return value.data
        self.problems.add(
            value.place, f"expected how many messages the window needs, such as 100; got {shown(value.data)}"
        )
        return None

    def _seeds(self, item: Value) -> tuple[int, int]:
        """In how many seeds of how many it must hold; 0 of 0 where it must in all."""
        value = item.get("seeds")
        if value is None:
            return 0, 0
        match = _SEEDS.fullmatch(value.data) if isinstance(value.data, str) else None
        if match is None or not 0 < int(match[1]) <= int(match[2]):
            self.problems.add(
                value.place, f"expected how many seeds must hold, such as 19 of 20; got {shown(value.data)}"
            )
            return 0, 0
        return int(match[1]), int(match[2])


def _text(item: Value, how: str, within: int | None) -> str:
    """The comparison for people: ">= 99%", "always < 1000", "eventually >= 99% within 30 s"."""
    words = " ".join(str(item.data[how].data).split())
    limit = f" within {format_duration(within)}" if within is not None else ""
    return words if how == IS else f"{how} {words}{limit}"
