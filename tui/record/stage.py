"""What happens before the camera: the app goes by the film's time, and the screenplay is performed on it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from textual.events import Key
from textual.keys import KEY_NAME_REPLACEMENTS
from textual.widgets import Input

from chaos.command import Command
from topology.plan import Scene
from tui.app import PlayApp
from tui.pace import Pace
from tui.record import cast
from tui.record.reel import NS, Mark, Reel
from tui.record.virtual import VirtualLoop
from tui.screens.play import PlayScreen
from tui.session import Session
from tui.widgets.caption import Caption
from tui.widgets.footer import KeyFooter
from tui.widgets.search import SearchBar

STAYS_NS = 4 * NS
"""How long a caption of a fault or a heal stays, in the film's time."""


class FilmPace(Pace):
    """Goes to the instant of the run that the reel wants for each picture."""

    def __init__(self, clock: Callable[[], float], reel: Reel) -> None:
        super().__init__(clock, None)
        self.reel = reel
        self.speed = reel.speed

    def tick(self, now_ns: int, end_ns: int, advance: Callable[[int], None]) -> None:
        """Advance to what this picture shows."""
        # Textual's timers come half a millisecond early; the run goes by whole pictures, so that it is exactly in time.
        target, self.paused = self.reel.shown(round(self.clock() * self.reel.fps))
        if now_ns < min(target, end_ns):
            advance(min(target, end_ns))


class Audience(Session):
    """A session on which somebody only looks."""

    def do(self, command: Command) -> str:
        """Nothing is done."""
        return self._refuse()

    def undo(self) -> None:
        """Nothing is undone."""
        self._refuse()

    def restart(self, seed_steps: int = 0) -> None:
        """The run goes on."""
        self._refuse()

    def pause(self) -> None:
        """The film has a pace of its own."""
        self._refuse()

    def step(self) -> None:
        """The film has a pace of its own."""
        self._refuse()

    def film(self, size: tuple[int, int], light: bool) -> None:
        """A film of a film is not made."""
        self._refuse()

    def _refuse(self) -> str:
        words = "a screenplay only looks: nothing is done to the run"
        self.say(words, "bad")
        return words


class Stage:
    """Performs the scenes as the run comes to them, and says which markers they are."""

    def __init__(self, app: PlayApp, scenes: tuple[Scene, ...], reel: Reel, captioned: bool) -> None:
        self.app, self.reel, self.captioned = app, reel, captioned
        self._scenes = list(scenes)
        self._speaks = captioned or any(scene.verb == "caption" for scene in scenes)
        self._caption, self._written, self._until_ns = "", False, 0

    async def perform(self, number: int, loop: VirtualLoop) -> list[Mark]:
        """Do what is due before a picture, and say which markers it makes."""
        film_ns, (run_ns, _) = self.reel.film_instant(number), self.reel.shown(number)
        marks: list[Mark] = []
        if self._caption and self._until_ns and film_ns >= self._until_ns:
            marks += self._say("", film_ns)
        while self._scenes and self._scenes[0].at_ns <= run_ns:
            scene = self._scenes.pop(0)
            at_ns = self.reel.film_ns(scene.at_ns)
            past = scene.at_ns < self.reel.from_ns
            if scene.verb == "caption":
                marks += self._written_caption(scene, at_ns, film_ns)
            elif scene.verb == "chapter" and not past:
                marks.append((at_ns, cast.CHAPTER + scene.words[0]))
            await self._look(scene, loop)
        return [(max(0, at_ns), words) for at_ns, words in marks]

    def _written_caption(self, scene: Scene, at_ns: int, film_ns: int) -> list[Mark]:
        until = 0 if scene.for_ns is None else at_ns + scene.for_ns
        if until and until <= film_ns:
            return []
        self._written = bool(scene.words[0])
        return self._say(scene.words[0], at_ns, until)

    def remark(self, words: str, at_ns: int, stays_ns: int = STAYS_NS) -> list[Mark]:
        """A caption that is made, where captions are wanted and the screenplay says nothing itself."""
        if not self.captioned or (self._caption and self._written):
            return []
        self._written = False
        return self._say(words, at_ns, at_ns + stays_ns)

    def _say(self, words: str, at_ns: int, until_ns: int = 0) -> list[Mark]:
        self._caption, self._until_ns = words, until_ns
        return [(at_ns, cast.CAPTION + words)]

    async def show_caption(self, loop: VirtualLoop) -> None:
        """Put the caption on whatever window is in front, where a film has captions: in the place of the keys."""
        if not self._speaks:
            return
        screen = self.app.screen
        searching = any(bar.display for bar in screen.query(SearchBar))
        for footer in screen.query(KeyFooter):
            footer.display = False
        for line in screen.query(Caption):
            line.display = not searching
            line.say(self._caption, self.app.palette)
        if not screen.query(Caption):
            await screen.mount(Caption(self._caption, self.app.palette))
        await loop.until(loop.time())

    async def _look(self, scene: Scene, loop: VirtualLoop) -> None:
        if scene.verb == "zoom":
            while not isinstance(self.app.screen, PlayScreen):
                self.app.pop_screen()
                await loop.until(loop.time())
            self.app.query_one_play().zoom(scene.words[0])
            await loop.until(loop.time())
        for key in _keys(scene):
            if scene.verb == "press" or isinstance(self.app.focused, Input):
                self.app.post_message(key)
                await loop.until(loop.time())


def _keys(scene: Scene) -> Iterator[Key]:
    if scene.verb == "press":
        yield from (Key(_name(key), key if len(key) == 1 else None) for key in scene.words)
    elif scene.verb == "type":
        yield from (Key(_name(sign), sign) for sign in scene.words[0])


def _name(key: str) -> str:
    """How Textual calls a key: letters and digits as they are, signs by their names."""
    if len(key) != 1 or key.isalnum():
        return key
    name = unicodedata.name(key).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)
