"""The screenplay of a file: what a film shows beside the run, refused where it would do more than look."""

from __future__ import annotations

import pytest

from topology.plan import Playground, Scene
from topology.problems import PlaygroundError
from topology.spec import load_text
from topology.spec.screenplay import REFUSED

S = 1_000_000_000
SHOP = """
playground: shop
duration: 60s
nodes:
  web: {kind: producer, rate: 50/s}
  orders: {kind: service, replicas: 2, takes: 15ms}
designs:
  coupled: {links: [web -> orders]}
  queued: {nodes: {backlog: {kind: sqs}}, links: [web => backlog => orders]}
screenplay:
"""


def shop(*scenes: str) -> Playground:
    """The shop with a screenplay."""
    return load_text(SHOP + "".join(f"  - {scene}\n" for scene in scenes))


def mistakes(*scenes: str) -> list[str]:
    """What is wrong with it; the first scene is in line 11."""
    with pytest.raises(PlaygroundError) as caught:
        shop(*scenes)
    return [str(problem).removeprefix("playground:") for problem in caught.value.problems]


def test_scenes_come_in_the_order_of_their_instants() -> None:
    read = shop(
        "{at: 10s, press: [down, enter]}",
        '{at: 5s, caption: "the  calm\tbefore", for: 4s}',
        "{at: 12s, hold: 3s}",
        '{at: 10s, chapter: "part two"}',
        "{at: 25s, zoom: queued.backlog}",
        '{at: 26s, caption: ""}',
        '{at: 27s, type: "orders"}',
    )
    assert read.screenplay == (
        Scene(5 * S, "caption", ("the calm before",), 4 * S, line=12),
        Scene(10 * S, "press", ("down", "enter"), line=11),
        Scene(10 * S, "chapter", ("part two",), line=14),
        Scene(12 * S, "hold", (), 3 * S, line=13),
        Scene(25 * S, "zoom", ("queued.backlog",), line=15),
        Scene(26 * S, "caption", ("",), line=16),
        Scene(27 * S, "type", ("orders",), line=17),
    )


def test_a_screenplay_changes_no_run() -> None:
    with_one = shop("{at: 10s, press: enter}", "{at: 12s, hold: 3s}")
    without = load_text(SHOP.replace("screenplay:", ""))
    assert without.screenplay == ()
    assert with_one.canonical == without.canonical


@pytest.mark.parametrize("key", [*REFUSED])
def test_keys_that_act_are_refused_by_name(key: str) -> None:
    (said,) = mistakes(f'{{at: 1s, press: [tab, "{key}"]}}')
    does, why = REFUSED[key]
    assert said == f"11:27: {key} {does}, {why}"


def test_a_digit_needs_no_quotes_to_be_refused() -> None:
    assert mistakes("{at: 1s, press: 1}") == [
        "11:21: 1 does an entry of the timeline, which is a command: what is done to a run stands in its timeline"
    ]


@pytest.mark.parametrize(
    ("scene", "place", "words"),
    [
        ("{at: 1s, press: entr}", "11:21", "did you mean enter?"),
        ("{at: 1s, captoin: now}", "11:14", "did you mean caption?"),
        ("{at: 1s, zoom: qeued}", "11:20", "did you mean queued?"),
        ("{at: 1s, zoom: coupled.backlog}", "11:20", "did you mean queued.backlog?"),
        ("{press: tab}", "11:5", "a scene needs 'at'"),
        ("{at: 1s}", "11:5", "expected one of press, type, caption, chapter, hold, zoom"),
        ("{at: 1s, press: tab, hold: 1s}", "11:5", "a scene does one thing; this one says press and hold"),
        ("{at: 61s, press: tab}", "11:10", "'61s' lies past the end of the run, 1 min"),
        ("{at: 1s, hold: 0s}", "11:20", "more than 0s"),
        ("{at: 1s, hold: 2s, for: 1s}", "11:24", "'for' belongs to a caption"),
        ('{at: 1s, chapter: ""}', "11:23", "expected a chapter of 1 to 200 characters, got 0"),
        (f"{{at: 1s, caption: {'x' * 201}}}", "11:23", "expected a caption of 1 to 200 characters, got 201"),
        ("tab", "11:5", "expected a scene such as"),
    ],
)
def test_mistakes_have_a_place_and_a_remedy(scene: str, place: str, words: str) -> None:
    (said,) = mistakes(scene)
    assert said.startswith(f"{place}: ")
    assert words in said


def test_a_screenplay_is_a_list_and_has_an_end() -> None:
    with pytest.raises(PlaygroundError, match="expected the screenplay as a list of scenes"):
        load_text(SHOP + "  at: 3s\n")
    with pytest.raises(PlaygroundError, match="1,001 scenes; at most 1,000 are allowed"):
        shop(*["{at: 1s, press: tab}"] * 1001)


def test_what_names_a_node_that_could_not_be_read_is_not_wrong_too() -> None:
    broken = SHOP.replace("takes: 15ms", "takes: soon") + "  - {at: 1s, zoom: orders}\n"
    with pytest.raises(PlaygroundError) as caught:
        load_text(broken)
    assert len(caught.value.problems) == 1
