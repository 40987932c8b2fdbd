"""The `nodes` and `designs` of a file: nodes merged field by field, checked against their kinds, joined by links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from topology.links import chosen_wiring, joins_roles, link_params, misplaced
from topology.offering import may_offer
from topology.parameters import Param, count, word
from topology.plan import PULL, DesignPlan, LinkPlan, NodePlan
from topology.problems import Problems
from topology.spec import graph
from topology.spec.catalogue import Catalogue, Guards, params_of
from topology.spec.reader import Value
from topology.spec.targets import NAME, RESERVED
from topology.spec.values import WRONG, Key, Reading, Route
from topology.units import shown

MAX_NODES = 10_000
MAX_REPLICAS = 1_000
MAX_REPLICAS_OF_DESIGN = 100_000
MAX_NODES_OF_FILE = 20_000
MAX_DESIGNS = 16
MAX_LINKS = 20_000

Place = tuple[int, int]

REPLICAS = count(1, "How many replicas run at the start.", ge=1, le=MAX_REPLICAS)
ZONES = count(
    None, "Over how many zones (a, b, c …) its replicas are spread in turn; left out: it is not tied to zones.", ge=1, le=26
)
DICE = word(
    None, "The name under which chance is drawn; two nodes with one name see the same work. Left out: the node's own."
)
WORK_DOC = "The nodes that must each do their part once; left out: those that every message reaches in every design."

_STEP = re.compile(r"\s*(?:(->|=>)|([^\s>=-](?:[^\s>=]*[^\s>=-])?))")


@dataclass(slots=True)
class Merged:
    """A node as one design sees it: the shared fields under the design's own."""

    name: str
    place: Place
    fields: Value
    shared: bool


@dataclass(slots=True)
class Draft:
    """One design while it is read."""

    name: str
    place: Place
    nodes: dict[str, Merged]
    plans: dict[str, NodePlan] = field(default_factory=dict)
    links: list[LinkPlan] = field(default_factory=list)
    about: str = ""
    joined: bool = True
    """Whether all of its links are sound."""


class Placed:
    """Reports a mistake at the place of the value that it is about."""

    def __init__(self, value: Value, problems: Problems, place: Place) -> None:
        self.value, self.problems, self.place = value, problems, place

    def __call__(self, route: Route, words: str, near: str) -> None:
        self.problems.add(self.find(route), words, near)

    def find(self, route: Route) -> Place:
        """Where the route leads; a key's own place for a key, and the owner's place for nothing."""
        if not route:
            return self.place
        last = route[-1]
        if isinstance(last, Key):
            holder = self.value.at(route[:-1])
            return holder.keys.get(str(last), holder.place)
        return self.value.at(route).place


