"""What was delivered and deleted comes once more."""

from __future__ import annotations

from chaos.fault import Fault
from topology.parameters import share


class Duplicates(Fault):
    """Lets a share of the messages come twice: a queue whose server did not hear of the delete, a bucket that tells of an upload
    once more. Only a standard queue may do so; "at least once" allows it.

    You will see work done twice though nobody failed and nothing was slow. Healing lets each message come once again; what
    is delivered a second time already stays so.
    """

    params = {
        "share": share("5%", "The share of the messages that come twice.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"duplicated"})
    hint = "it acts on a standard queue or a bucket; a FIFO queue delivers each message once"
    past = "let messages come twice from"
    tone = "warn"
