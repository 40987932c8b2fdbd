"""After a deploy the messages look different."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.parameters import share
from topology.world import Target, World


class FilterMismatch(Fault):
    """Changes what a share of the messages looks like: a field that got another name, a version that counts differently.

    On a bus, a topic or a pipe no pattern and no filter takes them any more: you will see nothing at all, no error and no
    retry, only fewer deliveries, and more that are unmatched. On whoever is called directly the same mistake is loud: what
    it cannot read fails, however often it is tried. Healing rolls the deploy back; what was not matched does not come again.
    """

    params = {
        "share": share("50%", "The share of the messages that look different.", gt=0),
    }
    needs = frozenset({"lay"})
    lays_one = frozenset({"mismatched", "poison"})
    hint = "it acts on a bus, topic or pipe with a pattern or filter, and on what does work"
    past = "changed the format of what comes to"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  bus: {kind: eventbridge, rules: {orders: {pattern: {source: [web]}}}}
  app: {kind: service, takes: 20ms}
designs:
  events:
    links: [web => bus, {link: bus => app, rule: orders}]
  calls:
    links: [web -> app]
timeline:
  - {at: 10s, inject: filter_mismatch, on: bus, in: events, for: 20s}
  - {at: 10s, inject: filter_mismatch, on: app, in: calls, for: 20s}
"""

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Where something is matched, let it match no more; else let it fail. Two of them hit independently on a worker."""
        return tuple(
            world.lay("mismatched" if world.takes("mismatched", target) else "poison", target, values, ramp_ns)
            for target in targets
        )
