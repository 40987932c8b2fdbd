"""Everybody wants one thing."""

from __future__ import annotations

from chaos.fault import PRODUCERS, Fault
from topology.parameters import share


class HotKey(Fault):
    """Lets many of a producer's messages be about one key, key 0: a celebrity, a front page, one huge customer.

    You will see one row's writes wait for each other, one partition or replica full while the others idle, and a cache that
    hits more often, until that entry ends and all of them miss at once. Healing gives messages their own keys again.
    """

    params = {
        "share": share(0.5, "The share of the messages that are about key 0.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"hot"})
    acts_on = PRODUCERS
    past = "sent everybody after one key of"
    hint = "give it keys, such as keys: {count: 1000}"
    tone = "warn"
