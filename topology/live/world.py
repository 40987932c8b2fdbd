"""The live world of one design: every replica in a process of its own, driven by the wall's clock.

What it shows, and how its verbs fold, ramp and beat, is a simulated world in which no replica does anything by itself: the
processes do, their figures are shown in its places, and their books are kept in its ledger.
"""

from __future__ import annotations

import base64
import pickle
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from topology.frame import Frame
from topology.live.books import DIED, Books, Line, died, succeeded
from topology.live.gauges import Board, mirror_of
from topology.live.layout import check, home_of, homes, hosts_of, keeps
from topology.live.network import KINDS, toxic_of
from topology.live.stage import ABSENT, ENDING, READY, STARTING, Host, Stage
from topology.message import Tally
from topology.node import Node
from topology.plan import PULL, DesignPlan, NodePlan, Playground
from topology.registry import kind
from topology.series import Samples
from topology.sim.elsewhere import Elsewhere
from topology.sim.place import Place
from topology.sim.world import SimWorld
from topology.world import Beat, Target, Turn

POWERS: Final = frozenset({"kill", "freeze", "lay", "surge", "scale", "rewire", "set", "rate", "redrive", "flush", "links"})
NOT_THERE: Final = -1
"""The cause of being down that is a process which is not there, or not ready."""
FAST_DEATHS: Final = 5
"""A process that dies by itself so often within a run makes the run end."""


class _Mirrors(Elsewhere):
    """A world whose places show what others do."""

    def __init__(self) -> None:
        super().__init__()
        self.split = False

    def machine(self, node: NodePlan, index: int) -> Node | None:
        return mirror_of(node)


