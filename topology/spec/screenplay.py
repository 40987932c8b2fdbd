"""The `screenplay` of a file: what a film shows beside the run itself. Nothing in it changes the run."""

from __future__ import annotations

from operator import attrgetter

from topology.parameters import REQUIRED, Param, duration, word, words
from topology.plan import DesignPlan, Scene
from topology.problems import Problems
from topology.spec.designs import Placed
from topology.spec.reader import Value
from topology.spec.values import WRONG, Reading
from topology.units import format_duration, shown

MAX_SCENES = 1_000
MAX_KEYS = 40
MAX_CAPTION = 200

PARAMS: dict[str, Param] = {
    "at": duration(REQUIRED, "The instant of the run."),
    "press": words(None, "A key that only looks, or several in a list: enter, tab, left, /, ?, z …"),
    "type": word(None, "What is typed where something can be typed: after press: / or press: ctrl+p."),
    "caption": word(None, "Words at the bottom of the picture, until the next; empty: no words any more."),
    "chapter": word(None, "The name of the part that begins here, for players."),
    "hold": duration(None, "How long the film stands still here.", gt="0s", le="10min"),
    "zoom": word(None, "What fills the screen: a design, a node, DESIGN.NODE, log, verdict; all: everything again."),
    "for": duration(None, "How long a caption stays, in the film's own time.", gt="0s"),
}
VERBS = ("press", "type", "caption", "chapter", "hold", "zoom")
ALL, PANELS = "all", ("log", "verdict")

VIEW_KEYS = (
    "left", "right", "up", "down", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "enter", "escape", "backspace",
    "ctrl+p", "/", "?", "o", "O", "v", "z",
)  # fmt: skip
"""Keys that look and do nothing to the run."""
_TIMELINE, _RUN, _PACE = (
    "which is a command: what is done to a run stands in its timeline",
    "which leaves the run that is filmed",
    "and the pace of a film is its own: say hold: 3s, or record with --speed",
)
REFUSED = {
    "f": ("breaks", _TIMELINE), "c": ("crashes", _TIMELINE), "h": ("heals", _TIMELINE), "H": ("heals everything", _TIMELINE),
    **{digit: ("does an entry of the timeline", _TIMELINE) for digit in "123456789"},
    "u": ("undoes", _TIMELINE), "+": ("scales", _TIMELINE), "=": ("scales", _TIMELINE), "-": ("scales", _TIMELINE),
    "w": ("rewires", _TIMELINE), "space": ("pauses", _PACE), ".": ("steps", _PACE), "<": ("slows down", _PACE),
    "comma": ("slows down", _PACE), ">": ("speeds up", _PACE), "r": ("restarts", _RUN), "n": ("takes the next seed", _RUN),
    "g": ("opens the gallery", _RUN), "q": ("quits", _RUN), "R": ("marks a film", _RUN),
}  # fmt: skip
"""Keys that do more than look: what each does, and why that is not for a screenplay."""


class ScreenplayReader:
    """Reads scenes against the designs that they look at."""

    def __init__(self, problems: Problems, designs: tuple[DesignPlan, ...], unsure: frozenset[str]) -> None:
        self.problems, self.designs = problems, designs
        self.unsure = unsure
        """Nodes that the file names and that could not be read: nothing is said of what names them."""

    def scenes(self, value: Value, end_ns: int) -> tuple[Scene, ...]:
        """Every sound scene in the order of the instants, and of the file where two have the same."""
        if value.data is None:
            return ()
        if not isinstance(value.data, list):
            self.problems.add(value.place, f"expected the screenplay as a list of scenes, got {shown(value.data)}")
            return ()
        if len(value.data) > MAX_SCENES:
            self.problems.add(value.place, f"{len(value.data):,} scenes; at most {MAX_SCENES:,} are allowed")
            return ()
        found = [self._scene(item, end_ns) for item in value.data]
        return tuple(sorted((scene for scene in found if scene is not None), key=attrgetter("at_ns")))

    def _scene(self, item: Value, end_ns: int) -> Scene | None:
        if not isinstance(item.data, dict):
            example = '{at: 5s, caption: "now it breaks"}'
            self.problems.add(item.place, f"expected a scene such as {example}, got {shown(item.data)}")
            return None
        before = len(self.problems)
        said = {key: value.plain() for key, value in item.items()}
        if said.get("press") is not None:
            said["press"] = self._keys(item.data["press"])
        values = Reading(Placed(item, self.problems, item.place)).fields(PARAMS, said, (), "a scene")
        if values is WRONG or len(self.problems) > before:
            return None
        verbs = [verb for verb in VERBS if values[verb] is not None]
        if len(verbs) != 1:
            words = f"a scene does one thing; this one says {' and '.join(verbs)}" if verbs else "this scene does nothing"
            self.problems.add(item.place, words if verbs else f"{words}: expected one of {', '.join(VERBS)}")
            return None
        if values["at"] > end_ns:
            words = f"{shown(item.data['at'].data)} lies past the end of the run, {format_duration(end_ns)}"
            self.problems.add(item.data["at"].place, words)
            return None
        if values["for"] is not None and verbs[0] != "caption":
            self.problems.add(item.keys["for"], "'for' belongs to a caption; a pause says how long itself: hold: 3s")
        return self._of_verb(verbs[0], values[verbs[0]], item, values)

    def _of_verb(self, verb: str, said: object, item: Value, values: dict[str, int | None]) -> Scene | None:
        at_ns, line = int(values["at"] or 0), item.line
        if isinstance(said, int):
            return Scene(at_ns, verb, for_ns=said, line=line)
        if isinstance(said, list):
            return Scene(at_ns, verb, tuple(said), line=line)
        text, place = " ".join(str(said).split()), item.data[verb].place
        if verb == "zoom" and not self._seen(text, item.data[verb]):
            return None
        if len(text) > MAX_CAPTION or not (text or verb == "caption"):
            self.problems.add(place, f"expected a {verb} of 1 to {MAX_CAPTION} characters, got {len(text)}")
            return None
        return Scene(at_ns, verb, (text,), for_ns=values["for"], line=line)

    def _keys(self, value: Value) -> list[str]:
        """The keys as text, once they are found to look only."""
        keys = value.data if isinstance(value.data, list) else [value]
        if len(keys) > MAX_KEYS:
            self.problems.add(value.place, f"{len(keys)} keys at once; at most {MAX_KEYS} are pressed")
        for key in keys[:MAX_KEYS]:
            name = str(key.plain())
            if name in REFUSED:
                does, why = REFUSED[name]
                self.problems.add(key.place, f"{name} {does}, {why}")
            elif name not in VIEW_KEYS:
                words = f"there is no view key {shown(name)}; there are {' '.join(VIEW_KEYS)}"
                self.problems.unknown(key.place, words, name, VIEW_KEYS)
        return [str(key.plain()) for key in keys[:MAX_KEYS]]

    def _seen(self, text: str, value: Value) -> bool:
        """Whether there is what a zoom names."""
        nodes = [node.name for design in self.designs for node in design.nodes]
        full = [f"{design.name}.{node.name}" for design in self.designs for node in design.nodes]
        plain = [ALL, *PANELS, *(design.name for design in self.designs), *dict.fromkeys(nodes)]
        if text in plain or text in full or text.rpartition(".")[2] in self.unsure:
            return True
        words = f"there is neither a design nor a node nor a panel {shown(text)}; there are {', '.join(plain[:12])}"
        self.problems.unknown(value.place, words, text, [*plain, *full])
        return False
