"""The network between the processes, where it can be broken: each replica's end of each link has a connection of its own,
by way of a proxy port of its own, and both directions of the link go over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from topology.live.control import Closed, Lines
from topology.live.endpoint import Endpoint
from topology.live.toxics import BOTH, FROM, TO, Toxic
from topology.plan import PULL, LinkPlan

if TYPE_CHECKING:
    from topology.live.zygote import Zygote

PROXY: Final = "proxy"
PATIENCE_S: Final = 10.0
KINDS: Final = ("latency", "cut")
"""The layers that the proxy lays; all others are laid where attempts are made."""


class NoProxy(RuntimeError):
    """The proxy does not do what it is told; the words say what happened."""


class Network:
    """The proxy, seen from whoever runs the world. Ends of links are named "replica:number of the link", by design."""

    def __init__(self, zygote: Zygote, broker: Endpoint) -> None:
        self.broker = broker
        self.lines: Lines = zygote.fork(PROXY, {"proxy": True})
        self.ports: dict[tuple[str, str, int], int] = {}
        """By design, replica and number of the link."""
        self.toxics: dict[tuple[str, int], tuple[int, Toxic]] = {}
        """What lies on links now, by design and handle: the number of the link, and what it is."""
        self.handles: dict[tuple[str, int], list[int]] = {}

    def port(self, design: str, replica: str, link: int) -> int:
        """The port of one replica's end of a link; whatever lies on the link lies there, too."""
        key = (design, replica, link)
        if key not in self.ports:
            name = f"{design} {replica} {link}"
            answer = self._ask(op="open", host=self.broker.host, port=self.broker.port, name=name)
            self.ports[key] = int(answer["port"])
            for (of, handle), (where, toxic) in self.toxics.items():
                if of == design and where == link:
                    self._lay_on(self.ports[key], (design, handle), toxic)
        return self.ports[key]

    def lay(self, design: str, handle: int, link: int, toxic: Toxic) -> None:
        """Lay something on a link: on every end that it has, now or later."""
        self.toxics[design, handle] = link, toxic
        for (of, _, where), port in self.ports.items():
            if of == design and where == link:
                self._lay_on(port, (design, handle), toxic)

    def _lay_on(self, port: int, key: tuple[str, int], toxic: Toxic) -> None:
        answer = self._ask(op="lay", port=port, toxic=toxic.as_fields())
        self.handles.setdefault(key, []).append(int(answer["handle"]))

    def lift(self, design: str, handle: int) -> bool:
        """Take it back; False when it was not laid here."""
        if self.toxics.pop((design, handle), None) is None:
            return False
        for one in self.handles.pop((design, handle), []):
            self._ask(op="lift", handle=one)
        return True

    def _ask(self, **order: Any) -> dict[str, Any]:
        """Give an order, and wait for its answer, which takes no longer than the proxy needs to read it."""
        self.lines.send(**order)
        try:
            said = self.lines.wait(PATIENCE_S)
        except Closed:
            raise NoProxy("the proxy of the network is gone") from None
        except TimeoutError:
            raise NoProxy(f"the proxy of the network does not answer within {PATIENCE_S:g} s") from None
        if "error" in said[0]:
            raise NoProxy(f"the proxy of the network refused: {said[0]['error']}")
        return said[0]

    def close(self) -> None:
        """Let go of the proxy; that ends it."""
        self.lines.close()


def toxic_of(kind: str, link: LinkPlan, values: dict[str, Any]) -> Toxic:
    """What the proxy lays for a layer. The connection is the caller's; of what a consumer asks a queue for, the consumer's."""
    way = str(values.get("direction", BOTH))
    if link.wiring == PULL:
        way = {TO: FROM, FROM: TO}.get(way, way)
    if kind == "cut":
        return Toxic(way, cut=True)
    return Toxic(way, latency_ns=int(values["extra"]), jitter_ns=int(values.get("jitter", 0)))