class LiveWorld:
    """One design, live. See `topology.world.World` for the verbs."""

    def __init__(self, stage: Stage, plan: DesignPlan, playground: Playground, seed: int) -> None:
        check(plan)
        self.stage = stage
        self.plan = plan
        self.powers = POWERS
        self.grid_ns = playground.grid_ns
        self.model = SimWorld(plan, playground, seed, None, _Mirrors())
        self.books = Books(self.model.core.ledger, self.model.flows, [wire.reaches for wire in self.model.wires])
        self.board = Board(self.model)
        self.lines: deque[Line] = deque()
        self.shared = homes(plan)
        self.hosts = {name: Host(self, name, here) for name, here in hosts_of(plan).items()}
        stage.hosts.update({host.full_name: host for host in self.hosts.values()})
        stage.worlds.append(self)
        self.laid: dict[int, dict[str, Any]] = {}
        """Layers that lie on processes now, so that one that is started anew gets them, too."""
        self.changed: dict[str, list[Any]] = {}
        self.known: dict[tuple[str, int], list[Any]] = {}
        """What all processes know of each replica."""
        self.deaths: dict[str, int] = {}
        self.stopped = False
        self.said_at = -self.grid_ns

    # Time

    @property
    def now(self) -> int:
        """Everything before this instant has happened."""
        return self.model.now

    def advance(self, until_ns: int) -> None:
        """Let the wall's clock get there."""
        self.stage.begin()
        self.stage.until(until_ns)
        self._catch_up(until_ns)
        self.settle()

    def _catch_up(self, until_ns: int) -> None:
        """Put into the ledger what happened before an instant, and look at the grid on the way."""
        lines, model = self.lines, self.model
        while lines and (lines[0].at < until_ns or lines[0].what == DIED):
            line = lines.popleft()
            if line.at > model.now + self.grid_ns:
                model.advance(min(line.at, until_ns))
            self.books.take(line)
        model.advance(until_ns)
        words = self.stage.bottleneck() if until_ns - self.said_at >= 5_000_000_000 else ""
        if words:
            self.said_at = until_ns
            self.model.core.notes.append((until_ns, "live", words))

    def begin(self) -> None:
        """All are ready: tell them that the run begins."""
        for host in self.hosts.values():
            self._begin(host)

    def _begin(self, host: Host) -> None:
        """Tell a process what is so by now."""
        host.begun = True
        state = [[*who, *self._state(who)] for who in self._everybody()]
        for row in state:
            self.known[row[0], row[1]] = row[2:]
        values = [[*key.split(".", 1), value] for key, (_, value) in self.changed.items()]
        laid = [one for one in self.laid.values() if self._concerns(host, one)]
        host.tell(begin={"epoch": self.stage.epoch, "state": state, "set": values, "laid": laid})
        if self.stopped:
            host.tell(stop=True)

    def _everybody(self) -> list[tuple[str, int]]:
        return [(place.node, int(place.index)) for group in self.model.core.groups for place in group.places]

    # What the processes say

    def take(self, line: Line) -> None:
        """One line of the books."""
        self.lines.append(line)

    def is_ready(self, host: Host) -> None:
        """A process is there, connected, and knows nothing so far."""
        if not self.stage.epoch:
            return
        self._begin(host)
        for place in self._places(host):
            place.now = self.model.core.engine.now
            place.starting = False
            place.lift_down(NOT_THERE)

    def is_gone(self, host: Host, planned: bool, code: int) -> None:
        """A process is not there any more; whoever killed it may have been somebody else."""
        for place in self._places(host):
            place.now = self.model.core.engine.now
            if not planned and not place.gone:
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                place.note(f"its process ended by itself ({how})")
            place.go_down(NOT_THERE)
            place.starting = False
        first = self._places(host)[0]
        if not self._durable(host):
            self.lines.append(died(host.number, self.stage.now, first.where))
        self.board.over(host.full_name, host.here)
        if not planned:
            self.deaths[host.name] = self.deaths.get(host.name, 0) + 1
            if self.deaths[host.name] >= FAST_DEATHS:
                self.stage.ended_by = f"{host.full_name} keeps ending by itself; {self.stage.last_words()}"

    def _durable(self, host: Host) -> bool:
        """Whether what a process accepted outlives it."""
        return any(keeps(kind(node.kind)) for node in self.plan.nodes if any(node.name == name for name, _ in host.here))

    def shown(self, host: Host, figures: dict[str, Any]) -> None:
        """A process measured."""
        if host.state == READY:
            self.board.show(host.full_name, figures)

    def departed(self, node: str, index: int) -> None:
        """A replica that was told to go has finished what it held."""
        place = self.model.groups[node].places[index]
        if not place.gone:
            place.leave()

    # What the processes are told

    def _places(self, host: Host) -> list[Place]:
        return [self.model.groups[node].places[index] for node, index in host.here]

    def _host_of(self, who: tuple[str, int]) -> Host:
        """The process of a replica, which may be a new one."""
        name = home_of(self.shared, *who)
        host = self.hosts.get(name)
        if host is None:
            host = self.hosts[name] = Host(self, name, [who])
            self.stage.hosts[host.full_name] = host
        return host

    def _state(self, who: tuple[str, int]) -> list[Any]:
        """What others must know of a replica: is it up, in the dark, draining, gone, provided."""
        place = self.model.groups[who[0]].places[who[1]]
        alive = self._host_of(who).state == ENDING  # until it is really gone
        up = place.up or (alive and not place.gone and bool(self.known.get(who, [False])[0]))
        return [bool(up), place.dark > 0, place.draining, place.gone, place.provided]

    def settle(self) -> None:
        """See to it that processes are as their replicas are: there or not, stopped or not; and that all know of it."""
        if self.stage.closed:
            return
        for who in self._everybody():
            self._host_of(who)
        for host in list(self.hosts.values()):
            self._settle(host)
        if not self.stage.epoch:
            return
        news = []
        for who in self._everybody():
            state = self._state(who)
            if self.known.get(who) != state:
                self.known[who] = state
                news.append([*who, *state])
        if news:
            for host in self.hosts.values():
                if host.begun:
                    host.tell(state=news)

    def _settle(self, host: Host) -> None:
        places = self._places(host)
        wanted = all(not p.gone and p.provided and all(h == NOT_THERE for h in p.downs) for p in places)
        if not wanted and host.state in (STARTING, READY):
            if not all(p.gone and p.draining for p in places) or host.state == STARTING or not self._finishing(host):
                self.stage.end(host)
        elif wanted and host.state == ABSENT:
            if self.stage.epoch:
                for place in places:
                    place.go_down(NOT_THERE)
                    place.starting = True
            count = {group.name: len(group.places) for group in self.model.core.groups}
            before = host.number
            orders = {"design": self.plan.name, "here": host.here, "places": count, "ports": self._ports(host)}
            self.stage.start(host, orders)
            if before and self._durable(host):
                self.lines.append(succeeded(before, host.number, self.stage.now))
        frozen = any(p.freezes for p in places)
        if frozen != host.stopped and host.state == READY:
            self.stage.stop(host, frozen)

    def _ports(self, host: Host) -> dict[str, int]:
        """Where the ends of the links of a process connect to, if links can be broken."""
        network = self.stage.network
        if network is None:
            return {}
        found = {}
        for number, link in enumerate(self.plan.links):
            asks = link.callee if link.wiring == PULL else link.caller
            for node, index in host.here:
                if node == asks:
                    found[f"{node}/{index}:{number}"] = network.port(self.plan.name, f"{node}/{index}", number)
        return found

    def _finishing(self, host: Host) -> bool:
        """Whether a process whose replica leaves still has something in work."""
        return any(p.meter.inside > 0 for p in self._places(host))

    # Verbs that break

    def kill(self, target: Target, ramp_ns: int = 0, silent: bool = False, beats: Beat | None = None) -> int:
        """SIGKILL; lifted, the processes are started anew. Silent: nobody is told that they are gone."""
        handle = self.model.kill(target, ramp_ns, silent, beats)
        self.settle()
        return handle

    def freeze(self, target: Target, ramp_ns: int = 0, beats: Beat | None = None) -> int:
        """SIGSTOP, and SIGCONT when it is lifted."""
        handle = self.model.freeze(target, ramp_ns, beats)
        self.settle()
        return handle

    def takes(self, kind: str, target: Target) -> bool:
        """As in the simulated world."""
        return self.model.takes(kind, target)

    def lay(
        self, kind: str, target: Target, values: dict[str, Any], ramp_ns: int = 0, beats: Beat | None = None
    ) -> int:
        """Lay a layer on processes, or on a link; ValueError where such a layer cannot lie."""
        handle = self.model.lay(kind, target, values, ramp_ns, beats)
        network = self.stage.network
        if network is not None and target.link and kind in KINDS and not ramp_ns and beats is None:
            for number, link in enumerate(self.plan.links):
                if link.name == target.link:
                    network.lay(self.plan.name, handle, number, toxic_of(kind, link, values))
            return handle
        one = {"kind": kind, "node": target.node, "replicas": list(target.replicas), "link": target.link, "values": values}
        self._lay(handle, one, ramp_ns, beats)
        return handle

    def _lay(self, handle: int, one: dict[str, Any], ramp_ns: int, beats: Beat | None) -> None:
        one["handle"], one["ramp"] = handle, ramp_ns
        one["beats"] = [beats.on_ns, beats.off_ns, beats.after_ns] if beats is not None else []
        self.laid[handle] = one
        for host in self.hosts.values():
            if host.begun and self._concerns(host, one):
                host.tell(lay=one)

    def _concerns(self, host: Host, one: dict[str, Any]) -> bool:
        """Whether a process must know of a layer: one on a link lies at both its ends."""
        if one["link"]:
            ends = {end for p in self.plan.links if p.name == one["link"] for end in (p.caller, p.callee)}
            return any(node in ends for node, _ in host.here)
        return any(node == one["node"] and (not one["replicas"] or index in one["replicas"]) for node, index in host.here)

    def surge(self, producer: str, factor: float, ramp_ns: int = 0, beats: Beat | None = None) -> int:
        """Offer `factor` times the declared rate: the rest in a stream of its own."""
        handle = self.model.surge(producer, factor, ramp_ns, beats)
        self._lay(handle, _offer("surge", producer, factor), ramp_ns, beats)
        return handle

    def crowd(self, producer: str, per_second: float, beats: Beat | None = None) -> int:
        """Offer so many more messages per second."""
        handle = self.model.crowd(producer, per_second, beats)
        self._lay(handle, _offer("crowd", producer, per_second), 0, beats)
        return handle

    def lift(self, handle: int) -> None:
        """Take back one layer, kill, freeze or surge; twice is harmless."""
        self.model.lift(handle)
        if self.stage.network is not None:
            self.stage.network.lift(self.plan.name, handle)
        one = self.laid.pop(handle, None)
        if one is not None:
            for host in self.hosts.values():
                if host.begun and self._concerns(host, one):
                    host.tell(lift=handle)
        self.settle()

    # Verbs that change

    def scale(self, node: str, replicas: int) -> None:
        """Start new replicas, or drain the last ones, until there are that many."""
        self.model.scale(node, replicas)
        self.settle()

    def rewire(self, node: str) -> None:
        """Restart a node's replicas one at a time with today's list; a producer just reads it anew."""
        self.model.rewire(node)
        if self.model.groups[node].source:
            self._tell(node, call=["rewire", node])

    def set(self, node: str, name: str, value: Any) -> None:
        """Change one parameter of every replica, in its inner value; one that cannot be sent is left, and that is said."""
        packed = _packed(value)
        if not packed:
            self.model.core.notes.append((self.model.now, node, f"{name} cannot be changed live: start again with --set"))
            return
        self.model.set(node, name, value)
        self.changed[f"{node}.{name}"] = [node, packed]
        for host in self.hosts.values():
            if host.begun:
                host.tell(set=[node, name, packed])

    def rate(self, producer: str, per_second: float) -> None:
        """Change what a producer offers."""
        self._tell(producer, rate=[producer, per_second])

    def flush(self, node: str) -> None:
        """Forget what a node stored only to be quick."""
        self._tell(node, call=["flush", node])

    def redrive(self, node: str) -> None:
        """Give what a dead-letter queue holds back to its source."""
        self._tell(node, call=["redrive", node])

    def _tell(self, node: str, **line: Any) -> None:
        for host in self.hosts.values():
            if host.begun and any(name == node for name, _ in host.here):
                host.tell(**line)

    def stop(self) -> None:
        """Producers offer nothing more."""
        self.stopped = True
        for flow in self.model.flows:
            self._tell(flow.producer, stop=True)

    # Looking

    def replicas(self, node: str) -> Sequence[int]:
        """The indices of replicas that are there to stay."""
        return self.model.replicas(node)

    def mark(self) -> int:
        """A new era begins."""
        self.books.begins.append(self.model.now)
        return self.model.mark()

    def baseline(self) -> None:
        """What each node's normal is, and what was unanswered when the first fault came."""
        self.model.baseline()

    def idle(self) -> bool:
        """Whether nothing can change any message's fate any more, and nobody is still about to say so."""
        return not self.lines and self.model.idle()

    def tallies(self, producer: str) -> Sequence[Tally]:
        """One tally for each era."""
        return self.model.tallies(producer)

    def samples(self, node: str) -> Sequence[Samples]:
        """Grid samples, summed for each era."""
        return self.model.samples(node)

    def turns(self) -> Sequence[Turn]:
        """When nodes turned unhealthy or healthy."""
        return self.model.turns()

    def notes(self) -> Sequence[tuple[int, str, str]]:
        """What nodes, policies and processes had to say."""
        return self.model.notes()

    def series(self, name: str) -> tuple[int, Sequence[float]]:
        """A bounded series by name; KeyError when there is none."""
        return self.model.series(name)

    def frame(self) -> Frame:
        """A picture of this instant."""
        return self.model.frame()

    def parts(self, node: str) -> dict[str, dict[str, float]]:
        """The parts of a managed node."""
        return self.model.parts(node)

    def tables(self, node: str) -> Any:
        """The parts of a managed node, as tables."""
        return self.model.tables(node)

    def workflow(self, node: str, execution: int) -> Any:
        """No kind that runs workflows lives here."""
        return self.model.workflow(node, execution)

    def sums(self) -> dict[str, Any]:
        """Figures of nodes and links over the whole run so far."""
        return self.model.sums()

    def fates(self) -> str:
        """Every fate count of every era, and the hash of all changed grid samples: live, never twice the same."""
        return self.model.fates()

    def close(self) -> None:
        """End all processes of the run, those of the other designs, too."""
        self.stage.close()
        self.model.close()


def _packed(value: Any) -> str:
    """A value for other processes; empty where it does not come through whole."""
    try:
        packed = pickle.dumps(value)
        back = pickle.loads(packed)
        whole = repr(getattr(back, "text", back)) == repr(getattr(value, "text", value))
    except (pickle.PickleError, TypeError, AttributeError):
        return ""
    return base64.b64encode(packed).decode() if whole else ""


def _offer(kind: str, producer: str, by: float) -> dict[str, Any]:
    return {"kind": kind, "node": producer, "replicas": [], "link": "", "values": {"by": by}}
