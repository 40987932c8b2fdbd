"""From commands to the verbs of a world: everything is checked before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chaos.command import VERBS, Command, Refused
from chaos.fault import Fault
from chaos.registry import faults
from topology import registry, units
from topology.chance import Dice
from topology.node import SOURCES
from topology.parameters import Param
from topology.plan import NodePlan
from topology.spec.values import WRONG, Reading, Route
from topology.world import World

if TYPE_CHECKING:
    from chaos.runner import Injected, Runner
    from chaos.targets import Hit

MOST_REPLICAS = 200
"""A node is not scaled beyond this by a command: what was meant is then something else."""


def apply(run: Runner, command: Command) -> None:
    """Do one command now; raises Refused, with nothing done, when it makes no sense."""
    if command.verb not in _VERBS:
        raise Refused(f"there is no verb {command.verb}; the verbs are {', '.join(VERBS)}")
    _VERBS[command.verb](run, command)


def _inject(run: Runner, command: Command) -> None:
    fault = _fault(command.what)
    values = _values(fault, command)
    salt = f"{command.at_ns} {command.what} {','.join(command.on)}"
    if not command.on:
        raise Refused(f"on what? {command.what} needs a target, such as a node's name")
    hit = run.resolver.resolve(command.on, fault.acts_on, command.designs, salt)
    if not hit.targets:
        raise Refused(f"there is nothing to hit: {', '.join(command.on)} is not there now in any design")
    hit = _fitting(run, fault, command, hit, values)
    for world in run.worlds:
        if world.plan.name in hit.targets and not fault.needs <= world.powers:
            missing = ", ".join(sorted(fault.needs - world.powers))
            raise Refused(f"the world of {world.plan.name} cannot {missing}, which {command.what} needs")
    if not _happens(run, command, salt):
        run.records.spared.append(command)
        run.narrator.spared(run.now, command, hit.words)
        return
    run.injects(command, hit, lambda world, targets: fault.inject(world, targets, values, command.ramp_ns))
    run.narrator.injected(run.now, command, fault.past, hit, fault.tone)


def _fitting(run: Runner, fault: Fault, command: Command, hit: Hit, values: dict[str, Any]) -> Hit:
    """What is left of the targets that can take what the fault lays; Refused where nothing is left."""
    worlds = {world.plan.name: world for world in run.worlds}
    found = {
        design: fit
        for design, targets in hit.targets.items()
        if (fit := tuple(t for t in targets if fault.fits(w := worlds[design], t) and fault.reaches(w, t, values)))
    }
    if not found:
        kinds = sorted(name for name, kind in registry.kinds().items() if fault.lays <= set(kind.layers))
        able = fault.hint or (f"it acts on a {' or '.join(kinds)}" if kinds else "")
        raise Refused(f"{', '.join(command.on)} has nothing that {command.what} could break{'; ' if able else ''}{able}")
    if found == hit.targets:
        return hit
    left = {target.node for targets in found.values() for target in targets}
    return replace(hit, targets=found, nodes=hit.nodes & left if left - {""} else hit.nodes)


def _fault(name: str) -> Fault:
    known = faults()
    if name not in known:
        raise Refused(f"there is no fault called {name}{_near(name, list(known))}")
    return known[name]()


def _values(fault: Fault, command: Command) -> dict[str, Any]:
    """The fault's inner values, from text as in YAML."""
    reading, wrong = _reading()
    values = reading.fields(dict(fault.params), command.params, (), command.what)
    if wrong or values is WRONG:
        raise Refused("; ".join(wrong))
    return dict(values)


def _happens(run: Runner, command: Command, salt: str) -> bool:
    """Whether the dice say so: drawn from the seed and the command itself, so that other commands do not matter."""
    if command.probability >= 1.0:
        return True
    same = sum(1 for c in run.records.commands if (c.at_ns, c.what, c.on) == (command.at_ns, command.what, command.on))
    return Dice(run.seed, "probability", salt).uniform(same, 0) < command.probability


def _heal(run: Runner, command: Command) -> None:
    if not command.on:
        raise Refused("heal what? Name a target, or all")
    chosen = [i for i in run.records.injected if i.active and _meant(i, command)]
    if not chosen and command.by == "key":
        raise Refused("nothing is broken" if "all" in command.on else f"nothing of {', '.join(command.on)} is broken")
    if chosen:
        run.heal(chosen, command.by)
    else:
        run.narrator.say(run.now, "", f"nothing of {', '.join(command.on)} was left to heal")


def _meant(injected: Injected, command: Command) -> bool:
    if command.designs and not set(command.designs) & set(injected.hit.targets):
        return False
    named = {"all", f"#{injected.id}", *injected.command.on, *injected.hit.nodes}
    return not named.isdisjoint(command.on)


def _scale(run: Runner, command: Command) -> None:
    name = _node(run, command)
    worlds = _worlds(run, command, name)
    wanted = [_wanted(world, name, command.to) for world in worlds]
    for world, count in zip(worlds, wanted, strict=True):
        world.scale(name, count)
    run.narrator.did(run.now, command, f"scaled {name} to {command.to} replica{'' if command.to == 1 else 's'}")


def absolute(run: Runner, command: Command) -> list[Command]:
    """The command as a file can say it: "one more" becomes a number for each design."""
    text = str(command.to)
    if command.verb != "scale" or text[:1] not in ("+", "-"):
        return [command]
    name = _node(run, command)
    meant: dict[int, list[str]] = {}
    for world in _worlds(run, command, name):
        meant.setdefault(_wanted(world, name, command.to), []).append(world.plan.name)
    if len(meant) == 1:
        return [replace(command, to=next(iter(meant)))]
    return [replace(command, to=count, designs=tuple(designs)) for count, designs in meant.items()]


