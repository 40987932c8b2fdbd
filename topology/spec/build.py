"""From a file's values to a checked playground: every mistake is collected, and nothing half-checked leaves here."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from topology.node import SOURCES
from topology.offering import emits
from topology.parameters import REQUIRED, Param, count, duration, word
from topology.plan import Claim, DesignPlan, Entry, FlowPlan, Playground, RunPlan, Scene
from topology.problems import Problems
from topology.spec import graph
from topology.spec.canonical import canonical
from topology.spec.catalogue import Catalogue, Faults, works
from topology.spec.claims import ClaimReader, stretch
from topology.spec.designs import DesignReader, Draft, Placed, finished
from topology.spec.reader import Value
from topology.spec.script import ScriptReader, as_command
from topology.spec.targets import NAME
from topology.spec.values import WRONG, Reading
from topology.units import shown

VERSION = 1

PARAMS: dict[str, Param] = {
    "version": count(VERSION, "The version of the file's format.", ge=1),
    "playground": word(REQUIRED, "The name of the playground."),
    "about": word("", "What happens here, in a sentence."),
    "lesson": word("", "What one learns from it, in a sentence."),
    "price": word("", "What the better design costs, in a sentence."),
    "duration": duration(REQUIRED, "How long producers offer messages.", ge="1ms"),
    "seed": count(1, "What chance is drawn from where the command line does not say.", ge=0, le=(1 << 53) - 1),
    "warmup": duration("5s", "The beginning that no window counts."),
    "settle": duration("30s", "How long recovery lasts after the last heal."),
    "drain": duration("60s", "How long the run may go on after `duration` until everything is settled."),
    "grid": duration("100ms", "How often the state of nodes is sampled.", ge="1ms", le="60s"),
}
"""The plain fields of a file."""

SECTIONS = {
    "nodes": "The nodes of every design, by name.",
    "designs": "One or more ways to wire the nodes, by name.",
    "timeline": "What is done to the designs, and when.",
    "steady": "What must hold before the first fault.",
    "expect": "What must hold, during which window.",
    "screenplay": "What a film shows beside the run: keys that only look, captions, pauses, zooms, chapters.",
    "run": "What was recorded of a run: seed, end, commands, digest.",
}
RUN: dict[str, Param] = {
    "seed": count(REQUIRED, "The seed of the run.", ge=0, le=(1 << 53) - 1),
    "end": duration(REQUIRED, "When the run ended."),
    "digest": word("", "The digest of the run."),
}

_DIGEST = re.compile(r"(sha256:)?[0-9a-f]{8,64}|")

MOST_PARTS = 60
"""So many nodes, or links into them, may be required of each message of a flow."""


class Builder:
    """Builds one playground. Each step reads one part of the file and reports what is wrong with it."""

    def __init__(
        self, root: Value, problems: Problems, catalogue: Catalogue, faults: Faults | None, folder: str
    ) -> None:
        self.root, self.problems, self.catalogue = root, problems, catalogue
        self.faults, self.folder = faults, folder
        self.drafts: list[Draft] = []
        self.timeline: tuple[Entry, ...] = ()
        self.steady: tuple[Claim, ...] = ()
        self.expect: tuple[Claim, ...] = ()
        self.run: RunPlan | None = None
        self.screenplay: tuple[Scene, ...] = ()

    def playground(self) -> Playground:
        """The checked playground; PlaygroundError with every mistake where there is one."""
        plain = self._plain_fields()
        designs, flows = self._designs()
        self._rest(plain, designs)
        self.problems.raise_any()
        made = Playground(
            name=plain["playground"],
            about=plain["about"],
            duration_ns=plain["duration"],
            designs=designs,
            flows=flows,
            lesson=plain["lesson"],
            price=plain["price"],
            seed=plain["seed"],
            warmup_ns=plain["warmup"],
            settle_ns=plain["settle"],
            drain_ns=plain["drain"],
            grid_ns=plain["grid"],
            timeline=self.timeline,
            steady=self.steady,
            expect=self.expect if self.root.get("expect") is not None else None,
            run=self.run,
            screenplay=self.screenplay,
        )
        return replace(made, canonical=canonical(made, self.catalogue, self.faults))

    def _plain_fields(self) -> dict[str, Any]:
        reading = Reading(Placed(self.root, self.problems, (1, 1)), self.folder)
        version = self.root.get("version")
        if version is not None and isinstance(version.data, int) and version.data > VERSION:
            words = (
                f"this file is of version {shown(version.data)}; this program reads version {VERSION}: get a newer one"
            )
            self.problems.add(version.place, words)
            self.problems.raise_any()
        data = self.root.plain()
        values = reading.fields(PARAMS, data, (), "a playground", tuple(SECTIONS))
        if values is WRONG:
            quiet = Reading(lambda *_: None, self.folder)
            values = {
                n: quiet.inner(p, data.get(n, p.default)) for n, p in PARAMS.items() if n in data or not p.required
            }
        name = self.root.get("playground")
        if name is not None and isinstance(name.data, str) and not NAME.fullmatch(name.data):
            words = f"a name begins with a letter and has up to 40 letters, digits, - and _; got {shown(name.data)}"
            self.problems.add(name.place, words)
        return {n: _sound(values.get(n), p) for n, p in PARAMS.items()}

    def _designs(self) -> tuple[tuple[DesignPlan, ...], tuple[FlowPlan, ...]]:
        value = self.root.get("designs")
        if value is None or not isinstance(value.data, dict) or not value.data:
            place = (1, 1) if value is None else value.place
            self.problems.add(
                place, "a playground needs designs: a mapping such as {coupled: {links: [web -> orders]}}"
            )
            return (), ()
        reader = DesignReader(self.catalogue, self.problems, self.folder)
        self.drafts = reader.drafts(self.root.get("nodes"), value)
        designs = tuple(map(finished, self.drafts))
        return designs, FlowReader(self, reader, designs).flows()

    def _rest(self, plain: dict[str, Any], designs: tuple[DesignPlan, ...]) -> None:
        """Timeline, claims and run, which can only be judged against sound designs."""
        if not designs or len(designs) < len(self.root.data["designs"].data):
            return
        duration_ns = plain["duration"]
        script = ScriptReader(self.catalogue, self.problems, designs, self.faults, self.folder)
        script.unsure = script.terms.unsure = frozenset(n for d in self.drafts for n in d.nodes if n not in d.plans)
        script.warmup_ns = plain["warmup"]
        before = len(self.problems)
        self.timeline = tuple(e for e, _ in script.entries(self.root.get("timeline"), "timeline", duration_ns))
        self.run = self._run(script, duration_ns)
        self.screenplay = self._scenes(designs, duration_ns, script.unsure)
        # What was done in a run that someone kept may leave a window empty, which that run then calls unknown.
        certain = self.run is None and len(self.problems) == before
        windows = stretch(self.timeline, plain["warmup"], plain["settle"], duration_ns) if certain else None
        claims = ClaimReader(self.problems, script, windows, duration_ns)
        self.steady = claims.claims(self.root.get("steady"), "steady")
        self.expect = claims.claims(self.root.get("expect"), "expect")

    def _scenes(self, designs: tuple[DesignPlan, ...], duration_ns: int, unsure: frozenset[str]) -> tuple[Scene, ...]:
        value = self.root.get("screenplay")
        if value is None:
            return ()
        from topology.spec.screenplay import ScreenplayReader  # few files have one

        return ScreenplayReader(self.problems, designs, unsure).scenes(value, duration_ns)

    def _run(self, script: ScriptReader, duration_ns: int) -> RunPlan | None:
        value = self.root.get("run")
        if value is None:
            return None
        if not isinstance(value.data, dict):
            self.problems.add(
                value.place, f"expected run as a mapping of seed, end, commands, digest; got {shown(value.data)}"
            )
            return None
        reading = Reading(Placed(value, self.problems, self.root.keys["run"]), self.folder)
        values = reading.fields(RUN, value.plain(), (), "run", ("commands",))
        if values is WRONG:
            return None
        if not _DIGEST.fullmatch(values["digest"]):
            self.problems.add(
                value.data["digest"].place, f"expected a digest of hexadecimal digits, got {shown(values['digest'])}"
            )
        entries = script.entries(value.get("commands"), "commands", max(values["end"], duration_ns))
        commands = tuple({**as_command(entry, item), "by": "run"} for entry, item in entries)
        return RunPlan(values["seed"], values["end"], commands, values["digest"])


class FlowReader:
    """What each producer offers, and which nodes must do their part for it."""

    def __init__(self, builder: Builder, reader: DesignReader, designs: tuple[DesignPlan, ...]) -> None:
        self.problems, self.catalogue = builder.problems, builder.catalogue
        self.reader, self.designs, self.drafts = reader, designs, builder.drafts
        kinds = {n.kind: str(self.catalogue.kind(n.kind).role) for d in designs for n in d.nodes}
        self._roles = {d.name: {n.name: kinds[n.kind] for n in d.nodes} for d in designs}

    def flows(self) -> tuple[FlowPlan, ...]:
        """One flow for each producer of any design, and then for each node that emits messages of its own."""
        names = dict.fromkeys(n.name for d in self.designs for n in d.nodes if self._role(d, n.name) in SOURCES)
        within = dict.fromkeys(n.name for d in self.designs for n in d.nodes if self._emits(d, n.name) and n.name not in names)
        sound = all(len(d.plans) == len(d.nodes) for d in self.drafts)
        if not names and self.drafts and sound:
            self.problems.add(self.drafts[0].place, "no design has a producer, so nothing would ever happen")
        if sound:
            self._silent(list(names))
        self._idle_work([*names, *within])
        return tuple(FlowPlan(name, self._bounded(name, self._work(name))) for name in [*names, *within])

    def _emits(self, design: DesignPlan, name: str) -> bool:
        plan = design.node(name)
        return plan is not None and emits(self.catalogue.kind(plan.kind), name, design.links)

    def _offering(self, name: str) -> list[DesignPlan]:
        """The designs in which a node offers messages."""
        return [d for d in self.designs if self._role(d, name) in SOURCES or self._emits(d, name)]

    def _idle_work(self, offering: list[str]) -> None:
        """A work list of a node that tells nobody in any design is about nothing."""
        joined = all(draft.joined for draft in self.drafts)
        for name, said in self.reader.work.items():
            if name not in offering and joined and any(self._role(d, name) for d in self.designs):
                words = f"{name} offers nothing: it has a 'work' list and no link such as {name} -> NODE"
                self.problems.add(next(iter(said.values())).place, words)

    def _bounded(self, producer: str, work: tuple[str, ...]) -> tuple[str, ...]:
        """The ledger keeps parts, and the links that lead to them, as bits of one native number."""
        ways = max((sum(link.callee in work for link in d.links) for d in self.designs), default=0)
        most = max(len(work), ways)
        if most > MOST_PARTS and self.drafts:
            what = "nodes" if len(work) > MOST_PARTS else "links into nodes"
            words = (
                f"{most} {what} would have to do their part for each message of {producer}, and at most {MOST_PARTS} can; "
                f"name those that matter: {producer}: {{work: [NODE, …]}}"
            )
            self.problems.add(self.drafts[0].place, words)
            return work[:MOST_PARTS]
        return work

    def _role(self, design: DesignPlan, name: str) -> str:
        return self._roles[design.name].get(name, "")

    def _silent(self, producers: list[str]) -> None:
        """Producers and balancers without a link can do nothing with what they have."""
        for draft, design in zip(self.drafts, self.designs, strict=True):
            if not draft.joined:
                continue
            callers = {link.caller for link in design.links}
            self._split(draft, design)
            called = {link.callee for link in design.links}
            for name in draft.plans:
                if name in callers:
                    continue
                if name in producers:
                    words = f"{name} calls nobody in design {draft.name}; give it a link such as {name} -> NODE"
                    self.problems.add(draft.place, words)
                elif name in called and self._role(design, name) in ("proxy", "gateway"):
                    self.problems.add(
                        draft.place, f"{name} has nobody to pass calls to in design {draft.name}; give it a link"
                    )

    def _split(self, draft: Draft, design: DesignPlan) -> None:
        """Balancers and gateways pass calls on to one node."""
        out = graph.outgoing(design.links)
        for name in draft.plans:
            further = [link.callee for link in out.get(name, ())][1:]
            if further and self._role(design, name) in ("proxy", "gateway"):
                words = f"{name} passes calls on to one node; give {further[0]} one of its own in design {draft.name}"
                self.problems.add(draft.place, words)

    def _work(self, producer: str) -> tuple[str, ...]:
        said = self.reader.work.get(producer, {})
        lists = {id(value): value for value in said.values()}
        if not lists:
            return self.default_work(producer)
        if len(lists) > 1:
            second = list(lists.values())[1]
            self.problems.add(
                second.place, f"'work' of {producer} must be the same in every design; write it among the shared nodes"
            )
        return self._checked_work(producer, next(iter(lists.values())))

    def _checked_work(self, producer: str, value: Value) -> tuple[str, ...]:
        if not isinstance(value.data, list):
            self.problems.add(value.place, f"expected work as a list of nodes, got {shown(value.data)}")
            return ()
        designs = self._offering(producer)
        for item in value.data:
            self._part(item, designs)
        if len({str(v.data) for v in value.data}) < len(value.data):
            self.problems.add(value.place, "a node is listed twice in 'work'; each does its part once")
        return tuple(str(item.data) for item in value.data)

    def _part(self, item: Value, designs: list[DesignPlan]) -> None:
        name = str(item.data)
        missing = [d for d in designs if name not in self._roles[d.name]]
        if missing:
            words = f"design {missing[0].name} has no node {shown(name)}, so its part could never be done"
            self.problems.unknown(item.place, words, name, [n.name for n in missing[0].nodes])
            return
        kind = next(n.kind for n in designs[0].nodes if n.name == name)
        if not works(self.catalogue.kind(kind)):
            self.problems.add(item.place, f"{name} is a {kind}; only services, functions and endpoints do a part of the work")

    def default_work(self, producer: str) -> tuple[str, ...]:
        """The shared services, functions and endpoints that every message reaches in every design."""
        designs = self._offering(producer)
        reached: set[str] | None = None
        for design in designs:
            kinds = {n.name: self.catalogue.kind(n.kind) for n in design.nodes}
            found = graph.always_reached(producer, design, kinds.get)
            reached = found if reached is None else reached & found
        nodes = designs[0].nodes if designs else ()
        required = (n for n in nodes if n.shared and reached is not None and n.name in reached - {producer})
        return tuple(n.name for n in required if works(self.catalogue.kind(n.kind)))


def _sound(value: Any, param: Param) -> Any:
    """A value to go on with, so that later parts can be checked although this one was wrong."""
    if value is not None and value is not WRONG:
        return value
    if param.required:
        return 30 * 86_400 * 1_000_000_000 if param.type == "duration" else ""
    return Reading(lambda *_: None).default(param)
