"""Transactions of Kafka by figures: what is visible when, who is fenced, what a timeout and a lost coordinator do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.nodes.buses import built
from tests.topology.worlds import MS, S, all_of, check_frame, flow, node, on_link, reasons, to_the_end
from topology.frame import FlowFrame
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld
from topology.world import Target

NODES = """
  clicks: {kind: msk, partitions: 6, key: key}
  app: {kind: service, replicas: 3, slots: 6, takes: {median: 30ms, p99: 200ms}}
  results: {kind: msk, partitions: 3}
  more: {kind: msk, partitions: 3, linger: 200ms}
  sink: {kind: service, slots: 20, takes: 5ms}
  audit: {kind: service, slots: 20, takes: 5ms}
"""
"""Who works on a click calls an audit, writes a result, and a fifth of a second later one more."""
OUT = ("app => results", "app -> audit", "app => more")


def piped(
    transactional: str = "true", isolation: str = "read_committed", work: str = "sink", nodes: str = NODES, more: str = "",
    rate: str = "10/s",
) -> SimWorld:
    """A consumer between two topics."""
    web = f"  web: {{kind: producer, rate: {rate}, keys: {{count: 100}}, deadline: 1h, work: [{work}]}}\n"
    into = f"{{link: clicks => app, transactional: {transactional}{', ' if more else ''}{more}}}"
    return built(nodes, ["web => clicks", into, *OUT, f"{{link: results => sink, isolation: {isolation}}}"], web)


def calm(**changed: str) -> str:
    """The same with one replica whose work always takes as long, and one partition each."""
    nodes = NODES.replace("replicas: 3", "replicas: 1").replace("{median: 30ms, p99: 200ms}", "50ms")
    nodes = nodes.replace("partitions: 6, ", "").replace("partitions: 3", "partitions: 1")
    for old, new in changed.items():
        nodes = nodes.replace(f"{old}: {{", f"{old}: {{{new}, ")
    return nodes


def group(one: SimWorld, figure: str, topic: str = "clicks", name: str = "app") -> float:
    return one.parts(topic)[f"group {name}"][figure]


def end_of(one: SimWorld) -> FlowFrame:
    found = to_the_end(one, 3_600)
    check_frame(one)
    assert found.in_system == found.lost == 0
    assert node(one, "results").depth == node(one, "clicks").depth == 0
    return found


def crash(one: SimWorld, until_s: float) -> None:
    handle = one.kill(all_of(one, "app"))
    one.advance(round(until_s * S))
    one.lift(handle)


def crashed_at(one: SimWorld, instants: tuple[int, ...]) -> FlowFrame:
    """All members crash at these seconds, for two."""
    for at in instants:
        one.advance(at * S)
        crash(one, at + 2)
    return end_of(one)


CRASHES = (20, 90, 160, 230)


def test_output_and_position_are_committed_together_or_not_at_all() -> None:
    found = crashed_at(one := piped(), CRASHES)
    assert found.duplicates == 0
    assert found.served == found.offered > 2_000
    assert group(one, "transactions aborted") > 4  # one of each partition that was in work


@pytest.mark.parametrize(
    ("transactional", "isolation", "least"), [("false", "read_committed", 50), ("true", "read_uncommitted", 3)]
)
def test_without_them_or_for_who_reads_all_a_crash_gives_duplicates(transactional: str, isolation: str, least: int) -> None:
    found = crashed_at(piped(transactional, isolation), CRASHES)
    assert found.duplicates >= least
    assert found.served == found.offered


def test_what_is_done_outside_of_kafka_is_done_again() -> None:
    assert crashed_at(piped(work="audit"), CRASHES).duplicates > 3


def test_output_is_readable_when_the_coordinator_has_committed() -> None:
    """50 ms of work, 5 ms of audit, 10 ms for the result, 210 ms for what comes after it, 5 ms to commit, 2 ms for a marker."""
    seen = {}
    for isolation in ("read_uncommitted", "read_committed"):
        one = piped(isolation=isolation, nodes=calm(), rate="0.5/s")
        one.advance(200 * S)
        found = one.tallies("web")[0]
        seen[isolation] = found.completion.quantile_ns(0.5) / MS
    assert seen["read_committed"] - seen["read_uncommitted"] == pytest.approx(210 + 5 + 2, abs=6)


def test_an_open_transaction_holds_up_who_reads_only_what_is_committed() -> None:
    """Its writer is dead: nothing behind its first record is read until the partition has another owner, or it times out."""
    nodes = calm() + "  other: {kind: service, slots: 20, takes: 5ms}\n"
    web = "  web: {kind: producer, rate: 5/s, deadline: 1h, work: [sink]}\n  side: {kind: producer, rate: 10/s, work: [sink]}\n"
    links = ["web => clicks", "{link: clicks => app, transactional: true, transaction_timeout: 20s}", *OUT, "side => results"]
    one = built(nodes, [*links, "{link: results => sink, isolation: read_committed}", "results => other"], web)
    one.advance(20 * S)
    one.kill(all_of(one, "app"))
    one.advance(39 * S)
    held = group(one, "lag", "results", "sink")
    assert held == pytest.approx(19 * 10, abs=20)
    assert group(one, "lag", "results", "other") < 60  # five seconds that are not committed
    one.advance(47 * S)
    assert group(one, "lag", "results", "sink") < 60


def test_who_comes_back_after_its_partition_was_given_away_is_fenced() -> None:
    """A replica stands still for longer than its session: what it still writes is not taken."""
    one = piped(more="session: 6s")
    one.advance(20 * S)
    handle = one.freeze(Target("app", (0,)))
    one.advance(40 * S)
    assert group(one, "members") == 2
    one.lift(handle)
    one.advance(60 * S)
    bad = {where: n for where, n in sent(one).items() if "fenced" in where}
    assert 1 <= sum(bad.values()) <= 4
    assert end_of(one).duplicates == 0


def sent(one: SimWorld) -> dict[str, int]:
    """Why attempts to write results or what comes after them failed."""
    found: dict[str, int] = {}
    for name, link in one.sums()["links"].items():
        for words, n in link["reasons"].items() if name.startswith("app => ") else ():
            found[words] = found.get(words, 0) + n
    return found


def test_a_transaction_that_is_open_for_too_long_is_aborted_and_tried_again() -> None:
    """What comes after the result takes eight seconds, once."""
    one = piped(nodes=calm(), more="transaction_timeout: 5s, backoff: 100ms", rate="1/s")
    one.advance(20 * S)
    slow = one.lay("broker_1_slow", all_of(one, "more"), {"factor": 4000.0})
    one.advance(30 * S)
    one.lift(slow)
    one.advance(60 * S)
    found = end_of(one)
    assert group(one, "transactions aborted") >= 1
    assert found.duplicates == 0
    assert found.served == found.offered


def test_without_a_coordinator_nothing_is_committed() -> None:
    """Broker 4 coordinates the transactions of partition 0 and has no copy of it; once it is missed, the next does."""
    one = piped(nodes=calm(clicks="brokers: 5"))
    one.advance(20 * S)
    handle = one.lay("broker_4_down", all_of(one, "clicks"), {})
    one.advance(21 * S)
    before = flow(one).done
    one.advance(28_900 * MS)
    assert flow(one).done == before
    one.advance(40 * S)
    assert flow(one).done > before + 20
    one.lift(handle)
    assert end_of(one).duplicates == 0


def test_who_died_while_it_waited_for_a_coordinator_commits_nothing() -> None:
    one = piped(nodes=calm(clicks="brokers: 5"))
    one.advance(20 * S)
    one.lay("broker_4_down", all_of(one, "clicks"), {})
    one.advance(22 * S)
    before = flow(one).done
    handle = one.kill(all_of(one, "app"))
    one.advance(40 * S)
    assert flow(one).done == before
    one.lift(handle)
    found = end_of(one)
    assert (found.duplicates, group(one, "transactions aborted")) == (0, 1)


def test_a_record_that_fails_leaves_nothing_behind() -> None:
    one = piped(nodes=calm(), more="attempts: 3, backoff: 100ms")
    one.lay("errors", all_of(one, "audit"), {"share": 0.3})
    one.advance(60 * S)
    found = to_the_end(one, 3_600)
    assert found.duplicates == 0
    assert 0 < found.lost == group(one, "skipped")
    assert list(reasons(one)) == ["audit: error"]


def test_a_transaction_writes_only_where_all_is_acknowledged() -> None:
    one = piped(nodes=calm(results="acks: 1"), more="attempts: 2, backoff: 100ms")
    one.advance(20 * S)
    assert flow(one).done == 0
    assert "results: a transaction writes only to topics with acks: all and idempotent: true" in sent(one)


def test_a_function_cannot_work_in_transactions() -> None:
    with pytest.raises(PlaygroundError, match="fn, a lambda, cannot work in transactions"):
        built(
            "  clicks: {kind: msk}\n  fn: {kind: lambda}\n", ["web => clicks", "{link: clicks => fn, transactional: true}"]
        )


WAYS = ["kill", "freeze", "out", "in", "cut", "errors", "halt"]
DEEDS = st.lists(st.tuples(st.integers(1, 40), st.sampled_from(WAYS)), min_size=2, max_size=5)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(DEEDS, st.sampled_from(["", "session: 6s, transaction_timeout: 3s", "assignor: cooperative-sticky, session: 8s"]))
def test_whatever_breaks_the_books_balance_and_nothing_is_written_twice(deeds: list[tuple[int, str]], more: str) -> None:
    one = piped(more=more, rate="20/s", nodes=NODES.replace("results: {", "results: {unclean: false, "))
    for seconds, deed in deeds:
        one.advance(one.now + seconds * S)
        first = Target("app", (0,))
        if deed == "kill":
            handle = one.kill(all_of(one, "app"))
        elif deed == "freeze":
            handle = one.freeze(first)
        elif deed == "cut":
            handle = one.lay("cut", on_link("clicks => app"), {"direction": "both"})
        elif deed == "errors":
            handle = one.lay("errors", all_of(one, "audit"), {"share": 0.5})
        elif deed == "halt":
            handle = one.lay("replication_halted", all_of(one, "results"), {})
        else:
            handle = one.lay("broker_1_down", all_of(one, "clicks" if deed == "in" else "results"), {})
        one.advance(one.now + seconds * S)
        check_frame(one)
        one.lift(handle)
    assert end_of(one).duplicates == 0
