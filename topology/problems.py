"""What is wrong with a file: every mistake at once, each with its place, what was expected and a near miss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_PROBLEMS = 100
"""A file with more mistakes than this gets the first hundred and a line that says so."""

MAX_WORDS = 1_000
"""A longer message is cut: it quotes names from the file."""

_MAX_NEAR_MISSES, _MAX_CANDIDATES = 40, 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. Lines and columns count from 1; line 0 means the file as a whole."""

    file: str
    line: int
    column: int
    words: str
    near_miss: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        hint = f" (did you mean {self.near_miss}?)" if self.near_miss else ""
        return f"{place}: {self.words}{hint}"


class PlaygroundError(ValueError):
    """A file that is no playground; `problems` holds every mistake in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Problems:
    """Collects the mistakes of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[tuple[int, int, str], Problem] = {}

    def add(self, place: tuple[int, int], words: str, near_miss: str = "") -> None:
        """Note one mistake at (line, column); the same words at the same place count once."""
        if len(self._found) <= MAX_PROBLEMS:
            short = words if len(words) <= MAX_WORDS else f"{words[: MAX_WORDS - 1]}…"
            self._found.setdefault((*place, short), Problem(self.file, *place, short, near_miss))

    def unknown(self, place: tuple[int, int], words: str, name: str, known: Iterable[str]) -> None:
        """Note an unknown name, with the nearest of the known ones while there are not too many mistakes."""
        self.add(place, words, near_miss(name, known) if len(self._found) < _MAX_NEAR_MISSES else "")

    def __len__(self) -> int:
        return len(self._found)

    def raise_any(self) -> None:
        """Raise PlaygroundError if there was any mistake."""
        if self._found:
            problems = sorted(self._found.values(), key=lambda p: (p.line, p.column))
            if len(problems) > MAX_PROBLEMS:
                more = Problem(self.file, 0, 0, f"there are more mistakes than the {MAX_PROBLEMS} shown")
                problems[MAX_PROBLEMS:] = [more]
            raise PlaygroundError(problems)


class Refused(ValueError):
    """A value in a language of its own (a pattern, a filter policy, a schedule) that the service would not take.

    `path` is the place inside the value, from the outside in; `words` say what was expected there and what to do.
    """

    def __init__(self, path: tuple[str | int, ...], words: str) -> None:
        self.path, self.words = path, words
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
        super().__init__(f"{place}: {words}" if place else words)

    def within(self, *names: str | int) -> Refused:
        """The same mistake, where the value lies inside something else."""
        return Refused((*names, *self.path), self.words)


def near_miss(name: str, known: Iterable[str]) -> str:
    """The known name most like this one, or an empty text. Long lists are thinned to names that begin and end alike."""
    import difflib  # costs more than reading a sound file does, which has no use for it

    names = [k for k in known if k and abs(len(k) - len(name)) <= 4]
    if len(names) > _MAX_CANDIDATES:
        names = [k for k in names if (k[0], k[-1]) == (name[:1], name[-1:])]
    folded = {k.casefold(): k for k in names[:_MAX_CANDIDATES]}
    found = difflib.get_close_matches(name.casefold()[:60], folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""
