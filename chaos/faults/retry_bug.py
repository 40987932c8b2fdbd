"""A client that tries again at once, and again."""

from __future__ import annotations

from chaos.fault import LINKS, Fault
from topology.parameters import count


class RetryBug(Fault):
    """Makes callers repeat each failed attempt without any delay, whatever their policies say: a loop without back-off that
    slipped into a release.

    You will see nothing while all is well; as soon as something fails, the load on it multiplies, and what was slow is
    buried. Healing brings the old retries back.
    """

    params = {
        "attempts": count(10, "Attempts in all, one right after the other.", ge=2, le=1000),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"hammer"})
    acts_on = LINKS
    past = "put a retry bug into"
    hint = "nothing is sent over it that could be sent again: what crosses it is fetched"
    tone = "warn"
