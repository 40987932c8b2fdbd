"""Where the commands of a run come from: a timeline's entries, or the list that a run file kept."""

from __future__ import annotations

from typing import Any

from chaos.command import Command
from chaos.journals.spelling import spell, spell_all, spell_rate
from chaos.registry import faults
from topology import registry
from topology.parameters import Param
from topology.plan import Entry, Playground


def from_timeline(playground: Playground) -> list[Command]:
    """The timeline's entries as commands, each repeat one, in the order of the file; without those that wait for a condition."""
    return [from_entry(playground, entry, at_ns=at_ns) for entry in playground.timeline for at_ns in entry.instants()]


def from_run(playground: Playground) -> list[Command]:
    """All commands that a run file holds."""
    return [Command(**kept) for kept in playground.run.commands] if playground.run else []


def from_entry(
    playground: Playground,
    entry: Entry,
    by: str = "timeline",
    at_ns: int | None = None,
    designs: tuple[str, ...] | None = None,
) -> Command:
    """One entry of a timeline as a command, in the words of the file; elsewhere or at another instant where these are given."""
    params = spell_all(faults()[entry.what].params, entry.params) if entry.what in faults() else dict(entry.params)
    return Command(
        at_ns=entry.at_ns if at_ns is None else at_ns,
        verb=entry.verb,
        on=entry.on,
        what=entry.what,
        designs=entry.designs if designs is None else designs,
        params=params,
        for_ns=entry.for_ns,
        ramp_ns=entry.ramp_ns,
        probability=entry.probability,
        to=_to(playground, entry),
        by=by,
    )


def _to(playground: Playground, entry: Entry) -> Any:
    if entry.verb == "rate" and isinstance(entry.to, int | float):
        return spell_rate(entry.to)
    if entry.verb == "set" and entry.on:
        param = _param(playground, *entry.on[0].split("."))
        return spell(param, entry.to) if param is not None else entry.to
    return entry.to


def _param(playground: Playground, node: str, name: str = "", inner: str = "") -> Param | None:
    """How a node's parameter, or one inside a group, is declared."""
    kind = next((n.kind for design in playground.designs for n in design.nodes if n.name == node), "")
    param: Param | None = registry.kind(kind).params.get(name) if kind else None
    return param.fields.get(inner) if param is not None and inner else param
