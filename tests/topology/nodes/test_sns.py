"""Topics, by figures that can be worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.topology.worlds import MS, S, all_of, check_frame, check_sum, flow, node, reasons, to_the_end, world
from topology.nodes.sns import Sns
from topology.nodes.sqs import Entry
from topology.parameters import OURS, Param
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

WEB = "producer, rate: 10/s, arrivals: constant"
SORT_A = "a: {attributes: {sort: a, n: 1}, body: {deep: {n: 1}}}"
SORT_B = "b: {attributes: {sort: b}, body: {deep: {n: 2}}}"
SORTS = f"{WEB}, mix: {{{SORT_A}, {SORT_B}}}"
APP = "service, slots: 50, takes: 10ms"
HOOK = "webhook, takes: 10ms, fails: 0%, limit: 1000/s"


def topic(links: list[str], news: str = "sns", web: str = WEB, seed: int = 1, **others: str) -> SimWorld:
    return world({"web": web, "news": news, **others}, ["web => news", *links], seed)


def view(one: SimWorld, receiver: str) -> dict[str, float]:
    return one.parts("news")[f"=> {receiver}"]


def gauge(one: SimWorld, figure: str, name: str = "news") -> float:
    return dict(node(one, name).gauges)[figure]


def kept(one: SimWorld, queue: str) -> list[Entry]:
    """What is visible in a queue, in its order."""
    found, knot = [], one.groups[queue].places[0].machine.backlog.visible.first
    while knot is not None:
        found.append(knot)
        knot = knot.behind
    return found


# Fan-out


def test_every_subscription_gets_a_copy_of_each_message() -> None:
    one = topic(["news => q1 => app1", "news => q2 => app2", "news => app3"], q1="sqs", q2="sqs", app1=APP, app2=APP, app3=APP)
    one.advance(20 * S)
    found = to_the_end(one)
    assert found.offered == found.served == found.done
    assert [node(one, name).arrivals for name in ("app1", "app2", "app3")] == [found.offered] * 3
    assert [view(one, name)["delivered"] for name in ("q1", "q2", "app3")] == [found.offered] * 3
    assert (node(one, "news").depth, found.duplicates) == (0, 0)


def test_a_filter_lets_through_what_it_takes_and_the_rest_is_counted() -> None:
    one = topic(["news => q => app", "{link: news => few, filter: {sort: [a]}}"], web=SORTS, q="sqs", few="sqs", app=APP)
    one.advance(60 * S)
    found = to_the_end(one)
    counts = view(one, "few")
    assert counts["delivered"] == node(one, "few").depth == pytest.approx(found.offered / 2, rel=0.15)
    assert counts["delivered"] + counts["unmatched"] == found.offered == found.served
    assert {entry.call.message.mix.name for entry in kept(one, "few")} == {"a"}


@pytest.mark.parametrize(
    ("words", "sort"),
    [
        ("filter: {n: [{numeric: ['>', 0]}]}", "a"),
        ("filter: {n: [{exists: false}]}", "b"),
        ("scope: body, filter: {deep: {n: [2]}}", "b"),
    ],
)
def test_a_filter_looks_at_attributes_or_at_the_body(words: str, sort: str) -> None:
    one = topic([f"{{link: news => few, {words}}}", "news => app"], web=SORTS, few="sqs", app=APP)
    one.advance(10 * S)
    assert {entry.call.message.mix.name for entry in kept(one, "few")} == {sort}


def test_what_no_filter_takes_is_lost_as_unmatched_where_it_was_needed() -> None:
    one = topic(["{link: news => app, filter: {sort: [a]}}"], web=f"{SORTS}, work: [app]", app=APP)
    one.advance(20 * S)
    found = to_the_end(one)
    unmatched = view(one, "app")["unmatched"]
    assert 0 < found.lost == unmatched == found.offered - found.served
    assert reasons(one) == {"news: no rule or filter lets it pass (unmatched)": unmatched}


def test_raw_delivery_carries_the_message_itself_and_the_rest_a_notification() -> None:
    one = topic(["{link: news => raw, raw: true}", "news => plain", "news => app"], web=SORTS, raw="sqs", plain="sqs", app=APP)
    one.advance(2 * S)
    raw, plain = kept(one, "raw")[0].call, kept(one, "plain")[0].call
    mix = raw.message.mix
    assert mix is not None
    assert (raw.content or mix) is mix
    assert plain.content.attributes == {}
    assert plain.content.body["Type"] == "Notification"
    assert json.loads(plain.content.body["Message"]) == plain.message.mix.body
    assert plain.content.body["MessageAttributes"]["sort"] == {"Type": "String", "Value": plain.message.mix.name}


# Retries


def test_http_is_tried_four_times_in_a_minute_then_goes_to_the_dead_letters_of_its_subscription() -> None:
    one = topic(
        ["{link: news => hook, dead_letter: dead}", "{link: news => app, dead_letter: other}"],
        news="sns, jitter: 0%",
        web="producer, rate: 1/s, arrivals: constant, deadline: 1h",
        hook=HOOK,
        app=APP,
        dead="sqs",
        other="sqs",
    )
    one.kill(all_of(one, "hook"))
    one.advance(60 * S)
    assert node(one, "dead").depth == 0
    offered = to_the_end(one).offered
    counts = view(one, "hook")
    assert node(one, "dead").depth == offered == counts["dead"]
    assert counts["failed"] == 4 * offered
    assert (node(one, "other").depth, view(one, "app")["delivered"]) == (0, offered)
    assert reasons(one) == {"news: given up after its last retry": offered}


def test_a_delivery_policy_of_its_own() -> None:
    """At once, 1 s, then 1 s to 9 s, then 9 s: the last attempt is made 20 s after the first."""
    policy = "retry: {retries: 5, immediate: 1, before: 1, after: 1, min: 1s, max: 9s}"
    one = topic(
        [f"{{link: news => hook, {policy}, dead_letter: dead}}"],
        news="sns, jitter: 0%",
        web="producer, rate: 1/s, arrivals: constant",
        hook=HOOK,
        dead="sqs",
    )
    one.kill(all_of(one, "hook"))
    first = None
    while node(one, "dead").depth == 0:
        one.advance(one.now + 100 * MS)
        if first is None and node(one, "news").depth:
            first = one.now
    assert first is not None
    assert one.now - first == pytest.approx(20 * S, abs=200 * MS)
    to_the_end(one)
    assert view(one, "hook")["failed"] == 6 * flow(one).offered


def test_jitter_moves_each_retry_by_up_to_its_share() -> None:
    one = topic(["{link: news => hook, retry: 1, dead_letter: dead}"], hook=HOOK, dead="sqs")
    one.kill(all_of(one, "hook"))
    one.advance(100 * S)
    one.stop()
    start, seen = one.now, []
    while not one.idle():
        one.advance(one.now + 100 * MS)
        seen.append(node(one, "dead").depth)
    assert one.now - start <= 24 * S + 200 * MS
    assert (seen[-1], view(one, "hook")["failed"]) == (flow(one).offered, 2 * flow(one).offered)
    order = [entry.call.message.n for entry in kept(one, "dead")]
    assert order != sorted(order)


def test_a_queue_that_is_away_for_an_hour_misses_nothing() -> None:
    one = topic(["news => q => app"], web="producer, rate: 0.1/s, arrivals: constant, deadline: 2h", q="sqs", app=APP)
    handle = one.kill(all_of(one, "q"))
    one.advance(3600 * S)
    before = view(one, "q")
    assert (before["delivered"], before["retrying"]) == (0, flow(one).offered)
    one.lift(handle)
    one.advance(3660 * S)
    assert view(one, "q")["retrying"] == 0
    found = to_the_end(one)
    assert (found.served, found.duplicates) == (found.offered, 0)


def test_a_subscriber_that_hangs_is_given_15_seconds() -> None:
    one = topic(
        ["{link: news => hook, retry: 2, dead_letter: dead}"],
        news="sns, jitter: 0%",
        web="producer, rate: 1/s",
        hook=HOOK,
        dead="sqs",
    )
    handle = one.freeze(all_of(one, "hook"))
    one.advance(10 * S)
    offered = flow(one).offered
    assert view(one, "hook")["failed"] == 0
    one.stop()
    one.advance(26 * S)
    assert view(one, "hook")["failed"] == offered
    one.advance(130 * S)
    assert (view(one, "hook")["dead"], view(one, "hook")["failed"]) == (offered, 3 * offered)
    one.lift(handle)
    to_the_end(one)
    assert view(one, "hook")["answered too late"] == 3 * offered
    check_frame(one)


def test_a_throttle_spreads_deliveries_and_keeps_the_rest() -> None:
    one = topic(["{link: news => hook, throttle: 4/s}"], hook=HOOK)
    one.advance(50 * S)
    assert node(one, "hook").arrivals == pytest.approx(4 * 50, abs=2)
    assert node(one, "news").depth == pytest.approx(6 * 50, abs=3)
    assert to_the_end(one).served == flow(one).offered


# Client errors


@pytest.mark.parametrize("dead", [False, True])
def test_a_bounce_is_not_tried_again(dead: bool) -> None:
    link = f"{{link: news => mail{', dead_letter: dead' if dead else ''}}}"
    one = topic(
        [link, "news => app"],
        mail="mail_provider, bounces: 100%",
        app=APP,
        web="producer, rate: 5/s",
        **({"dead": "sqs"} if dead else {}),
    )
    one.advance(20 * S)
    found = to_the_end(one)
    counts = view(one, "mail")
    assert counts["failed"] == counts["client errors"] == found.offered == node(one, "mail").arrivals
    if dead:
        assert (node(one, "dead").depth, found.dead_lettered) == (found.offered, found.offered)
    else:
        assert reasons(one) == {"mail: hard bounce (550)": found.lost}
        assert found.lost == counts["dropped"] == found.offered


@pytest.mark.parametrize(
    ("kind", "words", "figure", "reason"),
    [
        ("sms_carrier, filtered: 0%, opted_out: 0%, fails: 0%", "opted_out: 20%", "opted out", "the phone number is opted out"),
        ("push_service, invalid_tokens: 0%", "disabled: 20%", "disabled", "the platform endpoint is disabled"),
    ],
)
def test_who_cannot_be_sent_to_costs_no_attempt(kind: str, words: str, figure: str, reason: str) -> None:
    one = topic([f"{{link: news => phones, {words}}}"], web=f"{WEB}, mix: {{one: {{size: 100B}}}}", phones=kind)
    one.advance(100 * S)
    found = to_the_end(one)
    counts = view(one, "phones")
    assert counts[figure] == counts["client errors"] == found.lost == pytest.approx(0.2 * found.offered, rel=0.15)
    assert node(one, "phones").arrivals == found.offered - found.lost
    assert reasons(one) == {f"news: {reason}": found.lost}


def test_a_layer_adds_opt_outs() -> None:
    one = topic(
        ["news => phones"],
        web=f"{WEB}, mix: {{one: {{size: 100B}}}}",
        phones="sms_carrier, filtered: 0%, opted_out: 0%, fails: 0%",
    )
    handle = one.lay("opted_out", all_of(one, "news"), {"share": 1.0})
    one.advance(10 * S)
    assert view(one, "phones")["opted out"] == flow(one).offered
    one.lift(handle)
    one.advance(20 * S)
    assert view(one, "phones")["opted out"] == pytest.approx(flow(one).offered / 2, abs=2)


def test_more_than_ten_attributes_raw_go_to_the_dead_letters() -> None:
    many = ", ".join(f"k{i}: v" for i in range(11))
    web = f"{WEB}, mix: {{few: {{attributes: {{k: v}}}}, many: {{attributes: {{{many}}}}}}}"
    one = topic(
        ["{link: news => raw, raw: true, dead_letter: dead}", "news => plain"], web=web, raw="sqs", plain="sqs", dead="sqs"
    )
    one.advance(20 * S)
    assert {entry.call.message.mix.name for entry in kept(one, "raw")} == {"few"}
    assert {entry.call.message.mix.name for entry in kept(one, "dead")} == {"many"}
    assert view(one, "raw")["client errors"] == node(one, "dead").depth > 50
    assert node(one, "plain").depth == flow(one).offered


def test_a_subscription_that_is_not_confirmed_gets_nothing() -> None:
    one = topic(["{link: news => hook, confirmed: false}", "news => app"], hook=HOOK, app=APP)
    one.advance(10 * S)
    found = to_the_end(one)
    assert (node(one, "hook").arrivals, view(one, "hook")["not confirmed"]) == (0, found.offered)
    assert reasons(one) == {"news: the subscription is not confirmed": found.offered}


def test_more_than_ten_mails_a_second_deactivate_their_subscription() -> None:
    mail = "mail_provider, bounces: 0%, deferrals: 0%, complaints: 0%"
    slow = topic(["news => mail"], web="producer, rate: 9/s, arrivals: constant", mail=mail)
    slow.advance(60 * S)
    assert view(slow, "mail")["not confirmed"] == 0
    fast = topic(["news => mail"], web="producer, rate: 20/s, arrivals: constant", mail=mail)
    fast.advance(60 * S)
    delivered = view(fast, "mail")["delivered"]
    assert delivered == pytest.approx(20, abs=2)
    assert view(fast, "mail")["not confirmed"] == pytest.approx(flow(fast).offered - delivered, abs=20)
    assert view(fast, "mail")["delivered"] == delivered


# Limits and money


def test_what_is_larger_than_256_kib_is_refused() -> None:
    web = f"{WEB}, mix: {{fits: {{size: 256KiB}}, large: {{size: 262145B}}}}"
    one = topic(["news => q"], web=web, q="sqs")
    one.advance(20 * S)
    found = flow(one)
    assert found.refused == gauge(one, "refused") == pytest.approx(found.offered / 2, rel=0.2)
    assert reasons(one) == {"news: larger than the topic takes": found.refused}
    assert {entry.call.message.mix.name for entry in kept(one, "q")} == {"fits"}


@pytest.mark.parametrize(
    ("words", "taken"), [("rate: 4/s", 4), ("fifo: true, fifo_rate: 4/s", 4), ("fifo: true, fifo_bytes: 4kB", 4)]
)
def test_what_is_published_above_the_rate_is_refused(words: str, taken: int) -> None:
    one = topic(["news => q"], news=f"sns, {words}", web=f"{WEB}, mix: {{one: {{size: 1kB}}}}", q="sqs")
    one.advance(50 * S)
    assert node(one, "q").depth == pytest.approx(taken * 51, abs=4)
    assert reasons(one) == {"news: too many requests (429)": flow(one).refused}


def test_what_it_costs() -> None:
    """Messages of 100 KB are two requests; a text of 300 bytes is three parts."""
    prices = "prices: {publish: 1000000, http: 100, sms: 1000000}"
    one = topic(["news => hook"], news=f"sns, {prices}", web=f"{WEB}, mix: {{one: {{size: 100kB}}}}", hook=HOOK)
    one.advance(10 * S)
    n = to_the_end(one).offered
    assert gauge(one, "cost $") == pytest.approx(2 * n + n * 1e-4)
    assert view(one, "hook")["cost $"] == pytest.approx(n * 1e-4)
    sms = "sms_carrier, filtered: 0%, opted_out: 0%, fails: 0%, limit: 1000/s"
    one = topic(["news => phones"], news=f"sns, {prices}", web=f"{WEB}, mix: {{one: {{size: 300B}}}}", phones=sms)
    one.advance(10 * S)
    n = to_the_end(one).offered
    assert view(one, "phones")["parts"] == gauge(one, "parts sent", "phones") == 3 * n
    assert view(one, "phones")["cost $"] == pytest.approx(3 * n)


def test_sms_end_at_the_spending_limit() -> None:
    one = topic(
        ["news => phones"],
        news="sns, sms_spend: 1",
        web=f"{WEB}, mix: {{one: {{size: 100B}}}}",
        phones="sms_carrier, takes: 1ms, filtered: 0%, opted_out: 0%, fails: 0%",
    )
    one.advance(60 * S)
    found = to_the_end(one)
    assert view(one, "phones")["delivered"] == 155
    assert reasons(one) == {"news: the spending limit for SMS is reached": found.offered - 155}


def test_sms_wait_for_their_rate_and_are_not_longer_than_1600_bytes() -> None:
    sms = "sms_carrier, takes: 1ms, filtered: 0%, opted_out: 0%, fails: 0%, limit: 1000/s"
    one = topic(
        ["news => phones"],
        news="sns, sms_rate: 4/s",
        web=f"{WEB}, mix: {{short: {{size: 100B}}, long: {{size: 1601B}}}}",
        phones=sms,
    )
    one.advance(50 * S)
    assert node(one, "phones").arrivals == pytest.approx(4 * 50, abs=2)
    found = to_the_end(one)
    assert reasons(one) == {"news: longer than an SMS can be": found.lost}
    assert found.lost == pytest.approx(found.offered / 2, rel=0.2)


# The topic itself


def test_while_its_api_is_down_it_refuses_and_keeps_what_it_has() -> None:
    one = topic(["{link: news => hook, retry: {retries: 100, min: 1s, max: 1s}}"], news="sns, jitter: 0%", hook=HOOK)
    hook = one.kill(all_of(one, "hook"))
    one.advance(10 * S)
    kept_then = node(one, "news").depth
    assert kept_then == flow(one).offered == pytest.approx(100, abs=2)
    topic_down = one.kill(all_of(one, "news"))
    one.lift(hook)
    one.advance(20 * S)
    assert node(one, "hook").arrivals == node(one, "hook").departures
    assert (node(one, "news").depth, view(one, "hook")["delivered"]) == (kept_then, 0)
    assert flow(one).refused == flow(one).offered - kept_then
    one.lift(topic_down)
    one.advance(22 * S)
    assert view(one, "hook")["delivered"] >= kept_then
    found = to_the_end(one)
    assert found.served == found.offered - found.refused


def test_dead_letters_that_cannot_be_taken_are_dropped() -> None:
    one = topic(["{link: news => hook, retry: 0, dead_letter: dead}"], hook=HOOK, dead="sqs")
    one.kill(all_of(one, "hook"))
    one.kill(all_of(one, "dead"))
    one.advance(10 * S)
    found = to_the_end(one)
    assert reasons(one) == {"news: its dead-letter queue takes nothing": found.lost}
    assert found.lost == found.offered == view(one, "hook")["dropped"]


# FIFO


def groups_in_order(one: SimWorld, queue: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in kept(one, queue):
        found.setdefault(entry.call.message.key, []).append(entry.call.message.n)
    return found


@pytest.mark.parametrize("fifo", [True, False])
def test_a_fifo_topic_keeps_the_order_of_each_group(fifo: bool) -> None:
    """The way to the queue takes up to 3 s, so what goes at once arrives mixed up."""
    one = topic(
        ["{link: news => q, delay: {uniform: {low: 10ms, high: 3s}}}"],
        news=f"sns, fifo: {str(fifo).lower()}, group: key",
        web=f"{WEB}, keys: 20",
        q="sqs",
    )
    one.advance(60 * S)
    handle = one.kill(all_of(one, "q"))
    one.advance(65 * S)
    one.lift(handle)
    to_the_end(one)
    groups = groups_in_order(one, "q")
    assert len(groups) == 20
    assert sum(map(len, groups.values())) == flow(one).offered
    assert (groups == {key: sorted(ns) for key, ns in groups.items()}) is fifo


def test_a_group_does_not_wait_for_another() -> None:
    one = topic(
        ["{link: news => q, delay: 1s}"],
        news="sns, fifo: true, group: key",
        web="producer, rate: 10/s, arrivals: constant, keys: {count: 10, skew: 0}",
        q="sqs",
    )
    one.advance(100 * S)
    assert node(one, "q").depth == pytest.approx(10 / 2 * 100, rel=0.1)


@pytest.mark.parametrize(("fifo", "copies"), [("false", 3), ("true", 1)])
def test_a_fifo_topic_drops_what_comes_again_within_five_minutes(fifo: str, copies: int) -> None:
    """Each answer takes longer than its sender waits, so everything is sent three times."""
    one = world(
        {"web": WEB, "news": f"sns, fifo: {fifo}", "q": "sqs"},
        ["{link: web => news, delay: 300ms, timeout: 500ms, retry: {attempts: 3, backoff: 0s}}", "news => q"],
    )
    one.advance(20 * S)
    offered = to_the_end(one).offered
    assert node(one, "q").depth == copies * offered
    if fifo == "true":
        assert gauge(one, "duplicates") == 2 * offered


# Mistakes


@pytest.mark.parametrize(
    ("news", "link", "words"),
    [
        ("sns, fifo: true", "news => app", "delivers only to queues; put a queue before app"),
        ("sns", "news => other", "cannot deliver to other, a sns; put a queue or a service between"),
        ("sns", "{link: news => app, protocol: sqs}", "app is a service, which cannot be reached by sqs"),
        ("sns, max_size: 1MiB", "news => app", "above 256 KiB a topic delivers only to queues and functions"),
        ("sns", "{link: news => q, retry: 3}", "`retry` is for http, and q is delivered to by sqs"),
        ("sns", "{link: news => app, disabled: 3%}", "`disabled` is for push, and app is delivered to by http"),
        ("sns", "{link: news => q, filter: {a: [1], b: [1], c: [1], d: [1], e: [1], f: [1]}}", "at most 5 keys"),
        ("sns", "{link: news => q, filter: {a: [{over: 1}]}}", "SNS has no operator"),
        ("sns", "{link: news => app, retry: {retries: 2, immediate: 3}}", "the phases count 3 retries"),
        ("sns", "{link: news => app, retry: {min: 30s}}", "`min` is longer than `max`"),
        ("sns", "{link: news => app, retry: {retries: 100, max: 1h}}", "3,600 s are allowed"),
        ("sns", "{link: news => app, retry: {retries: 101}}", "100"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(news: str, link: str, words: str) -> None:
    with pytest.raises(PlaygroundError) as found:
        topic([link, "news => app2"] if "fifo" not in news else [link], news=news, app=APP, app2=APP, q="sqs", other="sns")
    assert words in str(found.value)


# Always


LINKS = [
    "{link: news => q, dead_letter: dead, filter: {sort: [a]}}",
    "q => app",
    "{link: news => hook, retry: {retries: 4, min: 1s, max: 5s}, throttle: 15/s, dead_letter: dead}",
    "{link: news => phones, disabled: 10%}",
    "{link: news => mail, dead_letter: dead}",
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(1, [("news", "kill", 2, 1), ("news", "freeze", 1, 1)])  # answers that came while it hung, when it is killed
@given(
    st.integers(1, 10_000),
    st.lists(
        st.tuples(
            st.sampled_from(["news", "q", "hook", "phones", "mail", "dead", "app"]),
            st.sampled_from(["kill", "freeze", "errors", "poison", "no_dead_letters"]),
            st.integers(0, 20),
            st.integers(1, 20),
        ),
        max_size=5,
    ),
)
def test_nothing_is_lost_from_the_books_whatever_breaks(seed: int, faults: list[tuple[str, str, int, int]]) -> None:
    web = "producer, rate: 20/s, mix: {a: {attributes: {sort: a}}, b: {attributes: {sort: b}}}"
    others = {
        "q": "sqs, visibility: 2s",
        "app": APP,
        "hook": "webhook",
        "phones": "push_service",
        "mail": "mail_provider",
        "dead": "sqs",
    }
    one = topic(LINKS, web=web, seed=seed, **others)
    events: list[tuple[int, int, Any]] = []
    for i, (name, what, at, length) in enumerate(faults):
        events += [(at * S, i, (name, what)), ((at + length) * S, i, None)]
    handles: dict[int, int] = {}
    for at, i, begun in sorted(events, key=lambda event: (event[0], event[1])):
        one.advance(max(at, one.now))
        check_frame(one)
        if begun is None:
            one.lift(handles.pop(i, 0))
        else:
            handles[i] = inject(one, *begun)
    for handle in handles.values():
        one.lift(handle)
    found = to_the_end(one, 30_000)
    check_frame(one)
    check_sum(found)
    assert (found.in_system, node(one, "news").depth) == (0, 0)
    counts = view(one, "q")
    published = gauge(one, "published")
    assert counts["delivered"] + counts["unmatched"] + counts["dead"] + counts["dropped"] == published


def inject(one: SimWorld, name: str, what: str) -> int:
    target = all_of(one, name)
    if what == "kill":
        return one.kill(target)
    if what == "freeze":
        return one.freeze(target)
    if what == "no_dead_letters":
        return one.lay(what, all_of(one, "news"), {"share": 1.0})
    return one.lay(what, target, {"share": 0.5})


# Defaults


def documented(params: dict[str, Param], before: str = "") -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for name, param in params.items():
        if param.source != OURS and param.type != "group":
            found[before + name] = (param.default, param.source)
        found |= documented(param.fields, f"{before}{name}.")
    return found


GUIDE = "Amazon SNS Developer Guide, "
REFERENCE = "AWS General Reference, Amazon Simple Notification Service endpoints and quotas"
RETRY = GUIDE + "Amazon SNS message delivery retries"
PRICING = "Amazon SNS pricing"


@pytest.mark.parametrize(
    ("name", "default", "source"),
    [
        ("rate", "30000/s", f"{REFERENCE}, unverified"),
        ("fifo", False, "Amazon SNS API Reference, Publish, MessageDeduplicationId"),
        ("fifo_rate", "3000/s", "AWS CDK API Reference, FifoThroughputScope"),
        ("fifo_bytes", "20MB", "AWS CDK API Reference, FifoThroughputScope"),
        ("max_size", "256KiB", GUIDE + "Publishing large messages with Amazon SNS"),
        ("sms_rate", "20/s", f"{REFERENCE}, unverified"),
        ("patience", "15s", GUIDE + "Make sure your endpoint is ready for Amazon SNS messages, unverified"),
        ("prices.publish", 0.5, PRICING),
        ("prices.fifo", 0.3, PRICING),
        ("prices.http", 0.6, PRICING),
        ("prices.email", 20.0, PRICING),
        ("prices.sms", 6450.0, f"{PRICING}, unverified"),
        ("prices.push", 0.5, PRICING),
        ("retry.retries", 3, RETRY),
        ("retry.min", "20s", RETRY),
        ("retry.max", "20s", RETRY),
        ("retry.immediate", 0, RETRY),
        ("retry.before", 0, RETRY),
        ("retry.after", 0, RETRY),
        ("retry.backoff", "linear", RETRY),
        ("raw", False, GUIDE + "Amazon SNS raw message delivery"),
        ("dead_letter", None, GUIDE + "Amazon SNS dead-letter queues"),
        ("filter", None, GUIDE + "Filter policy constraints in Amazon SNS"),
        ("scope", "attributes", GUIDE + "Filter policy constraints in Amazon SNS"),
    ],
)
def test_each_documented_default_names_its_page(name: str, default: Any, source: str) -> None:
    assert documented(Sns.params | Sns.link_params)[name] == (default, source)


def test_the_limit_of_mails_names_its_page() -> None:
    assert documented(Sns.params)["email_rate"][0] == "10/s"
    assert documented(Sns.params)["email_rate"][1].startswith("AWS re:Post")
