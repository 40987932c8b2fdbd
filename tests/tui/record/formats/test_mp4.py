"""Videos: what ffmpeg is given, what is said when it fails, and what is left when it is ended half-way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.tui.record.drawn import blank, reel
from tui.lookup import Mistake
from tui.record.formats import write

FILM = reel([blank("a"), blank("a"), blank("b")])
FRAMES = 22
"""Two tenths of a second and a pause of two seconds, at ten a second."""
SIZE = 2 * (7 * 9 + 16), 2 * (3 * 18 + 16)


def encoder(folder: Path, body: str) -> None:
    """An ffmpeg of our own; its last word on the command line is the file that it writes."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\nfor last; do :; done\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def test_it_gets_every_picture_as_raw_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder(tmp_path, 'echo "$@" > "$0.said"; cat > "$last"')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    told: list[float] = []
    write(FILM, str(tmp_path / "x.mp4"), progress=told.append)
    made = (tmp_path / "x.mp4").read_bytes()
    frame = SIZE[0] * SIZE[1] * 3
    assert len(made) == FRAMES * frame
    frames = [made[start : start + frame] for start in range(0, len(made), frame)]
    assert frames[0] == frames[1] != frames[2]
    assert set(frames[2:]) == {frames[2]}
    said = (tmp_path / "ffmpeg.said").read_text("utf-8")
    assert f"-pix_fmt rgb24 -s {SIZE[0]}x{SIZE[1]} -r 10 -i -" in said
    assert "title=reel" in said
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('echo "No space left on device" >&2; exit 1', "ffmpeg failed: No space left on device"),
        ("cat > /dev/null; exit 3", "ffmpeg failed: exit code 3"),
        ("cat > /dev/null", "ffmpeg failed: exit code 0"),
    ],
)
def test_its_last_words_are_passed_on_and_the_old_file_stays(
    body: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder(tmp_path, body)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "x.mp4").write_text("the old film", encoding="utf-8")
    with pytest.raises(Mistake, match=words):
        write(FILM, str(tmp_path / "x.mp4"))
    assert (tmp_path / "x.mp4").read_text("utf-8") == "the old film"


COMMAND = "import sys; from tui import cli; from tui.record.formats import write; import signal; " \
    "signal.signal(signal.SIGTERM, cli._terminated); write(open(sys.argv[1]).read(), sys.argv[2])"  # fmt: skip


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_ended_half_way_it_leaves_the_old_file_and_no_encoder(tmp_path: Path, ending: int) -> None:
    encoder(tmp_path, 'echo $$ > "$0.pid"; exec sleep 60')
    (tmp_path / "film.cast").write_text(FILM, encoding="utf-8")
    (tmp_path / "x.mp4").write_text("the old film", encoding="utf-8")
    (tmp_path / "own").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(tmp_path / "film.cast"), str(tmp_path / "x.mp4")],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(tmp_path / "own")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs are deaf to it
    )
    pid = _number(tmp_path / "ffmpeg.pid")
    time.sleep(0.3)
    process.send_signal(ending)
    assert process.wait(timeout=60) in (128 + ending, 130, -ending)
    assert not Path(f"/proc/{pid}").exists()
    assert (tmp_path / "x.mp4").read_text("utf-8") == "the old film"
    assert list((tmp_path / "own").iterdir()) == []


def _number(path: Path) -> int:
    for _ in range(600):
        if path.exists() and (text := path.read_text("utf-8").strip()):
            return int(text)
        time.sleep(0.1)
    raise AssertionError(f"{path} was not written")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_a_real_video_can_be_read_again(tmp_path: Path) -> None:
    write(FILM, str(tmp_path / "x.mp4"))
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "x.mp4"), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    assert len(subprocess.run(command, capture_output=True, check=True).stdout) == FRAMES * SIZE[0] * SIZE[1] * 3
