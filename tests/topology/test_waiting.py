"""The line of waiting calls, against a list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topology.message import Flow, Message, Reach
from topology.node import Call
from topology.waiting import Waiting

FLOW = Flow(0, "web", [], 7, ["web"], 100)


def call() -> Call:
    return Call(Message(FLOW, 1, 1, 0, 1), Reach([], -1, 0), 0, None, 0)


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
