"""The command line. Each command imports what it needs when it runs, so that none waits for what another one uses."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from tui.headless import Outputs

INTERRUPTED = 130

app = typer.Typer(
    name="knockon",
    help="A playground for failure in distributed systems. Without a command it opens the gallery on screen.",
    invoke_without_command=True,
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Playground = Annotated[str, typer.Argument(metavar="NAME|FILE", help="A playground of the gallery, or a file.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="The seed of all chance: same seed, same run.")]
Duration = Annotated[str | None, typer.Option("--duration", help="How long to run in simulated time, such as 20s.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NODE.PARAM=VALUE", help="Change a parameter first; repeatable.")
]
Designs = Annotated[list[str] | None, typer.Option("--design", help="Only this design; repeatable.")]
Plugins = Annotated[
    list[str] | None, typer.Option("--plugins", metavar="PATH", help="A folder with kinds, policies, faults or reports.")
]
Json = Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write JSON to a file; - is standard output.")]
Junit = Annotated[str | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML, for a CI server.")]
Markdown = Annotated[str | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown, for a pull request.")]
Html = Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write one page with pictures, to look at.")]
Reports = Annotated[
    list[str] | None, typer.Option("--report", metavar="NAME=FILE", help="Write any report by name; repeatable.")
]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="As Markdown; without a name every page.")]
Size = Annotated[str, typer.Option("--size", metavar="COLUMNSxROWS", help="The size of the screen.")]
Look = Annotated[str, typer.Option("--theme", metavar="dark|light", help="The colours.")]
At = Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="Begin there, paused: 45s; of a film, its own time.")]
Live = Annotated[bool, typer.Option("--live", help="Run it as real processes over a real MQTT broker, by the wall's clock.")]
Broker = Annotated[
    str | None,
    typer.Option("--broker", metavar="URL", help="With --live: embedded, mosquitto, or mqtt[s]://user@host of your own."),
]
BrokerCa = Annotated[
    str | None, typer.Option("--broker-ca", metavar="FILE", help="Certificates to trust for an mqtts:// broker.")
]
Save = Annotated[str | None, typer.Option("--save", metavar="FILE", help="Keep the run as a run file.")]


def version(wanted: bool) -> None:
    """Print the version, and whether the engine is compiled."""
    if wanted:
        from importlib.metadata import PackageNotFoundError
        from importlib.metadata import version as installed

        from topology import build_info

        try:
            number = installed("knockon")
        except PackageNotFoundError:
            number = "checkout"
        print(f"knockon {number}, {build_info.summary()}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=version, is_eager=True, help="Say the version, whether compiled, and why.")
]


@app.callback()
def start(context: typer.Context, version: Version = False) -> None:
    """Open the gallery on screen when no command is given."""
    if context.invoked_subcommand is None:
        from tui.headless import guarded

        leave(guarded(_gallery))


def _gallery() -> int:
    from tui.play import gallery

    return gallery()


@app.command()
def play(
    name: Annotated[str | None, typer.Argument(metavar="[NAME|FILE]", help="What to play, else the gallery.")] = None,
    seed: Seed = None,
    duration: Duration = None,
    settings: Settings = None,
    design: Annotated[str | None, typer.Option("--design", help="The design to look at first.")] = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="Let the timeline happen by itself.")] = False,
    save: Save = None,
    at: At = None,
    live: Live = False,
    broker: Broker = None,
    broker_ca: BrokerCa = None,
    plugins: Plugins = None,
) -> None:
    """Open a playground on screen and break things; or a film's run, at an instant of the film."""

    def action() -> int:
        from tui import lookup
        from tui.play import gallery
        from tui.play import play as on_screen

        lookup.add_plugins(plugins or ())
        _only_live(live, broker, broker_ca)
        if live and (name is None or name.endswith(".cast") or at is not None):
            raise lookup.Mistake("--live plays a playground from its start: name one, and leave --at out")
        if name is None:
            return gallery()
        if name.endswith(".cast"):
            from tui.play import play_film

            return play_film(name, at, save)
        opened = lookup.open_playground(name, settings=settings or (), duration=duration)
        if design is not None:
            lookup.only(opened, [design])
        if live:
            from tui import live as alive

            alive.mark_this_process()

            def on_stage() -> int:
                theatre = alive.theatre(broker, broker_ca)
                return on_screen(opened, seed=seed, timeline=timeline, save=save, design=design, name=name, live=theatre)

            return alive.guarded_live(on_stage)
        return on_screen(opened, seed=seed, timeline=timeline, save=save, design=design, name=name, at=at)

    _do(action)