def _wanted(world: World, name: str, to: Any) -> int:
    """How many replicas are meant: a number, or "+1" and "-1" from what is there."""
    text = str(to).strip()
    if not text.lstrip("+-").isdigit() or isinstance(to, bool):
        raise Refused(f"scale {name} to how many? A whole number, not {units.shown(to)}")
    node = world.plan.node(name)
    if node is not None and _managed(node.kind):
        raise Refused(f"{name}, a {node.kind}, has no replicas to scale")
    wanted = int(text) + (len(world.replicas(name)) if text[0] in "+-" else 0)
    if not 0 <= wanted <= MOST_REPLICAS:
        raise Refused(f"{name} cannot be scaled to {wanted}: 0 to {MOST_REPLICAS} replicas are possible")
    return wanted


def _managed(kind: str) -> bool:
    return bool(registry.kind(kind).managed) or registry.kind(kind).role in SOURCES


def _rewire(run: Runner, command: Command) -> None:
    name = _node(run, command)
    for world in _worlds(run, command, name):
        world.rewire(name)
    run.narrator.did(run.now, command, f"rewired {name}: its replicas restart one at a time, with today's list")


def _set(run: Runner, command: Command) -> None:
    text = command.on[0] if command.on else ""
    name, _, param_name = text.partition(".")
    if not param_name:
        raise Refused("set what? Name a node's parameter, such as backlog.visibility")
    worlds = _worlds(run, command, name)
    values = [_param_value(world, name, param_name, command.to) for world in worlds]
    for world, value in zip(worlds, values, strict=True):
        world.set(name, param_name, value)
    run.narrator.did(run.now, command, f"set {text} to {command.to}")


def _param_value(world: World, name: str, param_name: str, to: Any) -> Any:
    node = world.plan.node(name)
    params: dict[str, Param] = registry.kind(node.kind).params if node else {}
    if param_name not in params:
        raise Refused(f"{name} has no parameter {param_name}{_near(param_name, list(params))}")
    reading, wrong = _reading()
    value = reading.inner(params[param_name], to)
    if wrong or value is WRONG:
        raise Refused(f"{name}.{param_name}: {'; '.join(wrong)}")
    return _prepared(node, param_name, value) if node is not None else value


def _prepared(node: NodePlan, param_name: str, value: Any) -> Any:
    """What the kind makes of the new value, where it looks at its values as a whole."""
    kind = registry.kind(node.kind)
    prepare = getattr(kind, "prepare", None)
    if prepare is None:
        return value
    values = {name: node.values[name] for name in kind.params if name in node.values} | {param_name: value}
    try:
        return prepare(values)[param_name]
    except ValueError as error:
        raise Refused(f"{node.name}: {' '.join(str(error).split())}") from error


def _rate(run: Runner, command: Command) -> None:
    name = _node(run, command)
    if name not in run.resolver.producers:
        raise Refused(f"{name} offers nothing: only a producer has a rate")
    try:
        per_second = units.parse_rate(command.to)
    except ValueError as error:
        raise Refused(str(error)) from error
    worlds = _worlds(run, command, name)
    plans = [world.plan.node(name) for world in worlds]
    if any(plan is not None and plan.values.get("closed") for plan in plans):
        raise Refused(f"{name} is a closed loop, which has no rate; send a surge of users, or set {name}.closed")
    for world in worlds:
        world.rate(name, per_second)
    run.narrator.did(run.now, command, f"set the rate of {name} to {units.format_rate(per_second)}")


def _redrive(run: Runner, command: Command) -> None:
    name = _node(run, command)
    for world in _worlds(run, command, name):
        world.redrive(name)
    run.narrator.did(run.now, command, f"gave back what {name} holds to where it came from")


def _flush(run: Runner, command: Command) -> None:
    name = _node(run, command)
    for world in _worlds(run, command, name):
        world.flush(name)
    run.narrator.did(run.now, command, f"flushed {name}: what it remembers is gone")


def _node(run: Runner, command: Command) -> str:
    if len(command.on) != 1:
        raise Refused(f"{command.verb} needs the name of one node")
    _worlds(run, command, command.on[0])
    return command.on[0]


def _worlds(run: Runner, command: Command, name: str) -> list[World]:
    """The worlds that have the node, of the designs that are meant."""
    named = [w for w in run.worlds if not command.designs or w.plan.name in command.designs]
    having = [w for w in named if w.plan.node(name)]
    if not having:
        known = [node.name for world in named for node in world.plan.nodes]
        raise Refused(f"no design has a node called {name}{_near(name, known)}")
    for world in having:
        if command.verb not in world.powers:
            raise Refused(f"the world of {world.plan.name} cannot {command.verb}")
    return having


def _reading() -> tuple[Reading, list[str]]:
    """A reader of values, and the list into which it puts what is wrong."""
    wrong: list[str] = []

    def report(route: Route, words: str, near: str) -> None:
        where = ".".join(map(str, route))
        wrong.append(f"{where + ': ' if where else ''}{words}{f' (did you mean {near}?)' if near else ''}")

    return Reading(report), wrong


def _near(name: str, known: Sequence[str]) -> str:
    from topology.problems import near_miss  # needed only where something is wrong

    near = near_miss(name, dict.fromkeys(known))
    return f"; did you mean {near}?" if near else ""


_VERBS: dict[str, Callable[[Runner, Command], None]] = {
    "inject": _inject,
    "heal": _heal,
    "scale": _scale,
    "rewire": _rewire,
    "set": _set,
    "rate": _rate,
    "redrive": _redrive,
    "flush": _flush,
}
