"""The same workloads as SimPy models, written as its own guide would: a process per customer and per attempt.

`bare` is the shortest model of a queue. `Shop` keeps the accounts that knockon keeps: a deadline for each request,
what became of it, histograms of latency and completion, time integrals of the node, and retries that leave the old
attempt running.
"""

from __future__ import annotations

import math
import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Workload:
    """Poisson arrivals at `servers` exponential servers. Times in seconds; a rate per second."""

    name: str
    rate: float
    work: float
    servers: int
    seconds: float
    deadline: float = 10.0
    delay: float = 0.0
    timeout: float = 0.0
    attempts: int = 1
    backoff: float = 0.0
    queues: int = 0
    """Above 0: what arrives is copied to so many queues, each with `servers` consumers."""


@dataclass
class Outcome:
    """What a run of a workload said: enough to see that both sides modelled the same thing."""

    offered: int
    yes: int
    attempts: int
    mean_latency: float
    mean_completion: float = 0.0


def bare(load: Workload, seed: int) -> Outcome:
    """A queue and nothing else, but for the mean latency."""
    env = simpy.Environment()
    servers = simpy.Resource(env, load.servers)
    chance = random.Random(seed)
    latencies: list[float] = []

    def customer() -> Process:
        born = env.now
        with servers.request() as turn:
            yield turn
            yield env.timeout(chance.expovariate(1 / load.work))
        latencies.append(env.now - born)

    def arrivals() -> Process:
        while True:
            yield env.timeout(chance.expovariate(load.rate))
            env.process(customer())

    env.process(arrivals())
    env.run(until=load.seconds)
    return Outcome(len(latencies), len(latencies), len(latencies), sum(latencies) / len(latencies))


class Histogram:
    """Counts in bins that grow by 2 %, so that percentiles are within 1 %."""

    def __init__(self) -> None:
        self.bins = [0] * 2048
        self.count = 0
        self.total = 0.0
        self.most = 0.0

    def add(self, seconds: float) -> None:
        """Count one value."""
        self.bins[int(math.log(seconds * 1e9 + 1) * 50)] += 1
        self.count += 1
        self.total += seconds
        if seconds > self.most:
            self.most = seconds


class Node:
    """A pool of servers with its time integrals: how many wait, how many are busy, and what came and went."""

    def __init__(self, env: simpy.Environment, servers: int) -> None:
        self.env = env
        self.servers = simpy.Resource(env, servers)
        self.arrivals = self.departures = self.waiting = self.busy = 0
        self.waiting_area = self.busy_area = self.since = 0.0

    def change(self, waiting: int, busy: int) -> None:
        """Bring the integrals up to now, then count the change."""
        passed = self.env.now - self.since
        self.waiting_area += self.waiting * passed
        self.busy_area += self.busy * passed
        self.since = self.env.now
        self.waiting += waiting
        self.busy += busy


@dataclass(slots=True)
class Request:
    """One thing that a customer wants, over all its attempts."""

    born: float
    answer: str = ""
    """Nothing yet, then yes or no."""
    done: int = 0


@dataclass
class Fates:
    """What became of the requests."""

    offered: int = 0
    served: int = 0
    late: int = 0
    failed: int = 0
    done_after_no: int = 0
    duplicates: int = 0
    attempts: int = 0
    wasted: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)


class Shop:
    """A workload with like accounting."""

    def __init__(self, load: Workload, seed: int) -> None:
        self.load = load
        self.env = simpy.Environment()
        self.node = Node(self.env, load.servers)
        self.chance = random.Random(seed)
        self.fates = Fates()
        self.latency = Histogram()
        self.completion = Histogram()

    def run(self) -> Outcome:
        """Run the workload to its end."""
        self.env.process(self.arrivals())
        self.env.run(until=self.load.seconds)
        fates = self.fates
        mean = self.latency.total / max(1, self.latency.count)
        done = self.completion.total / max(1, self.completion.count)
        return Outcome(fates.offered, fates.served + fates.late, fates.attempts, mean, done)

    def arrivals(self) -> Process:
        """Offer requests, whatever becomes of the earlier ones."""
        env, load, chance = self.env, self.load, self.chance
        customer = self.persistent_customer if load.timeout else self.customer
        while True:
            yield env.timeout(chance.expovariate(load.rate))
            self.fates.offered += 1
            env.process(customer(Request(env.now)))

    def customer(self, request: Request) -> Process:
        """Ask once; the deadline is a callback, which needs no process of its own."""
        deadline = self.env.timeout(self.load.deadline, request)
        deadline.callbacks.append(self.give_up)
        yield from self.attempt(request)
        if not request.answer:
            self.answer(request, True)

    def give_up(self, deadline: simpy.Event) -> None:
        """The deadline of a request has come."""
        if not deadline.value.answer:
            self.answer(deadline.value, False, "deadline")

    def persistent_customer(self, request: Request) -> Process:
        """Ask, give up on an attempt after the timeout, back off, ask again; all within the deadline."""
        env, load = self.env, self.load
        end = request.born + load.deadline
        for tried in range(load.attempts):
            attempt = env.process(self.attempt(request))
            yield attempt | env.timeout(min(load.timeout, end - env.now))
            if attempt.triggered:
                self.answer(request, True)
                return
            pause = load.backoff * 2**tried * self.chance.random()
            if tried + 1 == load.attempts or env.now + pause >= end:
                break
            yield env.timeout(pause)
        self.answer(request, False, "timeout")

    def attempt(self, request: Request) -> Process:
        """There, through the node, and back; whether or not anyone still waits."""
        env, load, node = self.env, self.load, self.node
        self.fates.attempts += 1
        if load.delay:
            yield env.timeout(load.delay)
        node.arrivals += 1
        node.change(1, 0)
        with node.servers.request() as turn:
            yield turn
            node.change(-1, 1)
            began = env.now
            yield env.timeout(self.chance.expovariate(1 / load.work))
            node.change(0, -1)
        node.departures += 1
        self.complete(request, began)
        if load.delay:
            yield env.timeout(load.delay)

    def complete(self, request: Request, began: float) -> None:
        """Count one execution of the work."""
        request.done += 1
        if request.done > 1:
            self.fates.duplicates += 1
        else:
            self.completion.add(self.env.now - request.born)
            if request.answer == "no":
                self.fates.done_after_no += 1
        if request.answer:
            self.fates.wasted += self.env.now - began

    def answer(self, request: Request, yes: bool, reason: str = "") -> None:
        """Tell the customer, once."""
        fates = self.fates
        if not yes:
            request.answer = "no"
            fates.failed += 1
            fates.reasons[reason] = fates.reasons.get(reason, 0) + 1
            return
        request.answer = "yes"
        latency = self.env.now - request.born
        self.latency.add(latency)
        if latency <= self.load.deadline:
            fates.served += 1
        else:
            fates.late += 1