class DesignReader:
    """Reads all designs of one file."""

    def __init__(self, catalogue: Catalogue, problems: Problems, folder: str) -> None:
        self.catalogue, self.problems, self.folder = catalogue, problems, folder
        self.work: dict[str, dict[str, Value]] = {}
        """What producers say in `work`: by producer, by design."""
        self.given: dict[tuple[str, str], frozenset[str]] = {}
        """What the file says of each link: by design and link."""
        self._count = 0
        self._plans: dict[int, NodePlan | None] = {}
        """Shared nodes that no design changes are checked once."""

    def drafts(self, nodes: Value | None, designs: Value) -> list[Draft]:
        """Every design with its nodes and links; mistakes go to the problems."""
        shared = self._declared(nodes)
        found = []
        for name, value in list(designs.items())[:MAX_DESIGNS]:
            draft = self._draft(name, designs.keys[name], value, shared)
            if draft is not None:
                found.append(draft)
        if len(designs.data) > MAX_DESIGNS:
            self.problems.add(designs.place, f"more than {MAX_DESIGNS} designs, the limit")
        return found

    def _draft(self, name: str, place: Place, value: Value, shared: dict[str, Merged]) -> Draft | None:
        self.named(name, place, "design")
        if not isinstance(value.data, dict):
            self.problems.add(value.place, f"expected design {name} as a mapping with links, got {shown(value.data)}")
            return None
        for key in value.data:
            if key not in ("about", "nodes", "links"):
                words = f"a design has no '{key[:40]}'; it takes about, nodes, links"
                self.problems.unknown(value.keys[key], words, key, ("about", "nodes", "links"))
        draft = Draft(name, place, self._merge(shared, value.get("nodes")))
        about = value.get("about")
        draft.about = about.data if about is not None and isinstance(about.data, str) else ""
        self._nodes(draft)
        before = len(self.problems)
        self._links(draft, value.get("links"))
        draft.joined = len(self.problems) == before
        return draft

    # Nodes

    def _declared(self, nodes: Value | None) -> dict[str, Merged]:
        found: dict[str, Merged] = {}
        for name, value in self._entries(nodes):
            assert nodes is not None
            found[name] = Merged(name, nodes.keys[name], value, True)
        return found

    def _entries(self, nodes: Value | None) -> Iterator[tuple[str, Value]]:
        """The nodes of a `nodes` mapping that are mappings themselves."""
        if nodes is None or nodes.data is None:
            return
        if not isinstance(nodes.data, dict):
            self.problems.add(nodes.place, f"expected nodes as a mapping of names, got {shown(nodes.data)}")
            return
        if len(nodes.data) > MAX_NODES:
            self.problems.add(nodes.place, f"{len(nodes.data):,} nodes; at most {MAX_NODES:,} are allowed")
            return
        for name, value in nodes.items():
            self.named(name, nodes.keys[name], "node")
            if isinstance(value.data, dict):
                yield name, value
            else:
                words = f"expected {name} as a mapping such as {{kind: service}}, got {shown(value.data)}"
                self.problems.add(value.place, words)

    def named(self, name: str, place: Place, what: str) -> None:
        """Report a name that cannot be one."""
        if name in RESERVED:
            self.problems.add(place, f"'{name}' cannot name a {what}: it is a word of targets")
        elif not NAME.fullmatch(name):
            words = f"a {what}'s name begins with a letter and has up to 40 letters, digits, - and _; got {shown(name)}"
            self.problems.add(place, words)

    def _merge(self, shared: dict[str, Merged], own: Value | None) -> dict[str, Merged]:
        nodes = dict(shared)
        for name, value in self._entries(own):
            assert own is not None
            below = nodes.get(name)
            nodes[name] = Merged(name, own.keys[name], value, False) if below is None else _over(below, value)
        return nodes

    def _nodes(self, draft: Draft) -> None:
        self._count += len(draft.nodes)
        if len(draft.nodes) > MAX_NODES or self._count > MAX_NODES_OF_FILE:
            words = (
                f"{len(draft.nodes):,} nodes; at most {MAX_NODES:,} are allowed, {MAX_NODES_OF_FILE:,} in all designs"
            )
            self.problems.add(draft.place, words)
            return
        for node in draft.nodes.values():
            plan = self._plan(node, draft)
            if plan is not None:
                draft.plans[node.name] = plan
        if sum(plan.replicas for plan in draft.plans.values()) > MAX_REPLICAS_OF_DESIGN:
            self.problems.add(draft.place, f"more than {MAX_REPLICAS_OF_DESIGN:,} replicas in one design, the limit")
        for name, plan in draft.plans.items():
            self._named_nodes(draft, draft.nodes[name], plan)

    def _plan(self, node: Merged, draft: Draft) -> NodePlan | None:
        if (work := node.fields.get("work")) is not None:
            self.work.setdefault(node.name, {})[draft.name] = work
        if id(node) not in self._plans:
            self._plans[id(node)] = self._checked(node)
        return self._plans[id(node)]

    def _checked(self, node: Merged) -> NodePlan | None:
        """The node's plan; after a mistake a stand-in, so that what names it can be checked; None without a kind."""
        kind_name = self._kind_name(node)
        if kind_name is None:
            return None
        kind = self.catalogue.kind(kind_name)
        params = {**_common(kind), **params_of(kind)}
        also = ["kind", *(["work"] if may_offer(kind) else [])]
        reading = Reading(Placed(node.fields, self.problems, node.place), self.folder)
        guards = Guards(self.catalogue, "node", kind_name)
        values, settled = self._values(reading, node.fields, params, also, guards, f"{node.name} ({kind_name})")
        if values is WRONG or settled is None or not self._prepared(kind, values, node):
            return NodePlan(node.name, kind_name, MAX_REPLICAS, {}, {}, node.name, node.shared)
        replicas = values.pop("replicas", 1) if "replicas" not in params_of(kind) else values["replicas"]
        dice = (values.pop("dice") if "dice" not in params_of(kind) else values["dice"]) or node.name
        zones = (values.pop("zones", None) if "zones" not in params_of(kind) else values["zones"]) or 0
        return NodePlan(node.name, kind_name, replicas, values, settled, dice, node.shared, zones)

    def _prepared(self, kind: Any, values: dict[str, Any], node: Merged) -> bool:
        """Let the kind look at its values as a whole, and read what lies in files; whether it found them sound."""
        prepare = getattr(kind, "prepare", None)
        if prepare is None:
            return True
        try:
            values.update(prepare({name: values[name] for name in params_of(kind)}))
        except ValueError as error:
            self.problems.add(_place_of(error, node.fields, node.place), f"{node.name}: {' '.join(str(error).split())}")
            return False
        return True

    def _values(
        self, reading: Reading, fields: Value, params: dict[str, Param], also: list[str], guards: Guards, owner: str
    ) -> tuple[Any, dict[str, Any] | None]:
        """The values of a node's or link's own parameters, and of the policies that it names."""
        data = fields.plain()
        others = [key for key in data if key not in params and key not in also]
        policies = guards.used(others)
        if set(others) - set(policies):
            misplaced = self._misplaced(others, fields, guards)
            reading.fields(
                params, {k: v for k, v in data.items() if k not in misplaced}, (), owner, [*also, *guards.all()]
            )
            values: Any = WRONG
        else:
            values = reading.fields(params, data, (), owner, [*also, *policies])
        settled = {n: reading.inner(p, data[n], (n,)) for n, p in policies.items() if data[n] is not None}
        return values, None if any(v is WRONG for v in settled.values()) else settled

    def _misplaced(self, names: list[str], fields: Value, guards: Guards) -> list[str]:
        """The policies among unknown names that belong elsewhere, reported as such."""
        known = self.catalogue.policy_names()
        found = [name for name in names if name in known and guards.unfit(name)]
        for name in found:
            self.problems.add(fields.keys[name], guards.unfit(name))
        return found

    def _kind_name(self, node: Merged) -> str | None:
        kind, names = node.fields.get("kind"), list(self.catalogue.kind_names())
        if kind is None:
            self.problems.add(node.place, f"{node.name} needs a kind: {', '.join(names)}")
        elif not isinstance(kind.data, str):
            self.problems.add(kind.place, f"expected a kind ({', '.join(names)}), got {shown(kind.data)}")
        elif kind.data not in names:
            words = f"there is no kind {shown(kind.data)}; there are {', '.join(names)}"
            self.problems.unknown(kind.place, words, kind.data, names)
        else:
            return kind.data
        return None

    def _named_nodes(self, draft: Draft, node: Merged, plan: NodePlan) -> None:
        """Parameters that name another node must name one of this design."""
        report = Placed(node.fields, self.problems, node.place)
        names = named_nodes(params_of(self.catalogue.kind(plan.kind)), node.fields.plain())
        self._checked_names(draft, report, names, (node.name,))

    def _checked_names(
        self, draft: Draft, report: Placed, names: Iterable[tuple[Route, str, Param]], owners: tuple[str, ...]
    ) -> None:
        for route, name, param in names:
            place = report.find(route)
            if name not in draft.nodes:
                words = f"design {draft.name} has no node {shown(name)}, which {owners[0]} names"
                self.problems.unknown(place, words, name, draft.nodes)
            elif name in owners:
                self.problems.add(place, f"{name} cannot name itself in '{route[-1]}'")
            elif name in draft.plans and param.options and (role := self.role(draft, name)) not in param.options:
                self.problems.add(place, f"'{route[-1]}' needs a {' or '.join(param.options)}; {name} is a {role}")

    # Links

    def _links(self, draft: Draft, links: Value | None) -> None:
        if links is None or not isinstance(links.data, list) or not links.data:
            got = "" if links is None else f", got {shown(links.data) if links.data != [] else 'an empty list'}"
            place = draft.place if links is None else links.place
            self.problems.add(place, f"design {draft.name} needs links: a list such as [web -> orders]{got}")
            return
        seen: dict[tuple[str, str], Place] = {}
        for item in links.data:
            self._link_item(draft, item, seen)
            if len(draft.links) > MAX_LINKS:
                self.problems.add(item.place, f"more than {MAX_LINKS:,} links, the limit")
                return
        self._prepared_links(draft)
        if circle := graph.cycle(draft.links):
            words = f"design {draft.name} has a circle of calls, {' -> '.join(_cut(circle))}, which would never end"
            self.problems.add(seen[circle[0], circle[1]], f"{words}; make one of them a hand-off (=>) through a queue")

    def _link_item(self, draft: Draft, item: Value, seen: dict[tuple[str, str], Place]) -> None:
        settings: Value = Value({}, item.line, item.column)
        text: Value | None = item
        if isinstance(item.data, dict):
            settings, text = item, item.get("link")
            if text is None:
                self.problems.add(item.place, "a link with settings needs 'link', such as link: orders -> inventory")
                return
        if text is None or not isinstance(text.data, str):
            got = shown(text.data if text is not None else None)
            self.problems.add(item.place, f"expected a link such as web -> orders, got {got}")
            return
        for caller, mode, callee in self._chain(text):
            self._link(draft, caller, mode, callee, settings, seen)

    def _chain(self, text: Value) -> Iterable[tuple[Value, str, Value]]:
        """The links of `a -> b => c`, each name with its place; nothing after a mistake."""
        parts: list[tuple[str, Place]] = []
        at, source = 0, text.data
        while at < len(source.rstrip()):
            match = _STEP.match(source, at)
            place = (text.line, text.column + at + int(text.quoted) + len(source[at:]) - len(source[at:].lstrip()))
            is_arrow = len(parts) % 2 == 1
            if match is None or bool(match[1]) != is_arrow:
                wanted = "-> or =>" if is_arrow else "the name of a node"
                self.problems.add(place, f"expected {wanted} here: {shown(source[at:].strip())} in {shown(source)}")
                return []
            parts.append((match[1] or match[2], place))
            at = match.end()
        if len(parts) < 3 or len(parts) % 2 == 0:
            self.problems.add(text.place, f"expected a link such as web -> orders, got {shown(source)}")
            return []
        values = [Value(name, *place) for name, place in parts]
        return [(values[i], parts[i + 1][0], values[i + 2]) for i in range(0, len(values) - 2, 2)]

    def _link(
        self, draft: Draft, caller: Value, mode: str, callee: Value, settings: Value, seen: dict[tuple[str, str], Place]
    ) -> None:
        known = [self._known(draft, end) for end in (caller, callee)]
        if not all(known):
            return
        first = seen.setdefault((caller.data, callee.data), caller.place)
        if first != caller.place:
            words = f"{caller.data} and {callee.data} are joined twice in design {draft.name}; first on line {first[0]}"
            self.problems.add(caller.place, words)
            return
        if caller.data == callee.data:
            self.problems.add(caller.place, f"{caller.data} cannot be joined to itself")
            return
        ends = (caller.data, mode, callee.data)
        if caller.data not in draft.plans or callee.data not in draft.plans:
            self._settled(draft, ends, "", settings)
            return
        derived, remedy = joins_roles(self.role(draft, caller.data), self.role(draft, callee.data), mode)
        if not derived:
            remedy = remedy.format(caller=caller.data, callee=callee.data)
            kinds = f"a {draft.plans[caller.data].kind} and a {draft.plans[callee.data].kind}"
            self.problems.add(caller.place, f"{caller.data} {mode} {callee.data} cannot join {kinds}: {remedy}")
        self._settled(draft, ends, derived, settings)

    def _known(self, draft: Draft, end: Value) -> bool:
        if end.data in draft.nodes:
            return True
        words = f"design {draft.name} has no node {shown(end.data)}"
        self.problems.unknown(end.place, words, end.data, draft.nodes)
        return False

    def _settled(self, draft: Draft, ends: tuple[str, str, str], derived: str, settings: Value) -> None:
        caller, mode, callee = ends
        reading = Reading(Placed(settings, self.problems, settings.place), self.folder)
        owner, guards = f"the link {caller} {mode} {callee}", Guards(self.catalogue, "link")
        kinds = [self.catalogue.kind(draft.plans[end].kind) if end in draft.plans else None for end in (caller, callee)]
        params = link_params(*kinds)
        values, policies = self._values(reading, settings, params, ["link"], guards, owner)
        self._named_by_link(draft, settings, params, caller, callee)
        if values is not WRONG and derived:
            self._prepared_link(kinds[0], {**values, "mode": mode, "to": callee}, settings, owner)
        if values is WRONG or policies is None or not derived:
            draft.links.append(LinkPlan(caller, callee, mode, derived))
            return
        for name in settings.data:
            if words := misplaced(name, derived) or (
                f"'{name}' guards calls, and this link consumes from a queue"
                if derived == PULL and name in policies
                else ""
            ):
                self.problems.add(settings.keys[name], words)
        wiring, words = chosen_wiring(derived, values.pop("wiring"))
        if words and "wiring" in settings.data:
            self.problems.add(settings.data["wiring"].place, words)
        self.given[draft.name, f"{caller} {mode} {callee}"] = frozenset(settings.data)
        draft.links.append(LinkPlan(caller, callee, mode, wiring, values, policies))

    def _prepared_link(self, kind: Any, values: dict[str, Any], settings: Value, owner: str) -> None:
        """Let the caller's kind look at the settings of one of its links as a whole."""
        prepare = getattr(kind, "prepare_link", None)
        if prepare is None:
            return
        try:
            prepare(values)
        except ValueError as error:
            self.problems.add(_place_of(error, settings, settings.place), f"{owner}: {' '.join(str(error).split())}")

    def _prepared_links(self, draft: Draft) -> None:
        """Let kinds look at all links out of one of their nodes together, and at all queues that it consumes."""
        out = graph.outgoing(draft.links)
        for name, plan in draft.plans.items():
            pulled = [link for link in draft.links if link.callee == name and link.wiring == PULL]
            self._together(draft, plan, "prepare_links", [(link.callee, link) for link in out.get(name, [])])
            self._together(draft, plan, "prepare_inlets", [(link.caller, link) for link in pulled])

    def _together(self, draft: Draft, plan: NodePlan, hook: str, links: list[tuple[str, LinkPlan]]) -> None:
        """Let the kind of a node look at some of its links together, each with the name and the kind of the other end."""
        prepare = getattr(self.catalogue.kind(plan.kind), hook, None)
        if prepare is None or not plan.values or not all(link.values for _, link in links):
            return
        try:
            more = [(other, link, {"role": self.role(draft, other), "mode": link.mode}) for other, link in links]
            ends = [(other, draft.plans[other].kind, link.values | said) for other, link, said in more]
            prepare(plan.values, ends)
        except ValueError as error:
            node = draft.nodes[plan.name]
            self.problems.add(_place_of(error, node.fields, node.place), f"{plan.name}: {' '.join(str(error).split())}")

    def _named_by_link(
        self, draft: Draft, settings: Value, params: dict[str, Param], caller: str, callee: str
    ) -> None:
        """Settings of a link that name a node must name one of this design, other than its ends."""
        report = Placed(settings, self.problems, settings.place)
        self._checked_names(draft, report, named_nodes(params, settings.plain()), (caller, callee))

    def role(self, draft: Draft, name: str) -> str:
        """The role of a node's kind."""
        return str(self.catalogue.kind(draft.plans[name].kind).role)


