"""From targets as people write them to replicas and links of each design, resolved when a fault fires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.command import Refused
from chaos.fault import ANYTHING, LINKS, PRODUCERS
from topology.chance import Dice
from topology.node import PRODUCER
from topology.plan import DesignPlan, LinkPlan, Playground
from topology.registry import kind
from topology.spec.targets import Aim, parse_target, zone_name
from topology.world import Target, World


@dataclass(frozen=True, slots=True)
class Hit:
    """What one command hits in each design that has something to hit, and how people would say it."""

    targets: dict[str, tuple[Target, ...]]
    nodes: frozenset[str]
    """The nodes that are hit themselves, as far as nodes were named."""
    words: str

    def touched(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The nodes that a person would look for it on: those that are hit, and both ends of a link that was named."""
        named = [link for text in texts if (link := read(text).link) is not None]
        ends = {end for caller, _, callee in named for end in (caller, callee)}
        return tuple(sorted(self.nodes | ends))


class Resolver:
    """Resolves targets against the designs of one playground, with dice that no other command moves."""

    def __init__(self, playground: Playground, worlds: Sequence[World], seed: int) -> None:
        self.playground = playground
        self.worlds = {world.plan.name: world for world in worlds}
        self.seed = seed
        nodes = [node for plan in playground.designs for node in plan.nodes]
        self.producers = frozenset(node.name for node in nodes if kind(node.kind).role == PRODUCER)
        """The outside world, which surges and does not break."""

    def resolve(self, texts: Sequence[str], acts_on: str, designs: Sequence[str], salt: str) -> Hit:
        """What these targets mean now, in these designs (none named: all that have them)."""
        plans = self._plans(designs)
        found: dict[str, list[Target]] = {plan.name: [] for plan in plans}
        words = []
        nodes: set[str] = set()
        for text in texts:
            aim = read(text)
            self.check(aim, text, acts_on, plans)
            words.append(self._one(aim, text, acts_on, plans, salt, found))
            nodes.add(aim.node)
        nodes |= {target.node for targets in found.values() for target in targets}
        hits = {name: tuple(dict.fromkeys(targets)) for name, targets in found.items() if targets}
        return Hit(hits, frozenset(nodes - {""}), ", ".join(words))

    def check(self, aim: Aim, text: str, acts_on: str, plans: Sequence[DesignPlan]) -> None:
        """Refuse what can never be hit: unknown names, and targets that such a fault cannot act on."""
        if aim.link is not None:
            if acts_on not in (LINKS, ANYTHING):
                raise Refused(f"{text} is a link, and this breaks nodes; name one of its ends")
            if not any(_links(plan, aim) for plan in plans):
                raise Refused(f"no design has the link {text}{_near(text, _link_names(plans))}")
        elif aim.node:
            self._check_node(aim, acts_on, plans)
        elif aim.zone is not None and acts_on == LINKS:
            raise Refused("this lies on links, which are in no zone; name a node or a link such as a -> b")
        elif aim.zone is not None and not any(n.zones > aim.zone for plan in plans for n in plan.nodes):
            raise Refused(f"no node has replicas in zone {zone_name(aim.zone)}; give one 'zones: {aim.zone + 1}' or more")
        elif aim.kind and not any(node.kind == aim.kind for plan in plans for node in plan.nodes):
            raise Refused(f"no design has a node of kind {aim.kind}{_near(aim.kind, _kinds(plans))}")

    def _check_node(self, aim: Aim, acts_on: str, plans: Sequence[DesignPlan]) -> None:
        name = aim.node
        if aim.zone is not None and not any(n.name == name and n.zones > aim.zone for plan in plans for n in plan.nodes):
            raise Refused(f"{name} has no replicas in zone {zone_name(aim.zone)}; give it 'zones: {aim.zone + 1}' or more")
        if not any(plan.node(name) for plan in plans):
            known = [node.name for plan in plans for node in plan.nodes]
            raise Refused(f"no design has a node called {name}{_near(name, known)}")
        if acts_on == LINKS and (aim.replica is not None or aim.quantity != "all"):
            raise Refused(f"this lies on links: write {name} for all its links, or name one such as a -> b")
        if acts_on == PRODUCERS and name not in self.producers:
            raise Refused(f"{name} offers nothing: a surge needs a producer ({', '.join(sorted(self.producers))})")
        if acts_on == "replicas" and name in self.producers:
            raise Refused(f"{name} is the outside world, which does not break; let it surge, or set its rate")

    def _plans(self, designs: Sequence[str]) -> list[DesignPlan]:
        known = [plan.name for plan in self.playground.designs]
        for name in designs:
            if name not in known:
                raise Refused(f"there is no design called {name}{_near(name, known)}")
        return [plan for plan in self.playground.designs if not designs or plan.name in designs]

    def _one(
        self,
        aim: Aim,
        text: str,
        acts_on: str,
        plans: Sequence[DesignPlan],
        salt: str,
        found: dict[str, list[Target]],
    ) -> str:
        """Add what one target means to what was found, and say it in words."""
        if acts_on == LINKS or aim.link is not None:
            for plan in plans:
                found[plan.name].extend(Target(link=link.name) for link in _links(plan, aim))
            return text if aim.link else f"{text} (all links)"
        names = self._names(aim, acts_on, plans)
        said: list[str] = []
        for name in names:
            said.append(self._node(name, aim, plans, salt, found))
        return ", ".join(said) if aim.node else text

    def _names(self, aim: Aim, acts_on: str, plans: Sequence[DesignPlan]) -> list[str]:
        """The nodes meant, each once, in file order."""
        if aim.node:
            return [aim.node]
        meant = [n for plan in plans for n in plan.nodes if not aim.kind or n.kind == aim.kind]
        if aim.zone is not None:
            meant = [n for n in meant if n.zones > aim.zone]
        outside = acts_on == PRODUCERS
        every = acts_on == ANYTHING
        return list(dict.fromkeys(n.name for n in meant if every or (n.name in self.producers) == outside))

    def _node(self, name: str, aim: Aim, plans: Sequence[DesignPlan], salt: str, found: dict[str, list[Target]]) -> str:
        having = [plan.name for plan in plans if plan.node(name)]
        there = {design: tuple(self.worlds[design].replicas(name)) for design in having}
        chosen = self._chosen(name, aim, there, salt)
        struck: set[int] = set()
        for design, replicas in there.items():
            hit = tuple(i for i in replicas if i in chosen and _in_zone(self.worlds[design].plan, name, i, aim.zone))
            if hit:
                found[design].append(Target(node=name, replicas=hit))
                struck |= set(hit)
        if aim.zone is not None:
            return ", ".join(f"{name}/{i}" for i in sorted(struck)) or f"{name} (nobody)"
        if aim.replica is not None or aim.quantity != "all":
            return ", ".join(f"{name}/{i}" for i in sorted(chosen)) or f"{name} (nobody)"
        return f"{name} (all replicas)" if len(chosen) > 1 else name

    def _chosen(self, name: str, aim: Aim, there: dict[str, tuple[int, ...]], salt: str) -> set[int]:
        """The indices that are hit: the same in every design, among those that all of them have if there are any."""
        everywhere = set.intersection(*map(set, there.values())) if there else set()
        candidates = sorted(everywhere or {i for replicas in there.values() for i in replicas})
        if aim.replica is not None:
            return {aim.replica}
        if aim.quantity == "all":
            return {i for replicas in there.values() for i in replicas}
        wanted = 1 if aim.quantity == "one" else (len(candidates) + 1) // 2
        dice = Dice(self.seed, "target", name, salt)
        candidates.sort(key=lambda i: (dice.bits(i, 0), i))
        return set(candidates[:wanted])


