"""The generated models check as `load` does, and the schema is one that editors can use."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.topology.spec.declared import FAULTS, KINDS, Declared
from topology.dist import Dist
from topology.spec.models import fault_model, kind_model, policy_model, schema
from topology.spec.values import WRONG, Reading


def test_inner_values() -> None:
    made: Any = kind_model("sqs", Declared())(visibility="45s", dead_letter={"to": "dlq"})
    assert made.visibility == 45 * 10**9
    assert made.retention == 4 * 86_400 * 10**9
    assert made.dead_letter == {"to": "dlq", "after": 5}
    service: Any = kind_model("service", Declared())()
    assert isinstance(service.takes, Dist)
    timeout: Any = policy_model("timeout", Declared())(after="1s")
    assert timeout.after == 10**9


@pytest.mark.parametrize(
    ("given_values", "words"),
    [
        ({"visibility": 30}, "but 30 has no unit"),
        ({"visibility": "13h"}, "expected at most 12h"),
        ({"visibilty": "30s"}, "Extra inputs are not permitted"),
        ({"dead_letter": {"after": "x"}}, "needs 'to'"),
    ],
)
def test_mistakes(given_values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        kind_model("sqs", Declared())(**given_values)
    assert words in str(caught.value)


def test_what_is_required() -> None:
    with pytest.raises(ValidationError):
        fault_model("latency", FAULTS)()
    assert "extra" in fault_model("latency", FAULTS)(extra="3ms").model_dump()


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**7)
    | st.floats()
    | st.sampled_from(["30s", "5%", "3/s", "x", "parallel"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["median", "p99", "to", "after", "mean", "exponential"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_models_and_loading_agree(kind: str, data: st.DataObject) -> None:
    params = KINDS[kind].params
    values = data.draw(st.dictionaries(st.sampled_from([*params, "other"]), anything, max_size=3))
    found = Reading(lambda *_: None).fields(params, values, (), kind)
    sound = found is not WRONG and "other" not in values
    assert accepted(kind, values) == (found if sound else None)


def accepted(kind: str, values: dict[str, Any]) -> Any:
    """What the model makes of the values, or nothing where it refuses them; distributions by their text."""
    try:
        return Same(kind_model(kind, Declared())(**values))
    except ValidationError:
        return None


class Same:
    """A model that equals a mapping of the same inner values."""

    def __init__(self, model: Any) -> None:
        self.values = {name: getattr(model, name) for name in type(model).model_fields}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and _texts(self.values) == _texts(other)

    __hash__ = None  # type: ignore[assignment]


def _texts(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.text if isinstance(value, Dist) else value for name, value in values.items()}


def test_the_schema_names_everything() -> None:
    made = schema(Declared(), FAULTS)
    text = json.dumps(made)
    for word in (
        "visibility",
        "load_balancer",
        "retry",
        "attempts",
        "ramp",
        "probability",
        "exponential",
        "SQS Developer Guide",
    ):
        assert f"{word}" in text
    assert made["required"] == ["playground", "duration", "designs"]
    assert {part["title"] for part in made["$defs"]["node"]["anyOf"]} == set(KINDS)


def test_the_schema_is_the_same_each_time() -> None:
    assert json.dumps(schema(Declared(), FAULTS)) == json.dumps(schema(Declared(), FAULTS))
