"""Some of the work fails."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import share, word


class Errors(Fault):
    """Lets a share of the work fail after it was done: a bad deploy, a full disk, a wrong password.

    You will see callers told no, or trying again, or a queue delivering the same message until it gives it up.
    Healing lets the next piece of work succeed.
    """

    params = {
        "share": share(0.5, "The share of the work that fails.", gt=0),
        "reason": word("error", "What the failure is called in reasons and logs."),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"errors"})
    hint = "it acts on what does work, such as a service or a database"
    past = "put errors into"
