"""The `timeline` of a file and the `commands` of a run file: what is asked of the run, at which instant, of whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from topology.node import Node
from topology.parameters import Param, count, duration, rate, share
from topology.plan import CALL, DesignPlan, Entry, When
from topology.problems import Problems
from topology.spec import figures
from topology.spec.catalogue import Catalogue, Faults, params_of, policy_param
from topology.spec.designs import MAX_REPLICAS, Placed, has_replicas
from topology.spec.reader import Value
from topology.spec.targets import Aim, parse_target, zone_name
from topology.spec.terms import TermReader, Unreadable, Unsure
from topology.spec.values import WRONG, Reading
from topology.units import format_duration, shown

VERBS = ("inject", "heal", "scale", "rewire", "set", "rate", "redrive", "flush")
MAX_ENTRIES = 10_000
MAX_CONDITIONS = 100
"""Conditions are looked at on each grid step."""
_OF_CONDITION = ("that", "is", "held")
_CONDITION = re.compile(r"\s*(\S.*?)\s*((?:<=|>=|!=|==|=(?!>)|<|(?<!-)(?<!=)>|≤|≥|≠)\s*[^<>=!]+)")
NUMBERED = re.compile(r"#[1-9][0-9]{0,5}")
"""The n-th fault of the run: what heals one of two faults on the same target."""

COMMON: dict[str, Param] = {"at": duration(None, "The instant, from the start of the run.")}
AGAIN: dict[str, Param] = {
    "every": duration(None, "How long it is from one time to the next.", ge="1ms"),
    "times": count(None, "How often it is done; with `every` alone: as often as fits into the run.", ge=1, le=MAX_ENTRIES),
}
WAITS: dict[str, Param] = {
    "since": duration(None, "From when on the condition is looked at; left out: from the end of the warm-up on."),
    "rest": duration(None, "With `times`: how long it takes at least until the condition counts again.", gt="0s"),
}
HELD = duration("0s", "How long the condition must hold without a break.")
WHEN_DOC = (
    "A condition, looked at on each grid step in place of an instant: \"backlog.depth > 1000\", or {that: backlog.depth, is: "
    "\"> 1000\", held: 5s}. It is done once, in each design whose own condition holds; DESIGN.NODE.FIGURE goes by the "
    "condition of that design, and is done in all."
)
_WHENCE = ("at", "every", "times", "when", "since", "rest")
INJECT: dict[str, Param] = {
    "for": duration(None, "How long the fault lasts; left out: until it is healed.", gt="0s"),
    "ramp": duration("0s", "How long the fault takes to reach full strength."),
    "probability": share(1.0, "How likely the fault is to happen at all; drawn from the seed."),
}
SCALE: dict[str, Param] = {"to": count(None, "How many replicas there shall be.", ge=0, le=MAX_REPLICAS)}
RATE: dict[str, Param] = {"to": rate(None, "What the producer offers from then on.")}

_KEYS = {
    "inject": (*_WHENCE, "inject", "on", "in", *INJECT),
    **{verb: (*_WHENCE, verb, "in") for verb in ("heal", "rewire", "redrive", "flush")},
    **{verb: (*_WHENCE, verb, "to", "in") for verb in ("scale", "set", "rate")},
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter of a node that can be set: its declaration, and the policy or group that it belongs to."""

    param: Param
    path: tuple[str, ...]


