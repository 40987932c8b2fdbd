"""Whole films: the same bytes from every process, true to the app's own cells, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from chaos.experiment import perform
from chaos.registry import faults
from tests.conftest import ROOT, Knockon
from tests.tui.record.processes import recorders, soon
from tests.tui.record.replay import Projector
from topology.plan import Playground
from topology.spec import load_text
from tui.lookup import Mistake
from tui.record import film
from tui.record.job import LEAST_SIZE, Wishes, place_of
from tui.record.shooting import environment
from tui.screens.play import LEAST_HEIGHT, LEAST_WIDTH

S = 1_000_000_000
TEXT = """
version: 1
playground: brief
about: Two designs under one load.
duration: 8s
seed: 3
nodes:
  web:       {kind: producer, rate: 50/s, deadline: 2s}
  orders:    {kind: service, replicas: 2, slots: 4, takes: {median: 15ms, p99: 60ms}}
  inventory: {kind: service, replicas: 2, slots: 4, takes: {median: 20ms, p99: 90ms}}
designs:
  coupled:
    links: [web -> orders -> inventory]
  decoupled:
    nodes: {backlog: {kind: sqs}}
    links: [web -> orders => backlog => inventory]
timeline:
  - {at: 1s, inject: crash, on: inventory, for: 1s}
  - {at: 1500ms, inject: slow, on: orders}
