"""Mail to many who do not exist."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class BounceStorm(Fault):
    """Lets a share of the recipients be nobody: a list that was bought, a sign-up form that a robot filled in, addresses gone
    stale.

    You will see hard bounces, a suppression list that grows, and above the limits of the account its sending paused, which
    hits all streams that share it. Healing brings the good addresses back, not the reputation.
    """

    params = {
        "share": share("30%", "The share of the recipients that nobody is.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"bounces"})
    hint = "it acts on an account that sends mail (ses) or a mailbox provider"
    past = "let mail bounce at"
    example: ClassVar[str] = """
nodes:
  shop: {kind: producer, rate: 10/s, keys: {count: 5000}}
  mails: {kind: ses, representative: 200}
  mailboxes: {kind: mail_provider}
designs:
  only:
    links: [shop => mails => mailboxes]
timeline:
  - {at: 10s, inject: bounce_storm, on: mails, for: 30s, share: 30%}
"""
