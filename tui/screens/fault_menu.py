"""The fault menu: every fault there is, those that can act on the chosen node first, and a form from the declarations."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key
from textual.message import Message
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from chaos.command import Command
from chaos.fault import PRODUCERS, Fault
from chaos.registry import faults
from topology.parameters import Param
from topology.registry import plain_words
from topology.units import parse_duration
from tui.acting import sorted_out
from tui.screens.dialog import Dialog
from tui.session import Session
from tui.widgets.choice import Choice

ALL_DESIGNS = "all designs"
SHARES = (("all replicas", ""), ("half of them", "half:"), ("one of them", "one:"))


class Names(OptionList):
    """The names of faults; letters typed leave those that have them."""

    class Typed(Message):
        """Another text to look for."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.sought = ""

    def on_key(self, event: Key) -> None:
        """Letters narrow the list; backspace widens it."""
        letter = event.character or ""
        if event.key == "backspace" or (event.is_printable and (letter.isalnum() or letter in "_-")):
            event.stop()
            self.sought = self.sought[:-1] if event.key == "backspace" else self.sought + letter
            self.post_message(self.Typed(self.sought))


class FaultMenu(Dialog[None]):
    """Faults on the left, the form on the right; Enter in the form injects."""

    DEFAULT_CSS = """
    FaultMenu #list { width: 26; height: 1fr; }
    FaultMenu #names { height: 1fr; border: none; background: $surface; padding: 0; }
    FaultMenu #sought { height: 1; color: $foreground 70%; }
    FaultMenu #form { width: 1fr; height: 1fr; padding: 0 1; }
    FaultMenu Input { height: 1; border: none; padding: 0 1; background: $foreground 10%; }
    FaultMenu Input:focus { border: none; background: $foreground 20%; }
    FaultMenu .row { height: 1; }
    FaultMenu .row > Label { width: 13; }
    FaultMenu .row > Input { width: 1fr; }
    FaultMenu .hint { padding-left: 14; }
    FaultMenu #wrong { color: $error; height: auto; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        powers = session.runner.world(session.design).powers
        self.kinds, self.why = sorted_out(faults(), session.chosen().kind, powers)
        self.kind = next(iter(self.kinds))

    def compose(self) -> ComposeResult:
        """The list, and an empty form."""
        with Vertical(id="window") as window:
            window.border_title = f"A fault on {self.session.node}"
            window.border_subtitle = "letters: find · ↵ or tab: to the form · ↵ in the form: inject · Esc: close"
            with Horizontal():
                with Vertical(id="list"):
                    yield Label("", id="sought")
                    yield Names(id="names")
                yield VerticalScroll(id="form", can_focus=False)
            yield Static("", id="wrong")

    def on_mount(self) -> None:
        """All of them."""
        self._narrow("")

    def on_names_typed(self, event: Names.Typed) -> None:
        """Fewer of them, or more."""
        self._narrow(event.text)

    def _narrow(self, sought: str) -> None:
        """Show the faults that have a text in their name, or, where there is none, in what they say of themselves."""
        low = sought.casefold()
        fit = [name for name in self.kinds if low in name] or [
            name for name, kind in self.kinds.items() if low in plain_words(kind).casefold()
        ]
        able, unable = [n for n in fit if n not in self.why], [n for n in fit if n in self.why]
        options: list[Option | None] = [Option(name, id=name) for name in able]
        options += [None] if able and unable else []
        options += [Option(Text.assemble((f"{n}\n  {self.why[n]}", "dim")), id=n) for n in unable]
        names = self.query_one(Names)
        names.clear_options().add_options(options)
        names.highlighted = 0 if fit else None
        found = f"{len(fit)} of {len(self.kinds)}" if fit else "no such fault"
        words = f"{sought}_  {found}" if sought else "type to find one"
        self.query_one("#sought", Label).update(Text(words))

    async def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the form of the fault under the cursor."""
        if event.option.id is not None and event.option.id in self.kinds:
            self.kind = event.option.id
            await self._fill()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter on a fault goes to its form."""
        self.query_one("#form").query(Input).first().focus()

    async def _fill(self) -> None:
        """Build the form anew for the chosen fault."""
        form = self.query_one("#form", VerticalScroll)
        async with form.batch():
            await form.remove_children()
            await form.mount_all(self._form(self.kinds[self.kind]))
        self.query_one("#wrong", Static).update("")

    def _form(self, kind: type[Fault]) -> list[Static | Horizontal]:
        designs = [(ALL_DESIGNS, ""), *((frame.design, frame.design) for frame in self.session.moment.frames)]
        rows: list[Static | Horizontal] = [Static(" ".join(plain_words(kind).split("\n\n")[0].split()) + "\n", classes="note")]
        if self.kind in self.why:
            rows.append(Static(f"Not on {self.session.node}: {self.why[self.kind]}.\n", classes="note"))
        rows.append(_row("on", Input(self._target(kind), id="on")))
        if kind.acts_on not in (PRODUCERS, "links"):
            rows.append(_row("which", Choice(SHARES, id="which")))
        for name, param in kind.params.items():
            rows.append(_row(name, Input(_shown(param.default), id=f"param-{name}")))
            rows.append(Static(describe(param), classes="note hint"))
        rows.append(_row("for", Input("", placeholder="30s, 2m …; empty: until healed", id="for")))
        rows.append(_row("ramp", Input("", placeholder="10s …; empty: at once", id="ramp")))
        rows.append(_row("in", Choice(designs, id="designs")))
        return rows

    def _target(self, kind: type[Fault]) -> str:
        if kind.acts_on == PRODUCERS:
            return next((n.name for n in self.session.frame().nodes if n.kind == "producer"), self.session.node)
        return self.session.node

    @on(Input.Submitted)
    @on(Choice.Submitted)
    def inject(self) -> None:
        """Inject what the form says; what is wrong with it is said, and the form stays."""
        try:
            command = self.command()
        except ValueError as error:
            wrong = str(error)
        else:
            wrong = self.session.do(command)
        if wrong:
            self.query_one("#wrong", Static).update(Text(wrong))
        else:
            self.dismiss(None)

    def command(self) -> Command:
        """The form as a command; ValueError names what cannot be read."""
        texts = {field.id or "": field.value.strip() for field in self.query(Input)}
        chosen = {field.id or "": field.value for field in self.query(Choice)}
        params = {name: texts[f"param-{name}"] for name in self.kinds[self.kind].params if texts.get(f"param-{name}")}
        targets = [part.strip() for part in texts["on"].split(",") if part.strip()]
        designs = (chosen["designs"],) if chosen["designs"] else ()
        return Command(
            self.session.runner.now,
            "inject",
            tuple(chosen.get("which", "") + target for target in targets),
            self.kind,
            designs,
            {name: _plain(self.kinds[self.kind].params[name], text) for name, text in params.items()},
            _time("for", texts["for"]),
            _time("ramp", texts["ramp"]) or 0,
        )


def _row(label: str, field: Input | Choice) -> Horizontal:
    return Horizontal(Label(label), field, classes="row")


def _shown(default: object) -> str:
    return "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)


def _time(name: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _plain(param: Param, text: str) -> object:
    """Numbers as numbers, so that a saved run reads as if written by hand."""
    if param.type in ("number", "count", "share"):
        try:
            return int(text) if text.lstrip("-").isdigit() else float(text)
        except ValueError:
            return text
    return text == "true" if param.type == "flag" and text in ("true", "false") else text


LIMITS = (("at least", "ge"), ("more than", "gt"), ("at most", "le"), ("less than", "lt"))


def describe(param: Param) -> str:
    """A parameter's sentence, its choices or bounds."""
    bounds = [f"{word} {getattr(param, name)}" for word, name in LIMITS if getattr(param, name) is not None]
    words = " or ".join(param.options) if param.options else ", ".join(bounds)
    return param.doc + (f" ({words})" if words else "")
