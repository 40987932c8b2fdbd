"""Entries of a timeline that repeat or wait for a condition: what they become, and what is wrong with some."""

from __future__ import annotations

import json

import pytest

from tests.topology.spec.declared import FAULTS, Declared
from topology.plan import Entry, Playground, When
from topology.spec import PlaygroundError, load_text
from topology.spec.models import schema

S = 1_000_000_000
TEXT = """
playground: two
duration: 60s
nodes:
  web: {kind: producer, rate: 10/s}
  app: {kind: service, replicas: 2}
designs:
  plain:
    links: [web -> app]
  queued:
    nodes:
      jobs: {kind: sqs}
      front: {kind: service}
    links: [web -> front => jobs => app]
"""


def made(*lines: str, section: str = "timeline") -> Playground:
    text = TEXT + f"{section}:\n" + "".join(f"  - {{{line}}}\n" for line in lines)
    return load_text(text, "two.yaml", catalogue=Declared(), faults=FAULTS)  # type: ignore[arg-type]


def entry(line: str) -> Entry:
    """The one entry of a timeline."""
    (found,) = made(line).timeline
    return found


def wrong(line: str, section: str = "timeline") -> str:
    """What is said of a line that is wrong."""
    with pytest.raises(PlaygroundError) as caught:
        made(line, section=section)
    return str(caught.value)


def test_instants_of_a_repeat() -> None:
    assert entry("at: 30s, every: 10s, times: 3, inject: crash, on: app, for: 5s").instants() == (30 * S, 40 * S, 50 * S)
    assert entry("at: 30s, every: 10s, times: 4, inject: crash, on: app").instants()[-1] == 60 * S
    assert entry("at: 30s, every: 10s, inject: crash, on: app").instants() == (30 * S, 40 * S, 50 * S)
    assert entry("at: 30s, every: 40s, inject: crash, on: app").instants() == (30 * S,)
    assert entry("at: 30s, inject: crash, on: app").instants() == (30 * S,)


def test_a_condition_in_short_and_in_full() -> None:
    short = entry('when: "jobs.depth > 1,000", inject: crash, on: app, for: 5s')
    assert short.when == When("jobs.depth", ">", 1000.0, "jobs.depth > 1,000")
    assert (short.at_ns, short.instants(), short.times) == (5 * S, (), 1)
    full = entry(
        'when: {that: "plain.web -> app.error_rate", is: ">= 5/s", held: 2s}, since: 9s, times: 3, rest: 4s, scale: app, to: 3'
    )
    assert full.when == When(
        "web -> app.error_rate", ">=", 5.0, "plain.web -> app.error_rate >= 5/s for 2 s", 2 * S, "plain", 4 * S
    )
    assert (full.at_ns, full.times) == (9 * S, 3)


def test_units_of_conditions() -> None:
    assert [entry(f'when: "{c}", heal: all').when.value for c in ("web.success < 95%", "jobs.age > 2m", "web.no_rate>=5/s")] == [
        0.95,
        120.0,
        5.0,
    ]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("at: 30s, every: 10s, times: 9, inject: crash, on: app", "only 3 of 9 times fit into the run, which ends at 1 min"),
        ("at: 30s, times: 2, inject: crash, on: app", "'times' needs 'every'"),
        ("at: 30s, every: 0s, inject: crash, on: app", "expected at least 1ms, got '0s'"),
        ("at: 30s, every: 5s, times: 0, inject: crash, on: app", "expected at least 1, got 0"),
        ("at: 0s, every: 5ms, heal: all", "with its repeats this is 12,000 entries; at most 10,000 are allowed"),
        ("at: 30s, rest: 5s, inject: crash, on: app", "'rest' belongs to an entry with 'when'"),
        ("at: 30s, when: web.success < 9%, inject: crash, on: app", "an entry has 'at' or 'when', not both"),
        (
            "when: jobs.depth > 9, every: 3s, inject: crash, on: app",
            "'every' belongs to an entry with 'at'; with 'when' say 'rest'",
        ),
        ("when: jobs.depth > 9, times: 3, inject: crash, on: app", "'times' of a condition needs 'rest'"),
        ("when: jobs.depth > 9, rest: 3s, inject: crash, on: app", "'rest' needs 'times'"),
        ("when: jobs.depth > 9, since: 2m, inject: crash, on: app", "this lies past the end of the run, 1 min"),
        ("when: jobs.depth > 9s, inject: crash, on: app", "expected a number, got '9s'"),
        ("when: jobs.dept > 9, inject: crash, on: app", "has no figure 'dept' at an instant"),
        ("when: jobs.depth.max > 9, inject: crash, on: app", "jobs.depth.max is a figure of a whole window"),
        ("when: blast_radius > 9%, inject: crash, on: app", "blast_radius is a figure of a whole window; at an instant"),
        ("when: jbos.depth > 9, inject: crash, on: app", "no design has a node 'jbos' (did you mean jobs?)"),
        ("when: jobs.depth > 9, in: plain, inject: crash, on: app", "design plain has no node 'jobs'"),
        ("when: jobs.depth, inject: crash, on: app", "expected a condition such as \"backlog.depth > 1000\", got 'jobs.depth'"),
        ("when: {that: jobs.depth, is: '> 9', for: 3s}, heal: all", "a condition has no 'for'; it takes that, is, held"),
        ("when: [jobs.depth], heal: all", "expected a condition such as"),
        ("when: web.success - app.up > 3, heal: all", "cannot be compared"),
        ("when: plain.web.success - queued.web.success > 3 points, heal: all", "a condition is about one figure"),
        ("at: 9s, flush: app", "app is a service, which remembers nothing that could be flushed"),
        ("heal: all", "an entry needs 'at', such as at: 30s, or 'when'"),
    ],
)
def test_mistakes(line: str, words: str) -> None:
    assert words in wrong(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("that: web.success, is: '> 3%', always: '> 3%'", "a claim compares once; this one says is and always"),
        ("that: web.success", "a claim needs 'is'"),
        ("that: web.success, always: '> 3%', within: 3s", "'within' belongs to 'eventually'"),
        ("that: web.success, eventually: '> 3%', within: soon", "expected a duration"),
        ("that: web.latency.p99, never: '> 3s'", "web.latency.p99 is a figure of a whole window; at an instant web has success"),
        ("that: jobs.in_flight, is: '> 3'", "jobs.in_flight is a figure of an instant: say 'always', 'never' or 'eventually'"),
        ("that: plain.web.success - queued.web.success, is: '> 3 points', in: plain", "names its designs itself; leave 'in' out"),
        ("that: plain.web.success - queued.web.lost, is: '> 3'", "web.success is a share and web.lost is a count"),
        ("that: plain.web.success - queued.web.success, is: '> 3s'", "expected a number of points, such as 50 points"),
        ("that: plian.web.success - queued.web.success, is: '> 3s'", "no design has a node 'plian' (did you mean plain?)"),
        ("that: plain.jobs.depth.max, is: '> 3'", "design plain has no node 'jobs'"),
        ("that: web -> jobs.errors, is: '> 3'", "no design has a link 'web -> jobs'"),
        ("that: web.success - web.goodput - web.lost, is: '> 3'", "or two of them with - or / between"),
        ("that: blast_radius, is: '> 3%', during: before", "blast_radius can only be had for the whole run"),
        ("that: web.lost, is: '>= -1'", "compares with less than nothing"),
    ],
)
def test_mistakes_in_claims(line: str, words: str) -> None:
    assert words in wrong(line, "expect")