def _common(kind: Any) -> dict[str, Param]:
    """The fields that every node of a kind has, whatever it declares: replicas only where its owner chooses them."""
    return {"replicas": REPLICAS, "zones": ZONES, "dice": DICE} if has_replicas(kind) else {"dice": DICE}


def has_replicas(kind: Any) -> bool:
    """Whether a node of this kind may have several replicas."""
    return bool(kind.role in ("service", "proxy", "gateway") and not getattr(kind, "managed", False))


def _place_of(error: ValueError, fields: Value, place: Place) -> Place:
    """Where in these fields a kind found a mistake: where its path leads, as far as that goes; else their own place."""
    path: tuple[str | int, ...] = getattr(error, "path", ())
    return fields.at(path).place if path and path[0] in fields.data else place


def _over(below: Merged, own: Value) -> Merged:
    data, keys = {**below.fields.data, **own.data}, {**below.fields.keys, **own.keys}
    return Merged(below.name, below.place, Value(data, *below.fields.place, keys=keys), below.shared)


def _cut(circle: list[str]) -> list[str]:
    return circle if len(circle) <= 8 else [*circle[:4], "…", *circle[-3:]]


def named_nodes(
    params: dict[str, Param], values: dict[str, Any], route: Route = ()
) -> Iterator[tuple[Route, str, Param]]:
    """Every parameter that names a node and does: the way to it, the name and the declaration."""
    for name, param in params.items():
        value = values.get(name)
        if param.type == "node" and isinstance(value, str):
            yield (*route, name), value, param
        elif param.type == "group" and isinstance(value, dict):
            yield from named_nodes(param.fields, value, (*route, name))
        elif param.type == "table" and isinstance(value, dict):
            rows = ((entry, row) for entry, row in value.items() if isinstance(row, dict))
            yield from (found for entry, row in rows for found in named_nodes(param.fields, row, (*route, name, entry)))


def finished(draft: Draft) -> DesignPlan:
    """The design as a plan."""
    return DesignPlan(draft.name, tuple(draft.plans.values()), tuple(draft.links), draft.about)
