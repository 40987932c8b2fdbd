"""Every fault: what it declares, and that its heal takes back what it did and nothing else, whatever else lies there."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.command import Command
from chaos.fault import LINKS, PRODUCERS, Fault
from chaos.registry import FAULTS, faults
from chaos.runner import Runner
from tests.chaos.faults.shops import clean, world
from tests.topology.worlds import check_frame
from topology.parameters import Param
from topology.plan import Playground
from topology.sim.world import POWERS, SimWorld
from topology.spec import load_text, script
from topology.world import Target

S = 1_000_000_000
NAMES = sorted(faults())
SLICES = (20_000_000, 137_000_000, 1_000_000_000)

EVERYTHING = """
version: 1
playground: everything
duration: 20s
warmup: 1s
settle: 1s
drain: 1s
nodes:
  web:
    kind: producer
    rate: 40/s
    clients: 20
    keys: {count: 20}
    deadline: 1s
    mix: {look: {weight: 3}, buy: {attributes: {write: true}}}
  front: {kind: load_balancer, health_check: {interval: 500ms, timeout: 200ms}}
  app: {kind: service, replicas: 4, zones: 2, slots: 8, takes: 40ms, queue: {drop_expired: true}}
  mem: {kind: cache, takes: 1ms, ttl: 2s}
  db: {kind: database, connections: 10, takes: 4ms, read_replicas: {count: 1, lag: 1ms}, locks: {}, start: 500ms}
  backlog: {kind: sqs, visibility: 2s, dead_letter: {to: grave, after: 2}}
  grave: {kind: sqs}
  mailer: {kind: service, replicas: 2, slots: 4, takes: 3ms, start: 200ms}
  nightly: {kind: cron, every: 4s}
  calendar: {kind: scheduler, schedule: rate(1 hour), precision: 1s}
  bus: {kind: eventbridge, rules: {all: {pattern: {source: [web]}}}, archive: {replay_rate: 20/s}}
  hook: {kind: webhook, takes: 30ms, limit: 100/s}
  topic: {kind: sns}
  fn: {kind: lambda, takes: 50ms, init: 200ms}
  mails: {kind: ses, rate: 100/s}
  box: {kind: mail_provider, takes: 20ms}
  stream: {kind: kinesis, shards: 2}
  log: {kind: msk, partitions: 3, broker_session: 1s, patch: 1s}
  reader: {kind: service, slots: 8, takes: 3ms}
  flow:
    kind: step_functions
    callback: 1500ms
    definition:
      StartAt: List
      States:
        List: {Type: Pass, Result: {items: [1, 2]}, Next: Each}
        Each:
          Type: Map
          ItemsPath: $.items
          ItemProcessor:
            StartAt: Send
            States:
              Send:
                Type: Task
                Resource: arn:aws:states:::sqs:sendMessage
                Parameters: {QueueUrl: tasks, MessageBody: one}
                End: true
          Next: Ask
        Ask:
          Type: Task
          Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
          HeartbeatSeconds: 1
          Parameters: {QueueUrl: tasks, MessageBody: {Token.$: $$.Task.Token}}
          End: true
  tasks: {kind: sqs}
designs:
  only:
    links:
      - web -> front -> app
      - {link: app -> mem, timeout: 300ms, restart: 200ms, pool: 4, retry: {attempts: 2, backoff: 50ms}}
      - mem -> db
      - {link: app => backlog, restart: 200ms}
      - backlog => mailer
      - nightly -> app
      - calendar => mailer
      - {link: app => bus, restart: 200ms}
      - {link: bus => hook, rule: all, retry: {attempts: 3}}
      - {link: app => topic, restart: 200ms}
      - {link: topic => fn, filter: {write: [{exists: false}]}}
      - {link: app => mails, restart: 200ms}
      - mails => box
      - {link: app => stream, restart: 200ms}
      - {link: stream => reader, poll: 200ms}
      - {link: app => log, restart: 200ms}
      - {link: log => reader, session: 6s}
      - {link: app => flow, restart: 200ms}
      - flow => tasks => reader
