"""The sending half of a replica: every attempt that was let go ends once, and nothing is kept at the end."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.topology.sim.playgrounds import Deed, Shape, do, plans, shapes
from tests.topology.worlds import MS, S, all_of, check_frame, flow, link, reasons, to_the_end, world
from topology.node import Call, Context
from topology.policy import Gate, LinkPolicy
from topology.sim.place import Place
from topology.sim.wire import Outlet
from topology.sim.world import SimWorld

WEB = "producer, rate: 100/s, arrivals: constant, deadline: 1s"


class Spy(LinkPolicy):
    """Stands behind all policies of a link and counts what they let go, and what came of it."""

    def __init__(self) -> None:
        self.out: dict[int, Call] = {}
        self.mistakes: list[str] = []
        self.let: list[int] = []

    def reset(self) -> None:
        self.out = {}

    def admits(self, ctx: Context, call: Call) -> int:
        self.let.append(call.message.n)
        self.out[id(call)] = call
        return 0

    def heard(self, ctx: Context, call: Call) -> None:
        self._over(call, "heard")

    def withdrawn(self, ctx: Context, call: Call) -> None:
        self._over(call, "withdrawn")

    def _over(self, call: Call, how: str) -> None:
        if self.out.pop(id(call), None) is None:
            self.mistakes.append(f"{how} of an attempt that is over: link {call.link}, try {call.tries}")


def spied(one: SimWorld) -> list[tuple[Place, Outlet, Spy]]:
    """A spy behind each link that has policies."""
    found = []
    for group in one.core.groups:
        for place in group.places:
            for outlet in place.outlets:
                if outlet.policies:
                    spy = Spy()
                    outlet.policies.append(spy)
                    outlet.all_policies.append(spy)
                    outlet.gates.append(Gate(spy))
                    found.append((place, outlet, spy))
    return found


def check_empty(one: SimWorld) -> None:
    """Nobody waits for anything any more."""
    for wire in one.wires:
        assert wire.open == 0, wire.name
    for group in one.core.groups:
        for place in group.places:
            for outlet in place.outlets:
                assert (outlet.out, outlet.held) == (0, 0), place.name
                assert [gate.line.count for gate in outlet.gates] == [0] * len(outlet.gates)
                assert not any(outlet.outs)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(shapes(), plans(), st.integers(0, 1000))
def test_every_attempt_that_was_let_go_is_heard_of_once(shape: Shape, deeds: list[Deed], seed: int) -> None:
    made = shape.made()
    one = SimWorld(made.designs[0], made, seed)
    spies = spied(one)
    handles: list[int] = []
    for deed in deeds:
        one.advance(max(deed.at, one.now))
        do(one, deed, handles)
        for wire in one.wires:
            assert wire.open >= 0, wire.name
        for _, outlet, spy in spies:
            assert outlet.out >= 0
            assert not spy.mistakes
    for handle in handles:
        one.lift(handle)
    one.advance(6 * S)
    to_the_end(one, 300)
    check_frame(one)
    if one.idle():
        one.advance(one.now + 300 * S)
        check_empty(one)
    for place, _, spy in spies:
        assert not spy.mistakes
        assert place.gone or not spy.out or not one.idle()


def test_who_is_held_back_is_not_overtaken() -> None:
    """Poisson arrivals at one place of 5 ms: in the order in which they came, also where several policies hold back."""
    one_gate = "bulkhead: {limit: 1, wait: 5s}"
    three = "bulkhead: {limit: 2, wait: 5s}, pool: {size: 1}, backpressure: {max: 180/s, wait: 5s}"
    for policies in (one_gate, three):
        nodes = {"web": "producer, rate: 150/s, deadline: 9s", "app": "service, slots: 9, takes: 5ms"}
        one = world(nodes, [f"{{link: web -> app, {policies}}}"])
        ((_, _, spy),) = spied(one)
        one.advance(20 * S)
        to_the_end(one)
        assert spy.let == sorted(spy.let)
        assert len(spy.let) == flow(one).served > 2500


def test_a_hedge_that_is_held_back_is_dropped_when_the_first_is_answered() -> None:
    one = world(
        {"web": "producer, rate: 20/s, arrivals: constant", "app": "service, takes: 20ms"},
        ["{link: web -> app, bulkhead: {limit: 1, wait: 1s}, hedge: {after: 5ms, budget: 100%}}"],
    )
    one.advance(10 * S)
    found = to_the_end(one)
    check_empty(one)
    assert link(one, "web -> app").attempts == found.offered == found.served
    assert found.latency_p99_ns == 20 * MS


def test_a_caller_does_not_know_of_an_answer_that_is_still_on_its_way() -> None:
    """The callee answers after 30 ms, which is heard at 50 ms; the hedge is sent at 40."""
    one = world(
        {"web": "producer, rate: 20/s, arrivals: constant", "app": "service, slots: 9, takes: 10ms"},
        ["{link: web -> app, delay: 20ms, hedge: {after: 40ms, budget: 100%}}"],
    )
    one.advance(10 * S)
    found = to_the_end(one)
    assert link(one, "web -> app").attempts == 2 * found.offered == 2 * found.served


def test_a_caller_that_dies_with_twins_and_held_back_attempts_leaves_nothing() -> None:
    links = ["web -> app", "{link: app -> db, pool: {size: 4, wait: 2s}, hedge: {after: 10ms, budget: 100%}, timeout: 300ms}"]
    one = world({"web": WEB, "app": "service, slots: 99, takes: 1ms", "db": "service, slots: 99, takes: 100ms"}, links)
    spies = spied(one)
    one.advance(5 * S)
    assert one.groups["app"].places[0].outlets[0].held > 10
    handle = one.kill(all_of(one, "app"))
    assert one.wires[1].open == one.groups["app"].places[0].outlets[0].held == 0
    one.advance(6 * S)
    one.lift(handle)
    one.advance(10 * S)
    to_the_end(one)
    one.advance(one.now + S)
    check_empty(one)
    assert not spies[0][2].mistakes
    assert not spies[0][2].out


def test_patience_ends_while_held_back_and_while_backing_off() -> None:
    """What a customer is told is what kept it: the policy that held it, or the failure that it waits to try again after."""
    held = world(
        {"web": "producer, rate: 20/s, arrivals: constant, deadline: 220ms", "app": "service, takes: 1ms"},
        ["{link: web -> app, backpressure: {max: 2/s, wait: 10s}}"],
    )
    held.advance(5 * S)
    assert set(reasons(held)) == {"app: held back: the callee refuses"}
    backing = world(
        {"web": "producer, rate: 20/s, arrivals: constant, deadline: 200ms", "app": "service, takes: 1ms, fails: 100%"},
        ["{link: web -> app, bulkhead: {limit: 1, wait: 1s}, retry: {attempts: 3, backoff: 5s, jitter: none}}"],
    )
    backing.advance(5 * S)
    assert set(reasons(backing)) == {"app: error"}
    for one in (held, backing):
        to_the_end(one)
        check_empty(one)


def test_a_gate_that_frees_only_the_next_gates_place_lets_the_first_in_line_on() -> None:
    """Connections come back from attempts that were given up long ago: who waits for one goes on, not who came later."""
    links = ["web -> app", "{link: app -> db, bulkhead: {limit: 3, wait: 900ms}, pool: {size: 2, wait: 5s}, timeout: 100ms}"]
    one = world({"web": WEB, "app": "service, slots: 200, takes: 0s", "db": "service, slots: 99, takes: 1s"}, links)
    ((_, outlet, spy),) = spied(one)
    one.advance(10 * S)
    assert link(one, "app -> db").attempts == 2 * 10
    assert spy.let == sorted(spy.let)
    assert outlet.held > 50
    to_the_end(one)
    one.advance(one.now + 2 * S)
    check_empty(one)
