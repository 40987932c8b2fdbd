"""The main screen: designs side by side, and every key of the table that touches the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget

from chaos.registry import faults
from tui import actions
from tui.draw.palette import LIGHT
from tui.draw.panel import state_words
from tui.draw.scene import scene_of
from tui.history import figures_of
from tui.screens.fault_menu import FaultMenu
from tui.screens.gallery import Gallery
from tui.screens.help import Help
from tui.screens.inspector import Inspector, inside, inside_word
from tui.session import Session
from tui.widgets.clock import Clock
from tui.widgets.detail import DetailLine
from tui.widgets.flows import Flows
from tui.widgets.footer import KeyFooter
from tui.widgets.log import Log
from tui.widgets.search import SearchBar
from tui.widgets.strip import DesignStrip
from tui.widgets.topology import Topology, View
from tui.widgets.verdict import VerdictText

if TYPE_CHECKING:
    from tui.app import PlayApp

LEAST_WIDTH, LEAST_HEIGHT = 60, 20
COLUMN = 50
"""Columns that a design needs to stand beside another."""
DESIGN = "design"
PANELS: dict[str, type[Widget]] = {"log": Log, "verdict": VerdictText}
"""What can have the screen to itself beside a design."""


def visible(names: list[str], chosen: str, width: int) -> list[str]:
    """The designs that have room side by side: the chosen one, and the last ones of the file beside it."""
    room = max(1, width // COLUMN)
    if len(names) <= room:
        return names
    rest = [name for name in names if name != chosen]
    shown = {chosen, *rest[len(rest) - room + 1 :]}
    return [name for name in names if name in shown]


class PlayScreen(Screen[None]):
    """A session on screen."""

    AUTO_FOCUS = ""
    BINDINGS = [
        Binding(key, actions.call(action, key), action.label, show=False)
        for action in actions.OFFERED
        for key in action.keys
    ]
    DEFAULT_CSS = """
    PlayScreen { layout: vertical; }
    PlayScreen #designs { height: 1fr; }
    PlayScreen .design { width: 1fr; height: 100%; }
    PlayScreen .beside { border-left: vkey $foreground 20%; }
    PlayScreen #small { display: none; content-align: center middle; width: 100%; height: 100%; }
    PlayScreen.-small > * { display: none; }
    PlayScreen.-small #small { display: block; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.building = False
        self.before_search = ("", "")
        self.zoomed = ""
        """What has the screen to itself: DESIGN, the log or the verdict; empty: all have their places."""

    @property
    def play_app(self) -> PlayApp:
        """The app, as what it is."""
        return cast("PlayApp", self.app)

    # What it is made of.

    def compose(self) -> ComposeResult:
        """Header, designs, log, verdict, one line, keys."""
        yield Small(id="small")
        yield Clock()
        yield DesignStrip()
        yield Horizontal(*self._columns(), id="designs")
        yield Log()
        yield VerdictText()
        yield DetailLine()
        yield KeyFooter()
        yield SearchBar()

    def _columns(self) -> list[Vertical]:
        playground = self.session.runner.playground
        scenes = [(f.design, scene_of(playground.design(f.design), f)) for f in self.session.moment.frames]
        return [Vertical(Topology(name, scene), Flows(), classes="design") for name, scene in scenes]

    async def rebuild(self) -> None:
        """Other designs: another playground was opened."""
        self.building = True
        designs = self.query_one("#designs")
        await designs.remove_children()
        await designs.mount_all(self._columns())
        self.building = False
        self.lay_out()
        self.call_after_refresh(self.paint)

    def on_mount(self) -> None:
        """Begin to tick."""
        self.set_interval(1 / self.play_app.fps, self.tick)
        self.lay_out()
        self.call_after_refresh(self.paint)

    def tick(self) -> None:
        """One picture, where there is something new to see."""
        before = self.session.moment
        self.session.tick()
        films = self.session.films
        if films is not None and (news := films.news()):
            self.session.say(news)
            self.paint()
        elif self.session.moment is not before or (films is not None and films.busy):
            self.paint()
        self.play_app.after_frame()

    def on_resize(self, event: Resize) -> None:
        """Another size, another arrangement."""
        self.lay_out()
        self.call_after_refresh(self.paint)

    def lay_out(self) -> None:
        """Which designs are seen, and how many rows the rest gets."""
        if self.building:
            return
        width, height = self.app.size
        small = width < LEAST_WIDTH or height < LEAST_HEIGHT
        self.set_class(small, "-small")
        names = [frame.design for frame in self.session.moment.frames]
        shown = [self.session.design] if self.zoomed == DESIGN else visible(names, self.session.design, width)
        for name, column in zip(names, self.query(".design"), strict=True):
            column.display = name in shown
            column.set_class(name in shown[1:], "beside")
        self.query_one(DesignStrip).display = len(shown) < len(names) and not small
        titled = height >= 30
        self.query_one("#designs").display = self.zoomed not in PANELS
        log_rows = (3 if height < 26 else 4 if height < 36 else height // 6) + titled
        verdict_rows = max(5, min(len(names), 8) + 2 * (height >= 36)) + titled
        for name, rows in (("log", log_rows), ("verdict", verdict_rows)):
            panel = self.query_one(PANELS[name])
            panel.display = self.zoomed in ("", DESIGN, name)
            panel.styles.height = "1fr" if self.zoomed == name else rows

    # What it shows.

    def paint(self) -> None:
        """Give every widget what it shows now."""
        if self.building:
            return
        session, palette = self.session, self.play_app.palette
        moment = session.moment
        width, height = self.app.size
        if self.has_class("-small"):
            self.query_one(Small).say(width, height)
            return
        titled = height >= 30
        self.query_one(Clock).show(moment, session.pace, session.ended, faults(), palette)
        for topology, flows in zip(self.query(Topology), self.query(Flows), strict=True):
            if topology.seen:
                topology.show(self._view(topology.design))
                flows.show(topology.design, figures_of(session.frame(topology.design)), session.history, palette)
        hidden = [f for f, column in zip(moment.frames, self.query(".design"), strict=True) if not column.display]
        if hidden:
            self.query_one(DesignStrip).show([(f.design, figures_of(f)) for f in hidden], palette)
        self.query_one(Log).show(moment.log, titled, palette)
        self.query_one(VerdictText).show(moment.verdict, titled, palette)
        self.query_one(DetailLine).show(session.frame(), session.chosen(), self._notice(), palette)
        self.query_one(KeyFooter).show(palette, ("inside",) if inside_word(session.chosen().kind) else ())

    def _view(self, design: str) -> View:
        frame = self.session.frame(design)
        sign, words, ink = state_words(figures_of(frame))
        chosen = self.session.node if design == self.session.design else ""
        return View(frame, chosen, sign, words, ink, self.play_app.palette)

    def _notice(self) -> tuple[str, str]:
        films = self.session.films
        if films is not None and not self.session.notice and (words := films.words()):
            return words, "key"
        if self.session.ended:
            return "the run has ended: r runs it again, n with another seed, u undoes, q leaves", "key"
        return self.session.notice, self.session.tone

    def changed(self) -> None:
        """After a key: draw at once."""
        self.lay_out()
        self.paint()

    # Keys: break and heal.

    def action_crash(self) -> None:
        """Crash the chosen node."""
        self.session.crash()
        self.changed()

    def action_heal(self) -> None:
        """Heal the chosen node's newest fault."""
        self.session.heal()
        self.changed()

    def action_heal_all(self) -> None:
        """Heal everything."""
        self.session.heal_all()
        self.changed()

    def action_entry(self, number: int) -> None:
        """An entry of the timeline, now."""
        self.session.entry(number)
        self.changed()

    def action_undo(self) -> None:
        """Without the last command."""
        self.session.undo()
        self.changed()

    def action_fault_menu(self) -> None:
        """Choose and set up a fault."""
        self.app.push_screen(FaultMenu(self.session), lambda _: self.changed())

    # Keys: shape.

    def action_scale_up(self) -> None:
        """One more."""
        self.session.scale(1)
        self.changed()

    def action_scale_down(self) -> None:
        """One fewer."""
        self.session.scale(-1)
        self.changed()

    def action_rewire(self) -> None:
        """Restart with today's callees."""
        self.session.rewire()
        self.changed()

    # Keys: time.

    def action_pause(self) -> None:
        """Pause, or go on."""
        self.session.pause()
        self.changed()

    def action_step(self) -> None:
        """A tenth of a second."""
        self.session.step()
        self.changed()

    def action_slower(self) -> None:
        """Half the speed."""
        self.session.pace.change(-1)
        self.changed()

    def action_faster(self) -> None:
        """Twice the speed."""
        self.session.pace.change(1)
        self.changed()

    def action_restart(self) -> None:
        """From the start."""
        self.session.restart()
        self.changed()

    def action_next_seed(self) -> None:
        """From the start with other dice."""
        self.session.restart(1)
        self.changed()

    # Keys: look.

    def action_next_design(self) -> None:
        """The next design."""
        self.session.turn(1)
        self.changed()

    def action_previous_design(self) -> None:
        """The design before."""
        self.session.turn(-1)
        self.changed()

    def action_left(self) -> None:
        """The node to the left."""
        self._move(-1, 0)

    def action_right(self) -> None:
        """The node to the right."""
        self._move(1, 0)

    def action_up(self) -> None:
        """The node above."""
        self._move(0, -1)

    def action_down(self) -> None:
        """The node below."""
        self._move(0, 1)

    @property
    def topology(self) -> Topology:
        """The picture of the chosen design."""
        return next(t for t in self.query(Topology) if t.design == self.session.design)

    def _move(self, step_x: int, step_y: int) -> None:
        self.choose(self.session.design, self.topology.beside(self.session.node, step_x, step_y))

    def action_fold(self) -> None:
        """Open or fold a group."""
        if not self.topology.toggle(self.session.node):
            self.session.say(f"{self.session.node} belongs to no group: no other node is like it")
        self.changed()

    def action_fold_all(self) -> None:
        """Open or fold all groups."""
        folded = self.topology.toggle_all()
        self.session.say("nodes that are alike are folded; O opens all" if folded else "every group is open; O folds all")
        self.changed()

    def action_search(self) -> None:
        """Look for nodes; the keys' line gives way to what is typed."""
        self.before_search = (self.session.design, self.session.node)
        self.query_one(KeyFooter).display = False
        self.query_one(SearchBar).open(self.session.frame())

    def on_search_bar_found(self, event: SearchBar.Found) -> None:
        """Show what was found."""
        self.choose(self.session.design, event.node)

    def on_search_bar_closed(self, event: SearchBar.Closed) -> None:
        """Stay at what was found, with its group open, or go back to where the search began."""
        self.query_one(KeyFooter).display = True
        self.set_focus(None)
        if event.kept:
            self.topology.reveal(self.session.node)
            self.changed()
        else:
            self.choose(*self.before_search)

    def action_zoom(self) -> None:
        """The chosen design alone, or everything again."""
        self.zoom("all" if self.zoomed else self.session.design)

    def zoom(self, target: str) -> None:
        """Give the screen to a design, to a panel, or to a window about a node (DESIGN.NODE, or NODE in the chosen design)."""
        design, _, node = target.rpartition(".")
        frames = {frame.design: frame for frame in self.session.moment.frames}
        self.zoomed = target if target in PANELS else DESIGN if target in frames else ""
        if target in frames:
            self.session.choose(target, self.session.node)
        elif not self.zoomed and target != "all":
            having = [name for name, frame in frames.items() if frame.node(node)]
            wanted = design or self.session.design
            if having:
                self.session.choose(wanted if wanted in having else having[0], node)
                self.app.push_screen(Inspector(self.session))
        self.lay_out()
        self.call_after_refresh(self.paint)

    def choose(self, design: str, node: str) -> None:
        """Choose a node; the notice gives way to what is known of it."""
        self.session.choose(design, node or self.session.node)
        self.session.say("")
        self.changed()

    def on_topology_chosen(self, event: Topology.Chosen) -> None:
        """A click on a node or a design."""
        self.choose(event.design, event.node)

    async def on_key_footer_pressed(self, event: KeyFooter.Pressed) -> None:
        """A click on a key."""
        await self.run_action(event.action.id)

    def action_inspect(self) -> None:
        """All about the chosen node."""
        self.app.push_screen(Inspector(self.session))

    def action_inside(self) -> None:
        """The chosen node from inside, where there is something to see."""
        screen = inside(self.session)
        if screen is None:
            having = [node.name for node in self.session.frame().nodes if inside_word(node.kind)]
            way = f"choose {' or '.join(having[:3])}" if having else "this design has none"
            self.session.say(f"v looks into workflows and streams; {self.session.node} is none: {way}", "bad")
            self.changed()
        else:
            self.app.push_screen(screen)

    def action_colours(self) -> None:
        """Light or dark."""
        self.play_app.change_colours()
        self.paint()

    # Keys: program.

    def action_record(self) -> None:
        """A film begins here, or ends."""
        self.session.film(self.app.size, self.play_app.palette is LIGHT)
        self.changed()

    def action_help(self) -> None:
        """Keys and signs."""
        self.app.push_screen(Help(self.session.runner.playground))

    def action_gallery(self) -> None:
        """Another playground."""
        self.app.push_screen(Gallery(self.play_app.gallery), self.play_app.open_named)

    def action_quit(self) -> None:
        """Leave."""
        self.app.exit(self.session.result())


class Small(Widget):
    """What is said where there is no room to say anything else."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.words = ""

    def say(self, width: int, height: int) -> None:
        """Show both sizes."""
        self.words = f"terminal too small (need {LEAST_WIDTH}x{LEAST_HEIGHT}, have {width}x{height})"
        self.refresh()

    def render(self) -> str:
        """The words."""
        return self.words
