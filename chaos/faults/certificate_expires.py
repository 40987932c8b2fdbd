"""At midnight the certificate was no longer valid."""

from __future__ import annotations

from typing import Any

from chaos.fault import LINKS, Fault


class CertificateExpires(Fault):
    """Lets every new connection over a link fail at once, with all replicas in the best of health.

    You will see a sudden and complete stop exactly at one instant, with nothing slow, nothing down and nothing that a
    restart would help. Healing installs a new certificate.
    """

    needs = frozenset({"lay"})
    lays = frozenset({"refuse"})
    acts_on = LINKS
    past = "let the certificate expire on"

    def strength(self, values: dict[str, Any]) -> dict[str, Any]:
        """Every attempt is refused."""
        return {"share": 1.0, "reason": "certificate expired"}
