"""A film of each playground that ships: which part, how fast, and that a terminal shows at its end what the app showed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from chaos import gallery
from tests.conftest import ROOT
from tests.tui.record.processes import recorders, soon
from tests.tui.record.replay import Projector, looks
from topology.plan import Entry
from tui.lookup import Mistake, open_playground
from tui.record.film import job_for
from tui.record.gallery import LONGEST_NS, SHORTEST_NS, make, wishes_for
from tui.record.job import Wishes, place_of
from tui.record.shooting import environment

S = 1_000_000_000


@pytest.mark.parametrize("name", gallery.names())
def test_each_story_fits_into_a_film(name: str) -> None:
    playground = open_playground(name)
    wishes = wishes_for(playground)
    assert wishes.to_ns is not None
    assert SHORTEST_NS <= (wishes.to_ns - wishes.from_ns) / wishes.speed <= LONGEST_NS
    for entry in playground.timeline:
        for at in entry.instants():
            assert wishes.from_ns < at <= at + (entry.for_ns or 0) < wishes.to_ns
    job_for(playground, wishes)


def test_one_without_a_timeline_is_shown_from_its_start() -> None:
    calm = replace(open_playground("shop"), timeline=())
    assert wishes_for(calm) == Wishes(captions=True, from_ns=0, to_ns=20 * S)
    late = replace(calm, timeline=(Entry(178 * S, "inject", "crash"),))
    assert wishes_for(late) == Wishes(captions=True, from_ns=160 * S, to_ns=180 * S)


def test_what_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="there is no playground called shap in the gallery"):
        make(str(tmp_path / "films"), ["shap"], 1)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Mistake, match=r"the folder .*file cannot be made: file exists"):
        make(str(tmp_path / "file"), ["shop"], 1)


SPY = """
import json, sys
from tui.record import virtual
clock = virtual.install()
from chaos.runner import Runner
from tui.record.camera import Camera, film
from tui.record.job import Place, job_of, read_playground
asked = json.load(sys.stdin)
job = job_of(asked["job"])
playground = read_playground(job, Place(**asked["place"]))
lines, seen = [], []
camera = Camera(job.reel(playground), lines.append, lambda seconds, picture: seen.append(picture))
film(Runner(playground, job.seed, timeline=True), job, camera, clock)
json.dump([lines, seen[-1]], sys.__stdout__)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", gallery.names())
def test_a_terminal_shows_at_the_end_what_the_app_shows(name: str) -> None:
    """Signs, colours, boldness and what is reversed, of every cell, a second after the first thing has happened."""
    playground = open_playground(name)
    first = min(at for entry in playground.timeline for at in entry.instants())
    job = job_for(playground, Wishes(fps=5, from_ns=first - S, to_ns=first + S))
    asked = {"job": asdict(job), "place": asdict(place_of(playground.path))}
    done = subprocess.run(
        [sys.executable, "-c", SPY], capture_output=True, check=True, cwd=ROOT, encoding="utf-8", input=json.dumps(asked),
        timeout=600, env={**environment(), "PYTHONUTF8": "1"},
    )  # fmt: skip
    lines, shown = json.loads(done.stdout)
    projector = Projector("\n".join([json.dumps({"width": 100, "height": 30}), *lines]))
    assert projector.play_to(2.0) == ["".join(sign for sign, _ in row) for row in shown]
    for y, (row, seen) in enumerate(zip(shown, looks(projector.screen), strict=True)):
        assert [_codes(ink) for _, ink in row] == seen, f"row {y + 1}"


def _codes(ink: str) -> tuple[str, str, bool, bool]:
    """What an emulated terminal makes of the codes of a cell."""
    parts = [int(code) for code in ink.split(";") if code]
    colours = {38: "default", 48: "default"}
    on = set()
    while parts:
        code = parts.pop(0)
        if code in colours and parts[0] == 2:
            colours[code] = "".join(f"{part:02x}" for part in parts[1:4])
            del parts[:4]
        else:
            on.add(code)
    return colours[38], colours[48], 1 in on, 7 in on


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to see other processes")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ended_half_way_it_leaves_no_process_and_no_half_film(tmp_path: Path, sent: int, code: int) -> None:
    before = recorders()
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.record.gallery", str(tmp_path / "films"), "shop", "upload", "retry-storm"],
        cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8", env=dict(os.environ),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs are deaf to it
    )  # fmt: skip
    assert soon(lambda: bool(recorders() - before), 60), "the recording has not begun"
    time.sleep(0.5)
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in said
    assert list((tmp_path / "films").iterdir()) == []
    assert not recorders() - before
