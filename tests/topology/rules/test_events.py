"""The envelope of an event, and what a target gets of it."""

from __future__ import annotations

from typing import Any

import pytest

from topology.message import Mix
from topology.problems import Refused
from topology.rules.events import Transformer, event_of, found, steps_of

EVENT: dict[str, Any] = {
    "source": "shop",
    "detail-type": "order",
    "detail": {"id": 7, "who": {"name": 'a "b"'}, "lines": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}]},
}


def mix(body: Any, **attributes: Any) -> Mix:
    return Mix("order", 1.0, 0, 0, attributes, body)


def test_attributes_are_the_envelope_and_the_body_is_the_detail() -> None:
    """EventBridge User Guide, Event structure."""
    event = event_of(mix({"amount": 5}, source="shop", region="eu-west-1"), "web")
    assert (event["source"], event["detail-type"], event["region"]) == ("shop", "order", "eu-west-1")
    assert event["detail"] == {"amount": 5}
    assert event_of(None, "web") == event_of(None, "web") | {"source": "web", "detail-type": "web", "detail": {}}
    assert "replay-name" not in event


def test_what_has_an_envelope_keeps_it() -> None:
    assert event_of(mix(EVENT), "web") is EVENT


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", EVENT),
        ("$.detail.id", 7),
        ("$.detail.lines[1].sku", "y"),
        ("$.detail.lines[*].n", [1, 2]),
        ("$['detail']['id']", 7),
        ("$.detail-type", "order"),
        ("$.detail.lines[2]", None),
        ("$.detail.id.deeper", None),
        ("$.nothing", None),
    ],
)
def test_a_path_leads_into_the_event(path: str, value: Any) -> None:
    assert found(EVENT, steps_of(path, ())) == value


@pytest.mark.parametrize("path", ["detail", "$detail", "$.", "$..a", "$.a[?(@.b)]", "$.a[-1]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(Refused):
        steps_of(path, ("input_path",))


def test_a_template_is_filled_in() -> None:
    """EventBridge User Guide, Amazon EventBridge input transformation: an object, a text, JSON in a text."""
    paths = {"id": "$.detail.id", "who": "$.detail.who", "name": "$.detail.who.name", "none": "$.nothing"}
    assert Transformer(paths, {"a": "<id>", "b": ["<who>"], "c": "no <id>", "d": "<none>"}).fill(EVENT, "r") == {
        "a": 7, "b": [{"name": 'a "b"'}], "c": "no 7", "d": None,
    }  # fmt: skip
    assert Transformer(paths, "order <id> of <name>, <none>.").fill(EVENT, "r") == 'order 7 of a "b", .'
    assert Transformer(paths, '{"n": <id>, "who": <who>}').fill(EVENT, "r") == {"n": 7, "who": {"name": 'a "b"'}}
    assert Transformer({}, "<aws.events.rule-name>: <aws.events.event.json>").fill({"a": 1}, "r") == 'r: {"a":1}'
    assert Transformer({}, "<aws.events.event>").fill(EVENT, "r") == {"source": "shop", "detail-type": "order"}


@pytest.mark.parametrize(
    ("paths", "template", "place"),
    [
        ({f"v{i}": "$.a" for i in range(101)}, "x", ("transform", "paths")),
        ({"aws.mine": "$.a"}, "x", ("transform", "paths", "aws.mine")),
        ({"a": 5}, "x", ("transform", "paths", "a")),
        ({"a": "b"}, "x", ("transform", "paths", "a")),
        ({"a": "$.a"}, "<b>", ("transform", "template")),
        ({"a": "$.a"}, {"<a>": 1}, ("transform", "template")),
    ],
)
def test_what_the_service_refuses_of_a_transformer_is_refused(paths: Any, template: Any, place: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        Transformer(paths, template)
    assert refused.value.path == place
