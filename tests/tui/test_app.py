"""The app through Textual's pilot: keys, sizes, colours, windows; time stands still unless a test moves it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from textual.pilot import Pilot

from chaos.registry import faults
from chaos.runner import Runner
from tests.topology.grown import grown
from tests.tui import grid
from tests.tui.worlds import S, advance, runner
from topology.spec import load_text
from tui import actions
from tui.app import PlayApp
from tui.screens.fault_menu import FaultMenu
from tui.screens.gallery import Shelf
from tui.screens.help import Help
from tui.screens.inspector import Inspector
from tui.screens.play import PlayScreen, visible
from tui.session import Result

Play = Pilot[Result]


def app(**options: object) -> PlayApp:
    """An app whose wall clock stands still."""
    return PlayApp(runner(), clock=lambda: 0.0, fps=1.0, **options)  # type: ignore[arg-type]


async def go(pilot: Play, seconds: float) -> None:
    """Let the run go on."""
    advance(pilot.app.session, seconds)  # type: ignore[attr-defined]
    await settle(pilot)


async def settle(pilot: Play) -> None:
    """Everything drawn."""
    await pilot.pause()
    screen = pilot.app.screen
    if isinstance(screen, PlayScreen):
        screen.lay_out()
        await pilot.pause()
        screen.paint()
    await pilot.pause()


async def test_c_crashes_what_the_nudge_says() -> None:
    play = app()
    async with play.run_test(size=(160, 45)) as pilot:
        await settle(pilot)
        assert "press c: crash inventory in all designs for 20 s" in grid.text(play)
        await go(pilot, 1)
        await pilot.press("c")
        await go(pilot, 3)
        seen = grid.text(play)
        assert "✖ crashed inventory 00:01.0, heals 00:21.0" in seen
        assert "0 of 2 up" in seen
        assert "told no" in seen


@pytest.mark.parametrize(
    ("size", "shown", "hidden"),
    [
        ((80, 24), {"coupled"}, {"fair", "decoupled"}),
        ((120, 40), {"coupled", "decoupled"}, {"fair"}),
        ((160, 45), {"coupled", "fair", "decoupled"}, set()),
        ((200, 60), {"coupled", "fair", "decoupled"}, set()),
    ],
)
async def test_sizes(size: tuple[int, int], shown: set[str], hidden: set[str]) -> None:
    play = app()
    async with play.run_test(size=size) as pilot:
        await go(pilot, 2)
        rows = grid.rows(play)
        assert [len(row) for row in rows] == [size[0]] * size[1]
        title = next(row for row in rows if " coupled ━" in row)
        assert all(f" {name} " in title for name in shown)
        assert not any(f" {name} " in title for name in hidden)
        strip = next((row for row in rows if row.startswith(" tab ")), "")
        assert all(name in strip for name in hidden)
        for words in ("seed 7", "told yes", "told no", "waiting", "done", "q quit"):
            assert words in "\n".join(rows)


async def test_too_small_says_what_it_needs_and_recovers() -> None:
    play = app()
    async with play.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(50, 12)
        await settle(pilot)
        assert "terminal too small (need 60x20, have 50x12)" in grid.text(play)
        await pilot.resize_terminal(100, 30)
        await go(pilot, 1)
        assert "told yes" in grid.text(play)


async def test_resize_at_any_moment() -> None:
    play = app()
    dice = random.Random(3)
    async with play.run_test(size=(80, 24)) as pilot:
        for _ in range(12):
            width, height = dice.randrange(20, 220), dice.randrange(5, 70)
            await pilot.resize_terminal(width, height)
            await pilot.press(dice.choice("c+h"))
            await go(pilot, 0.2)
            assert {len(row) for row in grid.rows(play)} == {width}


async def test_no_colour_draws_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    play = app()
    async with play.run_test(size=(120, 40)) as pilot:
        assert not play.theme.startswith("ansi")
        await pilot.press("c")
        await go(pilot, 2)
        assert "✖" in grid.text(play)
        await pilot.press("f")
        await pilot.pause()
        await pilot.press("escape", "question_mark")
        await pilot.pause()
        assert "Signs" in grid.text(play) or "Break and heal" in grid.text(play)


async def test_light_colours() -> None:
    play = app(light=True)
    async with play.run_test(size=(100, 30)) as pilot:
        await go(pilot, 1)
        assert play.theme == "knockon-light"
        play.screen.action_colours()  # type: ignore[attr-defined]
        assert play.theme == "knockon-dark"


async def test_tab_flips_designs_where_one_fills_the_width() -> None:
    play = app()
    async with play.run_test(size=(80, 24)) as pilot:
        for name in ("fair", "decoupled", "coupled"):
            await pilot.press("tab")
            await settle(pilot)
            assert f" {name} ━" in grid.text(play)


async def test_arrows_and_clicks_choose_a_node() -> None:
    play = app()
    async with play.run_test(size=(160, 45)) as pilot:
        await go(pilot, 1)
        await pilot.press("up")
        assert play.session.node == "orders"
        await pilot.press("left")
        assert play.session.node == "web"
        rows = grid.rows(play)
        y = next(at for at, row in enumerate(rows) if "backlog" in row)
        await pilot.click(offset=(rows[y].index("backlog"), y))
        assert (play.session.design, play.session.node) == ("decoupled", "backlog")


async def test_a_click_on_the_footer_is_the_key() -> None:
    play = app()
    async with play.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        rows = grid.rows(play)
        await pilot.click(offset=(rows[-1].index("crash"), 39))
        await pilot.pause()
        assert [c.what for c in play.session.runner.commands] == ["crash"]


async def test_pause_step_and_speed() -> None:
    play = app()
    async with play.run_test(size=(120, 40)) as pilot:
        await pilot.press("space", "full_stop", "full_stop")
        await settle(pilot)
        assert play.session.runner.now == 200_000_000
        assert "⏸ paused" in grid.text(play)
        await pilot.press("space", "greater_than_sign", "greater_than_sign", "less_than_sign", "greater_than_sign")
        await settle(pilot)
        assert "▶ ×4" in grid.text(play)


async def test_help_lists_every_key() -> None:
    play = app()
    async with play.run_test(size=(120, 100)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(play.screen, Help)
        play.screen.query_one("#window").styles.max_height = "100%"
        await pilot.pause()
        seen = grid.text(play)
        assert [a.id for a in actions.OFFERED if a.keys and a.help not in seen] == []
        await pilot.press("escape")
        assert isinstance(play.screen, PlayScreen)


async def test_the_inspector_shows_parameters_with_units_and_sources() -> None:
    play = app()
    async with play.run_test(size=(120, 60)) as pilot:
        await go(pilot, 2)
        play.screen.choose("decoupled", "backlog")  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(play.screen, Inspector)
        about = play.screen.text().plain
        assert "visibility        30 s   (default 30s; source: " in about
        assert "comes in" in about
        assert "orders => backlog" in about
        play.screen.update()


async def test_the_fault_menu_injects_what_its_form_says() -> None:
    play = app()
    async with play.run_test(size=(100, 40)) as pilot:
        await go(pilot, 1)
        await pilot.press("f")
        await pilot.pause()
        menu = play.screen
        assert isinstance(menu, FaultMenu)
        names = [name for name in menu.kinds if name not in menu.why]
        await pilot.press(*["down"] * names.index("slow"))
        await pilot.pause()
        assert menu.kind == "slow"
        fields = {field.id: field for field in menu.query("Input")}
        assert set(fields) == {"on", "param-factor", "for", "ramp"}
        fields["param-factor"].value = "no number"  # type: ignore[attr-defined]
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert isinstance(play.screen, FaultMenu), "a mistake keeps the form open"
        fields["param-factor"].value = "7"  # type: ignore[attr-defined]
        fields["for"].value = "5s"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(play.screen, PlayScreen)
        command = play.session.runner.commands[-1]
        assert (command.what, command.on, command.params, command.for_ns) == (
            "slow",
            ("inventory",),
            {"factor": 7},
            5 * S,
        )


async def test_the_fault_menu_is_narrowed_by_typing() -> None:
    play = app()
    async with play.run_test(size=(100, 40)) as pilot:
        await go(pilot, 1)
        await pilot.press("f")
        await pilot.pause()
        menu = play.screen
        assert isinstance(menu, FaultMenu)
        await pilot.press(*"partit")
        await pilot.pause()
        assert menu.kind == "partition"
        assert f"partit_  2 of {len(menu.kinds)}" in grid.text(play)  # it, and minority_partition
        await pilot.press(*["backspace"] * 6, *"zzz")
        await pilot.pause()
        assert "zzz_  no such fault" in grid.text(play)


async def test_faults_that_cannot_act_on_the_node_come_last_with_the_reason() -> None:
    play = app()
    async with play.run_test(size=(100, 40)) as pilot:
        await go(pilot, 1)
        await pilot.press("f", *"surge")
        await pilot.pause()
        menu = play.screen
        assert isinstance(menu, FaultMenu)
        names = list(menu.kinds)
        assert names.index("surge") > names.index("slow")
        assert "acts on producers" in grid.text(play)
        assert "Not on inventory: acts on producers." in grid.text(play)
        assert menu.command().on == ("web",), "the form names what it can act on"


def many(count: int) -> Runner:
    return Runner(load_text(grown(count), faults=faults()), 1, timeline=False)


async def test_what_has_no_room_is_grouped_opened_and_folded() -> None:
    play = PlayApp(many(120), clock=lambda: 0.0, fps=1.0)
    async with play.run_test(size=(100, 30)) as pilot:
        await go(pilot, 2)
        assert "svc-1..svc-" in grid.text(play)
        assert "120 nodes: ●120" in grid.text(play)
        await pilot.press("slash", *"worker-3", "enter")
        await settle(pilot)
        assert play.session.node == "worker-3"
        assert "● worker-3 " in grid.text(play), "what was searched for is shown by itself"
        await pilot.press("c")
        await go(pilot, 2)
        assert "✖ worker-3 " in grid.text(play)
        await pilot.press("o")
        await settle(pilot)
        assert "✖1 ●8" in grid.text(play) or "8 ok, 1 down" in grid.text(play)
        await pilot.press("O")
        await settle(pilot)
        assert "rows " in grid.text(play)
        assert "✖ worker-3 " in grid.text(play), "the chosen node stays in sight"


async def test_moving_brings_the_chosen_node_into_sight() -> None:
    play = PlayApp(many(120), clock=lambda: 0.0, fps=1.0)
    async with play.run_test(size=(100, 30)) as pilot:
        await go(pilot, 2)
        await pilot.press("O")
        await settle(pilot)
        for key in ("left", "up", "up", "right", "down", "down", "down", "left", "left"):
            await pilot.press(key)
            await settle(pilot)
            assert f" {play.session.node} " in grid.text(play).split("\n told yes")[0]


async def test_every_fault_has_a_form() -> None:
    play = app()
    async with play.run_test(size=(100, 40)) as pilot:
        await pilot.press("f")
        await pilot.pause()
        menu = play.screen
        assert isinstance(menu, FaultMenu)
        for _ in menu.kinds:
            await pilot.pause()
            assert menu.command().what == menu.kind
            await pilot.press("down")


async def test_the_gallery_opens_another_playground() -> None:
    shelf = Shelf((("shop", "Orders."), ("other", "Others.")), lambda name: runner(seed=99))
    play = app(gallery=shelf)
    async with play.run_test(size=(100, 30)) as pilot:
        await go(pilot, 1)
        await pilot.press("g")
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        await settle(pilot)
        assert play.session.runner.seed == 99
        assert "seed 99" in grid.text(play)


async def test_the_end_keeps_the_picture_and_says_so() -> None:
    play = app()
    async with play.run_test(size=(100, 30)) as pilot:
        await go(pilot, 100)
        seen = grid.text(play)
        assert "the run has ended" in seen
        assert "■ ended" in seen
        await pilot.press("c", "r")
        await settle(pilot)
        assert play.session.runner.now == 0


async def test_q_hands_back_a_result() -> None:
    play = app()
    async with play.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await pilot.pause()
    assert play.return_value is not None
    assert play.return_value.runner is play.session.runner


async def test_the_palette_offers_the_table() -> None:
    play = app()
    async with play.run_test(size=(80, 24)):
        offered = {command.title for command in play.get_system_commands(play.screen)}
        assert {"Crash", "Rewire", "Light or dark", "Quit"} <= offered


def test_fewer_pictures_over_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_TTY", "/dev/pts/9")
    assert PlayApp(runner()).fps == 10.0


def test_which_designs_stand_side_by_side() -> None:
    names = ["a", "b", "c", "d"]
    assert visible(names, "a", 99) == ["a"]
    assert visible(names, "a", 100) == ["a", "d"]
    assert visible(names, "d", 100) == ["c", "d"]
    assert visible(names, "b", 160) == ["b", "c", "d"]
    assert visible(names, "b", 200) == names


KEYS = [key for action in actions.OFFERED for key in action.keys if key != "q"]
EXTRA = ["escape", "k", "x", "a", "backspace", "pagedown", "home", "ctrl+p", "shift+tab", "5", "s", "slash"]
NAMED = {
    ".": "full_stop",
    "<": "less_than_sign",
    ">": "greater_than_sign",
    "+": "plus",
    "-": "minus",
    "?": "question_mark",
}
NAMED |= {"=": "equals_sign"}


async def press_at_random(count: int, seed: int) -> None:
    dice = random.Random(seed)
    play = app()
    async with play.run_test(size=(120, 40)) as pilot:
        for _ in range(count):
            key = dice.choice([*KEYS, *KEYS, *EXTRA])
            play.simulate_key(NAMED.get(key, key))
            if dice.random() < 0.3:
                await go(pilot, dice.random())
            if dice.random() < 0.03:
                await pilot.resize_terminal(dice.randrange(30, 200), dice.randrange(10, 60))
            await pilot.pause()
            for frame in play.session.moment.frames:
                for f in frame.flows:
                    fates = f.served + f.late + f.refused + f.failed + f.lost + f.dead_lettered + f.in_system
                    assert f.offered == fates


async def test_200_random_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # one of the keys makes a film
    await press_at_random(200, seed=1)


@pytest.mark.slow
async def test_2000_random_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    await press_at_random(2_000, seed=2)
