"""What keys mean for the run, without a screen."""

from __future__ import annotations

import pytest

from chaos.command import Command
from tests.tui.worlds import S, advance, runner, shop
from tui.pace import Pace
from tui.session import Session, base_name, entry_words


@pytest.fixture
def session() -> Session:
    return Session(runner(), Pace(lambda: 0.0, None))


def test_the_first_entrys_target_is_chosen_and_the_nudge_says_so(session: Session) -> None:
    assert (session.design, session.node) == ("coupled", "inventory")
    assert session.notice == "press c: crash inventory in all designs for 20 s"


def test_entries_are_told_in_the_words_of_the_file() -> None:
    playground = shop()
    told = [entry_words(playground, entry) for entry in playground.timeline]
    assert told == ["crash inventory for 20 s", "scale orders to 4"]


def test_c_does_what_the_nudge_says(session: Session) -> None:
    advance(session, 1)
    session.crash()
    fault = session.moment.faults[0]
    assert (fault.what, fault.until_ns) == ("crash", 21 * S)
    assert fault.designs == ("coupled", "fair", "decoupled")
    assert session.notice == ""


def test_h_heals_the_newest_fault_of_the_chosen_node(session: Session) -> None:
    advance(session, 1)
    session.crash()
    session.choose("coupled", "orders")
    session.heal()
    assert "nothing on orders is broken" in session.notice
    session.choose("coupled", "inventory")
    session.heal()
    assert not session.moment.faults[0].active


def test_h_heals_a_broken_link_at_either_end(session: Session) -> None:
    advance(session, 1)
    session.do(Command(0, "inject", ("web -> orders",), "latency", params={"extra": "1s"}))
    assert session.moment.faults[0].nodes == ("orders", "web")
    session.choose("coupled", "inventory")
    session.heal()
    assert session.moment.faults[0].active
    session.choose("coupled", "orders")
    session.heal()
    assert not session.moment.faults[0].active


def test_undo_runs_again_without_the_last_command(session: Session) -> None:
    advance(session, 1)
    session.crash()
    advance(session, 2)
    session.undo()
    assert session.runner.now == 3 * S
    assert session.moment.faults == ()
    assert "without: crash inventory" in session.notice


def test_an_undone_run_is_the_run_that_never_had_it(session: Session) -> None:
    advance(session, 1)
    session.crash()
    advance(session, 2)
    session.undo()
    plain = runner()
    plain.advance(3 * S)
    assert session.runner.digest() == plain.digest()


def test_there_may_be_nothing_to_undo(session: Session) -> None:
    session.undo()
    assert "nothing to undo" in session.notice


def test_restart_and_next_seed(session: Session) -> None:
    advance(session, 2)
    session.crash()
    session.restart()
    assert (session.runner.now, session.runner.seed, session.moment.commands) == (0, 7, 0)
    session.restart(1)
    assert session.runner.seed == 8


def test_scaling_what_cannot_be_scaled_says_why(session: Session) -> None:
    session.choose("coupled", "web")
    session.scale(1)
    assert "no replicas to scale" in session.notice
    assert session.tone == "bad"


def test_scale_up(session: Session) -> None:
    session.scale(1)
    advance(session, 1)
    assert session.chosen().wanted == 3


def test_an_entry_of_the_timeline_happens_now(session: Session) -> None:
    advance(session, 3)
    session.entry(1)
    assert session.moment.faults[0].since_ns == 3 * S
    session.entry(9)
    assert "no entry 9" in session.notice


def test_tab_keeps_a_node_that_the_next_design_has(session: Session) -> None:
    session.turn(-1)
    assert (session.design, session.node) == ("decoupled", "inventory")
    session.choose("decoupled", "backlog")
    session.turn(1)
    assert session.design == "coupled"
    assert session.frame().node(session.node) is not None


def test_a_run_that_is_over_says_so(session: Session) -> None:
    advance(session, 100)
    assert session.ended
    session.crash()
    assert "over" in session.notice


@pytest.mark.parametrize("text", ["inventory", "inventory/1", "one:inventory", "half:inventory"])
def test_the_node_of_a_target(text: str) -> None:
    assert base_name(text) == "inventory"
