"""What the screen shows and does, without a screen: the run, its pace, what is chosen, what a key does to the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.command import Command, Refused
from chaos.inputs import from_entry
from chaos.moment import FaultFrame, Moment
from topology.frame import Frame, NodeFrame
from topology.registry import kind
from topology.units import format_duration
from tui import history
from tui.history import History
from tui.pace import Pace

if TYPE_CHECKING:
    from chaos.runner import Runner
    from topology.plan import Entry, Playground
    from tui.record.films import Films

STEP_NS = 100_000_000
STATES = "states"
"""What there is to see inside a workflow."""

Again = Callable[["Runner", int], "Runner"]
"""Makes the same run anew with a seed."""


@dataclass(frozen=True)
class Result:
    """What remains of an interactive session: its run, for the summary and for saving it."""

    runner: Runner
    moment: Moment


def again(runner: Runner, seed: int) -> Runner:
    """The same playground from the start."""
    from chaos.runner import Runner  # the app can be imported and tested without worlds

    return Runner(runner.playground, seed, timeline=runner.timeline, build=runner.build)


class Session:
    """One run on screen."""

    def __init__(self, runner: Runner, pace: Pace, *, nudge: bool = True, again: Again = again) -> None:
        self.pace = pace
        self.nudge = nudge
        self.films: Films | None = None
        """What the person marks to be filmed; nothing until then."""
        self._again = again
        self._begin(runner)
        self.node = self._first_target()
        self.design = self.moment.frames[0].design
        self._keep_node()
        self.notice, self.tone = self._nudge_words() if nudge else "", "key"

    def _begin(self, runner: Runner) -> None:
        self.runner = runner
        self.history = History()
        self.moment = runner.moment()
        self.history.add(self.moment)
        self.pace.reset()

    # What is seen.

    @property
    def ended(self) -> bool:
        """Whether the run has reached its end."""
        return self.runner.now >= self.runner.end

    def frame(self, design: str = "") -> Frame:
        """The frame of a design; of the chosen one where none is named."""
        wanted = design or self.design
        return next(frame for frame in self.moment.frames if frame.design == wanted)

    def chosen(self) -> NodeFrame:
        """The chosen node in the chosen design."""
        frame = self.frame()
        return frame.node(self.node) or frame.nodes[0]

    def tick(self) -> None:
        """Let the world go on by what is due, and look at it."""
        self.pace.tick(self.runner.now, self.runner.end, self.runner.advance)
        if self.moment.at_ns != self.runner.now:
            self.pace.look(self.look)

    def look(self) -> None:
        """Take a new moment."""
        self.moment = self.runner.moment()
        self.history.add(self.moment)

    def go_to(self, at_ns: int) -> None:
        """Let the run go on to an instant, and look at it whenever the history takes a sample."""
        while self.runner.now < min(at_ns, self.runner.end):
            step = (self.runner.now // history.STEP_NS + 1) * history.STEP_NS
            self.runner.advance(min(step, at_ns))
            self.look()

    # What is chosen.

    def choose(self, design: str, node: str) -> None:
        """Choose a node of a design."""
        self.design = design
        self.node = node
        self._keep_node()

    def turn(self, steps: int) -> None:
        """Go to another design, keeping the node where it has one of that name."""
        names = [frame.design for frame in self.moment.frames]
        self.design = names[(names.index(self.design) + steps) % len(names)]
        self._keep_node()

    def _keep_node(self) -> None:
        frame = self.frame()
        if frame.node(self.node) is None:
            self.node = frame.nodes[0].name

    def _first_target(self) -> str:
        """The target of the first entry of the timeline, so that the first key does what the nudge says."""
        names = {node.name for frame in self.moment.frames for node in frame.nodes}
        for entry in self.runner.playground.timeline:
            for text in entry.on:
                if (name := base_name(text)) in names:
                    return name
        if not self.runner.playground.timeline:
            for node in self.moment.frames[0].nodes:
                if kind(node.kind).inside == STATES:
                    return node.name
        shared = [node for node in self.moment.frames[0].nodes if node.kind != "producer"]
        return (shared or list(self.moment.frames[0].nodes))[-1].name

    def _nudge_words(self) -> str:
        timeline = self.runner.playground.timeline
        if not timeline and kind(self.chosen().kind).inside == STATES:
            return f"press v: the states of {self.node}, its executions and their history; c crashes it"
        if not timeline or (timeline[0].verb == "inject" and timeline[0].what == "crash"):
            wait = self._crash_time(self.node)
            length = f" for {format_duration(wait)}" if wait else ""
            return f"press c: crash {self.node} in {self._everywhere()}{length}"
        return f"press 1: {entry_words(self.runner.playground, timeline[0])} in {self._everywhere()}"

    def _everywhere(self) -> str:
        having = [f.design for f in self.moment.frames if f.node(self.node)]
        return having[0] if len(having) == 1 else "both designs" if len(having) == 2 else "all designs"

    # What is done to the run.

    def do(self, command: Command) -> str:
        """Give a command; the words of a refusal, or nothing."""
        try:
            self.runner.do(command)
        except Refused as refusal:
            self.say(str(refusal), "bad")
            return str(refusal)
        self.say("")
        self.look()
        return ""

    def say(self, words: str, tone: str = "key") -> None:
        """One line for the person; it stays until the next."""
        self.notice, self.tone = words, tone

    def crash(self) -> None:
        """Crash the chosen node, for as long as the timeline would where it does the same."""
        wait = self._crash_time(self.node)
        self.do(Command(self.runner.now, "inject", (self.node,), "crash", for_ns=wait))

    def _crash_time(self, node: str) -> int | None:
        for entry in self.runner.playground.timeline:
            if entry.verb == "inject" and entry.what == "crash" and node in map(base_name, entry.on):
                return entry.for_ns
        return None

    def heal(self) -> None:
        """Heal the newest fault on the chosen node."""
        fault = newest_fault(self.moment.faults, self.node)
        if fault is None:
            self.say(f"nothing on {self.node} is broken; H heals everything", "bad")
        else:
            self.do(Command(self.runner.now, "heal", (f"#{fault.id}",)))

    def heal_all(self) -> None:
        """Heal everything."""
        self.do(Command(self.runner.now, "heal", ("all",)))

    def scale(self, steps: int) -> None:
        """One replica more or fewer of the chosen node."""
        self.do(Command(self.runner.now, "scale", (self.node,), to=f"{steps:+d}"))

    def rewire(self) -> None:
        """Rewire the chosen node."""
        self.do(Command(self.runner.now, "rewire", (self.node,)))

    def entry(self, number: int) -> None:
        """Do an entry of the timeline now."""
        try:
            command = self.runner.entry(number)
        except Refused as refusal:
            self.say(str(refusal), "bad")
            return
        self.do(command)

    def undo(self) -> None:
        """Run again to this instant without the last command."""
        if not self.runner.commands:
            self.say("there is nothing to undo: no command was given yet", "bad")
            return
        undone = self.runner.commands[-1]
        self.runner = self.runner.undo()
        self.history.cut(undone.at_ns)
        self.pace.reset()
        self.say(f"run again to this instant without: {command_words(undone)}")
        self.look()

    def restart(self, seed_steps: int = 0) -> None:
        """From the start, with the same seed or another; the one before is closed."""
        old = self.runner
        self._begin(self._again(old, old.seed + seed_steps))
        old.close()
        self._keep_node()
        self.say(f"seed {self.runner.seed} from the start", "key")

    def open(self, runner: Runner) -> None:
        """Go on with another run."""
        old = self.runner
        self._begin(runner)
        old.close()
        self.design = self.moment.frames[0].design
        self.node = self._first_target()
        self._keep_node()
        self.say(self._nudge_words())

    def pause(self) -> None:
        """Pause, or go on."""
        self.pace.paused = not self.pace.paused
        self.pace.reset()

    def step(self) -> None:
        """A tenth of a second on; pauses first where the run goes on."""
        self.pace.paused = True
        self.runner.advance(min(self.runner.now + STEP_NS, self.runner.end))
        self.look()

    def film(self, size: tuple[int, int], light: bool) -> None:
        """Mark where a film of a size begins, or ends; it is then made beside the app."""
        from tui.record.films import Films  # few sessions are filmed

        self.films = self.films or Films()
        self.say(self.films.press(self.runner, size, light), "bad")

    def result(self) -> Result:
        """What remains."""
        return Result(self.runner, self.moment)


def base_name(target: str) -> str:
    """The node of a target as written: inventory of "one:inventory" or "inventory/1"."""
    return target.rpartition(":")[2].partition("/")[0].split(" ")[0]


def newest_fault(faults: Sequence[FaultFrame], node: str) -> FaultFrame | None:
    """The newest active fault that lies on the node."""
    return next((f for f in reversed(faults) if f.active and node in f.nodes), None)


def entry_words(playground: Playground, entry: Entry) -> str:
    """An entry of a timeline, in words."""
    length = f" for {format_duration(entry.for_ns)}" if entry.for_ns else ""
    whence = f" when {entry.when.text}" if entry.when is not None else ""
    again = f", {entry.times:,} times" if entry.times > 1 else ""
    return command_words(from_entry(playground, entry)) + length + whence + again


def command_words(command: Command) -> str:
    """A command, in words."""
    to = f" to {command.to}" if command.to is not None else ""
    return f"{command.what or command.verb} {', '.join(command.on)}{to}"