def _only_live(live: bool, broker: str | None, ca: str | None) -> None:
    if (broker or ca) and not live:
        from tui.lookup import Mistake

        raise Mistake("--broker and --broker-ca belong to --live: write it, too")


@app.command()
def run(
    names: Annotated[list[str], typer.Argument(metavar="NAME|FILE...", help="Playgrounds of the gallery, or files.")],
    seed: Seed = None,
    seeds: Annotated[str | None, typer.Option("--seeds", metavar="1..20", help="Run with each of these seeds.")] = None,
    duration: Duration = None,
    settings: Settings = None,
    design: Designs = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Runs at once; else as many as there are cores.")] = None,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
    reports: Reports = None,
    save: Save = None,
    cost: Annotated[
        bool | None,
        typer.Option("--cost/--no-cost", help="Say what each fault cost and why what failed did; else if red or in a report."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing; the exit code tells.")] = False,
    lenient: Annotated[bool, typer.Option("--lenient", help="Skip and count malformed lines of replayed logs.")] = False,
    live: Live = False,
    broker: Broker = None,
    broker_ca: BrokerCa = None,
    plugins: Plugins = None,
) -> None:
    """Run playgrounds headless, as fast as it goes, and judge their expectations by the exit code."""

    def action() -> int:
        from tui import lookup
        from tui.headless import jobs_of, reopenable, run_all

        if seed is not None and seeds is not None:
            raise lookup.Mistake("--seed and --seeds exclude each other")
        if save and design:
            raise lookup.Mistake("--save keeps all designs of a playground: leave --design out")
        chosen = [seed] if seed is not None else lookup.seeds_of(seeds) if seeds is not None else None
        outputs = _outputs(json, junit, markdown, html, reports, save=save, quiet=quiet, cost=cost)
        changes = [*(settings or ()), *(["*.replay.lenient=true"] if lenient else [])]
        found = [reopenable(name, changes, duration, design or (), plugins or ()) for name in names]
        _only_live(live, broker, broker_ca)
        if live:
            from dataclasses import replace

            from tui import live as alive

            alive.checked(names, chosen)
            alive.mark_this_process()
            return alive.guarded_live(
                lambda: run_all(
                    [replace(found[0], live=alive.theatre(broker, broker_ca, found[0].playground))], chosen, outputs, 1
                )
            )
        return run_all(found, chosen, outputs, jobs_of(jobs))

    _do(action)


def _outputs(
    json: str | None,
    junit: str | None,
    markdown: str | None,
    html: str | None,
    reports: list[str] | None,
    *,
    save: str | None = None,
    quiet: bool = False,
    cost: bool | None = None,
) -> Outputs:
    """Where the results go, as the options say."""
    from tui.headless import Outputs
    from tui.lookup import Mistake

    named = [(name, path) for name, path in (("junit", junit), ("markdown", markdown), ("html", html)) if path]
    for given in reports or ():
        name, _, path = given.partition("=")
        if not name or not path:
            raise Mistake(f"--report {given[:60]}: expected NAME=FILE, such as markdown=summary.md")
        named.append((name, path))
    unread = quiet and not json and not named
    return Outputs(json, save, quiet, tuple(named), False if unread else cost)


@app.command("report")
def report_on(
    journal: Annotated[str, typer.Argument(metavar="JOURNAL", help="What `run --json` wrote; - is standard input.")],
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
    reports: Reports = None,
    plugins: Plugins = None,
) -> None:
    """Make reports of a journal later, without running anything; without an option the summary is printed."""

    def action() -> int:
        from tui import lookup
        from tui.retelling import report_on

        lookup.add_plugins(plugins or ())
        return report_on(journal, _outputs(json, junit, markdown, html, reports))

    _do(action)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="The journal to compare with.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The journal that may be worse.")],
    tolerance: Annotated[str, typer.Option("--tolerance", metavar="SHARE", help="How much worse is no matter.")] = "5%",
    json: Json = None,
) -> None:
    """Compare two journals of a playground; exit code 1 when something is worse, beyond the tolerance, each named."""

    def action() -> int:
        from tui.retelling import diff

        return diff(before, after, tolerance, json)

    _do(action)