class Queue:
    """A queue with what the service counts, inside and in flight over time, and a visibility timeout for each delivery."""

    def __init__(self, env: simpy.Environment, visibility: float) -> None:
        self.env = env
        self.visibility = visibility
        self.store = simpy.Store(env)
        self.deliveries = self.inside = self.flying = 0
        self.inside_area = self.flying_area = self.since = 0.0

    def change(self, inside: int, flying: int) -> None:
        """Bring the integrals up to now, then count the change."""
        passed = self.env.now - self.since
        self.inside_area += self.inside * passed
        self.flying_area += self.flying * passed
        self.since = self.env.now
        self.inside += inside
        self.flying += flying

    def put(self, copy: Copy) -> None:
        """Keep one more, until it is deleted."""
        self.change(1, 0)
        self.store.put(copy)

    def delivered(self, copy: Copy) -> None:
        """A consumer has it: if it is not deleted in time, it comes back."""
        self.deliveries += 1
        self.change(0, 1)
        copy.receives += 1
        self.env.timeout(self.visibility, (copy, copy.receives)).callbacks.append(self.timed_out)

    def timed_out(self, timer: simpy.Event) -> None:
        """The visibility timeout of one delivery is over."""
        copy, receives = timer.value
        if not copy.deleted and copy.receives == receives:
            self.change(0, -1)
            self.store.put(copy)

    def delete(self, copy: Copy) -> None:
        """It was worked on."""
        copy.deleted = True
        self.change(-1, -1)


@dataclass(slots=True)
class Copy:
    """What one queue keeps of a request."""

    request: Request
    receives: int = 0
    deleted: bool = False


class FanOut(Shop):
    """A topic that copies each request to all queues, with like accounting."""

    VISIBILITY = 30.0

    def __init__(self, load: Workload, seed: int) -> None:
        super().__init__(load, seed)
        self.queues = [Queue(self.env, self.VISIBILITY) for _ in range(load.queues)]
        self.nodes = [Node(self.env, load.servers) for _ in range(load.queues)]
        self.staleness = Histogram()
        for queue, node in zip(self.queues, self.nodes, strict=True):
            for _ in range(load.servers):
                self.env.process(self.consumer(queue, node))

    def customer(self, request: Request) -> Process:
        """Publish: the answer is yes at once, and a copy goes to each queue."""
        deadline = self.env.timeout(self.load.deadline, request)
        deadline.callbacks.append(self.give_up)
        self.fates.attempts += 1
        self.answer(request, True)
        for queue in self.queues:
            queue.put(Copy(request))
        yield self.env.timeout(0)

    def consumer(self, queue: Queue, node: Node) -> Process:
        """Wait for a copy, work on it, delete it; again and again."""
        env, chance, mean = self.env, self.chance, 1 / self.load.work
        while True:
            copy = yield queue.store.get()
            queue.delivered(copy)
            node.arrivals += 1
            node.change(0, 1)
            began = env.now
            yield env.timeout(chance.expovariate(mean))
            node.change(0, -1)
            node.departures += 1
            queue.delete(copy)
            self.complete_part(copy, began)

    def complete_part(self, copy: Copy, began: float) -> None:
        """One part of a request is done; the last one completes it."""
        request = copy.request
        if copy.receives > 1:
            self.fates.duplicates += 1
            self.fates.wasted += self.env.now - began
            return
        request.done += 1
        if request.done == self.load.queues:
            self.completion.add(self.env.now - request.born)
            self.staleness.add(self.env.now - request.born)