def _in_zone(plan: DesignPlan, name: str, replica: int, zone: int | None) -> bool:
    """Whether a replica is in a zone; those of a node are dealt to its zones in turn. No zone: every one is."""
    node = plan.node(name)
    return zone is None or (node is not None and node.zones > 0 and replica % node.zones == zone)


def read(text: str) -> Aim:
    """Read one target as written; Refused where it is none."""
    try:
        return parse_target(text)
    except ValueError as error:
        raise Refused(str(error)) from error


def _links(plan: DesignPlan, aim: Aim) -> list[LinkPlan]:
    if aim.link is not None:
        return [link for link in plan.links if (link.caller, link.mode, link.callee) == aim.link]
    if aim.node:
        return [link for link in plan.links if aim.node in (link.caller, link.callee)]
    kinds = {node.name: node.kind for node in plan.nodes}
    return [k for k in plan.links if not aim.kind or aim.kind in (kinds.get(k.caller), kinds.get(k.callee))]


def _link_names(plans: Sequence[DesignPlan]) -> list[str]:
    return [link.name for plan in plans for link in plan.links]


def _kinds(plans: Sequence[DesignPlan]) -> list[str]:
    return [node.kind for plan in plans for node in plan.nodes]


def _near(name: str, known: Sequence[str]) -> str:
    from topology.problems import near_miss  # needed only where something is wrong

    near = near_miss(name, dict.fromkeys(known))
    return f"; did you mean {near}?" if near else ""