def test_claims_between_designs() -> None:
    (claim,) = (
        made(
            "that: queued.web.success-plain.web.success, is: '>= 50 points'".replace("-plain", " - plain"), section="expect"
        ).expect
        or ()
    )
    assert (claim.designs, claim.value, claim.unit, claim.between) == (("queued",), 0.5, "points", "-")
    (claim,) = made("that: web.done / web.offered, is: '>= 0.5', in: queued", section="expect").expect or ()
    assert (claim.designs, claim.unit, claim.minimum) == (("queued",), "number", 1)
    (claim,) = made("that: cost.told_no, is: '>= -5'", section="expect").expect or ()
    assert (claim.designs, claim.that, claim.value, claim.minimum) == (("plain", "queued"), "cost.told_no", -5.0, 0)


def test_windows_are_not_called_empty_where_a_fault_waits_for_a_condition() -> None:
    text = TEXT + "timeline:\n  - {when: jobs.depth > 9, inject: crash, on: app}\n"
    text += "expect:\n  - {that: web.lost, is: '= 0', during: after}\n"
    assert load_text(text, "two.yaml", catalogue=Declared(), faults=FAULTS).expect  # type: ignore[arg-type]


def test_a_kept_run_has_no_repeats_and_no_conditions() -> None:
    for line in ("{when: jobs.depth > 9, heal: all}", "{at: 5s, every: 5s, heal: all}"):
        text = TEXT + f"run:\n  seed: 1\n  end: 60s\n  commands:\n    - {line}\n"
        with pytest.raises(PlaygroundError, match="what was done in a run has one instant each"):
            load_text(text, "two.yaml", catalogue=Declared(), faults=FAULTS)  # type: ignore[arg-type]


def test_the_schema_knows_all_of_it() -> None:
    made_schema = schema(Declared(), FAULTS)  # type: ignore[arg-type]
    entries = made_schema["$defs"]["entry"]["anyOf"]
    assert {"at", "when", "every", "times", "since", "rest"} <= set(entries[0]["properties"])
    assert "flush" in {one["title"] for one in entries}
    claim = made_schema["properties"]["expect"]["items"]
    assert {"is", "always", "never", "eventually", "within"} <= set(claim["properties"])
    assert "within" not in made_schema["properties"]["steady"]["items"]["properties"]
    assert json.dumps(made_schema)


def test_what_decides_a_run_is_in_the_canonical_text() -> None:
    lines = (
        "at: 30s, inject: crash, on: app",
        "at: 30s, every: 5s, inject: crash, on: app",
        "when: jobs.depth > 9, inject: crash, on: app",
    )
    claims = (
        "that: web.success, always: '> 3%'",
        "that: web.success, never: '> 3%'",
        "that: web.success, eventually: '> 3%', within: 3s",
    )
    texts = [made(line).canonical for line in lines] + [made(line, section="expect").canonical for line in claims]
    assert len(set(texts)) == 6
