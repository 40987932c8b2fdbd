"""Everything a key can do, once: the footer, the help, the palette and the bindings all read this table."""

from __future__ import annotations

from dataclasses import dataclass

BREAK, SHAPE, TIME, LOOK, APP = "Break and heal", "Shape", "Time", "Look", "Program"
GROUPS = (BREAK, SHAPE, TIME, LOOK, APP)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: its id, keys, how the key is written, a label for the footer and a sentence for the help."""

    id: str
    keys: tuple[str, ...]
    shown: str
    label: str
    help: str
    group: str
    footer: int = 0
    """Its weight in the footer: the smallest stay longest where there is little room; 0: not in the footer."""
    reserved: bool = False
    """Kept for later: the key does nothing yet, and nothing else may take it."""


def _later(id_: str, key: str, help_: str, group: str) -> Action:
    return Action(id_, (key,), key, id_, help_, group, reserved=True)


ACTIONS = (
    Action("fault_menu", ("f",), "f", "fault", "Choose a fault, set it up and inject it.", BREAK, 5),
    Action("crash", ("c",), "c", "crash", "Crash the chosen node in every design that has it.", BREAK, 2),
    Action("heal", ("h",), "h", "heal", "Heal the newest fault on the chosen node.", BREAK, 3),
    Action("heal_all", ("H",), "H", "heal all", "Heal everything.", BREAK, 14),
    Action("entry", tuple("123456789"), "1…9", "timeline", "Do that entry of the timeline now.", BREAK, 15),
    Action("undo", ("u",), "u", "undo", "Run again to this instant without the last command.", BREAK, 12),
    Action("scale_up", ("+", "="), "+ -", "scale", "One replica more of the chosen node.", SHAPE, 9),
    Action("scale_down", ("-",), "-", "fewer", "One replica fewer of the chosen node.", SHAPE),
    Action("rewire", ("w",), "w", "rewire", "Restart the chosen node's replicas, wired anew.", SHAPE, 13),
    Action("pause", ("space",), "space", "pause", "Pause, or go on.", TIME, 6),
    Action("step", (".",), ".", "step", "While paused: one tenth of a second on.", TIME, 16),
    Action("slower", ("<", "comma"), "<", "slower", "Half the speed.", TIME),
    Action("faster", (">",), "< >", "speed", "Twice the speed (< halves it).", TIME, 7),
    Action("restart", ("r",), "r", "restart", "The same run again from the start, with nothing done to it.", TIME, 11),
    Action("next_seed", ("n",), "n", "next seed", "The same playground with other dice.", TIME, 17),
    Action("left", ("left",), "←", "left", "Choose the node to the left; a click chooses too.", LOOK),
    Action("right", ("right",), "→", "right", "Choose the node to the right.", LOOK),
    Action("up", ("up",), "↑", "up", "Choose the node above.", LOOK),
    Action("down", ("down",), "↓", "down", "Choose the node below.", LOOK),
    Action("next_design", ("tab",), "tab", "next", "Go to the next design.", LOOK, 8),
    Action("previous_design", ("shift+tab",), "shift+tab", "previous", "Go to the design before.", LOOK),
    Action("search", ("/",), "/", "search", "Find nodes by name, kind or state, such as down.", LOOK, 8),
    Action("fold", ("o",), "o", "open", "Open the group that the node is drawn in, or fold its like into one.", LOOK, 20),
    Action("fold_all", ("O",), "O", "open all", "Open all groups, or fold all nodes that are alike.", LOOK, 21),
    Action("zoom", ("z",), "z", "zoom", "Give the chosen design the whole width, or show all designs again.", LOOK, 19),
    Action("inspect", ("enter",), "↵", "inspect", "The chosen node: parameters, sources, live figures.", LOOK, 10),
    Action("inside", ("v",), "v", "inside", "Look into a workflow (its states) or a stream (shards, partitions).", LOOK, 22),
    Action("colours", (), "", "light or dark", "Change between light and dark colours.", LOOK),
    Action("gallery", ("g",), "g", "gallery", "Choose another playground.", APP, 18),
    Action("record", ("R",), "R", "film", "Mark where a film begins, then where it ends; it is made beside the app.", APP, 22),
    Action("help", ("?",), "?", "help", "Keys and signs.", APP, 4),
    Action("quit", ("q",), "q", "quit", "Leave; the summary and the command that repeats the run stay behind.", APP, 1),
    _later("kill_switch", "k", "Heal everything and stop all scripts.", BREAK),
    _later("monkey", "K", "Let a chaos monkey loose, or stop it.", BREAK),
    _later("why", "y", "Why is the chosen node as it is?", LOOK),
    _later("rewind", "b", "Back to an earlier instant.", TIME),
    _later("what_if", "e", "Run again with one command changed.", TIME),
    _later("export", "x", "Save the run or a picture.", APP),
)

RESERVED = tuple(action for action in ACTIONS if action.reserved)
OFFERED = tuple(action for action in ACTIONS if not action.reserved)


KEY_NAMES = {"comma": ",", "space": "space", "enter": "↵", "left": "←", "right": "→", "up": "↑", "down": "↓"}


def keys_of(action: Action) -> str:
    """The keys of an action as the help writes them."""
    if len(action.keys) > 2:
        return action.shown
    return " ".join(KEY_NAMES.get(key, key) for key in action.keys)


def by_id(id_: str) -> Action:
    """The action of that id; KeyError when there is none."""
    for action in ACTIONS:
        if action.id == id_:
            return action
    raise KeyError(id_)


def footer(width: int, first: tuple[str, ...] = ()) -> list[Action]:
    """The actions that a footer of this width has room for, in the table's order; some that matter more just now first."""
    shown: list[Action] = []
    room = width - 1
    for action in sorted((a for a in OFFERED if a.footer), key=lambda a: 0 if a.id in first else a.footer):
        need = len(action.shown) + len(action.label) + 3
        if need <= room:
            shown.append(action)
            room -= need
    return sorted(shown, key=OFFERED.index)


def call(action: Action, key: str) -> str:
    """What a binding calls; an action with a digit for its key gets the digit."""
    return f"{action.id}({key})" if key.isdigit() else action.id