class ScriptReader:
    """Reads entries against the designs that they act on."""

    def __init__(
        self,
        catalogue: Catalogue,
        problems: Problems,
        designs: tuple[DesignPlan, ...],
        faults: Faults | None,
        folder: str,
    ) -> None:
        self.catalogue, self.problems, self.designs = catalogue, problems, designs
        self.faults, self.folder = faults, folder
        self._nodes = {design.name: {node.name: node for node in design.nodes} for design in designs}
        self._links = {d.name: {(li.caller, li.mode, li.callee) for li in d.links} for d in designs}
        self._scaled: set[str] = set()
        self.terms = TermReader(catalogue, designs)
        self.warmup_ns = 0
        self.unsure: frozenset[str] = frozenset()
        """Nodes that the file names and that could not be read: nothing is said of what names them."""

    def entries(self, value: Value | None, what: str, end_ns: int) -> tuple[tuple[Entry, Value], ...]:
        """Every sound entry of a list with what it was read from, in file order."""
        if value is None or value.data is None:
            return ()
        if not isinstance(value.data, list):
            self.problems.add(value.place, f"expected {what} as a list of entries, got {shown(value.data)}")
            return ()
        if len(value.data) > MAX_ENTRIES:
            self.problems.add(value.place, f"{len(value.data):,} entries; at most {MAX_ENTRIES:,} are allowed")
            return ()
        self._scaled = {str(s.data) for item in value.data if (s := item.get("scale")) is not None}
        found = [(self._entry(item, end_ns), item) for item in value.data]
        sound = tuple((entry, item) for entry, item in found if entry is not None)
        self._bounded(sound, value)
        for entry, item in sound if what == "commands" else ():
            if entry.when is not None or entry.times > 1:
                self.problems.add(item.place, "what was done in a run has one instant each: 'at', without 'every' and 'when'")
        return sound

    def _bounded(self, sound: tuple[tuple[Entry, Value], ...], value: Value) -> None:
        """Repeats are as many things to do as if each were written out."""
        total = sum(len(entry.instants()) for entry, _ in sound)
        waiting = sum(entry.when is not None for entry, _ in sound)
        if total > MAX_ENTRIES:
            self.problems.add(value.place, f"with its repeats this is {total:,} entries; at most {MAX_ENTRIES:,} are allowed")
        if waiting > MAX_CONDITIONS:
            self.problems.add(value.place, f"{waiting} entries wait for a condition; at most {MAX_CONDITIONS} may")

    def _entry(self, item: Value, end_ns: int) -> Entry | None:
        if not isinstance(item.data, dict):
            example = "{at: 30s, inject: crash, on: NODE}"
            self.problems.add(item.place, f"expected an entry such as {example}, got {shown(item.data)}")
            return None
        verb = self._verb(item)
        designs = self.chosen(item.get("in"))
        whence = self._waiting(item, end_ns, designs or ()) if item.get("when") is not None else self._timed(item, end_ns)
        if verb is None or whence is None or designs is None:
            return None
        read: dict[str, Callable[..., Entry | None]] = {"inject": self._inject, "heal": self._heal, "set": self._set}
        entry = read.get(verb, self._plain)(item, verb, whence.at_ns, designs)
        if entry is None:
            return None
        return replace(entry, times=whence.times, every_ns=whence.every_ns, when=whence.when)

    def _verb(self, item: Value) -> str | None:
        verbs = ["inject"] if "inject" in item.data else [key for key in item.data if key in VERBS]
        if len(verbs) == 1:
            if not isinstance(item.data[verbs[0]].data, str | list):
                value = item.data[verbs[0]]
                self.problems.add(value.place, f"expected what to {verbs[0]}, got {shown(value.data)}")
                return None
            self._unknown_keys(item, verbs[0])
            return verbs[0]
        if verbs:
            second = item.keys[verbs[1]]
            self.problems.add(second, f"an entry does one thing; this one says {' and '.join(verbs)}")
            return None
        words = f"expected one of {', '.join(VERBS)} in this entry"
        near = next((n for key in item.data if key not in ("at", "on", "in", "for", "to") and (n := _near(key))), "")
        self.problems.add(item.place, words, near)
        return None

    def _unknown_keys(self, item: Value, verb: str) -> None:
        if verb == "inject":
            return
        for key in item.data:
            if key not in _KEYS[verb]:
                words = f"{verb} has no '{key[:40]}'; it takes {', '.join(_KEYS[verb])}"
                self.problems.unknown(item.keys[key], words, key, _KEYS[verb])

    def _reading(self, item: Value) -> Reading:
        return Reading(Placed(item, self.problems, item.place), self.folder)

    # When it is done

    def _timed(self, item: Value, end_ns: int) -> Entry | None:
        """An instant, and how often it comes again, as an entry that does nothing yet."""
        at = self._instant(item, end_ns)
        self._misplaced(item, WAITS, "'when'")
        reading = self._reading(item)
        every, times = (self._time(reading, AGAIN[name], item, name) for name in AGAIN)
        if at is None or every is WRONG or times is WRONG:
            return None
        if every is None:
            if times is not None and times > 1:
                self.problems.add(item.keys["times"], "'times' needs 'every': how long it is from one time to the next")
            return Entry(at, "")
        fit = (end_ns - 1 - at) // every + 1 if end_ns > at else 1
        if times is not None and at + (times - 1) * every > end_ns:
            words = f"only {fit:,} of {times:,} times fit into the run, which ends at {format_duration(end_ns)}"
            self.problems.add(item.data["times"].place, words)
            return None
        return Entry(at, "", every_ns=every, times=times or fit)

    def _misplaced(self, item: Value, names: dict[str, Param], owner: str) -> None:
        for name in names:
            if name in item.data:
                self.problems.add(item.keys[name], f"'{name}' belongs to an entry with {owner}")

    def _waiting(self, item: Value, end_ns: int, designs: tuple[str, ...]) -> Entry | None:
        """A condition, and how often it may come true, as an entry that does nothing yet."""
        if "at" in item.data:
            words = "an entry has 'at' or 'when', not both; 'since' says from when on a condition counts"
            self.problems.add(item.keys["at"], words)
            return None
        self._misplaced(item, {"every": AGAIN["every"]}, "'at'; with 'when' say 'rest'")
        reading = self._reading(item)
        times = self._time(reading, AGAIN["times"], item, "times")
        since, rest = (self._time(reading, WAITS[name], item, name) for name in WAITS)
        when = self._condition(item.data["when"], designs)
        if when is None or any(part is WRONG for part in (times, since, rest)):
            return None
        if (rest is None) != (times is None or times < 2):
            words = "'times' of a condition needs 'rest': how long until it counts again"
            alone = "times" if rest is None else "rest"
            self.problems.add(item.keys[alone], words if rest is None else "'rest' needs 'times'")
            return None
        if since is not None and since > end_ns:
            self.problems.add(item.data["since"].place, f"this lies past the end of the run, {format_duration(end_ns)}")
            return None
        at = min(self.warmup_ns, end_ns) if since is None else since
        return Entry(at, "", times=times or 1, when=replace(when, rest_ns=rest or 0))

    def _condition(self, value: Value, designs: tuple[str, ...]) -> When | None:
        that, compared, held = self._parts(value)
        if that is None or compared is None or held is None:
            return None
        try:
            about = self.terms.expression(that, designs if len(self._nodes) > 1 else (), True)
            if len(about.terms) > 1:
                raise Unreadable(f"a condition is about one figure; got {shown(that)}")
            op, limit = figures.parse_comparison(compared, about.unit, about.signed)
        except Unsure:
            return None
        except Unreadable as wrong:
            self.problems.unknown(value.place, wrong.words, wrong.name, wrong.known)
            return None
        except ValueError as error:
            self.problems.add(value.place, " ".join(str(error).split()))
            return None
        lasting = f" for {format_duration(held)}" if held else ""
        return When(about.terms[0].that, op, limit, f"{about.text} {compared}{lasting}", held, about.terms[0].design)

    def _parts(self, value: Value) -> tuple[str | None, str | None, int | None]:
        """The figure, the comparison and how long it must hold, of the short or the long form."""
        if isinstance(value.data, str):
            match = _CONDITION.fullmatch(value.data)
            if match is not None:
                return match[1], " ".join(match[2].split()), 0
        if isinstance(value.data, dict):
            for key in value.data:
                if key not in _OF_CONDITION:
                    words = f"a condition has no '{key[:40]}'; it takes {', '.join(_OF_CONDITION)}"
                    self.problems.unknown(value.keys[key], words, key, _OF_CONDITION)
            that, compared = value.get("that"), value.get("is")
            held = self._time(Reading(Placed(value, self.problems, value.place), self.folder), HELD, value, "held")
            if that is not None and compared is not None and isinstance(that.data, str) and isinstance(compared.data, str):
                return that.data, " ".join(compared.data.split()), None if held is WRONG else held
        self.problems.add(value.place, f'expected a condition such as "backlog.depth > 1000", got {shown(value.plain())}')
        return None, None, None

    def _instant(self, item: Value, end_ns: int) -> int | None:
        value = item.get("at")
        if value is None:
            self.problems.add(item.place, "an entry needs 'at', such as at: 30s, or 'when'")
            return None
        at = self._reading(item).inner(COMMON["at"], value.data, ("at",))
        if at is WRONG or at is None:
            if at is None:
                self.problems.add(value.place, "expected an instant such as 30s, got nothing")
            return None
        if at > end_ns:
            words = f"{shown(value.data)} lies past the end of the run, {format_duration(end_ns)}"
            self.problems.add(value.place, words)
            return None
        return int(at)

    def chosen(self, value: Value | None) -> tuple[str, ...] | None:
        """The designs that an `in` names; empty for all, None after a mistake."""
        if value is None or value.data == "all":
            return ()
        names = value.data if isinstance(value.data, list) else [value]
        if not names:
            self.problems.add(value.place, "expected a design, a list of designs or all; got an empty list")
            return None
        known = list(self._nodes)
        for name in names:
            if not isinstance(name.data, str) or name.data not in known:
                words = f"there is no design {shown(name.data)}; there are {', '.join(known)}"
                self.problems.unknown(name.place, words, str(name.data)[:60], known)
                return None
        return tuple(dict.fromkeys(name.data for name in names))

    # What an entry acts on

    def _aims(self, value: Value | None, item: Value, designs: tuple[str, ...]) -> tuple[str, ...] | None:
        """The targets as written, once they are found to exist."""
        if value is None or value.data is None:
            self.problems.add(item.place if value is None else value.place, "expected a target: on: NODE")
            return None
        parts = value.data if isinstance(value.data, list) else [value]
        if not parts:
            self.problems.add(value.place, "expected a target, got an empty list")
        found = [self._aim(part, designs) for part in parts]
        return tuple(map(str, found)) if found and all(found) else None

    def _aim(self, part: Value, designs: tuple[str, ...]) -> str | None:
        if not isinstance(part.data, str):
            self.problems.add(part.place, f"expected a target such as inventory or inventory/1, got {shown(part.data)}")
            return None
        try:
            aim = parse_target(part.data)
        except ValueError as error:
            self.problems.add(part.place, str(error))
            return None
        words, name, known = self._missing(aim, designs)
        if words:
            self.problems.unknown(part.place, words, name, known)
            return None
        return part.data.strip()

    def _missing(self, aim: Aim, designs: tuple[str, ...]) -> tuple[str, str, list[str]]:
        """Why nothing answers to a target: words, the name that is missing, and the names that there are."""
        within = designs or tuple(self._nodes)
        where = (
            f"no design of {', '.join(designs)}"
            if len(designs) > 1
            else f"design {designs[0]}"
            if designs
            else "no design"
        )
        has = "has no" if len(designs) == 1 else "has a"
        if aim.link is not None:
            return self._missing_link(aim.link, within, f"{where} {has} link")
        if aim.node in self.unsure or (aim.kind and self.unsure):
            return "", "", []
        nodes = {n.name: n for d in within for n in self._nodes[d].values()}
        zoned = [n for d in within for n in self._nodes[d].values() if aim.zone is not None and n.zones > aim.zone]
        if aim.zone is not None and not any(not aim.node or n.name == aim.node for n in zoned):
            return f"no node has replicas in zone {zone_name(aim.zone)}; give one 'zones: {aim.zone + 1}' or more", "", []
        if aim.kind:
            kinds = sorted({n.kind for n in nodes.values()})
            return (
                ("", "", [])
                if aim.kind in kinds
                else (f"{where} {has} node of kind {shown(aim.kind)}", aim.kind, kinds)
            )
        if aim.node and aim.node not in nodes:
            return f"{where} {has} node {shown(aim.node)}", aim.node, list(nodes)
        if aim.replica is not None and aim.node not in self._scaled:
            most = max(self._nodes[d][aim.node].replicas for d in within if aim.node in self._nodes[d])
            if aim.replica >= most:
                words = f"{aim.node} has {most} replica{'s' if most > 1 else ''}, the last one is {aim.node}/{most - 1}"
                return words, "", []
        return "", "", []

    def _missing_link(
        self, link: tuple[str, str, str], within: tuple[str, ...], words: str
    ) -> tuple[str, str, list[str]]:
        if any(link in self._links[d] for d in within):
            return "", "", []
        known = [" ".join(li) for d in within for li in sorted(self._links[d])][:400]
        return f"{words} {shown(' '.join(link))}", " ".join(link), known

    # Entries

    def _inject(self, item: Value, verb: str, at: int, designs: tuple[str, ...]) -> Entry | None:
        value = item.data["inject"]
        what = value.data
        if not isinstance(what, str):
            self.problems.add(value.place, f"expected the name of a fault, got {shown(what)}")
            return None
        aims = self._aims(item.get("on"), item, designs)
        if aims is not None and (words := self._unbreakable(what, aims, designs)):
            self.problems.add(item.data["on"].place, words)
        reading = self._reading(item)
        times = {n: self._time(reading, p, item, n) for n, p in INJECT.items()}
        params = self._fault_params(what, value, item)
        if aims is None or params is WRONG or any(t is WRONG for t in times.values()):
            return None
        return Entry(
            at, verb, what, aims, designs, times["for"], times["ramp"], times["probability"],
            params=params, line=item.line,
        )  # fmt: skip

    def _unbreakable(self, what: str, aims: tuple[str, ...], designs: tuple[str, ...]) -> str:
        """Why a fault cannot act on what it is aimed at; empty when it can, or when the fault does not say."""
        acts_on = getattr((self.faults or {}).get(what), "acts_on", "anything")
        for text in aims:
            aim = parse_target(text)
            if aim.node in self.unsure:
                continue
            producers = {n for d in designs or tuple(self._nodes) for n in self._nodes[d] if self._is_producer(d, n)}
            if aim.link is not None and acts_on in ("replicas", "producers"):
                return f"{what} acts on nodes, and {text} is a link; name one of its ends"
            if aim.node and acts_on == "producers" and aim.node not in producers:
                return f"{what} needs a producer ({', '.join(sorted(producers))}); {aim.node} is none"
            if aim.node and acts_on == "replicas" and aim.node in producers:
                return f"{aim.node} is a producer, the outside world, which does not break; let it surge"
            if acts_on == "links" and (aim.replica is not None or aim.quantity != "all"):
                return f"{what} lies on links: write a node for all its links, or one link such as a -> b"
        return ""

    def _is_producer(self, design: str, name: str) -> bool:
        return bool(self.catalogue.kind(self._nodes[design][name].kind).role == "producer")

    def _time(self, reading: Reading, param: Param, item: Value, name: str) -> Any:
        value = item.get(name)
        if value is None or value.data is None:
            return reading.default(param)
        return reading.inner(param, value.data, (name,))

    def _fault_params(self, what: str, value: Value, item: Value) -> Any:
        if self.faults is None:
            return own_params(item)
        if what not in self.faults:
            words = f"there is no fault {shown(what)}; there are {', '.join(self.faults)}"
            self.problems.unknown(value.place, words, what, self.faults)
            return WRONG
        params = params_of(self.faults[what])
        also = [k for k in _KEYS["inject"] if k not in params]
        values = self._reading(item).fields(params, item.plain(), (), what, also)
        return WRONG if values is WRONG else {name: v for name, v in values.items() if name in params}

    def _heal(self, item: Value, verb: str, at: int, designs: tuple[str, ...]) -> Entry | None:
        text = item.data["heal"].data
        if isinstance(text, str) and NUMBERED.fullmatch(text):
            return Entry(at, verb, "", (text,), designs, line=item.line)
        aims = self._aims(item.data["heal"], item, designs)
        return None if aims is None else Entry(at, verb, "", aims, designs, line=item.line)

    def _plain(self, item: Value, verb: str, at: int, designs: tuple[str, ...]) -> Entry | None:
        """scale, rewire, rate, redrive and flush: one node of the right sort, maybe with a number."""
        value = item.data[verb]
        if not isinstance(value.data, str):
            self.problems.add(value.place, f"expected the name of a node, got {shown(value.data)}")
            return None
        name = value.data
        if (words := self._missing(Aim(node=name), designs))[0]:
            self.problems.unknown(value.place, *words)
            return None
        if words_wrong := self._unfit(verb, name, designs):
            self.problems.add(value.place, words_wrong)
            return None
        if verb not in ("scale", "rate"):
            return Entry(at, verb, "", (name,), designs, line=item.line)
        to = self._to(item, (SCALE if verb == "scale" else RATE)["to"])
        return None if to is WRONG else Entry(at, verb, "", (name,), designs, to=to, line=item.line)

    def _to(self, item: Value, param: Param) -> Any:
        value = item.get("to")
        if value is None:
            self.problems.add(item.place, "this entry needs 'to': the new value")
            return WRONG
        if value.data is None and param.type in ("count", "rate"):
            self.problems.add(value.place, "expected the new value, got nothing")
            return WRONG
        return self._reading(item).inner(param, value.plain(), ("to",))

    def _unfit(self, verb: str, name: str, designs: tuple[str, ...]) -> str:
        """Why a verb makes no sense for a node, in every design that it is in; empty when it does in one."""
        within = designs or tuple(self._nodes)
        if name in self.unsure:
            return ""
        holders = [d for d in self.designs if d.name in within and name in self._nodes[d.name]]
        kind = self._nodes[holders[0].name][name].kind
        declared = [self.catalogue.kind(self._nodes[d.name][name].kind) for d in holders]
        calls = any(li.caller == name and li.mode == CALL for d in holders for li in d.links)
        if verb == "scale" and not any(map(has_replicas, declared)):
            return f"{name} is a {kind}, which has no replicas to scale"
        if verb == "rate" and not any(k.role == "producer" for k in declared):
            return f"{name} is a {kind}; only a producer has a rate"
        if verb == "rate" and all(self._nodes[d.name][name].values.get("closed") for d in holders):
            return f"{name} is a closed loop, which has no rate; add users with a surge, or set {name}.closed"
        if verb == "redrive" and not any(k.role == "queue" or getattr(k, "gives_back", False) for k in declared):
            return f"{name} is a {kind}; only a queue, or a bus with an archive, gives back what it keeps"
        if verb == "flush" and not any(map(_flushes, declared)):
            return f"{name} is a {kind}, which remembers nothing that could be flushed"
        if verb == "rewire" and not calls:
            return f"{name} calls nobody, so there is nothing to rewire"
        return ""

    def _set(self, item: Value, verb: str, at: int, designs: tuple[str, ...]) -> Entry | None:
        value = item.data["set"]
        if not isinstance(value.data, str) or "." not in value.data:
            self.problems.add(value.place, f"expected NODE.PARAMETER, got {shown(value.plain())}")
            return None
        node, _, name = value.data.partition(".")
        if (words := self._missing(Aim(node=node), designs))[0]:
            self.problems.unknown(value.place, *words)
            return None
        settings = self._settings(node, designs)
        if node in self.unsure:
            return None
        if name not in settings:
            known = [f"{node}.{n}" for n in settings]
            words_unknown = f"{node} has no '{name[:40]}'; it has {', '.join(settings)}"
            self.problems.unknown(value.place, words_unknown, value.data, known)
            return None
        to = self._to(item, settings[name])
        return None if to is WRONG else Entry(at, verb, "", (value.data,), designs, to=to, line=item.line)

    def _settings(self, node: str, designs: tuple[str, ...]) -> dict[str, Param]:
        """Every parameter of a node that can be set: its kind's, those in groups, and its policies' own."""
        found: dict[str, Param] = {}
        for design in designs or tuple(self._nodes):
            plan = self._nodes[design].get(node)
            if plan is None:
                continue
            params = dict(params_of(self.catalogue.kind(plan.kind)))
            params |= {p: policy_param(self.catalogue.policy(p), p) for p in plan.policies}
            for name, param in params.items():
                inner = {f"{name}.{n}": p for n, p in param.fields.items()} if param.type == "group" else {}
                found |= {n: p for n, p in {name: param, **inner}.items() if n not in found}
        return found


def _flushes(kind: Any) -> bool:
    """Whether a kind says what flushing does to it."""
    return any("on_flush" in vars(cls) for cls in kind.__mro__ if cls is not Node)


def _near(key: str) -> str:
    from topology.problems import near_miss

    return near_miss(key, VERBS)


def own_params(item: Value) -> dict[str, Any]:
    """What an inject says beyond the fields that every inject has, as written."""
    return {k: v.plain() for k, v in item.items() if k not in _KEYS["inject"]}


def as_command(entry: Entry, item: Value) -> dict[str, Any]:
    """An entry as the fields of a command: numbers for times, and everything else as the file wrote it."""
    to = item.get("to")
    return {
        "at_ns": entry.at_ns,
        "verb": entry.verb,
        "on": entry.on,
        "what": entry.what,
        "designs": entry.designs,
        "params": own_params(item) if entry.verb == "inject" else {},
        "for_ns": entry.for_ns,
        "ramp_ns": entry.ramp_ns,
        "probability": entry.probability,
        "to": None if to is None else to.plain(),
    }
