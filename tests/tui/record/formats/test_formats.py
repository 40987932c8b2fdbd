"""Finding a format by its ending, what stands in the way, and writing whole or not at all."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.tui.record.drawn import blank, reel
from topology.files import WriteError
from tui.lookup import Mistake
from tui.record import formats
from tui.record.formats import ENDINGS, check, still, usual_fps, write
from tui.record.formats import _drawing as drawing

FILM = reel([blank(), blank("x"), blank("y")], [(0.1, "fault: crash: a"), (0.2, "verdict: All was well.")])


def test_there_is_a_file_for_each_ending() -> None:
    assert ENDINGS == (".cast", ".gif", ".html", ".mp4", ".png", ".svg", ".txt")
    for ending in ENDINGS:
        module = import_module(f"{formats.__name__}.{ending[1:]}")
        assert module.film or module.still
        assert callable(module.missing)


@pytest.mark.parametrize(
    ("output", "one", "words"),
    [
        ("x.webm", False, r"-o x\.webm: what \.webm means is not known; expected \.cast, \.gif, \.html, \.mp4, \.svg or \.txt"),
        ("x", False, "-o x: it has no ending; expected"),
        ("x.webp", True, r"what \.webp means is not known; expected \.png, \.svg or \.txt"),
        ("x.png", False, r"-o x\.png: \.png holds a picture; a film goes into \.cast, \.gif, \.html, \.mp4, \.svg, \.txt"),
        ("x.gif", True, r"-o x\.gif: \.gif holds a film; a picture goes into \.png, \.svg, \.txt"),
    ],
)
def test_what_cannot_be_is_told_before_the_work(output: str, one: bool, words: str) -> None:
    with pytest.raises(Mistake, match=words):
        check(output, one)


def test_endings_may_be_written_large() -> None:
    check("X.SVG")
    check("x.Txt", still=True)


def test_a_gif_has_fewer_pictures_if_nobody_says_how_many() -> None:
    assert [usual_fps(output) for output in ("x.gif", "X.GIF", "x.svg", "x.cast")] == [5, 5, 10, 10]


def test_a_video_needs_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Mistake, match=r"a video needs ffmpeg, and there is none on the PATH: install it, or write a \.gif"):
        write(FILM, str(tmp_path / "x.mp4"))
    assert list(tmp_path.iterdir()) == []


def test_drawing_says_which_packages_it_lacks() -> None:
    words = "drawing pictures needs pillow and fontpkg-jetbrains-mono: pip install 'knockon[films]'"
    assert drawing.missing(lambda name: None) == words
    assert drawing.missing() == ""


@pytest.mark.parametrize("ending", [".cast", ".gif", ".html", ".svg", ".txt"])
def test_films_are_the_same_bytes_each_time_and_tell_how_far_they_are(ending: str, tmp_path: Path) -> None:
    told: list[float] = []
    write(FILM, str(tmp_path / f"a{ending}"), progress=told.append)
    write(FILM, str(tmp_path / f"b{ending}"))
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()
    assert told == sorted(told)
    assert not told or told[-1] == 1.0


def test_a_cast_stays_what_it_is_and_text_shows_pictures_and_markers(tmp_path: Path) -> None:
    write(FILM, str(tmp_path / "x.cast"))
    assert (tmp_path / "x.cast").read_text("utf-8") == FILM
    write(FILM, str(tmp_path / "x.txt"))
    lines = (tmp_path / "x.txt").read_text("utf-8").splitlines()
    assert lines[:4] == ["── 0.0 s ──", "", "", ""]
    assert lines[5:10] == ["── 0.1 s fault: crash: a", "", "── 0.1 s ──", "xxxxxxx", "xxxxxxx"]
    still(FILM, 0.25, str(tmp_path / "y.txt"))
    assert (tmp_path / "y.txt").read_text("utf-8") == "yyyyyyy\n" * 3


@pytest.mark.parametrize("ending", [".cast", ".gif", ".html", ".svg", ".txt"])
def test_what_cannot_be_written_leaves_the_old_file(ending: str, tmp_path: Path) -> None:
    old = tmp_path / f"old{ending}"
    old.write_text("the old film", encoding="utf-8")
    with pytest.raises(Mistake, match="is not a film that knockon recorded"):
        write("{}", str(old))
    assert old.read_text("utf-8") == "the old film"
    with pytest.raises(WriteError, match=r"cannot write .*: the folder does not exist"):
        write(FILM, str(tmp_path / "absent" / f"x{ending}"))
    (tmp_path / f"folder{ending}").mkdir()
    with pytest.raises(WriteError, match=r"cannot write .*: it is a folder"):
        write(FILM, str(tmp_path / f"folder{ending}"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("ending", [".gif", ".html", ".svg", ".txt"])
def test_a_full_disk_is_told_in_a_sentence(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"x{ending}").symlink_to("/dev/full")
    with pytest.raises(WriteError, match="no space left on device"):
        write(FILM, str(tmp_path / f"x{ending}"))
