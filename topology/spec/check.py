"""What a sound file may still get wrong: designs that cannot work, and every default with its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from topology.links import link_params, misplaced
from topology.node import PULLED, SOURCES
from topology.offering import offers
from topology.parameters import OURS, Param
from topology.plan import CALL, PULL, DesignPlan, LinkPlan, NodePlan, Playground
from topology.problems import Problems
from topology.spec import graph
from topology.spec.build import PARAMS
from topology.spec.catalogue import Catalogue, Registered, params_of, policy_param, works
from topology.spec.designs import DICE, REPLICAS, ZONES, DesignReader, has_replicas, named_nodes
from topology.spec.loading import tree
from topology.spec.values import text_of
from topology.units import format_duration, format_rate, format_share

BUSY = 0.9
"""A service that is busier than this before anything breaks has nothing left for when something does."""


def warnings(playground: Playground, catalogue: Catalogue | None = None) -> list[str]:
    """What a person should know before running it, one sentence each, in the order of the designs."""
    known = catalogue or Registered()
    found: list[str] = []
    for design in playground.designs:
        for words in Judge(playground, design, known).warnings():
            found.append(f"{design.name}: {words}" if len(playground.designs) > 1 else words)
    found += _unreached_everywhere(playground, known)
    found += [
        f"no node has to do work for {flow.producer}; say 'work: [NODE]'" for flow in playground.flows if not flow.work
    ]
    return list(dict.fromkeys(found))


def _unreached_everywhere(playground: Playground, catalogue: Catalogue) -> Iterator[str]:
    seen = {name for d in playground.designs for name in Judge(playground, d, catalogue).reached()}
    shared = dict.fromkeys(n.name for d in playground.designs for n in d.nodes if n.shared)
    yield from (f"nothing reaches {name} in any design" for name in shared if name not in seen)


class Judge:
    """Looks at one design, with the arithmetic of queues: rates, how long work is held, how busy that makes a node."""

    def __init__(self, playground: Playground, design: DesignPlan, catalogue: Catalogue) -> None:
        self.playground, self.design, self.catalogue = playground, design, catalogue
        self.nodes = {node.name: node for node in design.nodes}
        self.out = graph.outgoing(design.links)
        self.order = graph.order(list(self.nodes), design.links)
        self.rates = self._rates()
        self.mean, self.slow = self._held()

    def warnings(self) -> Iterator[str]:
        """Every warning about this design."""
        for node in self.design.nodes:
            yield from skipped_lines(node)
            yield from self._busy(node)
            yield from self._queue(node)
            yield from self._scaled(node)
        yield from self._inverted()
        yield from self._multiplied()
        yield from self._unreached()
        yield from self._left_out()
        circle = graph.cycle(self.design.links, None)
        if circle:
            yield f"{', '.join(circle[:-1])} hand work round in a circle, which may never end"

    def kind(self, name: str) -> Any:
        """The class of a node's kind."""
        return self.catalogue.kind(self.nodes[name].kind)

    def role(self, name: str) -> str:
        """The role of a node's kind."""
        return str(self.kind(name).role)

    def reached(self) -> set[str]:
        """What messages get to, and what the nodes on the way name, such as dead-letter queues."""
        found = graph.reached((n for n in self.nodes if self.role(n) in SOURCES), self.design.links)
        waiting = list(found)
        while waiting:
            node = self.nodes[waiting.pop()]
            for name in self._named(node):
                further = graph.reached([name], self.design.links) - found
                found |= further
                waiting += further
        return found

    def _named(self, node: NodePlan) -> Iterator[str]:
        """The nodes that a node names, itself or on one of its links."""
        yield from (name for _, name, _ in named_nodes(params_of(self.kind(node.name)), node.values))
        for link in self.out.get(node.name, []):
            params = link_params(self.kind(node.name), self.kind(link.callee))
            yield from (name for _, name, _ in named_nodes(params, link.values))

    # Arithmetic

    def _rates(self) -> dict[str, float]:
        """Messages per second at each node while all is well; none where nobody knows how many, behind a cache."""
        rates = dict.fromkeys(self.nodes, 0.0)
        for name in self.order:
            if self.role(name) in SOURCES:
                rates[name] += _offered(self.nodes[name])
            links = self.out.get(name, [])
            share = 1 / len(links) if links and self.role(name) in ("proxy", "queue") else 1
            share = 0 if getattr(self.kind(name), "shields", False) else share
            for link in links:
                rates[link.callee] += rates[name] * share
        return rates

    def _held(self) -> tuple[dict[str, float], dict[str, float]]:
        """How long a node holds a message, on average and for the slowest of 100, in nanoseconds."""
        mean, slow = dict.fromkeys(self.nodes, 0.0), dict.fromkeys(self.nodes, 0.0)
        for name in reversed(self.order):
            takes = self.nodes[name].values.get("takes")
            links = [link for link in self.out.get(name, []) if link.mode == CALL]
            below_mean = [mean[link.callee] + 2 * _delay(link).mean_ns() for link in links]
            below_slow = [slow[link.callee] + 2 * _delay(link).quantile(0.99) for link in links]
            chosen = self.role(name) == "proxy" and links
            mean[name] = (takes.mean_ns() if takes else 0.0) + (max(below_mean) if chosen else sum(below_mean))
            slow[name] = (takes.quantile(0.99) if takes else 0.0) + (max(below_slow) if chosen else sum(below_slow))
        return mean, slow

    def _capacity(self, node: NodePlan) -> float:
        """Messages per second that a service can work off, waiting for others included."""
        slots = node.values.get("slots") or 0
        held = self.mean[node.name]
        return float("inf") if held <= 0 else node.replicas * slots * 1e9 / held

    # Warnings

    def _busy(self, node: NodePlan) -> Iterator[str]:
        if self.role(node.name) != "service" or not node.values.get("slots"):
            return
        rate, takes = self.rates[node.name], node.values.get("takes")
        cores = node.replicas * (node.values.get("cores") or node.values["slots"])
        work = rate * takes.mean_ns() / 1e9 / cores if takes else 0.0
        held = rate / self._capacity(node)
        if takes is not None and work > BUSY:
            each = format_duration(round(takes.mean_ns()))
            yield (
                f"{node.name} is {format_share(work)} busy before anything breaks: "
                f"{format_rate(rate)} of {each} each on {cores:,} at once"
            )
        elif held > BUSY:
            slots = node.replicas * node.values["slots"]
            each = format_duration(round(self.mean[node.name]))
            yield (
                f"{node.name} has {format_share(held)} of its {slots:,} slots taken before anything breaks: "
                f"{format_rate(rate)}, each held for {each} while it waits for others"
            )

    def _scaled(self, node: NodePlan) -> Iterator[str]:
        """Bounds that the first look would enforce, and two policies that both want to say who is next."""
        scaling = node.policies.get("autoscaling")
        if scaling is not None and not scaling["min"] <= node.replicas <= scaling["max"]:
            yield (
                f"{node.name} begins with {node.replicas} replicas, and its autoscaling keeps them between "
                f"{scaling['min']} and {scaling['max']}"
            )
        queue = node.policies.get("queue")
        if queue is not None and "fair_queue" in node.policies and queue["order"] != "fifo":
            yield f"{node.name} has a fair_queue, which its queue's order '{queue['order']}' takes the place of"

    def _queue(self, node: NodePlan) -> Iterator[str]:
        if self.role(node.name) not in PULLED:
            return
        consumers = [self.nodes[link.callee] for link in self.out.get(node.name, []) if link.wiring == PULL]
        visibility, retention = node.values.get("visibility"), node.values.get("retention")
        for consumer in consumers:
            slow = self.slow[consumer.name]
            if visibility is not None and visibility < slow:
                yield (
                    f"{node.name} shows a message again after {format_duration(visibility)}, and {consumer.name} "
                    f"takes up to {format_duration(round(slow))} (p99): it will be done twice"
                )
        needed = self._drained(node, consumers)
        if retention is not None and consumers and retention < needed:
            yield (
                f"{node.name} keeps a message for {format_duration(retention)}, and working off a backlog "
                f"takes {format_duration(round(needed))}: messages will expire"
            )
        if not consumers and any(link.callee == node.name for link in self.design.links):
            yield f"nobody consumes {node.name}, so what is handed to it is never done"
        yield from self._dead_letters(node)

    def _dead_letters(self, node: NodePlan) -> Iterator[str]:
        """A FIFO queue and its dead-letter queue must be of one sort, and so must the others."""
        dead = node.values.get("dead_letter")
        other = self.nodes.get(dead["to"]) if dead else None
        if other is not None and _is_fifo(node) != _is_fifo(other):
            sort = "FIFO" if _is_fifo(node) else "standard"
            yield f"{node.name} is a {sort} queue and {other.name} is not: its dead-letter queue must be one, too"

    def _drained(self, node: NodePlan, consumers: list[NodePlan]) -> float:
        """How long the oldest message waits after the longest outage of the timeline; without one, the drain."""
        end = self.playground.duration_ns
        outages = [e.for_ns or end - e.at_ns for e in self.playground.timeline if e.verb == "inject"]
        rate, capacity = self.rates[node.name], sum(map(self._capacity, consumers))
        if not outages:
            return float(self.playground.drain_ns)
        if capacity <= rate:
            return 0.0  # it never drains, which is said of the consumer
        return max(outages) * (1 + rate / (capacity - rate))

    def _inverted(self) -> Iterator[str]:
        for link in self.design.links:
            patience = _timeout(link)
            if patience is None:
                continue
            for deeper in self._calls_of(link.callee):
                limit, attempts = _timeout(deeper), _attempts(deeper)
                if limit is not None and limit * attempts >= patience:
                    each = f" {attempts} times" if attempts > 1 else ""
                    yield (
                        f"{link.caller} gives up on {link.callee} after {format_duration(patience)}, while "
                        f"{deeper.caller} waits {format_duration(limit)}{each} for {deeper.callee}: "
                        f"the inner timeout should be the shorter"
                    )

    def _calls_of(self, name: str) -> list[LinkPlan]:
        """What a callee calls itself; those to whom proxies pass calls on are looked through."""
        direct = [link for link in self.out.get(name, []) if link.mode == CALL]
        while self.role(name) in ("proxy", "gateway") and direct:
            name = direct[0].callee
            direct = [link for link in self.out.get(name, []) if link.mode == CALL]
        return direct

    def _multiplied(self) -> Iterator[str]:
        """Retries of retries: the most attempts that one message can cause at the end of a chain of calls."""
        most: dict[str, tuple[int, int]] = {}
        for name in self.order:
            product, layers = most.get(name, (1, 0))
            for link in self.out.get(name, []):
                attempts = _attempts(link) if link.mode == CALL else 1
                here = (product * attempts, layers + (attempts > 1)) if link.mode == CALL else (1, 0)
                most[link.callee] = max(most.get(link.callee, (1, 0)), here)
                if attempts > 1 and here[1] > 1:
                    yield (
                        f"retries multiply: one message may become {here[0]:,} attempts at {link.callee}; "
                        f"retry in one layer only, or give a retry_budget"
                    )

    def _unreached(self) -> Iterator[str]:
        found = self.reached()
        yield from (f"nothing reaches {n.name}" for n in self.design.nodes if not n.shared and n.name not in found)

    def _left_out(self) -> Iterator[str]:
        for flow in self.playground.flows:
            if flow.producer not in self.nodes or not offers(self.kind(flow.producer), flow.producer, self.design.links):
                continue
            open_links = [x for x in self.design.links if not graph.selective(x, self.kind(x.caller))]
            found = graph.reached([flow.producer], graph.unshielded(open_links, self.kind, flow.producer))
            for name in self.nodes:
                working = works(self.kind(name)) and not getattr(self.kind(name), "shields", False)
                if working and name in found and name not in flow.work:
                    yield f"{name} works for {flow.producer}, and its work list leaves it out: nobody counts its part"
            always = graph.always_reached(flow.producer, self.design, self.kind, filtered=True)
            for name in flow.work:
                if name not in always:
                    yield f"not every message of {flow.producer} reaches {name}, whose part its work list requires"


