"""The graph of a definition: which ways there are, and how conditions read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.topology.asl.playing import Failed, Never, Player, one
from topology.asl import load
from topology.asl.graph import condition, graph_of
from topology.workflow_frame import CATCH, CHOICE, DEFAULT, FORK, JOIN, NEXT

TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
RETRY = [{"ErrorEquals": ["Busy"], "MaxAttempts": 2, "IntervalSeconds": 1}]
CATCHER = [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]
SHOP: dict[str, Any] = {
    "StartAt": "Size",
    "States": {
        "Size": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Both"},
                {
                    "And": [{"Variable": "$.a", "IsPresent": True}, {"Not": {"Variable": "$.b", "StringEquals": "x"}}],
                    "Next": "Each",
                },
            ],
            "Default": "Sorry",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Left", "States": {"Left": TASK | {"End": True}}},
                {"StartAt": "Right", "States": {"Right": TASK | {"Next": "Rest"}, "Rest": {"Type": "Pass", "End": True}}},
            ],
            "Retry": RETRY,
            "Catch": CATCHER,
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {"StartAt": "One", "States": {"One": TASK | {"End": True}}},
            "End": True,
        },
        "Sorry": {"Type": "Fail", "Error": "Sorry"},
    },
}


def ways(definition: Any) -> set[tuple[str, str, str, str]]:
    graph = graph_of(load(definition), definition)
    name = [state.name for state in graph.states]
    return {(name[way.source], way.sort, name[way.target], way.words) for way in graph.ways}


def test_every_way_of_a_definition_is_there_with_its_sort_and_words() -> None:
    assert ways(SHOP) == {
        ("Size", CHOICE, "Both", "$.n > 5"),
        ("Size", CHOICE, "Each", "$.a is present and not ($.b = 'x')"),
        ("Size", DEFAULT, "Sorry", "no rule holds"),
        ("Both", FORK, "Left", ""),
        ("Both", FORK, "Right", ""),
        ("Left", JOIN, "Both", ""),
        ("Right", NEXT, "Rest", ""),
        ("Rest", JOIN, "Both", ""),
        ("Both", NEXT, "Each", ""),
        ("Both", CATCH, "Sorry", "States.ALL"),
        ("Each", FORK, "One", ""),
        ("One", JOIN, "Each", ""),
    }


def test_states_tell_where_they_stand_and_what_they_do() -> None:
    graph = graph_of(load(SHOP), SHOP)
    by_name = {state.name: state for state in graph.states}
    assert [state.name for state in graph.states if state.within < 0] == ["Size", "Both", "Each", "Sorry"]
    assert graph.states[by_name["Rest"].within].name == "Both"
    assert by_name["Size"].first
    assert not by_name["Size"].last
    assert by_name["Sorry"].last
    assert by_name["Each"].last
    assert by_name["Both"].words == "2 branches at once"
    assert by_name["Both"].rules == ("Busy: 2 times after 1 s, then ×2",)
    assert by_name["Left"].words == "lambda:invoke"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"Variable": "$.a", "NumericLessThanEqualsPath": "$.b", "Next": "X"}, "$.a ≤ $.b"),
        ({"Variable": "$.a", "StringMatches": "*.txt", "Next": "X"}, "$.a like '*.txt'"),
        ({"Variable": "$.a", "IsNull": False, "Next": "X"}, "$.a is not null"),
        ({"Variable": "$.a", "BooleanEquals": True, "Next": "X"}, "$.a = True"),
        ({"Condition": "{% $n > 3 %}", "Next": "X"}, "$n > 3"),
        ({"Or": [{"Variable": "$.a", "IsNull": True}, {"Variable": "$.b", "IsNull": True}]}, "$.a is null or $.b is null"),
    ],
)
def test_conditions_read_as_words(rule: dict[str, Any], words: str) -> None:
    assert condition(rule) == words


def tally(player: Player, state: str) -> tuple[int, int, int, int, int, int]:
    found = player.tallies[state]
    return found.entered, found.now, found.failed, found.caught, found.retried, found.stopped


def test_a_retried_and_a_caught_state_are_counted_as_that_and_not_as_failed() -> None:
    definition = {
        "StartAt": "Try",
        "States": {"Try": TASK | {"Retry": RETRY, "Catch": CATCHER, "End": True}, "Sorry": {"Type": "Pass", "End": True}},
    }

    def busy(_: Any) -> Any:
        raise Failed("Busy")

    player = Player(definition)
    player.start()
    player.finish(busy)
    assert tally(player, "Try") == (1, 0, 0, 1, 2, 0)
    assert tally(player, "Sorry") == (1, 0, 0, 0, 0, 0)


def test_a_branch_that_is_given_up_is_counted_as_stopped_and_is_in_its_state_no_more() -> None:
    def answer(request: Any) -> Any:
        if request.state == "Left":
            raise Failed("Bad")
        raise Never

    player = Player(SHOP)
    player.start({"n": 9, "items": []})
    player.finish(answer)
    assert player.run.status == "FAILED"
    assert tally(player, "Left") == (1, 0, 1, 0, 0, 0)
    assert tally(player, "Right") == (1, 0, 0, 0, 0, 1)
    assert tally(player, "Both") == (1, 0, 0, 1, 0, 0)
    assert tally(player, "Sorry") == (1, 0, 1, 0, 0, 0)


def test_items_of_a_distributed_map_are_counted_though_they_have_histories_of_their_own() -> None:
    each = {
        "Type": "Map",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "One",
            "States": {"One": TASK | {"End": True}},
        },
    }
    player = Player(one(each))
    player.start([1, 2, 3])
    assert tally(player, "One") == (3, 3, 0, 0, 0, 0)
    player.finish(lambda request: request.input)
    assert tally(player, "One") == (3, 0, 0, 0, 0, 0)
    assert not any(event.state == "One" for event in player.run.history)


def test_an_execution_that_has_taken_too_long_stops_the_state_that_it_is_in() -> None:
    def never(_: Any) -> Any:
        raise Never

    player = Player(one(TASK, TimeoutSeconds=5))
    player.start()
    player.finish(never)
    assert player.run.status == "TIMED_OUT"
    assert tally(player, "S") == (1, 0, 0, 0, 0, 1)
