"""A third party answers, but not as it should."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from chaos.fault import Fault, Undo
from topology.parameters import choice, number, share
from topology.world import ERRORS, Target, World

ANSWERS: dict[str, tuple[str, dict[str, str]]] = {
    "429": ("turned_away", {}),
    "500": (ERRORS, {"reason": "internal server error (500)"}),
    "slow": ("tail", {}),
}
"""The layer that stands for each answer, and what it must be told beside its share."""


class WebhookFails(Fault):
    """Lets a share of the calls to an endpoint go wrong: refused as too many (429), failed with an error of its own (500) after
    the usual time, or answered only after many times that long.

    You will see who tries again and how often, and whether one bad receiver holds up others. Healing lets the next call be
    answered as ever.
    """

    params = {
        "answer": choice("500", "What callers get: 429 at once, 500, or a yes that is slow.", ("429", "500", "slow")),
        "share": share("100%", "The share of the calls.", gt=0),
        "stretch": number(20.0, "How many times as long a slow answer takes.", gt=0, le=100_000),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"errors", "tail", "turned_away"})
    hint = "it acts on an endpoint of a third party"
    past = "let calls go wrong at"
    example: ClassVar[str] = """
answer: 500, share: 50%
"""

    def inject(self, world: World, targets: Sequence[Target], values: dict[str, Any], ramp_ns: int) -> Undo:
        """Lay what callers get on every target; two of them hit independently."""
        layer, more = ANSWERS[str(values["answer"])]
        laid = {"share": values["share"], "stretch": values["stretch"]} | more
        return tuple(world.lay(layer, target, laid, ramp_ns) for target in targets)
