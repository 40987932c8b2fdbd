"""Event buses, by figures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.nodes.buses import WEB, built, loaded
from tests.topology.worlds import S, all_of, check_frame, flow, node, reasons, to_the_end
from topology.backing_off import BackingOff, backing_off
from topology.chance import Dice
from topology.frame import FlowFrame
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

RULES = """
  bus:
    kind: eventbridge
    rules:
      all: {pattern: {source: [shop]}}
      large: {pattern: {detail: {amount: [{numeric: [">", 100]}]}}}
      "off": {pattern: {source: [shop]}, state: disabled}
  every: {kind: service, takes: 1ms}
  big: {kind: service, takes: 1ms}
  never: {kind: service, takes: 1ms}
"""
APP = """
  bus: {kind: eventbridge}
  app: {kind: service, takes: 1ms}
  grave: {kind: sqs}
"""
FEW = "{link: bus => app, retry: {attempts: 2}%s}"


def view(one: SimWorld, part: str, figure: str, name: str = "bus") -> float:
    return one.parts(name)[part][figure]


def gauge(one: SimWorld, figure: str, name: str = "bus") -> float:
    return dict(node(one, name).gauges)[figure]


def test_each_rule_takes_what_its_pattern_says_and_a_disabled_one_nothing() -> None:
    links = ["web => bus", "{link: bus => every, rule: all}", "{link: bus => big, rule: large}"]
    links += ['{link: bus => never, rule: "off"}']
    one = built(RULES, links)
    one.advance(100 * S)
    offered = flow(one).offered
    large = view(one, "rule large", "matched")
    assert offered > 900
    assert node(one, "every").arrivals == offered
    assert node(one, "big").arrivals == large == pytest.approx(offered / 4, rel=0.15)
    assert node(one, "never").arrivals == 0
    assert view(one, "=> big", "unmatched") == offered - large
    assert gauge(one, "unmatched") == 0
    assert to_the_end(one).served == flow(one).offered


def test_what_no_rule_takes_is_lost_without_a_word_where_somebody_needed_it() -> None:
    one = built(RULES, ["web => bus", "{link: bus => big, rule: large}"], WEB + "    work: [big]\n")
    found = to_the_end_after(one, 50)
    assert found.lost == gauge(one, "unmatched") == pytest.approx(found.offered * 3 / 4, rel=0.15)
    assert found.served == found.offered - found.lost
    assert reasons(one) == {"bus: no rule or filter lets it pass (unmatched)": found.lost}


def to_the_end_after(one: SimWorld, seconds: int) -> FlowFrame:
    one.advance(seconds * S)
    return to_the_end(one, 3600 * 30)


def test_a_target_that_is_down_is_tried_again_until_it_is_back() -> None:
    one = built(APP, ["web => bus => app"])
    one.advance(10 * S)
    handle = one.kill(all_of(one, "app"))
    one.advance(70 * S)
    assert gauge(one, "retrying") > 500
    assert node(one, "bus").depth == flow(one).waiting
    one.lift(handle)
    found = to_the_end(one, 3600)
    assert found.served == found.offered
    assert found.lost == 0
    assert view(one, "=> app", "delivered") == found.offered


def test_after_its_last_attempt_an_event_is_dropped_with_the_reason() -> None:
    one = built(APP, ["web => bus", FEW % ""])
    one.kill(all_of(one, "app"))
    found = to_the_end_after(one, 10)
    assert found.lost == found.offered == view(one, "=> app", "dropped")
    assert view(one, "=> app", "failed") == 3 * found.offered
    assert reasons(one) == {"bus: given up after its last retry, no dead-letter queue": found.offered}


def test_with_a_dead_letter_queue_it_lies_there() -> None:
    one = built(APP, ["web => bus", FEW % ", dead_letter: grave"])
    one.kill(all_of(one, "app"))
    found = to_the_end_after(one, 10)
    assert found.dead_lettered == found.offered == node(one, "grave").depth == view(one, "=> app", "dead")
    assert found.lost == 0


def test_a_dead_letter_queue_that_takes_nothing_loses_what_was_given_up() -> None:
    one = built(APP, ["web => bus", FEW % ", dead_letter: grave"])
    one.kill(all_of(one, "app"))
    one.lay("no_dead_letters", all_of(one, "bus"), {"share": 1.0})
    found = to_the_end_after(one, 10)
    assert found.lost == found.offered
    assert reasons(one) == {"bus: its dead-letter queue takes nothing": found.lost}


def test_what_will_never_succeed_is_not_tried_again() -> None:
    """A 4xx other than 429 is not retried (re:Post, EventBridge FailedInvocations)."""
    one = built(APP, ["web => bus", "{link: bus => app, dead_letter: grave}"])
    one.lay("poison", all_of(one, "app"), {"share": 1.0})
    found = to_the_end_after(one, 10)
    assert found.dead_lettered == found.offered == view(one, "=> app", "failed")


def test_by_default_185_attempts_fill_a_day() -> None:
    """EventBridge User Guide, How EventBridge retries delivering events: 24 hours and up to 185 times."""
    dice, policy = Dice(1, "retries", "bus"), backing_off(None)
    day = 24 * 3600 * S
    for root in range(20):
        now, tries = 0, 1
        while (delay := policy.delay(dice, root, tries, 0, now)) >= 0:
            now += delay
            tries += 1
        assert 165 <= tries <= 186
        assert day - 1000 * S < now <= day
    assert BackingOff(0, day).delay(dice, 1, 1, 0, 0) < 0


def test_while_the_bus_is_down_it_refuses_delivers_nothing_and_keeps_what_it_has() -> None:
    one = built(APP, ["web => bus => app"])
    app = one.kill(all_of(one, "app"))
    one.advance(10 * S)
    kept = node(one, "bus").depth
    bus = one.kill(all_of(one, "bus"))
    one.lift(app)
    one.advance(60 * S)
    assert node(one, "bus").depth == kept > 80
    assert flow(one).refused > 400
    one.lift(bus)
    found = to_the_end(one, 3600)
    assert found.served + found.refused == found.offered
    assert found.lost == 0


def test_more_events_than_its_rate_are_refused_and_more_deliveries_are_only_late() -> None:
    """EventBridge User Guide, quotas: PutEvents is throttled, invocations over the limit are delayed."""
    slow = "  bus: {kind: eventbridge, put_rate: 5/s}\n  app: {kind: service, takes: 1ms}"
    one = built(slow, ["web => bus => app"])
    one.advance(100 * S)
    found = flow(one)
    assert found.served == pytest.approx(5 * 100, abs=6)
    assert reasons(one) == {"bus: too many requests (429)": found.refused}
    late = "  bus: {kind: eventbridge, invocations: 5/s}\n  app: {kind: service, takes: 1ms}"
    one = built(late, ["web => bus => app"])
    one.advance(100 * S)
    assert node(one, "app").arrivals == pytest.approx(5 * 100, abs=6)
    found = to_the_end(one, 3600)
    assert found.served + found.late == found.offered
    assert found.refused == found.lost == 0


def test_an_entry_of_more_than_256_kib_is_refused() -> None:
    """EventBridge User Guide, Calculating Amazon EventBridge event entry size."""
    big = "  web: {kind: producer, rate: 10/s, mix: {photo: {size: 300KiB}, note: {size: 1KiB}}}\n"
    one = built("  bus: {kind: eventbridge}\n  app: {kind: service, takes: 1ms}", ["web => bus => app"], big)
    one.advance(50 * S)
    found = flow(one)
    assert found.refused == pytest.approx(found.offered / 2, rel=0.2)
    assert reasons(one) == {"bus: larger than 256 KiB, the most of an entry": found.refused}


def test_a_replay_sends_the_archive_once_more_marked_so_that_rules_can_tell() -> None:
    nodes = """
  bus:
    kind: eventbridge
    archive: {pattern: {detail: {amount: [500]}}}
    rules:
      new: {pattern: {source: [shop], replay-name: [{exists: false}]}}
      any: {pattern: {source: [shop]}}
  app: {kind: service, takes: 1ms}
  log: {kind: service, takes: 1ms}
