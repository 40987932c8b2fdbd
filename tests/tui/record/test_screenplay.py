"""Films with a screenplay: what it asks for is in the picture and among the markers, and the run is the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from chaos.registry import faults
from tests.tui.record.replay import Projector
from tests.tui.record.test_film import TEXT, short
from topology.plan import Playground
from topology.spec import load_text
from tui.record import film
from tui.record.job import LIGHT, Wishes, place_of
from tui.record.shooting import shot

S = 1_000_000_000
PLAY = """
screenplay:
  - {at: 300ms, caption: "Two designs 在庫, one load"}
  - {at: 500ms, press: ctrl+p}
  - {at: 600ms, type: crash}
  - {at: 800ms, press: escape}
  - {at: 900ms, chapter: "the crash"}
  - {at: 1200ms, hold: 1s}
  - {at: 1600ms, zoom: decoupled}
  - {at: 1900ms, caption: "", }
  - {at: 1900ms, zoom: coupled.inventory}
  - {at: 2200ms, zoom: log}
  - {at: 2400ms, zoom: all}
  - {at: 2500ms, press: [/]}
  - {at: 2500ms, type: orders}
"""


def played() -> Playground:
    """The brief playground with a screenplay."""
    return load_text(TEXT + PLAY, faults=faults())


def filmed(playground: Playground, wishes: Wishes) -> str:
    """Its film."""
    return shot(film.job_for(playground, wishes), place_of(playground.path), playground)


@pytest.fixture(scope="module")
def made() -> str:
    """One film for all that only look at it."""
    return filmed(played(), Wishes(to_ns=3 * S, captions=True))


def test_what_was_asked_for_is_marked(made: str) -> None:
    *marks, (_, verdict) = Projector(made).markers
    assert marks[:-1] == [
        (0.3, "caption: Two designs 在庫, one load"),
        (0.9, "chapter: the crash"),
        (1.0, "fault: crash inventory (all replicas)"),
        (2.5, "fault: slow orders (all replicas)"),
        (2.9, "caption: "),
        (3.0, "heal: crash inventory (all replicas)"),
        (3.0, "caption: crash of inventory (all replicas) in coupled and decoupled is over"),
    ]
    assert verdict == "verdict: " + marks[-1][1].removeprefix("caption: "), "the last caption is the verdict"


def test_the_film_stands_still_while_the_run_does(made: str) -> None:
    projector = Projector(made)
    assert projector.header["duration"] == 4.0
    first = projector.play_to(1.2)
    assert "00:01.2" in first[0]
    assert "⏸ paused" in first[0]
    assert projector.play_to(2.1) == first
    after = projector.play_to(2.2)
    assert "00:01.2" in after[0]
    assert "▶ ×1" in projector.play_to(2.3)[0]
    assert "00:03.0" in projector.play_to(4.0)[0]


def test_keys_open_windows_and_captions_stay_in_sight(made: str) -> None:
    projector = Projector(made)
    assert "q quit" in projector.play_to(0.2)[-1] or projector.play_to(0.2)[-1].strip() == ""
    assert projector.play_to(0.4)[-1].strip() == "Two designs 在庫, one load"
    palette = "\n".join(projector.play_to(0.7))
    assert "🔎 crash" in palette
    assert "Crash the chosen node" in palette
    assert projector.play_to(0.7)[-1].strip() == "Two designs 在庫, one load"
    assert "🔎" not in "\n".join(projector.play_to(0.9))


def test_zooms_fill_the_screen(made: str) -> None:
    projector = Projector(made)
    assert "━ coupled" in "\n".join(projector.play_to(2.5))
    alone = projector.play_to(2.7)
    assert "━ decoupled" in "\n".join(alone)
    assert "━ coupled" not in "\n".join(alone)
    assert "inventory in coupled ─" in "\n".join(projector.play_to(3.0))
    log = "\n".join(projector.play_to(3.3))
    assert "what happened" in log
    assert "╭" not in log
    everything = "\n".join(projector.play_to(3.4))
    assert "━ coupled" in everything
    assert "decoupled ─" in everything
    assert "/ orders" in " ".join("\n".join(projector.play_to(4.0)).split())


def test_nothing_in_it_changes_the_run(made: str) -> None:
    bare = filmed(short(), Wishes(to_ns=3 * S))
    digests = [Projector(text).header["knockon"]["digest"] for text in (made, bare)]
    assert digests[0] == digests[1]


def test_a_command_from_the_palette_is_not_done() -> None:
    words = """
screenplay:
  - {at: 200ms, press: ctrl+p}
  - {at: 300ms, type: crash}
  - {at: 500ms, press: [down, enter]}
"""
    text = filmed(load_text(TEXT + words, faults=faults()), Wishes(to_ns=S * 9 // 10))
    projector = Projector(text)
    assert [words for _, words in projector.markers if words.startswith("fault")] == []
    assert "a screenplay only looks" in "\n".join(projector.play_to(1))


def test_captions_can_be_left_out() -> None:
    text = filmed(played(), Wishes(to_ns=S, captions=False))
    assert not [words for _, words in Projector(text).markers if words.startswith("caption")]
    assert "q quit" in "\n".join(Projector(text).play_to(0.4))


def test_twice_as_fast_in_light_colours() -> None:
    text = filmed(short(), Wishes(to_ns=3 * S, speed=2.0, theme=LIGHT))
    projector = Projector(text)
    assert projector.header["duration"] == 1.5
    assert "×2" in projector.play_to(0.5)[0]
    assert "00:01.0" in projector.play_to(0.5)[0]
    assert (0.5, "fault: crash inventory (all replicas)") in projector.markers
    assert (0.75, "fault: slow orders (all replicas)") in projector.markers
    assert "48;2;251;250;247" in text


def test_a_part_begins_with_what_the_screenplay_has_done_by_then(made: str) -> None:
    part = Projector(filmed(played(), Wishes(from_ns=1_700_000_000, to_ns=3 * S, captions=True)))
    whole = Projector(made)
    assert part.header["duration"] == 1.3
    for at in (0.0, 0.3, 1.0):
        assert part.play_to(at) == whole.play_to(2.7 + at)


def test_a_still_is_one_picture() -> None:
    playground = played()
    text = shot(film.still_for(playground, Wishes(), 2 * S), place_of(playground.path), playground)
    projector = Projector(text)
    assert projector.header["duration"] == 0.0
    assert "inventory in coupled ─" in "\n".join(projector.play_to(0.0))


@pytest.mark.slow
def test_three_processes_and_two_hash_seeds_make_the_same_bytes(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the palette, a window and wide signs on screen."""
    kept = {hashlib.sha256(made.encode()).hexdigest()}
    for hash_seed in ("0", "4711"):
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
        monkeypatch.chdir(tmp_path)
        kept.add(hashlib.sha256(filmed(played(), Wishes(to_ns=3 * S, captions=True)).encode()).hexdigest())
    assert len(kept) == 1
