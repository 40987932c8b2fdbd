"""What SES keeps: of each sort of mail, of each producer that sends, of each link, and of mails that will be called spam."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.message import Item, Message, Mix
from topology.push.pushing import Subscriber

SIMULATOR: Final = "@simulator.amazonses.com"
MOST_RECIPIENTS: Final = 50


class Letter:
    """What SES reads of one sort of mail, in the attributes of a producer's mix."""

    def __init__(self, content: Mix | None, verified: list[str]) -> None:
        attributes = {} if content is None else content.attributes
        to = attributes.get("to")
        recipients = attributes.get("recipients", 1)
        self.size: i64 = 0 if content is None else content.size
        self.recipients: i64 = recipients if type(recipients) is int and recipients >= 1 else 1
        self.virus = attributes.get("virus") is True
        self.simulates = ""
        """The part of a simulator's address that says what it does; a label after + changes nothing."""
        if isinstance(to, str) and to.endswith(SIMULATOR):
            self.simulates = to[: -len(SIMULATOR)].partition("+")[0]
        self.verified = bool(self.simulates) or to in verified


class Destination(Subscriber):
    """A link: a mailbox provider, which gets the mail, or an event destination, which is told what became of it."""

    def __init__(self, link: i64, callee: str, dead_to: str) -> None:
        super().__init__(link, callee, dead_to)
        self.events: list[str] = []
        self.bus = False


class Stream:
    """What one producer sent through the account, and what became of it."""

    def __init__(self) -> None:
        self.sent: i64 = 0
        self.delivered: i64 = 0
        self.bounced: i64 = 0
        self.soft: i64 = 0
        self.complained: i64 = 0
        self.suppressed: i64 = 0
        self.refused: i64 = 0


class Complaint(Item):
    """A mail whose reader will call it spam."""

    def __init__(self, message: Message, content: Mix | None, counts: bool) -> None:
        self.message = message
        self.content = content
        self.counts = counts