"""
    links = ["web => bus", "{link: bus => app, rule: new}", "{link: bus => log, rule: any}"]
    one = built(nodes, links, WEB + "    work: [app, log]\n")
    one.advance(100 * S)
    one.stop()
    one.advance(110 * S)
    before, large = node(one, "app").arrivals, int(gauge(one, "in the archive"))
    assert large == pytest.approx(before / 4, rel=0.15)
    one.redrive("bus")
    one.advance(111 * S)
    found = to_the_end(one)
    assert node(one, "app").arrivals == before
    assert node(one, "log").arrivals == before + large
    assert found.duplicates == large
    assert found.served == found.offered


def test_a_replay_brings_back_what_a_rule_let_fall() -> None:
    nodes = """
  bus: {kind: eventbridge, archive: {}, rules: {all: {pattern: {source: [warehouse]}}}}
  app: {kind: service, takes: 1ms}
"""
    one = built(nodes, ["web => bus", "{link: bus => app, rule: all}"], WEB + "    work: [app]\n")
    one.advance(20 * S)
    assert flow(one).lost == flow(one).offered
    one.set("bus", "rules", {"all": {"pattern": {"source": ["shop"]}, "state": "enabled"}})
    one.stop()
    one.redrive("bus")
    one.advance(30 * S)
    found = to_the_end(one)
    assert found.served == found.offered
    assert found.lost == 0


def test_an_event_keeps_its_envelope_from_bus_to_bus() -> None:
    nodes = """
  bus: {kind: eventbridge}
  other: {kind: eventbridge, rules: {orders: {pattern: {detail-type: [order], detail: {lines: {n: [9]}}}}}}
  app: {kind: service, takes: 1ms}