@app.command()
def compare(
    name: Playground,
    repeat: Annotated[int, typer.Option("--repeat", min=1, max=100, help="Live runs, each with a seed of its own.")] = 5,
    seed: Seed = None,
    duration: Duration = None,
    settings: Settings = None,
    design: Designs = None,
    json: Json = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing; the exit code tells.")] = False,
    broker: Broker = None,
    broker_ca: BrokerCa = None,
    plugins: Plugins = None,
) -> None:
    """Run a playground live and simulated, side by side; exit code 1 when the verdict is not the same in both worlds."""

    def action() -> int:
        from tui import live as alive
        from tui import lookup
        from tui.comparing import checked
        from tui.comparing import compare as on_both

        lookup.add_plugins(plugins or ())
        opened = lookup.open_playground(name, settings=settings or (), duration=duration, designs=design or ())
        checked(opened)
        alive.mark_this_process()
        first = opened.seed if seed is None else seed
        seeds = list(range(first, first + repeat))
        return alive.guarded_live(lambda: on_both(opened, alive.theatre(broker, broker_ca, opened), seeds, json, quiet))

    _do(action)


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="NAME|FILE...", help="What to check.")],
    resolved: Annotated[bool, typer.Option("--resolved", help="Print every value with its source.")] = False,
    settings: Settings = None,
    plugins: Plugins = None,
) -> None:
    """Check playgrounds without running them: every mistake at once, and warnings."""

    def action() -> int:
        from tui import lookup
        from tui.checking import check_all

        lookup.add_plugins(plugins or ())
        return check_all(files, settings or (), resolved)

    _do(action)


@app.command("list")
def list_playgrounds(json: Json = None, plugins: Plugins = None) -> None:
    """List the playgrounds of the gallery."""

    def action() -> int:
        from tui import lookup, pages

        lookup.add_plugins(plugins or ())
        _print(pages.gallery_page, pages.playgrounds, json)
        return 0

    _do(action)


@app.command()
def show(name: Playground) -> None:
    """Print the file of a playground."""

    def action() -> int:
        from tui import lookup

        try:
            print(lookup.find(name).read_text(encoding="utf-8"), end="")
        except (OSError, UnicodeError) as error:
            raise lookup.Mistake(f"cannot read {name}: {error}") from error
        return 0

    _do(action)


@app.command()
def kinds(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One kind or policy: its whole page.")] = None,
    markdown: AsMarkdown = False,
    plugins: Plugins = None,
) -> None:
    """Explain the kinds of nodes and the policies."""
    _page("kinds_page", name, markdown, plugins)


@app.command()
def policies(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One policy: its whole page.")] = None,
    markdown: AsMarkdown = False,
    plugins: Plugins = None,
) -> None:
    """Explain the policies, which are set on links and nodes."""
    _page("policies_page", name, markdown, plugins)


@app.command()
def faults(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One fault: its whole page.")] = None,
    markdown: AsMarkdown = False,
    plugins: Plugins = None,
) -> None:
    """Explain the faults."""
    _page("faults_page", name, markdown, plugins)


def _page(which: str, name: str | None, markdown: bool, plugins: list[str] | None) -> None:
    def action() -> int:
        from tui import lookup, pages

        lookup.add_plugins(plugins or ())
        print(getattr(pages, which)(name, markdown), end="")
        return 0

    _do(action)


@app.command()
def schema(
    report: Annotated[bool, typer.Option("--report", help="The schema of the JSON report instead.")] = False,
    plugins: Plugins = None,
) -> None:
    """Print the JSON schema of playground files, for editors, or that of the JSON report."""

    def action() -> int:
        import json

        from tui import checking, lookup

        lookup.add_plugins(plugins or ())
        if report:
            from chaos.journals.schema import schema as written
        else:
            written = checking.schema
        print(json.dumps(written(), indent=2, ensure_ascii=False))
        return 0

    _do(action)


