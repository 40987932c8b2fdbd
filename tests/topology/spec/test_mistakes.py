"""Bad files: what is said, and exactly where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.topology.spec.declared import FAULTS, Declared
from tests.topology.spec.examples import EVERYTHING, SHOP
from topology.spec import PlaygroundError, Problem, load, load_text


def problems(text: str, **rest: object) -> list[Problem]:
    with pytest.raises(PlaygroundError) as caught:
        load_text(text, "shop.yaml", catalogue=Declared(), faults=FAULTS, **rest)  # type: ignore[arg-type]
    return list(caught.value.problems)


def damaged(old: str, new: str, text: str = SHOP) -> tuple[str, str]:
    """A file with one thing changed, and the place that « marks in the change, which is where the mistake is."""
    assert text.count(old) == 1, old
    before, mark, _ = text.replace(old, new).partition("«")
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: " if mark else ""
    return text.replace(old, new.replace("«", "")), place


SHOP_MISTAKES = [
    ("about:", "«abuot:", "a playground has no 'abuot'", "about"),
    ("version: 1", "version: «2", "this file is of version 2; this program reads version 1: get a newer one", ""),
    ("version: 1", "version: «one", "expected a whole number, got 'one'", ""),
    ("playground: shop", "playground: «the shop", "a name begins with a letter", ""),
    ("playground: shop\n", "", "1:1: a playground needs 'playground': the name of the playground", ""),
    ("duration: 3m", "duration: «3", "expected a duration such as 30s, 15ms, 2m or 1h, but 3 has no unit", ""),
    ("duration: 3m", "duration: «40d", "'40d' is too long: at most 30 days", ""),
    ("duration: 3m", "duration:", "4:10: expected a duration such as 30s, got nothing", ""),
    ("{kind: producer,", "{kind: «produser,", "there is no kind 'produser'", "producer"),
    ("{kind: producer,", "{knd: producer,", "6:3: web needs a kind: producer, service", ""),
    ("rate: 100/s", "rate: «100", "expected a rate such as 100/s or 60/m, but 100 does not say per what", ""),
    ("rate: 100/s", "rate: «2000000/s", "'2000000/s' is too fast: at most 1,000,000/s", ""),
    ("rate: 100/s, ", "", "6:3: web (producer) needs 'rate': how much it offers", ""),
    ("replicas: 3", "replicas: «0", "expected at least 1, got 0", ""),
    ("replicas: 3", "replicas: «1001", "expected at most 1000, got 1001", ""),
    ("replicas: 3", "«replicsa: 3", "orders (service) has no 'replicsa'", "replicas"),
    ("replicas: 3", "replicas: «three", "expected a whole number, got 'three'", ""),
    ("median: 15ms, p99: 60ms", "median: 60ms, p99: 15ms", "7:60: p99 is shorter than the median", ""),
    (
        "median: 15ms, p99: 60ms",
        "median: 15ms",
        "7:60: a log-normal duration needs 'p99': 99 in 100 draws are shorter",
        "",
    ),
    ("{median: 15ms, p99: 60ms}", "«{exponental: {mean: 1ms}}", "expected one of median and p99", "exponential"),
    ("  inventory: {kind", "  «orders: {kind", "the key 'orders' is there twice; the first is on line 7", ""),
    ("  inventory: {kind", "  «9tory: {kind", "a node's name begins with a letter", ""),
    (
        "web -> orders -> inventory",
        "web -> orders -> «inventroy",
        "design coupled has no node 'inventroy'",
        "inventory",
    ),
    (
        "web -> orders -> inventory",
        "«web -> orders ->",
        "expected a link such as web -> orders, got 'web -> orders ->'",
        "",
    ),
    ("web -> orders -> inventory", "web «> orders", "expected -> or => here", ""),
    ("web -> orders -> inventory", "«web -> web", "web cannot be joined to itself", ""),
    (
        "web -> orders -> inventory",
        "«orders -> inventory -> orders",
        "has a circle of calls, orders -> inventory -> orders",
        "",
    ),
    (
        "orders => backlog",
        "«orders -> backlog",
        "orders -> backlog cannot join a service and a sqs: a queue accepts hand-offs; write orders => backlog",
        "",
    ),
    ("backlog => inventory", "«backlog -> inventory", "write backlog => inventory", ""),
    ("front -> orders", "«front => orders", "front => orders cannot join a load_balancer and a service", ""),
    ("visibility: 30s", "visibility: «13h", "expected at most 12h, got '13h'", ""),
    ("to: graveyard,", "to: «graveyrd,", "design decoupled has no node 'graveyrd', which backlog names", "graveyard"),
    ("to: graveyard,", "to: «orders,", "'to' needs a queue; orders is a service", ""),
    ("to: graveyard,", "to: «backlog,", "backlog cannot name itself in 'to'", ""),
    (
        "dead_letter: {to: graveyard, after: 5}",
        "dead_letter: «graveyard",
        "expected the settings of dead_letter as a mapping",
        "",
    ),
    ("at: 30s", "at: «4m", "'4m' lies past the end of the run, 3 min", ""),
    ("inject: crash", "inject: «crsh", "there is no fault 'crsh'", "crash"),
    ("inject: crash", "injct: crash", "21:5: expected one of inject, heal", "inject"),
    ("on: inventory", "on: «inventroy", "no design has a node 'inventroy'", "inventory"),
    ("on: inventory", "on: «inventory/2", "inventory has 2 replicas, the last one is inventory/1", ""),
    ("on: inventory", "on: «one", "expected one of what; write one:NAME", ""),
    ("on: inventory", "on: «kind:servic", "no design has a node of kind 'servic'", "service"),
    ("on: inventory", "on: «backlog, in: coupled", "design coupled has no node 'backlog'", ""),
    ("for: 60s", "«fro: 60s", "crash has no 'fro'", "for"),
    ("for: 60s", "for: 60s, «heal: all", "crash has no 'heal'", ""),
    ("that: web.success, is", "that: «web.sucess, is", "web, a producer, has no figure 'sucess'", "success"),
    ('is: ">= 99%"', "is: «99%", "expected a comparison such as \">= 99%\", got '99%'", ""),
    ('is: ">= 99%"', '«during: all, is: ">= 99%"', "'during' has no place in steady", ""),
    ("{in: all, that", "{in: «al, that", "there is no design 'al'", ""),
    (
        "during: fault",
        "during: «faults",
        "expected before, fault, recovery, after, all or an interval such as 40s..60s",
        "fault",
    ),
    ("during: fault", "during: «2m..4m", "the interval 2m..4m ends past the end of the run, 3 min", ""),
    ("during: fault", "during: «60s..40s", "the interval 60s..40s must be empty", ""),
    (
        "{in: coupled,   that: web.success",
        "{in: coupled,   that: «backlog.depth.max",
        "design coupled has no node 'backlog'",
        "",
    ),
    ("that: web.lost,   ", "that: «web.latency,", "expected which part of web.latency", "latency.p99"),
]


EVERYTHING_MISTAKES = [
    ("batch: 10", "batch: «11", "expected at most 10, got 11"),
    ("batch: 10", "«optional: true", "'optional' belongs to calls, and this link consumes from a queue"),
    ("batch: 10", "«retry: {}", "'retry' guards calls, and this link consumes from a queue"),
    ("wiring: list", "wiring: «balanced", "only a load balancer balances: put one between, or write wiring: list"),
    ("optional: true", "«batch: 2", "'batch' belongs to links that consume from a queue"),
    ("timeout: 1s", "timeout: «0s", "expected more than 0s, got '0s'"),
    ("timeout: 1s", "«queue: {limit: 3}", "'queue' belongs to a node"),
    ("jitter: full", "jitter: «fulll", "expected none or full, got 'fulll' (did you mean full?)"),
    ("queue: {limit: 100}", "«health_check: {}", "'health_check' guards a load_balancer, not a service"),
    ("work: [app, store]", "work: [app, «jobs]", "design plain has no node 'jobs', so its part could never be done"),
    ("work: [app, store]", "work: [app, «web]", "web is a producer; only services, functions and endpoints do a part"),
    ("work: [app, store]", "work: «[app, app]", "a node is listed twice in 'work'"),
    ("share: 10%", "share: «110%", "expected at most 1, got '110%'"),
    ("extra: {median: 50ms, p99: 1s}, ", "", "40:5: latency needs 'extra': how much is added"),
    ("on: app -> store", "on: «app -> jobs", "design plain has no link 'app -> jobs'"),
    ("scale: app, to: 6", "scale: app, to: «1001", "expected at most 1000, got 1001"),
    ("scale: app, to: 6", "scale: «jobs, to: 6", "jobs is a sqs, which has no replicas to scale"),
    ("scale: app, to: 6", "scale: app", "43:5: this entry needs 'to': the new value"),
    ("rewire: app", "rewire: «bank", "bank calls nobody, so there is nothing to rewire"),
    ("rate: web, to", "rate: «app, to", "app is a service; only a producer has a rate"),
    ("redrive: jobs", "redrive: «app", "app is a service; only a queue, or a bus with an archive, gives back what it keeps"),
    ("set: jobs.visibility, to: 10s", "set: «jobs.visibilty, to: 10s", "(did you mean jobs.visibility?)"),
    ("set: jobs.visibility, to: 10s", "set: jobs.visibility, to: «10", "expected a duration"),
    ("heal: all}", "heal: all, «scale: app}", "an entry does one thing; this one says heal and scale"),
    ("settle: 10s", "settle: 4m", "54:33: the window 'after' must be empty: recovery takes until 5 min 39 s"),
    ("heal: all}", "heal: store}", "53:50: the window 'recovery' must be empty: a fault lasts to the end of the run"),
    (
        "warmup: 2s",
        "warmup: 10s",
        "50:5: the window 'before' must be empty: the first fault comes before the warm-up ends",
    ),
    ("seeds: 19 of 20", "seeds: «21 of 20", "expected how many seeds must hold, such as 19 of 20; got '21 of 20'"),
    ("that: store.unhealthy,", "that: «store.depth.max,", "store, a service, has no figure 'depth.max'"),
]


@pytest.mark.parametrize(("old", "new", "words", "near"), SHOP_MISTAKES)
def test_one_mistake(old: str, new: str, words: str, near: str) -> None:
    text, place = damaged(old, new)
    (found,) = [p for p in problems(text) if words in str(p)]
    assert str(found).startswith(f"shop.yaml:{place}")
    assert found.near_miss == near
    assert not near or str(found).endswith(f" (did you mean {near}?)")


@pytest.mark.parametrize(("old", "new", "words"), EVERYTHING_MISTAKES)
def test_one_mistake_in_everything(old: str, new: str, words: str) -> None:
    text, place = damaged(old, new, EVERYTHING)
    found = [str(p) for p in problems(text)]
    assert len([p for p in found if words in p and p.startswith(f"shop.yaml:{place}")]) == 1, found


@pytest.mark.parametrize("key", ["steady", "expect"])
def test_an_empty_list_of_claims_is_refused(key: str) -> None:
    text = SHOP[: SHOP.index("steady:")] + f"{key}: []\n"
    (found,) = problems(text)
    assert f"expected {key} as a list of claims, got an empty list; leave {key} out to claim nothing" in str(found)


def test_all_mistakes_at_once_in_the_order_of_the_file() -> None:
    text = SHOP.replace("100/s", "100").replace("replicas: 3", "replicas: x").replace("-> inventory", "-> inventroy")
    text = text.replace("crash", "crsh").replace("web.lost", "web.lots")
    assert [p.line for p in problems(text)] == [6, 7, 12, 21, 27]


def test_mistakes_beyond_a_hundred_are_counted_not_listed() -> None:
    text = SHOP + "".join(f"  - {{at: 1s, inject: crash, on: nobody{i}}}\n" for i in range(150))
    found = problems(
        text.replace("expect:", "expects:").replace("timeline:\n", "timeline:\n" + text[text.index("  - {at: 1s") :])
    )
    assert len(found) == 101
    assert "there are more mistakes than the 100 shown" in str(found[-1])


def test_without_faults_their_names_are_not_checked() -> None:
    made = load_text(SHOP.replace("inject: crash", "inject: meteor, size: 3"), catalogue=Declared())
    assert made.timeline[0].what == "meteor"
    assert made.timeline[0].params == {"size": 3}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PlaygroundError, match=r"none\.yaml: cannot be read: no such file or directory"):
        load(tmp_path / "none.yaml", catalogue=Declared())
    with pytest.raises(PlaygroundError, match="cannot be read: is a directory"):
        load(tmp_path, catalogue=Declared())


def test_paths_start_at_the_playground(tmp_path: Path) -> None:
    text = SHOP.replace("deadline: 2s", "log: access.log")
    (tmp_path / "shop.yaml").write_text(text)
    with pytest.raises(PlaygroundError, match=r"shop\.yaml:6:49: there is no file 'access\.log' in "):
        load(tmp_path / "shop.yaml", catalogue=Declared(), faults=FAULTS)
    (tmp_path / "access.log").write_text("x")
    made = load(tmp_path / "shop.yaml", catalogue=Declared(), faults=FAULTS)
    assert made.designs[0].nodes[0].values["log"] == str(tmp_path / "access.log")
    assert str(tmp_path) not in made.canonical
    assert "sha256:" in made.canonical


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("seconds\n0.1\n0.3\n", ""),
        ("15ms\n20ms\n", ""),
        ("", "'times.csv' holds no durations"),
        ("x\n0.1\ny\n", "line 3 of 'times.csv': expected a duration"),
        ("0.1\n-1\n", "line 2 of 'times.csv'"),
        ("0.1\n" * 10_001, "holds more than 10,000 values"),
    ],
)
def test_measured_durations(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "times.csv").write_text(content)
    (tmp_path / "shop.yaml").write_text(SHOP.replace("{median: 15ms, p99: 60ms}", "{empirical: times.csv}"))
    if words:
        with pytest.raises(PlaygroundError, match=words):
            load(tmp_path / "shop.yaml", catalogue=Declared(), faults=FAULTS)
    else:
        assert (
            load(tmp_path / "shop.yaml", catalogue=Declared(), faults=FAULTS).designs[0].nodes[1].values["takes"].varies
        )