"""
    one = built(nodes, ["web => bus => other", "{link: other => app, rule: orders}"])
    one.advance(50 * S)
    assert node(one, "app").arrivals == pytest.approx(flow(one).offered / 4, rel=0.2)


@pytest.mark.parametrize(
    ("setting", "pattern"),
    [
        ("input: {kind: fixed}", "{body: {kind: [fixed]}}"),
        ('input_path: "$.detail.lines[0]"', "{body: {sku: [b]}}"),
        (
            'transform: {paths: {n: "$.detail.lines[0].n"}, template: {count: <n>, words: "n is <n>"}}',
            "{body: {count: [9], words: [n is 9]}}",
        ),
        ("", "{body: {detail: {amount: [500]}, source: [shop]}}"),
    ],
)
def test_a_target_gets_what_its_input_says(setting: str, pattern: str) -> None:
    nodes = f"""
  bus: {{kind: eventbridge}}
  jobs: {{kind: sqs}}
  pick: {{kind: pipe, filter: {pattern}}}
  out: {{kind: sqs}}
  app: {{kind: service, takes: 1ms}}
"""
    one = built(nodes, ["web => bus", f"{{link: bus => jobs, {setting}}}", "jobs => pick => out => app"])
    one.advance(50 * S)
    share = 1 if "fixed" in setting else 1 / 4
    assert node(one, "app").arrivals == pytest.approx(flow(one).offered * share, rel=0.2)


@pytest.mark.parametrize(
    ("nodes", "links", "words"),
    [
        ("  bus: {kind: eventbridge, rules: {a: {pattern: {source: shop}}}}", ["bus => app"], r"10:58: bus: rules.a.pattern"),
        ("  bus: {kind: eventbridge}", ["{link: bus => app, rule: a}"], "names a rule 'a'"),
        ("  bus: {kind: eventbridge}", ["{link: bus => app, input: 1, input_path: $.a}"], "not both"),
        ("  bus: {kind: eventbridge}", ["{link: bus => app, input_path: detail}"], r"begins with \$"),
        ("  bus: {kind: eventbridge}", ["{link: bus => app, transform: {template: <a>}}"], "names no variable"),
        ("  bus: {kind: eventbridge}", ["{link: bus => app, retry: {attempts: 186}}"], "at most 185"),
        ("  bus: {kind: eventbridge}", ["{link: bus => app, retry: {age: 59s}}"], "at least 60s"),
        ("  bus: {kind: eventbridge}", ["{link: bus => app, dead_letter: grave}"], "no node 'grave'"),
        ("  bus: {kind: eventbridge}", ["{link: bus => app, dead_letter: web}"], "needs a queue"),
    ],
)
def test_what_the_service_would_not_take_is_said_with_its_place(nodes: str, links: list[str], words: str) -> None:
    with pytest.raises(PlaygroundError, match=words):
        loaded(f"{nodes}\n  app: {{kind: service, takes: 1ms}}", ["web => bus", *links])


def test_a_rule_has_at_most_five_targets() -> None:
    """EventBridge User Guide, Event bus targets: up to five targets for each rule."""
    nodes = "  bus: {kind: eventbridge, rules: {a: {}}}\n"
    nodes += "".join(f"  t{i}: {{kind: service, takes: 1ms}}\n" for i in range(6))
    links = ["web => bus", *(f"{{link: bus => t{i}, rule: a}}" for i in range(6))]
    with pytest.raises(PlaygroundError, match="6 targets; a rule has at most 5"):
        loaded(nodes, links)
    loaded(nodes, links[:-1])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["app", "bus", "lift", "poison"]), st.integers(1, 20)), max_size=8), st.integers(1, 9))
def test_nothing_is_made_or_lost_in_the_books_whatever_breaks(steps: list[tuple[str, int]], seed: int) -> None:
    nodes = APP + "  other: {kind: service, takes: 5ms}\n"
    links = ["web => bus", FEW % ", dead_letter: grave", "bus => other"]
    one = built(nodes, links, seed=seed)
    handles: list[int] = []
    for what, seconds in steps:
        if what == "lift" and handles:
            one.lift(handles.pop())
        elif what == "poison":
            handles.append(one.lay("poison", all_of(one, "other"), {"share": 0.3}))
        elif what in ("app", "bus"):
            handles.append(one.kill(all_of(one, what)))
        one.advance(one.now + seconds * S)
        check_frame(one)
    for handle in handles:
        one.lift(handle)
    found = to_the_end(one, 3600 * 30)
    check_frame(one)
    assert found.in_system == 0
    assert found.dead_lettered <= node(one, "grave").depth
