"""A video, for slides and posts, encoded by an ffmpeg that is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tui.lookup import Mistake
from tui.record.formats import Progress, _drawing
from tui.record.pictures import Film

if TYPE_CHECKING:
    from tui.record.canvas import Canvas

SCALE = 2
PAUSE = 2.0
"""How long the last picture stays, in seconds."""
still = None


def film(film: Film, progress: Progress) -> bytes:
    """The whole film."""
    from tui.record.canvas import Canvas

    canvas = Canvas((picture.grid for picture in film.pictures), SCALE)
    # It is written into a folder of its own first: ffmpeg goes back to the start of its file when it is done.
    with tempfile.TemporaryDirectory(prefix="knockon-film-") as folder, tempfile.TemporaryFile() as said:
        made = Path(folder, "film.mp4")
        with subprocess.Popen(_command(canvas.image.size, film, made), stdin=subprocess.PIPE, stderr=said) as process:
            assert process.stdin is not None
            try:
                for points in _points(canvas, film, progress):
                    process.stdin.write(points)
            except BrokenPipeError:
                pass  # it has ended early, and its exit code and words say why
            except BaseException:
                process.kill()
                raise
            finally:
                with suppress(BrokenPipeError):
                    process.stdin.close()
        if process.returncode or not made.is_file():
            raise Mistake(f"ffmpeg failed: {_last_words(said) or f'exit code {process.returncode}'}")
        return made.read_bytes()


def missing() -> str:
    """What is not installed, in words."""
    if shutil.which("ffmpeg") is None:
        return "a video needs ffmpeg, and there is none on the PATH: install it, or write a .gif, .svg or .html"
    return _drawing.missing()


def _command(size: tuple[int, int], film: Film, made: Path) -> list[str]:
    """Raw points come in; players of all kinds want yuv420p and the index first."""
    taken = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(film.fps), "-i", "-"]
    encoded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    plain = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-metadata", f"title={film.title}"]
    return ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *taken, "-an", *encoded, *plain, str(made)]


def _points(canvas: Canvas, film: Film, progress: Progress) -> Iterator[bytes]:
    """The points of each picture, as often as it shows."""
    count = ceil(round((film.seconds + PAUSE) * film.fps, 6))
    points = b""
    for number in range(count):
        if canvas.show(film.at(number / film.fps)) or not points:
            points = canvas.coloured().convert("RGB").tobytes()
        yield points
        progress((number + 1) / count)


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
