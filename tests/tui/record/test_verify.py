"""Two verdicts on a film: is it still true, and would it still look like that."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from chaos.registry import faults
from chaos.runner import Runner
from tests.conftest import ROOT
from tests.tui.record.test_film import TEXT, S, short
from topology.plan import Playground
from topology.problems import PlaygroundError
from topology.spec import load_text
from topology.spec.writer import run_text
from tui import filming
from tui.lookup import Mistake, open_playground
from tui.record import film
from tui.record.about import opened
from tui.record.job import Wishes
from tui.record.verify import picture, subject_of, truth


def filmed(path: Path, playground: Playground, to_ns: int = 2 * S) -> str:
    """Film it, small and short."""
    film.film(playground, Wishes(size=(60, 20), fps=4, to_ns=to_ns), str(path))
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A film that ends at the very instant at which its last fault heals."""
    return filmed(tmp_path_factory.mktemp("verify") / "kept.cast", short())


def kept(tmp_path: Path, text: str) -> str:
    """A file with this film."""
    path = tmp_path / "kept.cast"
    path.write_text(text, encoding="utf-8")
    return str(path)


def told(text: str, **change: object) -> str:
    """The film with something else in what it says of itself."""
    head, _, rest = text.partition("\n")
    header = json.loads(head)
    for name, value in change.items():
        (header["knockon"] if name in header["knockon"] else header)[name] = value
    return json.dumps(header) + "\n" + rest


def test_a_film_is_true_of_itself_and_looks_the_same(
    made: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = kept(tmp_path, made)
    assert filming.verify(path, None, ()) == 0
    true, seen = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r".*kept\.cast: truth holds: the digest is [0-9a-f]{12}…", true)
    assert seen.endswith("picture the same: 9 pictures, cell by cell")


def test_a_cell_that_was_changed_is_found(made: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert filming.verify(kept(tmp_path, made.replace("told yes", "told yea", 1)), None, ()) == 1
    true, seen = capsys.readouterr().out.splitlines()
    assert "truth holds" in true
    assert re.search(r"picture differs: from 0 s on, first in row \d+, column \d+", seen)


@pytest.mark.parametrize("name", ["textual", "rich", "version"])
def test_pictures_of_other_versions_are_not_compared(name: str, made: str, tmp_path: Path) -> None:
    old = opened(kept(tmp_path, told(made, **{name: "0.0.1"})))
    seen = picture(old, subject_of(old, None))
    assert seen.holds is None
    assert seen.words.startswith(f"not compared: recorded with {'knockon' if name == 'version' else name} 0.0.1, and this")


def test_another_digest_or_other_commands_are_not_true(made: str, tmp_path: Path) -> None:
    for text, words in (
        (told(made, digest="0" * 64), "and the film says 000000000000…"),
        (told(made, seed=4), "fails: the run has the digest"),
        ("at: 1600ms".join(made.rsplit("at: 1500ms", 1)), "the run file in the film does not say what was done"),
    ):
        lying = opened(kept(tmp_path, text))
        verdict = truth(lying, subject_of(lying, None))
        assert verdict.holds is False
        assert words in verdict.words


def test_a_film_against_a_file(made: str, tmp_path: Path) -> None:
    kept_film = opened(kept(tmp_path, made))
    prose = load_text(TEXT.replace("Two designs", "The designs"), faults=faults())
    other = load_text(TEXT.replace("takes: {median: 20ms, p99: 90ms}", "takes: {median: 21ms, p99: 90ms}"), faults=faults())
    assert truth(kept_film, subject_of(kept_film, prose)).holds
    assert truth(kept_film, subject_of(kept_film, other)).holds is False


def test_a_film_of_what_a_person_did_against_the_bare_playground(tmp_path: Path) -> None:
    runner = Runner(short(), 5, timeline=True)
    runner.advance(S)
    text = run_text(short(), 5, 2 * S, [asdict(command) for command in runner.commands])
    done = load_text(text, faults=faults())
    filmed(tmp_path / "done.cast", done)
    kept_film = opened(str(tmp_path / "done.cast"))
    assert not kept_film.job.timeline
    assert truth(kept_film, subject_of(kept_film, None)).holds
    assert truth(kept_film, subject_of(kept_film, replace(short(), run=None))).holds


def test_a_film_can_be_run_like_a_run_file(made: str, tmp_path: Path) -> None:
    read = open_playground(kept(tmp_path, made))
    assert read.run is not None
    runner = Runner(read, read.run.seed, timeline=True)
    runner.advance(read.run.end_ns)
    runner.finish()
    assert runner.digest() == read.run.digest


HEADERS = [
    "", "{}", "[1]", '{"version":2,"width":80,"height":24}\n', "null",
    json.dumps({"version": 2, "width": 80, "height": 24, "knockon": {"run": TEXT}}),
]  # fmt: skip


@pytest.mark.parametrize("text", HEADERS)
def test_what_is_no_film_of_ours(text: str, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="is not a film that knockon recorded"):
        opened(kept(tmp_path, text))
    with pytest.raises(Mistake, match="cannot read"):
        opened(str(tmp_path / "absent.cast"))


@pytest.mark.parametrize(
    "change",
    [
        {"fps": 0}, {"fps": "10"}, {"speed": 3}, {"speed": None}, {"width": 10**9}, {"from_ns": -1}, {"to_ns": 10**18},
        {"seed": True}, {"theme": "pink"}, {"designs": [1]}, {"timeline": 1}, {"run": 5},
    ],
)  # fmt: skip
def test_values_that_we_never_write(change: dict[str, object], made: str, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="is not a film that knockon recorded"):
        opened(kept(tmp_path, told(made, **change)))


def test_a_run_file_that_cannot_be_read_has_its_mistakes_told(made: str, tmp_path: Path) -> None:
    with pytest.raises(PlaygroundError, match=r"kept\.cast"):
        opened(kept(tmp_path, told(made, run="playground: 5")))


@pytest.mark.slow
def test_a_default_that_changes_touches_the_films_that_it_is_in_and_no_others(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for room in ("topology", "chaos", "tui"):
        shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
    sqs = tree / "topology" / "nodes" / "sqs.py"
    source = sqs.read_text(encoding="utf-8")
    changed = source.replace('"30s", "How long a received', '"29s", "How long a received')
    assert changed != source
    sqs.write_text(changed, encoding="utf-8")
    queued, direct = tmp_path / "queued.cast", tmp_path / "direct.cast"
    filmed(queued, short())
    filmed(direct, load_text(TEXT[: TEXT.index("  decoupled:")] + TEXT[TEXT.index("timeline:") :], faults=faults()))

    def verified(path: Path) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-P", "-c", "import sys; from tui.cli import main; main()", "record", "--verify", str(path)],
            capture_output=True, check=False, cwd=tmp_path, encoding="utf-8", env={**os.environ, "PYTHONPATH": str(tree)},
        )  # fmt: skip
        return done.returncode, done.stdout

    code, said = verified(queued)
    assert (code, "truth fails: the run has the digest" in said) == (1, True), said
    code, said = verified(direct)
    assert (code, "truth holds" in said) == (0, True), said
