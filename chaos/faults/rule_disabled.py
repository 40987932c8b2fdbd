"""Somebody switched rules off."""

from __future__ import annotations

from typing import ClassVar

from chaos.fault import Fault
from topology.parameters import share


class RuleDisabled(Fault):
    """Disables rules of an event bus, all of them or a share: a hand in the console, a template that was rolled out half.

    You will see events accepted as ever and targets that get nothing; no error, no retry and no dead letter. Only an archive
    still has them. Healing enables the rules again; the events of meanwhile do not come again.
    """

    params = {
        "share": share("100%", "The share of the rules that are disabled, chosen by their names.", gt=0),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"rules_off"})
    hint = "it acts on an event bus"
    past = "disabled rules of"
    example: ClassVar[str] = """
nodes:
  web: {kind: producer, rate: 20/s}
  bus: {kind: eventbridge, rules: {orders: {pattern: {source: [web]}}}}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [web => bus, {link: bus => app, rule: orders}]
timeline:
  - {at: 10s, inject: rule_disabled, on: bus, for: 20s}
"""
