"""Who a mail is for, as far as the keys of messages tell."""

from __future__ import annotations

from mypy_extensions import i64

from topology.message import Flow, Message


class Recipients:
    """Tells recipients apart. A key of 0 is a recipient only where a producer has given another key before."""

    def __init__(self) -> None:
        self.keyed: dict[Flow, bool] = {}

    def of(self, message: Message) -> int:
        """The recipient's number, from 1; 0 where nothing says who it is."""
        key: i64 = message.key
        if key > 0:
            self.keyed[message.flow] = True
            return key + 1
        return 1 if message.flow in self.keyed else 0
