"""Where a mistake is in a definition's text."""

from __future__ import annotations

import pytest

from topology.asl import Mistakes, load
from topology.asl.places import place_of

TEXT = """{
  "StartAt": "A",
  "States": {
    "A": {"Type": "Task", "Resource": "x", "Retry": [
      {"ErrorEquals": ["E"]},
      {"ErrorEquals": ["F"], "MaxAttempts": -1}
    ], "End": true}
  }
}
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("StartAt",), (2, 3)),
        (("States", "A", "Resource"), (4, 27)),
        (("States", "A", "Retry", 1, "MaxAttempts"), (6, 30)),
        (("States", "A", "Retry", 7), (4, 44)),
        (("States", "A", "Next"), (4, 5)),
        (("Nothing", 1), (1, 1)),
    ],
)
def test_a_path_has_a_line_and_a_column(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert place_of(TEXT, path) == place


def test_a_mistake_is_found_in_the_text() -> None:
    with pytest.raises(Mistakes) as found:
        load(TEXT)
    assert [place_of(TEXT, mistake.path) for mistake in found.value.all] == [(6, 30)]
