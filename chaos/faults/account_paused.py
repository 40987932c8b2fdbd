"""The account may not send."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault


class AccountPaused(Fault):
    """Pauses the sending of a mail account: a review, an unpaid bill, a complaint from outside.

    You will see every mail refused at once, for good and for all streams alike; nothing waits for better times. What was
    accepted before is still delivered. Healing lets it send again, unless its own reputation keeps it paused.
    """

    needs = frozenset({"lay"})
    lays = frozenset({"paused"})
    hint = "it acts on an account that sends mail (ses)"
    past = "paused"
    example: ClassVar[str] = """
nodes:
  shop: {kind: producer, rate: 5/s, keys: {count: 5000}}
  mails: {kind: ses}
  mailboxes: {kind: mail_provider}
designs:
  only:
    links: [shop => mails => mailboxes]
timeline:
  - {at: 10s, inject: account_paused, on: mails, for: 20s}
"""
