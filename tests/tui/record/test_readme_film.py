"""The film that the README shows: drawn from the recording beside it, which is true and looks like this today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT, Knockon
from tui.record.formats import write

CAST, SHOWN = ROOT / "docs" / "shop.cast", ROOT / "docs" / "shop.svg"


def test_it_is_drawn_from_the_recording_beside_it(tmp_path: Path) -> None:
    write(CAST.read_text(encoding="utf-8"), str(tmp_path / "shop.svg"))
    assert (tmp_path / "shop.svg").read_bytes() == SHOWN.read_bytes(), "make readme-film draws it anew"


@pytest.mark.slow
def test_it_is_still_true_and_looks_the_same(knockon: Knockon) -> None:
    done = knockon("record", "--verify", str(CAST), "shop")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}make readme-film records it anew"
