"""Lines of waiting calls, each against a list that is sorted anew for every turn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.message import Flow, Message, Reach
from topology.node import Call
from topology.policies.fair_queue import Turns
from topology.queues.waiting import EarliestDeadline, MostImportant, NewestFirst, NewestWhenLong, Waiting

FLOW = Flow(0, "web", [], 7, ["web"], 100)


def call(n: int = 1, deadline: int = 1, priority: int = 0) -> Call:
    """The n-th call, with a deadline of its own; its priority is also its tenant."""
    made = Call(Message(FLOW, n, n, 0, deadline), Reach([], -1, 0), 0, None, 0)
    made.message.priority = priority
    made.message.tenant = priority
    made.arrived = n
    return made


@given(st.lists(st.sampled_from(["add", "add", "oldest", "newest", "clear"]), max_size=60))
def test_as_a_list(steps: list[str]) -> None:
    line, model = Waiting(), list[Call]()
    for step in steps:
        if step == "add":
            model.append(call())
            line.add(model[-1])
        elif step == "oldest":
            assert line.take_oldest() is (model.pop(0) if model else None)
        elif step == "newest":
            assert line.take_newest() is (model.pop() if model else None)
        else:
            model.clear()
            line.clear()
        assert line.count == len(model)
    for expected in model:
        taken = line.take_oldest()
        assert taken is expected
        assert taken.next is None
        assert taken.older is None
    assert line.take_newest() is None


def least_important(model: list[Call], newcomer: Call) -> Call | None:
    """The oldest of the lowest priority, if that is not above the newcomer's."""
    found = min(model, key=lambda c: (int(c.message.priority), int(c.arrived)), default=None)
    return found if found is not None and found.message.priority <= newcomer.message.priority else None


ORDERS: dict[str, tuple[Callable[[], Waiting], Callable[[list[Call]], Call]]] = {
    "fifo": (Waiting, lambda model: model[0]),
    "lifo": (NewestFirst, lambda model: model[-1]),
    "adaptive_lifo": (lambda: NewestWhenLong(3), lambda model: model[-1] if len(model) > 3 else model[0]),
    "deadline": (EarliestDeadline, lambda model: min(model, key=lambda c: (int(c.message.deadline), int(c.arrived)))),
    "priority": (MostImportant, lambda model: max(model, key=lambda c: (int(c.message.priority), -int(c.arrived)))),
}

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "take", "take", "oldest", "newest", "victim", "remove", "clear"]),
        st.integers(0, 6),
    ),
    max_size=80,
)


@pytest.mark.parametrize("order", ORDERS)
@given(steps=STEPS)
def test_every_order_as_a_sorted_list(order: str, steps: list[tuple[str, int]]) -> None:
    make, following = ORDERS[order]
    line, model = make(), list[Call]()
    for n, (step, k) in enumerate(steps):
        taken: Call | None = None
        expected: Call | None = None
        if step == "add":
            model.append(call(n, deadline=k + 1, priority=k))
            line.add(model[-1])
        elif step == "clear":
            line.clear()
            model.clear()
        elif step == "remove" and model:
            expected = taken = model[k % len(model)]
            line.remove(taken)
        elif step == "take":
            taken, expected = line.take(n), following(model) if model else None
        elif step == "oldest":
            taken, expected = line.take_oldest(), model[0] if model else None
        elif step == "newest":
            taken, expected = line.take_newest(), model[-1] if model else None
        elif step == "victim":
            newcomer = call(n, priority=k)
            taken = line.take_victim(newcomer)
            expected = least_important(model, newcomer) if order == "priority" else (model[0] if model else None)
        assert taken is expected
        if taken is not None:
            model.remove(taken)
            assert (taken.work, taken.visit, taken.step) == (0, 0, 0)
            assert taken.next is None
            assert taken.older is None
        assert line.count == len(model)


@given(steps=STEPS)
def test_turns_lose_nobody_and_keep_each_tenants_order(steps: list[tuple[str, int]]) -> None:
    line, model = Turns({1: 0.5, 2: 3.0}), list[Call]()
    for n, (step, k) in enumerate(steps):
        taken: Call | None = None
        if step == "add":
            model.append(call(n, priority=k))
            line.add(model[-1])
        elif step == "clear":
            line.clear()
            model.clear()
        elif step in ("take", "oldest"):
            taken = line.take(n) if step == "take" else line.take_oldest()
            assert (taken is None) == (not model)
        elif step == "victim":
            taken = line.take_victim(call(n, priority=k))
            tenants = [int(c.message.tenant) for c in model]
            assert taken is None or tenants.count(int(taken.message.tenant)) == max(tenants.count(t) for t in tenants)
        if taken is not None:
            assert taken is next(c for c in model if c.message.tenant == taken.message.tenant)
            model.remove(taken)
        assert line.count == len(model)
        assert set(line.order) == {int(c.message.tenant) for c in model}


def test_turns_go_by_weight() -> None:
    """Weights 1, ½ and 3: of 90 calls taken while all three wait, 20, 10 and 60."""
    line = Turns({1: 0.5, 2: 3.0})
    for n in range(300):
        line.add(call(n, priority=n % 3))
    taken = [line.take(0) for _ in range(90)]
    tenants = [int(c.message.tenant) for c in taken if c is not None]
    assert [tenants.count(t) for t in range(3)] == pytest.approx([20, 10, 60], abs=3)
