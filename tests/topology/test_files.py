"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from topology.files import WriteError, write_whole


def test_new_and_replaced(tmp_path: Path) -> None:
    target = tmp_path / "run.yaml"
    write_whole(target, "a: ä\n")
    write_whole(str(target), b"b\n")
    assert target.read_bytes() == b"b\n"
    assert os.listdir(tmp_path) == ["run.yaml"]


def test_permissions_stay(tmp_path: Path) -> None:
    target = tmp_path / "x"
    target.write_text("old")
    target.chmod(0o640)
    write_whole(target, "new")
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize(("name", "words"), [("none/x", "the folder does not exist"), (".", "it is a folder")])
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(WriteError, match=words):
        write_whole(tmp_path / name, "x")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "x"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "\ud800")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["x"]
