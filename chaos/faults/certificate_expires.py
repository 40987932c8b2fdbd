"""At midnight the certificate was no longer valid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.fault import LINKS, Fault, Undo
from topology.world import Target, World


class CertificateExpires(Fault):
    """Lets every new connection over a link fail at once, with all replicas in the best of health.

    You will see a sudden and complete stop exactly at one instant, with nothing slow, nothing down and nothing that a
    restart would help. Healing installs a new certificate.
    """

    needs = frozenset({"lay"})
    lays = frozenset({"refuse"})
    acts_on = LINKS
    past = "let the certificate expire on"

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Refuse every attempt on every link."""
        expired = {"share": 1.0, "reason": "certificate expired"}
        return tuple(world.lay("refuse", target, expired, ramp_ns) for target in targets)
