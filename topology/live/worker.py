"""A process of a live world: it holds the whole world of its design, runs the replicas that live in it by a real clock, and
does what it is told over its socket pair.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import logging
import os
import pickle
import selectors
import socket
import sys
import time
import traceback
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiomqtt

from topology.live.books import KEPT, Scribe
from topology.live.claim import hold
from topology.live.control import Closed, Lines
from topology.live.durable import DurableCourier
from topology.live.endpoint import Endpoint
from topology.live.gauges import Gauge, own_places
from topology.live.layout import home_of, homes, keeps
from topology.live.letter import Letter
from topology.live.proxy import serve
from topology.live.wire import Wire
from topology.live.zygote import DEADLY
from topology.plan import Playground
from topology.sim.elsewhere import Local, Peer
from topology.sim.world import SimWorld
from topology.world import Beat, Target

SECOND: Final = 1_000_000_000
LINKS_S: Final = 1.0
"""So long a process that starts waits for the connections of its links."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all processes of a run share; they have it from the fork."""

    playground: Playground
    seed: int
    run: str
    broker: Endpoint
    books: int
    """The descriptor that the books are written to."""
    folder: Path
    """Where queues keep what they accepted."""


class Worker:
    """One process."""

    def __init__(self, setting: Setting, orders: dict[str, Any], end: socket.socket) -> None:
        self.setting = setting
        self.name: str = orders["name"]
        self.lines = Lines(end)
        self.loop = asyncio.get_running_loop()
        design = setting.playground.design(orders["design"])
        shared = homes(design)
        here = {(str(node), int(index)) for node, index in orders["here"]}
        self.scribe = Scribe(setting.books, orders["number"])
        home = partial(home_of, shared)
        self.courier = DurableCourier(here, self.scribe, home, setting.folder / design.name)
        self.world = SimWorld(design, setting.playground, setting.seed, None, self.courier)
        for node, count in orders["places"].items():
            self._add(node, count)
        self.places = own_places(self.world)
        self.gauge = Gauge(self.world, self.places)
        run = f"{setting.run}/{design.name}"
        self.wire = Wire(setting.broker, run, self.name, self._hear)
        self.courier.joins(self.world, self.wire, self.wake)
        for where, port in orders["ports"].items():
            replica, _, link = where.partition(":")
            name = f"{self.name}~{replica.partition('/')[0]}~{link}"
            self.courier.own[replica, int(link)] = Wire(setting.broker.through(port), run, name, self._hear)
        self.epoch = 0
        self.early: list[Letter] = []
        """What came before this process was told that the run has begun."""
        self.handles: dict[int, int] = {}
        self.timer: asyncio.TimerHandle | None = None
        self.lag_ns = 0
        self.measured_at = 0.0
        self.tasks: set[asyncio.Task[Any]] = set()

    def _add(self, node: str, count: int) -> None:
        """Know of so many replicas of a node."""
        group = self.world.groups[node]
        while len(group.places) < count:
            self.world.add_place(node)

    async def serve(self) -> None:
        """Be here until the process is ended."""
        self.loop.set_exception_handler(_broken)
        self.loop.add_reader(self.lines.fileno(), self._obey)
        for wire in (self.wire, *self.courier.own.values()):
            self._keep(wire.run())
        await self.wire.up.wait()
        with contextlib.suppress(TimeoutError):  # a link that is cut comes up when it is healed
            async with asyncio.timeout(LINKS_S):
                for wire in self.courier.own.values():
                    await wire.up.wait()
        self.lines.send(ready=os.getpid())
        await asyncio.Event().wait()

    def _keep(self, task: Coroutine[Any, Any, None]) -> None:
        made = asyncio.create_task(task)
        made.add_done_callback(_ended)
        self.tasks.add(made)

    # The clock

    def wake(self) -> None:
        """Let happen what is due, tell the books, and come back when the next thing is due."""
        now = time.monotonic_ns() - self.epoch
        due = self.world.catch_up(max(now, 0))
        self.scribe.flush()
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if due >= 0:
            self.timer = self.loop.call_later(max(0, due - now) / SECOND, self._due)
        if self.courier.departed:
            for node, index in self.courier.departed:
                self.lines.send(departed=[node, index])
            self.courier.departed.clear()

    def _due(self) -> None:
        self.timer = None
        self.wake()

    def _hear(self, letter: Letter) -> None:
        if self.epoch:
            self.courier.hear(letter)
        else:
            self.early.append(letter)

    def _measure(self) -> None:
        """Send the figures, and how late this came: that is how late everything here comes."""
        now = self.loop.time()
        self.lag_ns = max(0, int((now - self.measured_at) * SECOND))
        self.measured_at = max(self.measured_at, now) + self.world.grid_ns / SECOND
        self.loop.call_at(self.measured_at, self._measure)
        self.wake()
        self.world.refold()
        self.lines.send(figures=self.gauge.measure(), lag=self.lag_ns, connections=self.wire.connections)

    # Orders

    def _obey(self) -> None:
        try:
            for line in self.lines.read():
                for verb, told in line.items():
                    getattr(self, f"do_{verb}")(told)
        except Closed:
            os._exit(0)  # whoever runs the world is gone

    def do_begin(self, told: dict[str, Any]) -> None:
        """The run has begun at an instant of the common clock; this is what is so by now."""
        self.epoch = told["epoch"]
        self.wake()
        for one in told["set"]:
            self.do_set(one)
        for one in told["laid"]:
            self.do_lay(one)
        self.do_state(told["state"])
        self._says_what_it_keeps()
        self.measured_at = self.loop.time() + self.world.grid_ns / SECOND
        self.loop.call_at(self.measured_at, self._measure)
        early, self.early = self.early, []
        for letter in early:
            self.courier.hear(letter)
        self.wake()

    def _says_what_it_keeps(self) -> None:
        queues = [place for place in self.places if keeps(type(place.machine))]
        if queues:
            self.courier.says_what_it_keeps(queues)
            self.scribe.mark(KEPT, int(self.world.core.engine.now))

    def do_state(self, told: list[list[Any]]) -> None:
        """What is known of replicas from now on, ours among them."""
        if not self.epoch:
            return
        self.wake()
        for node, index, up, dark, draining, gone, provided in told:
            self._add(node, index + 1)
            place = self.world.groups[node].places[index]
            if isinstance(place, Peer):
                was = place.up
                place.show(up, dark, draining, gone, provided)
                if was and not up:
                    self.courier.lost(place)
            elif isinstance(place, Local):
                self._show_own(place, up, draining)
        self.wake()

    def _show_own(self, place: Local, up: bool, draining: bool) -> None:
        place.now = self.world.core.engine.now
        if up and not place.up and not place.gone:
            place.come_up()
        if draining and not place.draining:
            place.drain_out()

    def do_lay(self, told: dict[str, Any]) -> None:
        """A layer lies here now, or more is offered."""
        self.wake()
        world = self.world
        beats = Beat(*told["beats"]) if told["beats"] else None
        if told["kind"] == "surge":
            handle = world.surge(told["node"], told["values"]["by"], told["ramp"], beats)
        elif told["kind"] == "crowd":
            handle = world.crowd(told["node"], told["values"]["by"], beats)
        else:
            target = Target(told["node"], tuple(told["replicas"]), told["link"])
            handle = world.lay(told["kind"], target, told["values"], told["ramp"], beats)
        self.handles[told["handle"]] = handle
        self.wake()

    def do_lift(self, told: int) -> None:
        """It lies here no more."""
        self.wake()
        self.world.lift(self.handles.pop(told, 0))
        self.wake()

    def do_set(self, told: list[Any]) -> None:
        """A parameter is changed."""
        node, name, value = told
        self.wake()
        self.world.set(node, name, pickle.loads(base64.b64decode(value)))
        self.wake()

    def do_rate(self, told: list[Any]) -> None:
        """A producer that lives here offers more or less."""
        self.wake()
        self.world.rate(told[0], told[1])
        self.wake()

    def do_call(self, told: list[str]) -> None:
        """Rewire, redrive or flush a node that lives here."""
        verb, node = told
        self.wake()
        getattr(self.world, verb)(node)
        self.wake()

    def do_stop(self, told: bool) -> None:
        """Offer nothing more."""
        self.wake()
        for place in self.places:
            place.machine.on_stop(place)
        self.wake()


