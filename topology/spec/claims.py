"""The `steady` and `expect` lines of a file: which figure of which designs, over which window, compared with what."""

from __future__ import annotations

import re
from dataclasses import dataclass

from topology.plan import Claim, DesignPlan, Entry
from topology.spec import figures
from topology.spec.catalogue import Catalogue
from topology.spec.problems import Problems
from topology.spec.reader import Value
from topology.spec.script import ScriptReader
from topology.spec.units import format_duration, parse_duration, shown

WINDOWS = ("before", "fault", "recovery", "after", "all")
MAX_CLAIMS = 1_000

_EXPECT_KEYS = ("in", "that", "during", "is", "min", "seeds")
_STEADY_KEYS = ("in", "that", "is", "min")
_SPAN = re.compile(r"\s*(\S(?:[^.]|\.(?!\.))*?)\s*\.\.\s*(\S.*?)\s*")
_SEEDS = re.compile(r"\s*([0-9]{1,6})\s+of\s+([0-9]{1,6})\s*")


@dataclass(frozen=True, slots=True)
class Stretch:
    """When faults come and go, as far as the file alone tells."""

    warmup_ns: int
    settle_ns: int
    duration_ns: int
    first_inject: int | None
    last_heal: int | None
    """None where a fault stays to the end."""

    def empty(self, window: str) -> str:
        """Why a window holds no instant at all; empty where it does."""
        first = self.first_inject
        if self.warmup_ns >= self.duration_ns:
            return f"the warm-up, {format_duration(self.warmup_ns)}, takes the whole run"
        if window == "all" or (window == "before" and first is None):
            return ""
        if first is None:
            return "the timeline injects nothing"
        if window == "before":
            return "the first fault comes before the warm-up ends" if first <= self.warmup_ns else ""
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
    ends = [_end(entry, timeline) for entry in injected]
    sound = [end for end in ends if end is not None]
    last = max(sound) if sound and len(sound) == len(ends) else None
    return Stretch(warmup_ns, settle_ns, duration_ns, min((e.at_ns for e in injected), default=None), last)


def _end(entry: Entry, timeline: tuple[Entry, ...]) -> int | None:
    heals = [h.at_ns for h in timeline if h.verb == "heal" and h.at_ns >= entry.at_ns and _heals(h, entry)]
    if entry.for_ns is not None:
        heals.append(entry.at_ns + entry.for_ns)
    return min(heals, default=None)


def _heals(heal: Entry, entry: Entry) -> bool:
    everywhere = not heal.designs or set(entry.designs or ("",)) <= set(heal.designs)
    return everywhere and ("all" in heal.on or set(entry.on) <= set(heal.on))


class ClaimReader:
    """Reads claims against the designs and the timeline that they are about. No stretch: windows are not checked."""

    def __init__(
        self,
        catalogue: Catalogue,
        problems: Problems,
        designs: tuple[DesignPlan, ...],
        script: ScriptReader,
        windows: Stretch | None,
        duration_ns: int,
    ) -> None:
        self.catalogue, self.problems, self.designs, self.script = catalogue, problems, designs, script
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
        known = _STEADY_KEYS if steady else _EXPECT_KEYS
        for key in item.data:
            if key not in known:
                words = f"a claim has no '{key[:40]}'; it takes {', '.join(known)}"
                if steady and key in _EXPECT_KEYS:
                    words = f"'{key}' has no place in steady, which is always about the time before the first fault"
                self.problems.unknown(item.keys[key], words, key, known)
        designs = self.script.chosen(item.get("in"))
        that = None if designs is None else self._that(item, designs)
        window = ("before", None) if steady else self._during(item)
        minimum, seeds = self._minimum(item), self._seeds(item)
        if designs is None or that is None:
            return None
        compared = self._is(item, figures.figure(that[1]).unit)
        if compared is None or window is None:
            return None
        return self._finished(item, designs, that, window, compared, minimum, seeds)

    def _finished(
        self,
        item: Value,
        designs: tuple[str, ...],
        that: tuple[str, str],
        window: tuple[str, tuple[int, int] | None],
        compared: tuple[str, float],
        minimum: int | None,
        seeds: int | None,
    ) -> Claim:
        figure = figures.figure(that[1])
        if minimum is None:
            minimum = 0 if figure.grid else 100
        during, span = window
        value = item.data["that"]
        if not figure.windowed and during != "all":
            self.problems.add(value.place, f"{that[1]} can only be had for the whole run; leave 'during' out")
        elif self.windows is not None and span is None and (why := self.windows.empty(during)):
            place = item.data["during"].place if "during" in item.data else item.place
            self.problems.add(place, f"the window '{during}' must be empty: {why}")
        holders = self._holders(that[0], designs)
        text = " ".join(str(item.data["is"].data).split())
        return Claim(holders, ".".join(that), during, *compared, text, span, minimum, seeds, item.line)

    def _holders(self, node: str, designs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(d.name for d in self.designs if (not designs or d.name in designs) and d.node(node) is not None)

    def _that(self, item: Value, designs: tuple[str, ...]) -> tuple[str, str] | None:
        value = item.get("that")
        if value is None or not isinstance(value.data, str) or "." not in value.data:
            place = item.place if value is None else value.place
            got = "" if value is None else f", got {shown(value.data)}"
            self.problems.add(place, f"a claim needs 'that': a figure such as web.success{got}")
            return None
        node, name = figures.split(value.data)
        if node in self.script.unsure:
            return None
        holders = self._holders(node, designs)
        wanted = designs or tuple(d.name for d in self.designs)
        if not holders or (designs and len(holders) < len(designs)):
            missing = [d for d in wanted if d not in holders]
            known = [n.name for d in self.designs if d.name in missing for n in d.nodes]
            words = (
                f"design {missing[0]} has no node {shown(node)}" if designs else f"no design has a node {shown(node)}"
            )
            self.problems.unknown(value.place, words, node, dict.fromkeys(known))
            return None
        return self._figure(value, node, name, holders[0])

    def _figure(self, value: Value, node: str, name: str, design: str) -> tuple[str, str] | None:
        plan = next(d for d in self.designs if d.name == design).node(node)
        assert plan is not None
        known = figures.figures(str(self.catalogue.kind(plan.kind).role))
        if name in known:
            return node, name
        words = f"{node}, a {plan.kind}, has no figure {shown(name)}; it has {figures.names(known)}"
        if any(k.startswith(f"{name}.") for k in known):
            parts = ", ".join(k for k in known if k.startswith(f"{name}."))
            words = f"expected which part of {node}.{name}: {parts}"
        self.problems.unknown(value.place, words, name, known)
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

    def _is(self, item: Value, unit: str) -> tuple[str, float] | None:
        value = item.get("is")
        if value is None:
            self.problems.add(item.place, "a claim needs 'is': a comparison such as \">= 99%\"")
            return None
        try:
            return figures.parse_comparison(value.plain(), unit)
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

    def _seeds(self, item: Value) -> int | None:
        value = item.get("seeds")
        if value is None:
            return None
        match = _SEEDS.fullmatch(value.data) if isinstance(value.data, str) else None
        if match is None or not 0 < int(match[1]) <= int(match[2]):
            self.problems.add(
                value.place, f"expected how many seeds must hold, such as 19 of 20; got {shown(value.data)}"
            )
            return None
        return int(match[1])
