"""Groups: which nodes are drawn as one, and that nobody who is unwell disappears in one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.topology.grown import grown
from tests.tui.worlds import frame, link, node
from topology.frame import Frame, LayerFrame, NodeFrame
from topology.spec import load_text
from tui.draw.crowd import Crowd, crowd_of, signs, states_of, sum_links
from tui.draw.groups import Folding
from tui.draw.layout import Edge
from tui.draw.scene import Scene, Window


def labels(folding: Folding, level: int | None = None) -> list[str]:
    return [item.label for item in folding.items(level)]


def folding(*names: str, kind: str = "service") -> Folding:
    return Folding(names, [kind] * len(names), [])


def test_names_that_differ_in_their_last_number_are_one_group() -> None:
    some = folding("web", "svc-1", "svc-2", "svc-10", "db1", "db2", "mail-1")
    assert labels(some, 1) == ["web", "svc-1..svc-10", "db1..db2", "mail-1"]


def test_kinds_are_not_mixed_by_name() -> None:
    some = Folding(["a-1", "a-2", "a-3"], ["service", "sqs", "service"], [])
    assert labels(some, 1) == ["a-1..a-3", "a-2"]


def test_each_level_draws_less() -> None:
    names = [f"{area}-{zone}-{at}" for area in ("eu", "us") for zone in (1, 2) for at in (1, 2)] + ["auth", "cart"]
    some = Folding(names, ["service"] * len(names), [Edge(0, 8), Edge(0, 9)])
    assert labels(some, 0) == names
    assert labels(some, 1) == ["eu-1-1..eu-1-2", "eu-2-1..eu-2-2", "us-1-1..us-1-2", "us-2-1..us-2-2", "auth", "cart"]
    assert labels(some, 2) == ["eu-1-1..eu-2-2", "us-1-1..us-2-2", "auth", "cart"]
    assert len(labels(some, 3)) == 2, "one layer calls the other"
    assert len(labels(some, 4)) == 1


def test_a_group_opens_into_smaller_ones_and_folds_again() -> None:
    some = folding("a-1-1", "a-1-2", "a-2-1", "a-2-2", "z")
    some.level = 2
    assert labels(some) == ["a-1-1..a-2-2", "z"]
    assert some.toggle(0)
    assert labels(some) == ["a-1-1..a-1-2", "a-2-1..a-2-2", "z"]
    assert some.toggle(0)
    assert labels(some) == ["a-1-1", "a-1-2", "a-2-1..a-2-2", "z"]
    assert some.toggle(1)
    assert labels(some) == ["a-1-1..a-1-2", "a-2-1..a-2-2", "z"]


def test_nodes_that_have_room_can_be_folded_by_hand() -> None:
    some = folding("a-1", "a-2", "b-1", "b-2")
    assert some.toggle(3)
    assert labels(some) == ["a-1", "a-2", "b-1..b-2"]


def test_what_is_like_no_other_cannot_be_folded() -> None:
    some = Folding(["alone", "other"], ["service", "sqs"], [])
    assert not some.toggle(0)
    assert labels(some) == ["alone", "other"]


def test_revealing_opens_every_group_around_a_node() -> None:
    some = folding("a-1-1", "a-1-2", "a-2-1", "a-2-2")
    some.level = 4
    assert some.reveal(3)
    assert "a-2-2" in labels(some)
    assert not some.reveal(3)


def test_all_are_opened_and_all_are_folded() -> None:
    some = folding("a-1", "a-2", "b-1", "b-2")
    some.level = 1
    assert some.toggle_all() is False
    assert labels(some) == ["a-1", "a-2", "b-1", "b-2"]
    assert some.toggle_all() is True
    assert labels(some) == ["a-1..a-2", "b-1..b-2"]


@given(
    st.lists(st.from_regex(r"[a-c](-[0-9]{1,2}){0,2}", fullmatch=True), min_size=1, max_size=30, unique=True),
    st.integers(0, 4),
    st.lists(st.integers(0, 29), max_size=8),
)
def test_every_node_is_drawn_exactly_once(names: list[str], level: int, keys: list[int]) -> None:
    some = Folding(names, ["service"] * len(names), [])
    some.level = level
    for key in keys:
        some.toggle(key % len(names))
    assert sorted(at for item in some.items() for at in item.members) == list(range(len(names)))


# What a group says.


def members(*states: str) -> list[NodeFrame]:
    return [node(f"svc-{at}", state=state, rate_out=10.0, slots=8, busy=at) for at, state in enumerate(states, 1)]


def crowd(*states: str) -> Crowd:
    return crowd_of(members(*states))


def test_a_group_counts_its_states_in_words_and_in_signs() -> None:
    some = crowd(*["ok"] * 38, "down", "down")
    assert some.counts(30) == "38 ok, 2 down"
    assert some.counts(9) == "✖2 ●38"
    assert some.counts(4) == "✖2"
    assert crowd("ok", "ok").counts(10) == "2 ok"


@pytest.mark.parametrize("room", range(8, 40))
@pytest.mark.parametrize("ill", ["down", "strained", "paused"])
def test_one_who_is_unwell_is_always_seen(room: int, ill: str) -> None:
    some = crowd(*["ok"] * 500, ill)
    words = some.counts(room)
    assert len(words) <= room
    assert f"1 {ill}" in words or signs({ill: 1}) in words
    assert some.sums.state == "strained"


def test_a_group_sums_what_its_members_do() -> None:
    some = crowd_of([replace(one, layers=(LayerFrame(1, "slow", "slow"),)) for one in members("ok", "ok", "ok")])
    assert (some.sums.rate_out, some.sums.slots, some.sums.busy, some.sums.state) == (30.0, 24, 6, "ok")
    assert [layer.kind for layer in some.sums.layers] == ["slow"] * 3
    assert crowd("down", "down").sums.state == "down"
    assert states_of(members("ok", "down", "ok")) == {"ok": 2, "down": 1}


def test_a_name_gets_shorter_with_the_room() -> None:
    some = replace(crowd(*["ok"] * 40), first="eu-1-1", last="eu-20-300")
    assert [some.name(room) for room in (17, 14, 9)] == ["eu-1-1..eu-20-300", "eu-1-1..20-300", "eu-* ×40"]


def test_links_into_a_group_are_one_and_trouble_on_any_is_marked() -> None:
    links = [link("a", f"svc-{at}", rate=10.0, flow=1.0) for at in range(4)]
    links[2] = replace(links[2], cut=True)
    trunk = sum_links(frame([], links), [0, 0, 0, 0], 1)[0]
    line = trunk.line(1_000_000_000)
    assert (trunk.rate, trunk.flow) == (40.0, 4.0)
    assert (line.ink, line.mark) == ("warn", "✖")
    all_cut = sum_links(frame([], [replace(one, cut=True) for one in links]), [0, 0, 0, 0], 1)[0]
    assert all_cut.line(1_000_000_000).ink == "bad"


# The picture.


def many(count: int, **of: str) -> Frame:
    nodes = [node("web", "producer"), *(node(f"svc-{at}", state=of.get(f"svc_{at}", "ok")) for at in range(1, count))]
    return frame(nodes, [link("web", one.name, rate=1.0) for one in nodes[1:]])


def scene(picture: Frame) -> Scene:
    kinds = [one.kind for one in picture.nodes]
    return Scene([n.name for n in picture.nodes], [(x.caller, x.callee) for x in picture.links], [], kinds)


def test_what_has_no_room_is_drawn_as_groups() -> None:
    picture = many(200, svc_77="down")
    some = scene(picture)
    some.fit(80, 14)
    text = some.draw(picture, "").text()
    assert "svc-1..svc-199" in text
    assert "198 ok, 1 down" in text
    assert some.item_of("svc-77") == some.item_of("svc-5") == 1
    assert some.spokesman(1, picture) == "svc-77", "the first that is not well stands for all"


def test_what_has_room_is_drawn_as_it_is() -> None:
    some = scene(many(10))
    some.fit(80, 14)
    assert len(some.items) == 10


def test_a_window_shows_its_part_of_the_whole() -> None:
    picture = many(40)
    some = scene(picture)
    some.fit(60, 20)
    some.folding.toggle_all()
    some.refold()
    whole = some.draw(picture, "svc-7").text().splitlines()
    part = some.draw(picture, "svc-7", Window(5, 7, 40, 11)).text().splitlines()
    assert len(part) == 11
    assert [row.rstrip() for row in part] == [row[5:45].rstrip() for row in whole[7:18]]


def test_grown_topologies_have_as_many_nodes_as_asked_for_and_load() -> None:
    for count in (10, 60, 300, 501):
        made = load_text(grown(count))
        assert len(made.designs[0].nodes) == count
        assert all(flow.work for flow in made.flows)
