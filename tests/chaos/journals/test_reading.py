"""What reports say of a journal."""

from __future__ import annotations

from chaos.journals.reading import heading
from chaos.journals.schema import schema
from tests.chaos import sample_journals as journals
from tests.chaos.journals.test_schema import as_written, closed, validator


def test_a_live_run_is_called_live_in_every_report_and_keeps_to_the_schema() -> None:
    told = journals.one()
    assert "live" not in heading(told)
    told["environment"]["world"] = "live"
    assert heading(told).endswith(" · live")
    assert validator("run", closed(schema())).is_valid(as_written(told))