"""


def short() -> Playground:
    """A playground whose whole story fits into three seconds."""
    return load_text(TEXT, faults=faults())


def make(path: Path, *, seed: int | None = None, size: tuple[int, int] = (100, 30), **span: int) -> str:
    """Film it, and hand back the text."""
    wishes = Wishes(seed, size, span.get("fps", 10), from_ns=span.get("from_ns", 0), to_ns=span.get("to_ns", 3 * S))
    film.film(short(), wishes, str(path))
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One film for all tests that only look at it."""
    return make(tmp_path_factory.mktemp("film") / "short.cast")


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_makes_the_same_bytes(
    made: str, hash_seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    again = make(tmp_path / "again.cast")
    assert hashlib.sha256(again.encode()).hexdigest() == hashlib.sha256(made.encode()).hexdigest()


def test_another_seed_makes_another_film(made: str, tmp_path: Path) -> None:
    assert make(tmp_path / "other.cast", seed=4).splitlines()[1:] != made.splitlines()[1:]


def test_the_header_says_what_it_is_and_no_date(made: str) -> None:
    head = json.loads(made.splitlines()[0])
    assert (head["version"], head["width"], head["height"], head["duration"]) == (2, 100, 30, 3.0)
    assert "timestamp" not in head
    about = head["knockon"]
    assert (about["playground"], about["seed"], about["fps"]) == ("brief", 3, 10)
    assert {"version", "textual", "rich"} <= set(about)
    kept = load_text(about["run"], faults=faults())
    assert kept.run is not None
    assert (kept.canonical, kept.run.seed, kept.run.end_ns) == (short().canonical, 3, 3 * S)
    assert [(command["at_ns"], command["what"]) for command in kept.run.commands] == [(S, "crash"), (3 * S // 2, "slow")]
    assert perform(kept, 3).digest == about["digest"] == kept.run.digest
    assert about["digest"] == perform(replace(short(), duration_ns=3 * S), 3).digest


def test_every_line_is_an_event_in_order_and_the_terminal_is_left_as_it_was(made: str) -> None:
    projector = Projector(made)
    times = [seconds for seconds, _, _ in projector.events]
    assert times == sorted(times)
    assert {kind for _, kind, _ in projector.events} == {"o", "m"}
    assert projector.events[0][0] == 0.0
    assert projector.events[-1] == [3.0, "o", "\x1b[0m\x1b[?25h"]
    assert len(times) == len({(seconds, text) for seconds, _, text in projector.events})


def test_faults_heals_and_the_verdict_are_marked(made: str) -> None:
    *marks, (end, verdict) = Projector(made).markers
    assert marks == [
        (1.0, "fault: crash inventory (all replicas)"),
        (1.5, "fault: slow orders (all replicas)"),
        (2.0, "heal: crash inventory (all replicas)"),
    ]
    assert end == 3.0
    assert verdict.startswith("verdict: ")
    assert "coupled told" in verdict


SPY = """
import json, sys
from tui.record import virtual
clock = virtual.install()
from chaos.runner import Runner
from tui.record.camera import Camera, film
from tui.record.job import Place, job_of, read_playground
asked = json.load(sys.stdin)
job = job_of(asked["job"])
lines, seen = [], {}
def keep(seconds, picture):
    if round(seconds, 3) in asked["at"]:
        seen[str(round(seconds, 3))] = ["".join(sign for sign, _ in row) for row in picture]
playground = read_playground(job, Place())
camera = Camera(job.reel(playground), lines.append, keep)
film(Runner(playground, job.seed, timeline=True), job, camera, clock)
json.dump([lines, seen], sys.__stdout__)
"""
INSTANTS = [0.0, 0.5, 1.0, 1.1, 2.0, 2.7, 3.0]


def test_a_terminal_shows_what_the_app_showed(made: str) -> None:
    """The cells as the app itself had them, at several instants, against an emulated terminal that plays the film."""
    job = film.job_for(short(), Wishes(to_ns=3 * S))
    done = subprocess.run(
        [sys.executable, "-c", SPY],
        capture_output=True,
        check=True,
        cwd=ROOT,
        encoding="utf-8",
        input=json.dumps({"job": asdict(job), "at": INSTANTS}),
        timeout=120,
        env={**os.environ, **environment(), "PYTHONUTF8": "1"},
    )
    lines, seen = json.loads(done.stdout)
    assert lines == made.splitlines()[1:], "looking on does not change the film"
    projector = Projector(made)
    for at in INSTANTS:
        assert projector.play_to(at) == seen[str(at)], f"at {at} s"


def test_the_picture_is_the_app_at_that_instant(made: str) -> None:
    projector = Projector(made)
    assert "seed 3   00:00.0 of 00:08" in projector.play_to(0.0)[0]
    assert "✖ crashed inventory" in "\n".join(projector.play_to(1.0))
    rows = projector.play_to(3.0)
    assert "00:03.0" in rows[0]
    everything = "\n".join(rows)
    for words in ("coupled", "decoupled", "inventory", "backlog", "told yes", "told no", "waiting", "brief", "q quit"):
        assert words in everything


def test_a_film_from_the_middle_shows_what_the_whole_one_shows_then(made: str, tmp_path: Path) -> None:
    part = Projector(make(tmp_path / "part.cast", from_ns=1 * S + S // 2, to_ns=5 * S // 2))
    whole = Projector(made)
    assert part.header["duration"] == 1.0
    for at in (0.0, 0.3, 1.0):
        assert part.play_to(at) == whole.play_to(1.5 + at)
    assert part.markers[:2] == [
        (0.0, "fault: slow orders (all replicas)"),
        (0.5, "heal: crash inventory (all replicas)"),
    ]


def test_a_pace_that_divides_no_second_keeps_time(tmp_path: Path) -> None:
    projector = Projector(make(tmp_path / "seven.cast", fps=7, to_ns=2 * S))
    assert projector.header["duration"] == 2.0
    assert "00:02.0" in projector.play_to(2.0)[0]
    assert (1.0, "fault: crash inventory (all replicas)") in projector.markers


def test_the_end_of_the_run_is_in_the_film(tmp_path: Path) -> None:
    path = tmp_path / "end.cast"
    film.film(short(), Wishes(size=(60, 20), fps=4, from_ns=7 * S), str(path))
    rows = Projector(path.read_text(encoding="utf-8")).play_to(9)
    assert "the run has ended" in "\n".join(rows)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"output": "film.webm"}, r"-o .*film\.webm: what \.webm means is not known; expected \.cast"),
        ({"output": "film"}, r"-o .*film: it has no ending; expected \.cast"),
        ({"output": "absent/film.cast"}, "cannot write .*absent/film.cast: the folder does not exist"),
        ({"output": "folder.cast"}, "cannot write .*folder.cast: it is a folder"),
        ({"size": (59, 20)}, "--size 59x20: a film needs 60x20 or more, up to 500x200"),
        ({"size": (100, 300)}, "--size 100x300: a film needs 60x20 or more"),
        ({"fps": 60}, "--fps 60: expected 4 to 30 pictures a second"),
        ({"speed": 3.0}, "--speed 3x: expected one of 0.125x, 0.25x, 0.5x, 1x, 2x"),
        ({"theme": "pink"}, "--theme pink: expected dark or light"),
        ({"to_ns": 9 * S}, "a film from 0 s to 9 s is not possible: brief goes from 0 s to 8 s"),
        ({"from_ns": 3 * S, "to_ns": 2 * S}, "a film from 3 s to 2 s is not possible"),
    ],
)
def test_mistakes_are_told_in_a_sentence(tmp_path: Path, change: dict[str, object], words: str) -> None:
    (tmp_path / "folder.cast").mkdir()
    output = str(tmp_path / str(change.pop("output", "film.cast")))
    with pytest.raises(Mistake, match=words):
        film.film(short(), Wishes(**change), output)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["folder.cast"]


def test_the_least_size_is_the_apps_own() -> None:
    assert (LEAST_WIDTH, LEAST_HEIGHT) == LEAST_SIZE


def test_a_recording_process_that_fails_leaves_the_old_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "old.cast"
    path.write_text("the old film", encoding="utf-8")
    lied = replace(short(), canonical="something else")
    with pytest.raises(Mistake, match=r"the recording process failed \(exit code 1\); its words are above"):
        film.film(lied, Wishes(to_ns=S), str(path))
    assert "the playground reads differently in the recording process" in capfd.readouterr().err
    assert path.read_text(encoding="utf-8") == "the old film"


def test_plugins_and_paths_reach_the_recording_process(tmp_path: Path) -> None:
    place = place_of(str(tmp_path / "shop.yaml"))
    assert place.path.endswith("shop.yaml")
    assert set(place.plugins) == {"nodes", "policies", "faults"}


def test_the_command_writes_a_film_and_loads_no_screen_itself(knockon: Knockon, tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text(TEXT, encoding="utf-8")
    done = knockon("record", "short.yaml", "-o", "x.cast", "--size", "60x20", "--duration", "6s")
    assert (done.returncode, done.stderr) == (0, "")
    assert Projector((tmp_path / "x.cast").read_text(encoding="utf-8")).header["duration"] == 6.0
    refused = knockon("record", "short.yaml", "-o", "x.webm")
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to see other processes")
@pytest.mark.parametrize(("sent", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGKILL", -9)])
def test_killed_half_way_it_leaves_the_old_film_and_no_process(tmp_path: Path, sent: str, code: int) -> None:
    path = tmp_path / "old.cast"
    path.write_text("the old film", encoding="utf-8")
    before = recorders()
    command = [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())"]
    process = subprocess.Popen(
        [*command, "record", "shop", "-o", str(path)], cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs are deaf to it
    )
    assert soon(lambda: bool(recorders() - before)), "the recording has not begun"
    time.sleep(1)
    process.send_signal(getattr(signal, sent))
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in said
    assert soon(lambda: not recorders() - before)
    assert path.read_text(encoding="utf-8") == "the old film"
    assert [file.name for file in tmp_path.iterdir()] == ["old.cast"]


def test_a_full_disk_is_told_in_a_sentence_and_leaves_the_old_film(knockon: Knockon, tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text(TEXT, encoding="utf-8")
    full = tmp_path / "full.cast"
    full.symlink_to("/dev/full")
    done = knockon("record", "short.yaml", "-o", "full.cast", "--size", "60x20", "--to", "1s", "--fps", "4")
    assert (done.returncode, done.stderr) == (2, "knockon: cannot write full.cast: no space left on device\n")
    assert full.is_symlink()


def test_where_nothing_may_be_written_nothing_is_filmed(
    knockon: Knockon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "short.yaml").write_text(TEXT, encoding="utf-8")
    done = knockon("record", "short.yaml", "-o", "/proc/film.cast")
    assert done.returncode == 2
    assert done.stderr in (
        "knockon: cannot write /proc/film.cast: its folder cannot be written to\n",
        "knockon: cannot write /proc/film.cast: the folder does not exist\n",
    )