def _offered(node: NodePlan) -> float:
    rate, every = node.values.get("rate"), node.values.get("every")
    if every is not None:
        return float(node.values.get("jobs", 1)) * 1e9 / float(every)
    if rate is None and node.values.get("wave") is not None:
        return float(node.values["wave"]["high"])
    return float(rate) if rate is not None else getattr(node.values.get("replay"), "mean_rate", 0.0)


def skipped_lines(node: NodePlan) -> Iterator[str]:
    """What a producer leaves out of the log that it replays, where it may."""
    replay = node.values.get("replay")
    skipped: int = getattr(replay, "skipped", 0)
    if replay is not None and skipped:
        lines = "1 line" if skipped == 1 else f"{skipped:,} lines"
        yield f"{node.name} skips {lines} of its log; the first is {replay.first_skipped}"


def _is_fifo(queue: NodePlan) -> bool:
    fifo = queue.values.get("fifo")
    return bool(fifo and fifo["on"])


def _delay(link: LinkPlan) -> Any:
    return link.values["delay"]


def _timeout(link: LinkPlan) -> int | None:
    after = link.policies.get("timeout", {}).get("after")
    return after if isinstance(after, int) else None


def _attempts(link: LinkPlan) -> int:
    attempts = link.policies.get("retry", {}).get("attempts")
    return attempts if isinstance(attempts, int) else 1


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a resolved playground, and where it comes from: the file, a page, or ours."""

    where: str
    name: str
    value: str
    source: str


IN_FILE = "the file"


def resolved(playground: Playground, catalogue: Catalogue | None = None) -> list[Row]:
    """Every value that a run goes by, with its source."""
    known = catalogue or Registered()
    root = tree(playground.source, Problems(playground.path))
    reader = DesignReader(known, Problems(playground.path), "")
    designs = root.get("designs")
    drafts = {} if designs is None else {draft.name: draft for draft in reader.drafts(root.get("nodes"), designs)}
    rows = _plain_rows(playground, frozenset(root.data))
    for flow in playground.flows:
        given = flow.producer in reader.work
        value = ", ".join(flow.work) or "nobody"
        rows.append(
            Row(flow.producer, "work", value, IN_FILE if given else "what every message reaches in every design")
        )
    for design in playground.designs:
        for node in design.nodes:
            rows += _node_rows(design, node, frozenset(drafts[design.name].nodes[node.name].fields.data), known)
        kinds = {node.name: known.kind(node.kind) for node in design.nodes}
        for link in design.links:
            params = link_params(kinds[link.caller], kinds[link.callee])
            rows += _link_rows(design, link, params, reader.given.get((design.name, link.name), frozenset()), known)
    return rows


def _plain_rows(playground: Playground, given: frozenset[str]) -> list[Row]:
    values = {
        "duration": playground.duration_ns,
        "seed": playground.seed,
        "warmup": playground.warmup_ns,
        "settle": playground.settle_ns,
        "drain": playground.drain_ns,
        "grid": playground.grid_ns,
    }
    return [_row(playground.name, name, PARAMS[name], value, name in given) for name, value in values.items()]


def _row(where: str, name: str, param: Param, value: Any, given: bool) -> Row:
    return Row(where, name, text_of(param, value), IN_FILE if given else param.source or OURS)


def _node_rows(design: DesignPlan, node: NodePlan, given: frozenset[str], catalogue: Catalogue) -> list[Row]:
    where = f"{design.name}: {node.name} ({node.kind})"
    kind = catalogue.kind(node.kind)
    rows = [_row(where, "replicas", REPLICAS, node.replicas, "replicas" in given)] if has_replicas(kind) else []
    if node.zones:
        rows.append(_row(where, "zones", ZONES, node.zones, True))
    if node.dice != node.name:
        rows.append(_row(where, "dice", DICE, node.dice, True))
    params = params_of(kind)
    rows += [_row(where, n, params[n], value, n in given) for n, value in node.values.items()]
    return rows + _policy_rows(where, node.policies, catalogue)


def _policy_rows(where: str, policies: dict[str, dict[str, Any]], catalogue: Catalogue) -> list[Row]:
    return [
        _row(where, name, policy_param(catalogue.policy(name), name), values, True) for name, values in policies.items()
    ]


def _link_rows(
    design: DesignPlan, link: LinkPlan, params: dict[str, Param], given: frozenset[str], catalogue: Catalogue
) -> list[Row]:
    where = f"{design.name}: {link.name}"
    rows = [Row(where, "wiring", link.wiring, IN_FILE if "wiring" in given else "what the link joins")]
    for name, value in link.values.items():
        if not misplaced(name, link.wiring):
            rows.append(_row(where, name, params[name], value, name in given))
    return rows + _policy_rows(where, link.policies, catalogue)
