"""The live world keeps its contract: real processes, killed and frozen for real, and books that add up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.topology.live.processes import left_in
from tests.topology.live.shop import BROKERS, NO_AMQTT, S, shop
from topology.ledger import Tally
from topology.live.broker import AMQTT
from topology.live.stage import READY, Lost, Stage
from topology.live.theatre import Theatre
from topology.live.world import LiveWorld
from topology.world import Target

DRAIN_S = 60


@contextmanager
def live(folder: Path, design: str, which: str = AMQTT, network: bool = False) -> Iterator[tuple[Stage, LiveWorld]]:
    """One design, running, with all its processes there."""
    playground = shop(folder)
    playground = replace(playground, designs=(playground.design(design),))
    theatre = Theatre(which, network)
    world = theatre(playground.designs[0], playground, 1)
    stage = theatre.stage
    assert stage is not None
    try:
        yield stage, world
    finally:
        world.close()


def go_on(world: LiveWorld, seconds: float) -> None:
    """Let the wall's clock go on."""
    world.advance(world.now + int(seconds * S))


def settled(world: LiveWorld) -> Tally:
    """Stop, let everything settle, and look what came of it."""
    world.stop()
    for _ in range(DRAIN_S * 4):
        if world.idle():
            break
        go_on(world, 0.25)
    assert world.idle(), world.tallies("web")[0].__dict__
    total = Tally([node.name for node in world.plan.nodes])
    for tally in world.tallies("web"):
        total.merge(tally)
    fates = (total.served, total.late, total.refused, total.failed, total.lost, total.dead_lettered, total.in_system)
    assert sum(fates) == total.offered > 0
    assert total.in_system == 0
    return total


@NO_AMQTT
def test_killed_consumers_and_a_killed_queue_lose_nothing_that_was_accepted(tmp_path: Path) -> None:
    with live(tmp_path, "decoupled") as (stage, world):
        go_on(world, 0.5)
        pids = {host.name: host.pid for host in stage.hosts.values()}
        consumers, queue = world.kill(Target("inventory", (0, 1))), world.kill(Target("backlog", (0,)))
        go_on(world, 0.4)
        frame = world.frame()
        node = frame.node("inventory")
        assert node is not None
        assert (node.up, node.wanted) == (0, 2)
        world.lift(queue)
        world.lift(consumers)
        world.lift(consumers)  # twice is harmless
        go_on(world, 0.4)
        total = settled(world)
        assert all(host.state == READY for host in stage.hosts.values())
        now = {host.name: host.pid for host in stage.hosts.values()}
    assert {name for name in pids if pids[name] != now[name]} == {"inventory/0", "inventory/1", "backlog/0"}
    assert total.lost == total.dead_lettered == total.failed == 0
    assert total.done == total.offered


@NO_AMQTT
def test_a_call_to_a_killed_process_is_reset_and_to_one_that_is_gone_refused(tmp_path: Path) -> None:
    with live(tmp_path, "coupled") as (_, world):
        go_on(world, 0.3)
        crash = world.kill(Target("orders", (0, 1)))
        go_on(world, 0.5)
        world.lift(crash)
        total = settled(world)
    assert total.refused > 0
    assert set(total.reasons) <= {"orders: connection refused", "orders: connection reset"}


