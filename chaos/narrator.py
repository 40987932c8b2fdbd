"""The event log in plain words: what was done, and what the frames then show, each thing once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from chaos.command import Command
from chaos.moment import FaultFrame, LogLine
from chaos.targets import Hit
from topology.frame import Frame, LinkFrame, NodeFrame
from topology.plan import PULL, DesignPlan, Playground
from topology.units import format_duration

MOST_LINES = 1_000
QUIET_LOOKS = 4
"""A trouble that was not seen for so many looks is over; it is told again when it comes back."""
NOTICE_NS = 2_000_000_000
"""If nobody was told no this long after an inject, nobody noticed."""
GROWS = 20
"""A backlog is news from this many messages on, and again each time there are ten times as many."""


class Narrator:
    """Keeps the log of one run. It sees commands and frames, never a world."""

    def __init__(self, playground: Playground) -> None:
        self._lines: deque[LogLine] = deque(maxlen=MOST_LINES)
        self._eyes = {design.name: Eye(design, self) for design in playground.designs}
        self._several = len(playground.designs) > 1

    def last(self, count: int) -> tuple[LogLine, ...]:
        """The last lines, oldest first."""
        skip = max(0, len(self._lines) - count)
        return tuple(line for index, line in enumerate(self._lines) if index >= skip)

    def say(self, at_ns: int, design: str, words: str, tone: str = "info") -> None:
        """Add one line."""
        self._lines.append(LogLine(at_ns, design, words, tone))

    def injected(self, at_ns: int, command: Command, past: str, hit: Hit, tone: str) -> None:
        """A fault was injected."""
        where = self._where(tuple(hit.targets))
        target = f"{hit.words[:-1]}, {where})" if hit.words.endswith(")") else f"{hit.words} ({where})"
        words = f"{_who(command.by)} {past} {target if where else hit.words}"
        said = [f"{name} {value}" for name, value in command.params.items() if value is not False]
        if said:
            words += f" ({', '.join(said)})"
        if command.for_ns is not None:
            words += f" for {format_duration(command.for_ns)}"
        self.say(at_ns, "", words, tone)
        for name in hit.targets:
            self._eyes[name].fault_at(at_ns)

    def spared(self, at_ns: int, command: Command, words: str) -> None:
        """The dice left a fault out."""
        self.say(at_ns, "", f"the dice spared {words} from {command.what} ({command.probability:.0%} likely)")

    def healed(self, at_ns: int, what: str, words: str, by: str) -> None:
        """A fault was taken back."""
        self.say(at_ns, "", f"{_who(by)} healed {words}: {what} is over" if by else f"{words}: {what} is over", "good")

    def did(self, at_ns: int, command: Command, words: str) -> None:
        """Any other command was done."""
        where = f" ({self._where(command.designs)})" if command.designs and self._several else ""
        self.say(at_ns, "", f"{_who(command.by)} {words}{where}")

    def observe(self, frames: Iterable[Frame], faults: Sequence[FaultFrame]) -> None:
        """Look at the designs, and say what is new."""
        broken = any(fault.active for fault in faults)
        for frame in frames:
            self._eyes[frame.design].look(frame, broken)

    def _where(self, designs: Sequence[str]) -> str:
        if not self._several:
            return ""
        if len(designs) == len(self._eyes):
            return "both designs" if len(designs) == 2 else "all designs"
        return f"only in {' and '.join(designs)}"


class Eye:
    """What the narrator knows of one design: enough to tell what is new."""

    def __init__(self, design: DesignPlan, narrator: Narrator) -> None:
        self.design = design.name
        self.narrator = narrator
        self.producers = {node.name for node in design.nodes if node.kind == "producer"}
        self.drained = {link.caller for link in design.links if link.wiring == PULL}
        """What somebody takes messages from; what is kept elsewhere, such as dead letters, is no backlog."""
        self._troubles: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._states: dict[str, str] = {}
        self._peaks: dict[str, int] = {}
        self._normal: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._fault_ns: int | None = None
        self._no_before = 0
        self._seen_no = 0
        self.at_ns = 0

    def fault_at(self, at_ns: int) -> None:
        """A fault came: see whether anybody notices."""
        self._fault_ns = at_ns
        self._no_before = self._seen_no

    def look(self, frame: Frame, broken: bool) -> None:
        """Say what is new in this frame."""
        self.at_ns = frame.at_ns
        for link in reversed(frame.links):
            self._link(link)
        for node in frame.nodes:
            self._node(node, broken)
        self._idle(frame)
        self._flows(frame)
        self._unnoticed(frame)

    def _say(self, words: str, tone: str = "info") -> None:
        self.narrator.say(self.at_ns, self.design, words, tone)

    def _link(self, link: LinkFrame) -> None:
        for reason, count in link.reasons:
            key = f"{link.caller}>{link.callee}:{reason}"
            if self._rose(key, count) and self._begins(key):
                self._hears(link, reason)
            self._ends(key, count)
        was = self._states.get(f"breaker {link.caller}>{link.callee}", "closed")
        if link.breaker and link.breaker != was:
            self._states[f"breaker {link.caller}>{link.callee}"] = link.breaker
            self._breaker(link)

    def _hears(self, link: LinkFrame, reason: str) -> None:
        """A failure, and where it comes from; what reaches a producer through others is told as its answer."""
        origin, _, words = reason.rpartition(": ")
        through = origin not in ("", link.callee)
        if not (through and link.caller in self.producers):
            source = f"{origin}, through {link.callee}" if through else link.callee
            self._say(f"{link.caller} hears “{words}” from {source}", "bad")

    def _breaker(self, link: LinkFrame) -> None:
        told = {
            "open": (f"the breaker of {link.caller} opens: {link.callee} is not called any more", "bad"),
            "half-open": (f"the breaker of {link.caller} lets a few calls to {link.callee} through, to see", "info"),
            "closed": (f"the breaker of {link.caller} closes: {link.callee} is called again", "good"),
        }
        if link.breaker == "half-open" and not self._once(f"half {link.caller}>{link.callee}"):
            return
        if link.breaker in told:
            self._say(*told[link.breaker])
        elif self._once(f"guard {link.caller}>{link.callee}"):
            self._say(f"{link.caller} holds back from {link.callee}: {link.breaker}", "info")

    def _once(self, key: str) -> bool:
        first = key not in self._told
        self._told[key] = 1
        return first

    def _rose(self, key: str, count: int) -> bool:
        return count > self._counts.get(key, 0)

    def _begins(self, key: str) -> bool:
        """Whether this trouble is new, or back after it was quiet."""
        return key not in self._troubles

    def _ends(self, key: str, count: int) -> bool:
        """Keep a trouble alive while its count rises; whether it is over now."""
        if self._rose(key, count):
            self._counts[key] = count
            self._troubles[key] = QUIET_LOOKS
        elif key in self._troubles:
            self._troubles[key] -= 1
            if self._troubles[key] == 0:
                del self._troubles[key]
                return True
        return False

    def _node(self, node: NodeFrame, broken: bool) -> None:
        was = self._states.get(node.name, "")
        now = "unhealthy" if node.unhealthy else ""
        if now != was:
            self._states[node.name] = now
            if now and node.state != "down" and not self._known(node):
                self._say(f"{node.name} suffers: {node.why}" if node.why else f"{node.name} suffers", "bad")
            elif was:
                self._say(f"{node.name} is well again", "good")
        for name, value in node.gauges:
            self._gauge(node, name, value)
        if node.name in self.drained and (node.depth or node.name in self._peaks):
            self._backlog(node, broken)

    def _known(self, node: NodeFrame) -> bool:
        """Whether what it suffers from was told already: what it hears, or what its users are told."""
        heard = any(key.startswith((f"{node.name}>", f"{node.name} no")) for key in self._troubles)
        return heard and node.why.startswith("hears ")

    def _idle(self, frame: Frame) -> None:
        """Replicas that nobody is wired to, told when they come up."""
        uncalled = frame.all_uncalled()
        for link in frame.links:
            for replica in uncalled.get(link.callee, ()):
                if self._once(f"idle {replica}"):
                    self._say(f"{replica} is idle: nobody is wired to it until {link.caller} is rewired")

    def _gauge(self, node: NodeFrame, name: str, value: float) -> None:
        """A balancer's healthy targets."""
        if name != "healthy targets":
            return
        key = f"{node.name}.healthy"
        before = self._counts.get(key)
        self._counts[key] = int(value)
        if before is None or int(value) == before:
            return
        left = f"{int(value)} left" if value < before else f"{int(value)} now"
        words = "takes a target out" if value < before else "takes a target in"
        self._say(f"{node.name} {words}: {left}", "bad" if value < before else "good")

    def _backlog(self, node: NodeFrame, broken: bool) -> None:
        """A queue that grows beyond what it held before anything broke, and then drains."""
        depth, name = node.depth, node.name
        if not broken and name not in self._peaks:
            self._normal[name] = max(depth, self._normal.get(name, 0))
        normal = max(GROWS, 2 * self._normal.get(name, 0))
        peak = self._peaks.get(name, 0)
        if depth > normal and depth > peak:
            self._peaks[name] = depth
            step = max(3, len(str(depth)))
            if self._told.get(f"backlog {name}", 0) < step:
                self._told[f"backlog {name}"] = step
                self._say(f"{name} grows: {depth:,} messages wait, the oldest {format_duration(node.age_ns)}")
        elif peak and depth < peak * 0.8 and self._told.get(f"backlog {name}", 0) < 90:
            self._told[f"backlog {name}"] = 90
            self._say(f"{name} drains: {depth:,} of {peak:,} messages are left", "good")
        if peak and depth <= normal:
            self._say(f"{name} is back to normal", "good")
            del self._peaks[name]
            self._told.pop(f"backlog {name}", None)

    def _flows(self, frame: Frame) -> None:
        self._seen_no = sum(flow.told_no for flow in frame.customers())
        for flow in frame.flows:
            name = flow.producer
            what = f"messages of {name}" if flow.inside else f"requests of {name}"
            self._change(f"{name} no", flow.told_no, f"{what} are told no", f"{what} are not told no any more")
            self._change(f"{name} late", flow.yes_late, f"{what} are told yes too late", "")
            self._news(f"{name} lost", flow.lost, f"{what} are lost after a yes")
            self._news(f"{name} dead", flow.dead_lettered, f"{what} end as dead letters: told yes, never done")
            self._news(f"{name} after", flow.done_after_no, f"{what} are told no and done all the same")
            self._news(f"{name} half", flow.half_done, f"{what} are left half done")
            self._news(f"{name} twice", flow.duplicates, f"{what} are done more than once")

    def _change(self, key: str, count: int, begins: str, ends: str) -> None:
        """Something that comes and goes."""
        if self._rose(key, count) and self._begins(key):
            self._say(begins, "bad")
        if self._ends(key, count) and ends:
            self._say(ends, "good")

    def _news(self, key: str, count: int, words: str) -> None:
        """Something that is told when it first happens, and again at ten times as many."""
        step = len(str(count)) if count else 0
        if step > self._told.get(key, 0):
            self._told[key] = step
            self._say(f"{words} ({count:,} so far)", "bad")

    def _unnoticed(self, frame: Frame) -> None:
        if self._fault_ns is None or self.at_ns < self._fault_ns + NOTICE_NS:
            return
        self._fault_ns = None
        silent = sum(flow.unanswered for flow in frame.customers())
        if silent > GROWS + sum(flow.rate_offered for flow in frame.customers()):
            self._say(f"{silent:,} requests wait for an answer", "bad")
        elif self._seen_no == self._no_before:
            waiting = sum(flow.waiting for flow in frame.customers())
            where = f"; {waiting:,} accepted requests wait" if waiting > GROWS else ""
            self._say(f"nobody notices{where}", "good")


def _who(by: str) -> str:
    return {"key": "you", "timeline": "the timeline", "condition": "the timeline", "run": "the run file"}.get(by, by)
