"""Letters come back as they were written, and what is none is said to be none."""

from __future__ import annotations

import pytest

from topology.live.letter import (
    CALL,
    Garbled,
    Letter,
    number,
    pack,
    pack_all,
    read_message,
    read_outcome,
    unpack,
    unpack_all,
    write_message,
    write_outcome,
)
from topology.live.recent import Recent
from topology.message import ERROR, TIMEOUT, Flow, Message


def test_a_letter_comes_back() -> None:
    letter = Letter("orders/0.1f.1", CALL, {"handoff": True, "message": {"n": 1}}, "orders/0", "", 123)
    assert unpack(pack(letter)) == letter


def test_letters_that_go_out_together_come_back_in_their_order() -> None:
    letters = [Letter(f"orders/0.1f.{i}", CALL, {"i": i}, "orders/0", "", i) for i in range(3)]
    assert unpack_all(pack_all([pack(one) for one in letters])) == letters
    assert unpack_all(pack_all([pack(letters[0])])) == letters[:1]
    for payload in (b"[]", b"[1]", b"nothing"):
        with pytest.raises(Garbled):
            unpack_all(payload)


def test_a_message_and_an_outcome_come_back() -> None:
    flow = Flow(0, "web", ["inventory"], 7, ["web", "inventory"], 100_000_000)
    message = read_message(write_message(Message(flow, 3, (7 << 32) | 3, 10, 20)), {"web": flow})
    assert (message.flow, message.n, message.root, message.born, message.deadline) == (flow, 3, (7 << 32) | 3, 10, 20)
    code = TIMEOUT | 2 << 16
    assert read_outcome(write_outcome(ERROR, code)) == (ERROR, code)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"b": []}',
        b'{"id": 1, "v": "call", "b": {}, "rt": "", "c": "", "t0": 0}',
        b'{"id": "", "v": "call", "b": {}, "rt": "", "c": "", "t0": true}',
    ],
)
def test_what_is_no_letter_is_garbled(payload: bytes) -> None:
    with pytest.raises(Garbled):
        unpack(payload)


def test_a_number_must_fit_and_a_flow_must_be_known() -> None:
    with pytest.raises(Garbled, match="64 bits"):
        number({"n": 1 << 63}, "n")
    with pytest.raises(Garbled, match="no producer is called 'app'"):
        read_message({"flow": "app"}, {})


def test_a_memory_forgets_the_oldest() -> None:
    memory: Recent[str, int] = Recent(2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        memory.remember(key, value)
    assert memory == {"a": 3, "c": 4}