@pytest.mark.slow
@pytest.mark.parametrize("which", BROKERS)
def test_a_frozen_process_is_silent_and_goes_on_where_it_stopped(tmp_path: Path, which: str) -> None:
    with live(tmp_path, "coupled", which) as (stage, world):
        go_on(world, 1)
        frozen = world.freeze(Target("inventory", (0,)))
        go_on(world, 2)
        host = stage.hosts["coupled/inventory/0"]
        assert Path(f"/proc/{host.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "T"
        pid = host.pid
        world.lift(frozen)
        total = settled(world)
        assert host.pid == pid
    assert total.done == total.offered
    assert total.latency.max_ns > S


@pytest.mark.slow
@pytest.mark.parametrize("which", BROKERS)
def test_a_broker_that_is_killed_loses_nothing_that_was_accepted(tmp_path: Path, which: str) -> None:
    with live(tmp_path, "decoupled", which) as (stage, world):
        go_on(world, 2)
        stage.kill_broker()
        go_on(world, 1)
        stage.start_broker()
        go_on(world, 2)
        stage.freeze_broker(True)
        go_on(world, 1)
        stage.freeze_broker(False)
        go_on(world, 2)
        total = settled(world)
    assert total.lost == total.dead_lettered == 0


@pytest.mark.slow
@NO_AMQTT
def test_scaled_out_and_in_replicas_are_processes_that_come_and_go(tmp_path: Path) -> None:
    with live(tmp_path, "decoupled") as (stage, world):
        go_on(world, 0.5)
        world.scale("inventory", 3)
        go_on(world, 2)
        assert stage.hosts["decoupled/inventory/2"].state == READY
        world.scale("inventory", 1)
        go_on(world, 2)
        running = [h.name for h in stage.hosts.values() if h.state == READY and h.name.startswith("inventory")]
        assert running == ["inventory/0"]
        assert list(world.replicas("inventory")) == [0]
        total = settled(world)
    assert total.done == total.offered


@pytest.mark.slow
@NO_AMQTT
def test_a_process_that_somebody_else_kills_is_started_anew_and_that_is_said(tmp_path: Path) -> None:
    with live(tmp_path, "decoupled") as (stage, world):
        go_on(world, 0.5)
        host = stage.hosts["decoupled/orders/0"]
        pid = host.pid
        os.kill(pid, signal.SIGKILL)
        go_on(world, 2)
        assert host.state == READY
        assert host.pid != pid
        assert ("orders/0", "its process ended by itself (signal 9)") in [(who, words) for _, who, words in world.notes()]
        total = settled(world)
    assert total.lost == 0


@pytest.mark.slow
@NO_AMQTT
def test_without_the_parent_of_its_processes_a_run_is_lost(tmp_path: Path) -> None:
    with live(tmp_path, "coupled") as (stage, world):
        go_on(world, 0.5)
        os.kill(stage.zygote.pid, signal.SIGKILL)
        with pytest.raises(Lost, match="the parent of all processes was killed"):
            go_on(world, 10)


@pytest.mark.slow
@NO_AMQTT
def test_layers_lie_on_processes_and_are_lifted_one_by_one(tmp_path: Path) -> None:
    with live(tmp_path, "coupled") as (_, world):
        go_on(world, 1)
        world.mark()
        target = Target("inventory", (0, 1))
        errors = world.lay("errors", target, {"share": 1.0})
        go_on(world, 2)
        slow = world.lay("slow", target, {"factor": 20.0})
        world.lift(errors)
        world.mark()
        go_on(world, 2)
        world.lift(slow)
        settled(world)
        before, broken, slowed = world.tallies("web")
    assert before.failed == 0
    assert broken.failed > broken.served
    assert slowed.served > slowed.failed
    assert slowed.latency.quantile_ns(0.5) > before.latency.quantile_ns(0.5) + S // 10


@pytest.mark.slow
@NO_AMQTT
def test_more_is_offered_while_a_surge_lies_on_its_producer(tmp_path: Path) -> None:
    with live(tmp_path, "coupled") as (_, world):
        go_on(world, 1)
        surge = world.surge("web", 5.0)
        world.mark()
        go_on(world, 2)
        world.lift(surge)
        world.mark()
        go_on(world, 2)
        settled(world)
        _, more, after = world.tallies("web")
    assert more.offered > 2 * after.offered


@pytest.mark.slow
@NO_AMQTT
def test_a_link_is_slow_and_cut_for_real(tmp_path: Path) -> None:
    """A proxy of the network carries what crosses; a queue's consumer is cut off and comes back."""
    with live(tmp_path, "decoupled", network=True) as (_, world):
        go_on(world, 1)
        world.mark()
        slow = world.lay("latency", Target(link="front -> orders"), {"extra": S // 4, "jitter": 0})
        go_on(world, 2)
        world.lift(slow)
        cut = world.lay("cut", Target(link="backlog => inventory"), {"direction": "both"})
        world.mark()
        go_on(world, 2)
        node = world.frame().node("backlog")
        assert node is not None
        assert node.depth > 10
        world.lift(cut)
        total = settled(world)
        before, slowed, _ = world.tallies("web")
    assert slowed.latency.quantile_ns(0.5) > before.latency.quantile_ns(0.5) + 2 * S // 5
    assert total.lost == total.failed == 0
    assert total.done == total.offered


KILLS = 200
SEED = 7


@pytest.mark.slow
@NO_AMQTT
def test_two_hundred_random_kills_lose_nothing_that_was_accepted_and_leave_nothing_running(tmp_path: Path) -> None:
    dice = Random(SEED)
    victims = [("orders", 0), ("orders", 1), ("inventory", 0), ("inventory", 1), ("front", 0), ("backlog", 0), ("", 0)]
    with live(tmp_path, "decoupled") as (stage, world):
        go_on(world, 1)
        down: dict[tuple[str, int], int] = {}
        for _ in range(KILLS):
            victim = dice.choice(victims)
            if not victim[0]:
                stage.kill_broker()
                stage.start_broker()
            elif victim in down:
                world.lift(down.pop(victim))
                go_on(world, 0.1)
                down[victim] = world.kill(Target(victim[0], (victim[1],)))
            else:
                down[victim] = world.kill(Target(victim[0], (victim[1],)))
            go_on(world, dice.uniform(0.02, 0.2))
            if len(down) > 2:
                world.lift(down.pop(next(iter(down))))
        for handle in down.values():
            world.lift(handle)
        total = settled(world)
        group = stage.zygote.pid
    assert not left_in(group)
    assert total.lost == total.dead_lettered == 0
    yes = total.offered - total.refused - total.failed
    assert yes > 0
    assert total.done >= yes
    print(f"offered {total.offered}, yes {yes}, done {total.done}, duplicates {total.duplicates}")


@pytest.mark.slow
@NO_AMQTT
def test_a_parameter_is_changed_in_the_processes(tmp_path: Path) -> None:
    with live(tmp_path, "coupled") as (_, world):
        go_on(world, 1)
        world.set("inventory", "fails", 1.0)
        world.mark()
        go_on(world, 2)
        settled(world)
        before, after = world.tallies("web")
    assert before.failed == 0
    assert after.failed > 0