"""


def everything() -> Playground:
    """A shop in which every fault has something to break."""
    return load_text(EVERYTHING, "everything.yaml", faults=faults())


SHOP = everything()
PLAN = SHOP.designs[0]


def candidates(kind: type[Fault]) -> list[tuple[str, Target]]:
    """What a fault of that kind may be aimed at, by its declaration: as it is written, and as the world has it."""
    links = [(link.name, Target(link=link.name)) for link in PLAN.links]
    nodes = [(n.name, Target(n.name, tuple(range(n.replicas)))) for n in PLAN.nodes]
    if kind.acts_on == LINKS:
        return links
    if kind.acts_on == PRODUCERS:
        return [pair for pair in nodes if pair[0] == "web"]
    inside = [pair for pair in nodes if pair[0] not in ("web", "nightly", "calendar")]
    if kind.lays == {"storm"}:
        return [pair for pair in nodes if pair[0] in ("nightly", "calendar")]
    return inside if kind.acts_on == "replicas" else inside + links


def targets_of(name: str) -> list[str]:
    """Those of them on which it has something to break."""
    one, kind = SimWorld(PLAN, SHOP, 1), faults()[name]
    return [text for text, target in candidates(kind) if kind().fits(one, target)]


def favourite(name: str) -> str:
    """Where it is felt most, of what fits: the app and its link, where they fit."""
    fit = targets_of(name)
    return next((text for text in ("app", "app -> mem") if text in fit), fit[0])


def run_of(*commands: Command, slice_ns: int = 10**9) -> Runner:
    """The shop to its end, in slices."""
    run = Runner(SHOP, 3, timeline=False, commands=list(commands))
    at = 0
    while at < 12 * S:
        at += slice_ns
        run.advance(min(at, 12 * S))
    return run


def felt(run: Runner) -> tuple[Any, ...]:
    """What can be felt of a run, however it was cut into eras."""
    frame = world(run).frame()
    flows = [(f.offered, f.served, f.late, f.refused, f.failed, f.degraded, f.latency_p99_ns) for f in frame.flows]
    nodes = [(n.name, n.arrivals, n.departures, n.errors, n.p99_ns) for n in frame.nodes]
    return world(run).core.samples_hash(), flows, nodes


def test_the_shipped_faults() -> None:
    shipped = {"crash", "errors", "hang", "latency", "loss", "noop", "partition", "slow", "surge"}
    assert shipped <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_says_what_it_is(name: str) -> None:
    kind = faults()[name]
    doc = inspect.getdoc(kind) or ""
    assert len(doc.split()) > 15, "what breaks, what you will see, what heals"
    assert "heal" in doc.lower()
    assert all(isinstance(param, Param) and param.doc for param in kind.params.values())
    assert kind.needs <= POWERS


@pytest.mark.parametrize("name", NAMES)
def test_no_parameter_is_called_like_a_key_of_a_timeline_entry(name: str) -> None:
    keys = {"inject", "on", "in", "when", "held", *script.COMMON, *script.AGAIN, *script.WAITS, *script.INJECT}
    assert {"at", "every", "times", "for", "ramp", "probability", "since", "rest"} <= keys
    assert not keys & set(faults()[name].params)


@pytest.mark.parametrize("name", NAMES)
def test_injected_and_healed_it_leaves_nothing(name: str) -> None:
    run = Runner(SHOP, 3, timeline=False)
    run.advance(2 * S)
    run.do(Command(0, "inject", (favourite(name),), name, for_ns=2 * S))
    run.advance(3 * S)
    assert any(fault.active for fault in run.faults)
    run.advance(4 * S)
    assert not any(fault.active for fault in run.faults)
    for frame in run.frames():
        assert not [node.layers for node in frame.nodes if node.layers]
        assert not [link.layers for link in frame.links if link.layers or link.cut]
    assert clean(run)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("noop", "clock_skew", "reordering")])
def test_it_changes_the_run(name: str) -> None:
    commands = [Command(2 * S, "inject", (favourite(name),), name, params=QUICK.get(name, {}), for_ns=9 * S)]
    if name in AMID:
        what, where = AMID[name]
        commands.append(Command(S, "inject", (where,), what, for_ns=10 * S))
        commands.sort(key=lambda command: command.at_ns)
    assert felt(run_of(*commands)) != felt(run_of(*[one for one in commands if one.what != name]))


def test_a_control_group_changes_nothing() -> None:
    assert felt(run_of(Command(2 * S, "inject", ("app",), "noop", for_ns=9 * S))) == felt(run_of())


@st.composite
def injections(draw: st.DrawFn) -> list[Command]:
    """Two or three faults on targets that they fit, each with its own end and maybe a ramp."""
    made = []
    for _ in range(draw(st.integers(2, 3))):
        name = draw(st.sampled_from([n for n in NAMES if n != "noop"]))
        on = draw(st.sampled_from(TARGETS[name]))
        at, lasts, ramp = (draw(st.integers(a, b)) * 100_000_000 for a, b in ((10, 40), (1, 70), (0, 20)))
        made.append(Command(at, "inject", (on,), name, params=QUICK.get(name, {}), for_ns=lasts, ramp_ns=ramp))
    return sorted(made, key=lambda command: command.at_ns)


TARGETS = {name: targets_of(name) for name in NAMES}
QUICK: dict[str, dict[str, Any]] = {
    "leak": {"fills": "2s"},
    "gc_storm": {"lasts": "300ms", "between": "500ms"},
    "flapping": {"down": "300ms", "up": "900ms"},
    "bad_deploy": {"step": "700ms", "restart": "400ms"},
    "noisy_neighbour": {"busy": "400ms", "quiet": "600ms"},
    "herd_reconnect": {"clients": 50, "within": "300ms", "again": "1s"},
    "config_push": {"restart": "500ms"},
    "cold_restart": {"restart": "500ms"},
    "cpu_hog": {"share": "100%"},
    "capacity_cut": {"share": "100%"},
    "throttled": {"rate": "5/s"},
    "poison_message": {"share": "20%"},
    "visibility_too_short": {"factor": "0.1%"},
    "retention_expiry": {"factor": "0.001%"},
    "schedule_storm": {"jobs": 50},
    "neighbour_concurrency": {"share": "100%"},
}
"""What makes something happen within a few seconds, and with so little load."""
AMID = {
    "retry_bug": ("errors", "mem"),
    "retention_expiry": ("errors", "mailer"),
    "dead_letters_missing": ("errors", "mailer"),
    "queue_purged": ("errors", "mailer"),
    "controller_down": ("broker_down", "log"),
}
"""What is felt only while something else is broken as well: what, and where."""


@settings(max_examples=12, deadline=None)
@given(injections(), st.booleans())
def test_after_the_last_heal_nothing_is_left(commands: list[Command], rewired: bool) -> None:
    if rewired:
        commands = [*commands, Command(2_500_000_000, "rewire", ("app",)), Command(3 * S, "scale", ("mailer",), to=1)]
    run = run_of(*sorted(commands, key=lambda command: command.at_ns))
    assert not any(fault.active for fault in run.faults)
    assert len(run.faults) == sum(command.verb == "inject" for command in commands)
    check_frame(world(run))
    assert clean(run)
    assert all(node.up == node.wanted for node in run.frames()[0].nodes)


@settings(max_examples=4, deadline=None)
@given(injections())
def test_slices_change_nothing(commands: list[Command]) -> None:
    assert len({world(run_of(*commands, slice_ns=length)).fates() for length in SLICES}) == 1


def test_a_fault_from_a_folder(tmp_path: Any) -> None:
    folder = tmp_path / "faults"
    folder.mkdir()
    source = inspect.getsource(inspect.getmodule(faults()["noop"]))  # type: ignore[arg-type]
    (folder / "nothing_new.py").write_text(source)
    FAULTS.look_in(tmp_path)
    try:
        assert "nothing_new" in faults()
        assert issubclass(faults()["nothing_new"], Fault)
    finally:
        FAULTS.outside.pop("nothing_new")
        FAULTS.found.pop("nothing_new", None)