def _ended(task: asyncio.Task[None]) -> None:
    """What should go on for ever has ended: an error of our own, which ends the process."""
    if not task.cancelled() and task.exception() is not None:
        traceback.print_exception(task.exception())
        sys.stderr.flush()
        os._exit(DEADLY)


def _broken(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An error that nobody caught ends the process, but for what aiomqtt leaves behind when its broker goes."""
    error = context.get("exception")
    if error is None or isinstance(error, OSError | aiomqtt.MqttError):
        return
    loop.default_exception_handler(context)
    os._exit(DEADLY)


def become(setting: Setting, orders: dict[str, Any], end: socket.socket) -> None:
    """What a fork does: it holds the name of the run on a broker, is the network's proxy, or hosts replicas."""
    if "claim" in orders:
        hold(setting.broker, setting.run, end)
    elif "proxy" in orders:
        serve(end.detach(), setting.seed)
    else:
        work(setting, orders, end)


def work(setting: Setting, orders: dict[str, Any], end: socket.socket) -> None:
    """Be such a process, in a fork."""
    logging.getLogger().handlers.clear()  # those of whoever started the run write to what is closed here
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    gc.set_threshold(20_000, 20, 20)

    async def serve() -> None:
        worker = Worker(setting, orders, end)
        await worker.serve()

    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=punctual_loop) as runner:
        runner.run(serve())


def punctual_loop() -> asyncio.AbstractEventLoop:
    """A loop whose timers come within a quarter of a millisecond: epoll counts in whole ones, rounded up, and select does not.

    A process here watches a handful of descriptors, so that select is no slower.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector())
