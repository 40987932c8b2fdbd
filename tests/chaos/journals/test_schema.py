"""The published schema: real journals keep to it, every field of theirs is in it, and what it forbids it finds."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from chaos import report
from chaos.journals.schema import schema
from tests.chaos import sample_journals as journals

MAKE = {"run": journals.one, "several": journals.seeds, "playgrounds": journals.together}


def closed(part: Any) -> Any:
    """The schema with every object closed, so that a field that it does not name is a mistake."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {key: closed(value) for key, value in part.items()}
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def validator(which: str, whole: dict[str, Any]) -> Any:
    """Checks one kind of journal."""
    alone = {key: value for key, value in whole.items() if key != "anyOf"}
    return jsonschema.Draft202012Validator({**alone, "$ref": f"#/$defs/{which}"})


def as_written(told: dict[str, Any]) -> Any:
    """A journal as a reader gets it."""
    return json.loads(report.write("json", told))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("which", MAKE)
def test_every_field_of_a_journal_is_in_it(which: str) -> None:
    told = as_written(MAKE[which]())
    assert not [error.json_path + ": " + error.message for error in validator(which, closed(schema())).iter_errors(told)]
    jsonschema.Draft202012Validator(schema()).validate(told)


def test_why_chains_and_costs_are_in_it() -> None:
    assert validator("run", closed(schema())).is_valid(as_written(journals.red()))


@pytest.mark.parametrize("field", ["digest", "designs", "expectations", "environment", "schema"])
def test_a_journal_without_a_field_is_none(field: str) -> None:
    told = journals.one()
    del told[field]
    assert not jsonschema.Draft202012Validator(schema()).is_valid(as_written(told))


def test_text_where_a_number_belongs_is_found() -> None:
    told = journals.one()
    told["designs"]["coupled"]["flows"]["web"]["success"] = "99 %"
    assert not validator("run", schema()).is_valid(told)