@app.command()
def record(
    name: Annotated[str | None, typer.Argument(metavar="NAME|FILE", help="What to record.")] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; the ending says as what.")
    ] = None,
    seed: Seed = None,
    duration: Duration = None,
    size: Size = "100x30",
    fps: Annotated[int | None, typer.Option("--fps", help="Pictures a second, 4 to 30; else 10, and 5 in a GIF.")] = None,
    speed: Annotated[str, typer.Option("--speed", metavar="2x", help="How many times as fast as the run.")] = "1x",
    theme: Look = "dark",
    captions: Annotated[
        bool | None,
        typer.Option("--captions/--no-captions", help="Words for faults and heals, too; or none, not even the file's own."),
    ] = None,
    begin: Annotated[str | None, typer.Option("--from", metavar="INSTANT", help="Where it begins: 20s.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="INSTANT", help="Where it ends: 80s.")] = None,
    verify: Annotated[
        str | None,
        typer.Option("--verify", metavar="FILM", help="Is it still true, and the same? Of itself, or of NAME|FILE."),
    ] = None,
    settings: Settings = None,
    plugins: Plugins = None,
) -> None:
    """Record a playground with its timeline as a film of the screen; the same seed is the same film, byte for byte."""

    def action() -> int:
        from tui import filming, lookup
        from tui.record.formats import usual_fps
        from tui.record.job import Wishes

        lookup.add_plugins(plugins or ())
        if verify is not None:
            return filming.verify(verify, name, settings or ())
        if name is None or output is None:
            raise lookup.Mistake("record needs a playground and -o FILE, or --verify FILM")
        span = filming.instant_of("--from", begin) or 0, filming.instant_of("--to", end)
        pace = usual_fps(output) if fps is None else fps
        wishes = Wishes(seed, filming.size_of(size), pace, filming.speed_of(speed), theme, captions, *span)
        return filming.record(name, output, wishes, duration, settings or ())

    _do(action)


@app.command()
def frame(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE|FILM", help="A playground, a run file or a film.")],
    at: Annotated[str, typer.Option("--at", metavar="INSTANT", help="The instant: 45s; of a film, its own time.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write it: .svg, .png, .txt.")],
    seed: Seed = None,
    size: Size = "100x30",
    theme: Look = "dark",
    settings: Settings = None,
    plugins: Plugins = None,
) -> None:
    """One picture, for slides and issues: what the screen shows at an instant of a film, or of a run with its timeline."""

    def action() -> int:
        from tui import filming, lookup
        from tui.record.job import Wishes

        lookup.add_plugins(plugins or ())
        wishes = Wishes(seed, filming.size_of(size), theme=theme)
        return filming.frame(name, at, output, wishes, settings or ())

    _do(action)


@app.command()
def replay(
    film: Annotated[str, typer.Argument(metavar="FILM", help="A film that `record` has made: demo.cast.")],
    speed: Annotated[str, typer.Option("--speed", metavar="2x", help="How fast it starts; < and > change it.")] = "1x",
    at: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="Where it starts: 12s of the film.")] = None,
) -> None:
    """Play a film in the terminal: pause, seek, other speeds, chapters. Without a terminal it prints one picture."""

    def action() -> int:
        from tui import filming
        from tui.record.about import text_of
        from tui.record.pictures import read
        from tui.record.replay import replay

        at_ns = filming.instant_of("--at", at)
        return replay(read(text_of(film), film), None if at_ns is None else at_ns / filming.NS, filming.speed_of(speed))

    _do(action)


def _print(page: Callable[[], str], data: Callable[[], Any], json: str | None) -> None:
    """A page for people, or the same as JSON on standard output or in a file."""
    if json is None:
        print(page(), end="")
        return
    from chaos.reports.json import write_value

    if json == "-":
        print(write_value(data()), end="")
    else:
        from topology.files import write_whole

        write_whole(json, write_value(data()))


def _do(action: Callable[[], int]) -> None:
    from tui.headless import guarded

    leave(guarded(action))


def leave(code: int) -> None:
    """End with this exit code."""
    raise typer.Exit(code)


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def main() -> None:
    """The entry point: whatever ends it, the exit code says so and no traceback is left behind."""
    signal.signal(signal.SIGTERM, _terminated)
    # Messages are freed by counting; the collector would only walk through the whole world again and again.
    gc.set_threshold(100_000, 50, 100)
    try:
        app()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has left: nothing more can be said, and the exit must not try to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from None


if __name__ == "__main__":
    main()
