"""Accounts for sending mail, by figures."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.nodes.buses import built, loaded
from tests.topology.worlds import S, all_of, check_frame, flow, node, reasons, to_the_end
from topology.mail.mail_events import EVENTS, mail_event
from topology.mail.reputation import Reputation, Rolling
from topology.message import Mix
from topology.problems import PlaygroundError
from topology.sim.world import SimWorld

BIG = "quota: 1000000, rate: 1000/s"
BOX = "\n  box: {kind: service, takes: 1ms}\n"
LINKS = ["web => mails", "mails => box"]


def web(rate: str = "10/s", more: str = "") -> str:
    return f"  web: {{kind: producer, rate: {rate}, work: [box]{more}}}\n"


def account(words: str = BIG, rate: str = "10/s", more: str = "", box: str = BOX, links: Any = LINKS) -> SimWorld:
    """One producer, one account, one mailbox."""
    return built(f"  mails: {{kind: ses, {words}}}{box}", list(links), web(rate, more))


def gauge(one: SimWorld, figure: str) -> float:
    return dict(node(one, "mails").gauges)[figure]


def stream(one: SimWorld, figure: str, producer: str = "web") -> float:
    return one.parts("mails")[f"stream {producer}"][figure]


def test_what_is_accepted_is_delivered_and_counts_for_the_quota() -> None:
    one = account()
    one.advance(100 * S)
    found = to_the_end(one)
    assert found.served == found.offered == stream(one, "delivered") == node(one, "box").arrivals
    assert gauge(one, "quota used %") == pytest.approx(found.offered / 1_000_000)
    assert gauge(one, "status") == gauge(one, "bounce rate %") == 0


# Quotas


def test_the_sandbox_lets_200_recipients_through_in_24_hours_and_one_each_second() -> None:
    """Amazon SES Developer Guide, Service quotas in Amazon SES."""
    mix = ", mix: {hello: {attributes: {to: a@example.com}}}"
    one = account("sandbox: true, verified_recipients: [a@example.com]", "10/s", mix)
    one.advance(100 * S)
    assert 85 <= stream(one, "sent") <= 101
    assert reasons(one).keys() == {"mails: maximum sending rate exceeded"}
    one.advance(1000 * S)
    assert stream(one, "sent") == 200
    assert gauge(one, "quota used %") == 1.0
    assert reasons(one)["mails: daily message quota exceeded"] > 7000


@pytest.mark.slow
def test_the_quota_rolls_what_was_sent_a_day_ago_counts_no_more() -> None:
    """Amazon SES Developer Guide, Managing your sending quotas: calculated on a rolling 24-hour period."""
    one = account("quota: 100, rate: 14/s", "1/m")
    one.advance(23 * 3600 * S)
    assert stream(one, "sent") == 100
    one.advance((24 * 3600 + 50 * 60) * S)
    assert stream(one, "sent") == pytest.approx(150, abs=20)


def test_a_caller_that_tries_again_gets_its_mail_through_when_the_rate_allows_it() -> None:
    links = ["{link: web => mails, retry: {attempts: 20, backoff: 1s}}", "mails => box"]
    one = account("quota: 100000, rate: 5/s", "4/s", ", arrivals: poisson", links=links)
    one.advance(100 * S)
    found = to_the_end(one)
    assert stream(one, "refused") > 10
    assert found.served + found.late == found.offered


def test_quota_and_rate_count_recipients_and_a_mail_has_at_most_50() -> None:
    """Amazon SES Developer Guide, Service quotas in Amazon SES: recipients rather than messages; 50 of a message."""
    mix = ", mix: {many: {attributes: {recipients: 50}}, more: {attributes: {recipients: 51}}}"
    one = account("quota: 1000, rate: 1000/s", "10/s", mix)
    one.advance(60 * S)
    assert stream(one, "sent") == 20
    assert gauge(one, "quota used %") == 1.0
    words = reasons(one)
    assert words["mails: more than 50 recipients"] == pytest.approx(flow(one).offered / 2, rel=0.15)


def test_the_rate_counts_recipients_with_bursts_of_one_second() -> None:
    one = account("quota: 100000, rate: 10/s", "20/s", ", arrivals: constant, mix: {it: {attributes: {recipients: 5}}}")
    one.advance(100 * S)
    assert stream(one, "sent") == pytest.approx(2 * 100 + 2, abs=2)
    assert gauge(one, "rate now") == 10


def test_mail_to_the_simulator_counts_for_the_rate_and_not_for_the_quota() -> None:
    """Amazon SES Developer Guide, Using the mailbox simulator."""
    mix = ", mix: {it: {attributes: {to: success@simulator.amazonses.com}}, real: {}}"
    one = account("quota: 5, rate: 4/s", "20/s", f", arrivals: constant{mix}")
    one.advance(100 * S)
    assert node(one, "box").arrivals == 5
    assert stream(one, "sent") == flow(one).lost + 5 == pytest.approx(4 * 100, rel=0.1)
    assert gauge(one, "quota used %") == 1.0


@pytest.mark.parametrize(("api", "passes"), [("v1", 1), ("v2", 2), ("smtp", 2)])
def test_the_largest_mail_is_10_mb_or_40_mb(api: str, passes: int) -> None:
    """Amazon SES Developer Guide, Service quotas in Amazon SES, message quotas."""
    mix = ", mix: {a: {size: 10MiB}, b: {size: 40MiB}, c: {size: 41MiB}}"
    one = account(f"{BIG}, api: {api}", more=mix)
    one.advance(60 * S)
    found = flow(one)
    assert found.served == pytest.approx(found.offered * passes / 3, rel=0.15)
    assert reasons(one) == {"mails: larger than a mail may be": found.refused}


def test_an_identity_that_is_not_verified_sends_nothing() -> None:
    one = account(f"{BIG}, verified: false")
    one.advance(20 * S)
    found = to_the_end(one)
    assert found.refused == found.offered == stream(one, "refused")
    assert reasons(one) == {"mails: email address is not verified": found.offered}


def test_in_the_sandbox_only_verified_recipients_and_the_simulator_get_mail() -> None:
    mix = ", mix: {a: {attributes: {to: a@example.com}}, b: {attributes: {to: b@example.com}}, "
    mix += "c: {attributes: {to: success+x@simulator.amazonses.com}}}"
    one = account("sandbox: true, verified_recipients: a@example.com", "0.3/s", mix)
    one.advance(300 * S)
    found = flow(one)
    words = reasons(one)
    assert words["mails: email address is not verified"] == pytest.approx(found.offered / 3, rel=0.4)
    assert words["mails: it went to the mailbox simulator"] == found.lost > 10
    assert found.served == node(one, "box").arrivals > 10
    assert gauge(one, "quota used %") == pytest.approx(found.served / 200)


# Bounces, lists and complaints


def test_a_hard_bounce_is_not_tried_again_and_its_recipient_is_suppressed() -> None:
    """Amazon SES Developer Guide, account-level suppression list: not sent, in the quota, not in the bounce rate."""
    one = account(f"{BIG}, bounces: 10%, pause_bounces: 100%", "20/s", ", keys: {count: 200, skew: 0}")
    one.advance(200 * S)
    found = to_the_end(one)
    listed = gauge(one, "suppressed")
    assert listed == stream(one, "bounced") == pytest.approx(20, abs=12)
    assert stream(one, "suppressed") > 10 * listed
    assert reasons(one) == {
        "mails: on the suppression list": stream(one, "suppressed"),
        "mails: hard bounce: no such address": stream(one, "bounced"),
    }
    assert found.lost == stream(one, "suppressed") + stream(one, "bounced")
    assert gauge(one, "quota used %") * 1_000_000 == pytest.approx(found.offered)
    assert gauge(one, "bounce rate %") == 0  # none among the latest 1000, all of them early


def test_a_lasting_answer_of_the_mailbox_is_a_hard_bounce() -> None:
    one = account(f"{BIG}, pause_bounces: 100%")
    one.lay("poison", all_of(one, "box"), {"share": 0.25})
    one.advance(100 * S)
    found = to_the_end(one)
    assert found.lost == stream(one, "bounced") == pytest.approx(found.offered / 4, rel=0.2)
    assert reasons(one) == {"box: it can never be worked on (poison message)": found.lost}
    assert node(one, "box").arrivals == found.offered
    assert gauge(one, "bounce rate %") == pytest.approx(found.lost / found.offered, rel=0.1)


def test_without_a_list_of_its_own_the_global_list_counts_and_hurts() -> None:
    """AWS re:Post, bounces from the suppression list: only those of the global list count for the bounce rate."""
    words = f"{BIG}, bounces: 10%, suppression: off, pause_bounces: 100%, global_for: 1h"
    one = account(words, "20/s", ", keys: {count: 200, skew: 0}")
    one.advance(200 * S)
    assert gauge(one, "suppressed") == 0
    assert reasons(one)["mails: on the global suppression list"] == stream(one, "suppressed") > 200
    assert stream(one, "bounced") == flow(one).lost
    assert gauge(one, "bounce rate %") == pytest.approx(0.1, abs=0.06)


def test_the_list_of_the_account_overrides_the_global_one() -> None:
    """Amazon SES Developer Guide, account-level suppression list: mail to who is only on the global list is attempted."""
    one = account(f"{BIG}, suppression: off, pause_bounces: 100%", "20/s", ", keys: {count: 50, skew: 0}")
    handle = one.lay("bounces", all_of(one, "mails"), {"share": 1.0})
    one.advance(20 * S)
    one.lift(handle)
    one.advance(30 * S)
    assert node(one, "box").arrivals < 5
    one.set("mails", "suppression", "both")
    before = flow(one).offered
    one.advance(50 * S)
    found = to_the_end(one)
    assert node(one, "box").arrivals == pytest.approx(found.offered - before, abs=5)


def test_a_complaint_comes_later_and_keeps_its_recipient_from_more() -> None:
    words = f"{BIG}, complaints: 10%, complaint_after: 20s, pause_complaints: 100%, representative: 100000"
    one = account(words, "10/s", ", keys: {count: 100000, skew: 0}")
    one.advance(19 * S)
    assert stream(one, "complained") == 0
    one.advance(119 * S)
    found = to_the_end(one)
    assert found.served == found.offered - stream(one, "suppressed")
    assert stream(one, "complained") == pytest.approx(found.offered / 10, rel=0.3)
    assert gauge(one, "suppressed") == stream(one, "complained")
    assert gauge(one, "complaint rate %") == pytest.approx(stream(one, "complained") / found.offered, rel=0.02)


def test_a_provider_says_which_mails_bounce_are_deferred_or_are_called_spam() -> None:
    box = "\n  box: {kind: mail_provider, takes: 10ms, bounces: 5%, deferrals: 10%, complaints: 3%}\n"
    words = f"{BIG}, complaint_after: 1s, pause_bounces: 100%, pause_complaints: 100%"
    one = account(words, "20/s", box=box)
    one.advance(200 * S)
    found = to_the_end(one, 7200)
    told = dict(node(one, "box").gauges)
    assert stream(one, "bounced") == told["bounced"] == found.lost == pytest.approx(found.offered * 0.05, rel=0.2)
    assert stream(one, "complained") == told["complaints"] == pytest.approx(found.offered * 0.95 * 0.03, rel=0.25)
    assert told["deferred"] == pytest.approx(found.offered * 0.105, rel=0.2)
    assert found.served == found.offered - found.lost == stream(one, "delivered")


def test_a_mailbox_that_is_away_is_tried_again_until_it_is_back() -> None:
    one = account()
    handle = one.kill(all_of(one, "box"))
    one.advance(100 * S)
    assert node(one, "mails").depth == flow(one).waiting > 900
    one.lift(handle)
    found = to_the_end(one, 3600)
    assert found.served == found.offered
    assert gauge(one, "bounce rate %") == 0


@pytest.mark.slow
def test_soft_bounces_are_given_up_after_14_hours_and_do_not_count() -> None:
    """Amazon SES API v2 Reference, DeliveryOptions, MaxDeliverySeconds: at most 50,400 seconds."""
    one = account(f"{BIG}, representative: 10", "1/s")
    one.kill(all_of(one, "box"))
    one.advance(60 * S)
    one.stop()
    one.advance(13 * 3600 * S)
    assert flow(one).waiting == flow(one).offered
    one.advance((14 * 3600 + 60) * S)
    found = flow(one)
    assert found.lost == found.offered == stream(one, "given up")
    assert reasons(one) == {"mails: soft bounces until its time was up": found.offered}
    assert gauge(one, "bounce rate %") == gauge(one, "status") == 0
    waits = one.parts("mails")["=> box"]["failed"] / found.offered
    assert 28 <= waits <= 40  # 30 s, 1 min … 16 min, then every 30 min


def test_a_provider_bounces_a_recipient_each_time_so_the_list_stops_growing() -> None:
    box = "\n  box: {kind: mail_provider, takes: 1ms, bounces: 10%, deferrals: 0%, complaints: 0%}\n"
    one = account(f"{BIG}, pause_bounces: 100%", "50/s", ", keys: {count: 100}", box)
    one.advance(100 * S)
    first = gauge(one, "suppressed")
    one.advance(200 * S)
    assert gauge(one, "suppressed") == first == stream(one, "bounced")
    assert 3 <= first <= 20


# Reputation


@pytest.mark.parametrize(("what", "share", "status"), [
    ("bounces", 0.03, 0), ("bounces", 0.07, 1), ("bounces", 0.13, 2),
    ("complaints", 0.0003, 0), ("complaints", 0.0025, 1), ("complaints", 0.008, 2),
])  # fmt: skip
def test_the_account_is_reviewed_and_paused_by_its_rates(what: str, share: float, status: int) -> None:
    """Amazon SES Developer Guide, Reputation metrics messages: 5 % and 10 % of bounces, 0.1 % and 0.5 % of complaints."""
    one = account(f"{BIG}, complaint_after: 1s, representative: 4000, {what}: {share}", "100/s")
    one.advance(39 * S)
    assert gauge(one, "status") == 0
    one.advance(60 * S)
    assert gauge(one, "status") == status
    assert (stream(one, "refused") > 0) == (status == 2)


def test_a_pause_refuses_every_stream_until_it_is_over() -> None:
    nodes = f"  mails: {{kind: ses, {BIG}, representative: 200, resume: 60s}}{BOX}"
    nodes += "  news: {kind: producer, rate: 50/s, work: [box]}\n"
    one = built(nodes, [*LINKS, "news => mails"], web("10/s"))
    one.advance(20 * S)
    storm = one.lay("bounces", all_of(one, "mails"), {"share": 0.5})
    one.advance(30 * S)
    assert gauge(one, "status") == 2
    sent = stream(one, "sent"), stream(one, "sent", "news")
    one.lift(storm)
    one.advance(79 * S)
    assert (stream(one, "sent"), stream(one, "sent", "news")) == sent
    assert reasons(one)["mails: the account's sending is paused"] == stream(one, "refused") == flow(one).refused
    one.advance(100 * S)
    assert gauge(one, "status") == 0
    assert stream(one, "sent") > sent[0] + 100
    assert stream(one, "sent", "news") > sent[1] + 500


def test_a_pause_by_hand_ends_with_its_layer() -> None:
    one = account()
    handle = one.lay("paused", all_of(one, "mails"), {"share": 1.0})
    one.advance(10 * S)
    assert stream(one, "sent") == 0
    assert gauge(one, "status") == 2
    one.lift(handle)
    one.advance(20 * S)
    assert stream(one, "sent") == pytest.approx(100, abs=2)


def test_rates_are_those_of_the_latest_mails() -> None:
    known = Reputation(100)
    for n in range(250):
        known.send()
        if n < 100 or n % 10 == 0:
            known.bounce()
    assert known.bounce_rate() == pytest.approx(0.1)
    known.clear()
    assert known.bounce_rate() == known.complaint_rate() == 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 9)), max_size=40))
def test_a_rolling_sum_forgets_between_a_span_and_one_bin_more(steps: list[tuple[int, int]]) -> None:
    rolling, now, sent = Rolling(1000, 10), 0, []
    for wait, n in steps:
        now += wait
        rolling.add(now, n)
        sent.append((now, n))
        least = sum(m for at, m in sent if now - at <= 1000)
        most = sum(m for at, m in sent if now - at < 1100)
        assert least <= rolling.used(now) <= most


# Events


def test_each_destination_is_told_of_the_events_that_it_names() -> None:
    nodes = f"""  mails: {{kind: ses, {BIG}, bounces: 20%, complaints: 10%, complaint_after: 1s, representative: 100000}}{BOX}
  every: {{kind: sqs}}
  bad: {{kind: sqs}}
"""
    names = ", ".join(EVENTS)
    links = [*LINKS, f"{{link: mails => every, events: [{names}]}}", "{link: mails => bad, events: [bounce, complaint]}"]
    one = built(nodes, links, web("10/s"))
    one.advance(100 * S)
    found = to_the_end(one)
    bounced, complained = stream(one, "bounced"), stream(one, "complained")
    assert bounced == found.lost == pytest.approx(found.offered / 5, rel=0.2)
    assert node(one, "bad").depth == bounced + complained
    assert node(one, "every").depth == found.offered + found.served + bounced + complained
    assert found.served == found.offered - bounced == node(one, "box").arrivals


def test_who_is_told_of_nothing_does_not_do_its_part() -> None:
    nodes = f"  mails: {{kind: ses, {BIG}, bounces: 20%, pause_bounces: 100%}}{BOX}  told: {{kind: sqs}}\n"
    nodes += "  list: {kind: service, takes: 1ms}\n"
    links = [*LINKS, "{link: mails => told, events: bounce}", "told => list"]
    one = built(nodes, links, "  web: {kind: producer, rate: 10/s, work: [list]}\n")
    one.advance(100 * S)
    found = to_the_end(one)
    assert found.served == stream(one, "bounced") == node(one, "list").arrivals > 100
    assert reasons(one) == {"mails: no rule or filter lets it pass (unmatched)": found.lost}


def test_while_the_account_is_down_it_tells_nothing() -> None:
    nodes = f"  mails: {{kind: ses, {BIG}}}\n  box: {{kind: service, takes: 10s, slots: 1000}}\n  told: {{kind: sqs}}\n"
    one = built(nodes, [*LINKS, "{link: mails => told, events: delivery}"], web("10/s"))
    one.advance(9 * S)
    handle = one.kill(all_of(one, "mails"))
    one.advance(30 * S)
    assert node(one, "told").depth == 0
    assert stream(one, "delivered") > 50
    one.lift(handle)
    one.advance(31 * S)
    assert node(one, "told").depth == stream(one, "delivered")


@pytest.mark.parametrize(
    ("setting", "event", "depth"),
    [
        ("to: bounce@simulator.amazonses.com", "bounce", 1),
        ("to: complaint@simulator.amazonses.com", "complaint", 1),
        ("to: success@simulator.amazonses.com", "delivery", 1),
        ("to: suppressionlist+a@simulator.amazonses.com", "bounce", 1),
        ("virus: true", "reject", 1),
        ("virus: true", "bounce", 0),
    ],
)
def test_the_simulator_and_a_virus_make_events_but_no_reputation(setting: str, event: str, depth: int) -> None:
    nodes = f"  mails: {{kind: ses, {BIG}, complaint_after: 1s, representative: 10}}{BOX}  told: {{kind: sqs}}\n"
    mix = f", mix: {{it: {{attributes: {{{setting}}}}}}}"
    one = built(nodes, [*LINKS, f"{{link: mails => told, events: [{event}]}}"], web("10/s", mix))
    one.advance(20 * S)
    found = to_the_end(one)
    assert node(one, "told").depth == found.offered * depth
    assert node(one, "box").arrivals == 0
    assert gauge(one, "status") == gauge(one, "bounce rate %") == gauge(one, "suppressed") == 0


def test_a_delay_is_told_once_and_a_soft_bounce_at_the_end() -> None:
    nodes = f"  mails: {{kind: ses, {BIG}, max_delivery: 5m}}{BOX}  late: {{kind: sqs}}\n  gone: {{kind: sqs}}\n"
    links = [*LINKS, "{link: mails => late, events: delivery_delay}", "{link: mails => gone, events: bounce}"]
    one = built(nodes, links, web("10/s"))
    one.kill(all_of(one, "box"))
    one.advance(10 * S)
    found = to_the_end(one, 3600)
    assert node(one, "late").depth == node(one, "gone").depth == found.offered == found.lost
    assert gauge(one, "suppressed") == 0


def test_on_a_bus_rules_tell_events_apart() -> None:
    """Amazon SES Developer Guide, Monitoring SES events using Amazon EventBridge."""
    nodes = f"""  mails: {{kind: ses, {BIG}, bounces: 20%, representative: 100000}}{BOX}
  bus:
    kind: eventbridge
    rules:
      hard:
        pattern: {{source: [aws.ses], detail-type: [Email Bounced], detail: {{bounce: {{bounceType: [Permanent]}}}}}}
  list: {{kind: service, takes: 1ms}}
"""
    links = [*LINKS, "{link: mails => bus, events: [send, bounce]}", "{link: bus => list, rule: hard}"]
    one = built(nodes, links, web("10/s"))
    one.advance(100 * S)
    to_the_end(one)
    assert node(one, "list").arrivals == stream(one, "bounced") > 100


def test_an_event_says_what_it_is_and_of_which_mail() -> None:
    mail = Mix("hello", 1.0, 100, 0, {"to": "a@example.com", "campaign": "spring"}, None)
    made = mail_event("bounce", "Permanent/General", mail, "web", False)
    assert made.body == {
        "eventType": "Bounce",
        "mail": {"source": "web", "tags": {"to": ["a@example.com"], "campaign": ["spring"]}, "destination": ["a@example.com"]},
        "bounce": {"bounceType": "Permanent", "bounceSubType": "General"},
    }
    assert made.attributes == {}
    assert mail_event("delivery_delay", "", None, "web", True).attributes == {
        "source": "aws.ses",
        "detail-type": "Email Delivery Delayed",
    }


def test_events_wait_for_a_destination_that_is_down() -> None:
    nodes = f"  mails: {{kind: ses, {BIG}}}{BOX}  told: {{kind: sqs}}\n"
    one = built(nodes, [*LINKS, "{link: mails => told, events: delivery}"], web("10/s"))
    handle = one.kill(all_of(one, "told"))
    one.advance(50 * S)
    assert flow(one).served == stream(one, "delivered") > 400
    assert gauge(one, "retrying") > 400
    one.lift(handle)
    found = to_the_end(one, 3600)
    assert node(one, "told").depth == found.served == found.offered


def test_while_the_account_is_down_it_refuses_and_what_it_has_stays() -> None:
    nodes = f"  mails: {{kind: ses, {BIG}}}\n  box: {{kind: service, takes: 1ms}}\n  told: {{kind: sqs}}\n"
    one = built(nodes, [*LINKS, "{link: mails => told, events: delivery}"], web("10/s"))
    box = one.kill(all_of(one, "box"))
    one.advance(10 * S)
    kept = node(one, "mails").depth
    down = one.kill(all_of(one, "mails"))
    one.lift(box)
    one.advance(300 * S)
    assert node(one, "mails").depth == kept > 80
    one.lift(down)
    found = to_the_end(one, 3600)
    assert found.served + found.refused == found.offered
    assert node(one, "told").depth == found.served


@pytest.mark.parametrize(
    ("words", "links", "said"),
    [
        ("", ["{link: mails => box, events: bounce}"], "box is a service; events go to a topic"),
        ("", ["mails => told"], "told is a sqs, which takes events"),
        ("", ["mails => other"], "other is a ses, which gets no mail"),
        ("", ["{link: mails => told, events: bounce}"], "no link leads to a mailbox provider"),
        ("", ["mails => box", "{link: mails => told, events: [bounced]}"], "there is no event 'bounced'"),
        ("pause_bounces: 1%,", ["mails => box"], "at least review_bounces"),
        ("max_delivery: 15h,", ["mails => box"], "at most 14h"),
    ],
)
def test_what_the_service_would_not_take_is_said_with_its_place(words: str, links: list[str], said: str) -> None:
    nodes = f"  mails: {{kind: ses, {words} quota: 100}}{BOX}  told: {{kind: sqs}}\n  other: {{kind: ses}}\n"
    with pytest.raises(PlaygroundError, match=said):
        loaded(nodes, ["web => mails", *links], "  web: {kind: producer, rate: 1/s}\n")


FAULTS = ["box", "mails", "told", "poison", "bounces", "paused", "lift"]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(1, 20)), max_size=8), st.integers(1, 9))
def test_nothing_is_made_or_lost_in_the_books_whatever_breaks(steps: list[tuple[str, int]], seed: int) -> None:
    nodes = """
  mails: {kind: ses, quota: 400, rate: 20/s, max_delivery: 5m, complaints: 5%, complaint_after: 5s, representative: 50,
    resume: 20s}
  box: {kind: mail_provider, takes: 20ms, bounces: 4%, deferrals: 5%}
  told: {kind: sqs}
  list: {kind: service, takes: 2ms}
"""
    links = [*LINKS, "{link: mails => told, events: [delivery, bounce, complaint, delivery_delay]}", "told => list"]
    one = built(nodes, links, "  web: {kind: producer, rate: 10/s, keys: {count: 300}, work: [box, list]}\n", seed)
    handles: list[int] = []
    for what, seconds in steps:
        if what == "lift" and handles:
            one.lift(handles.pop())
        elif what in ("box", "mails", "told"):
            handles.append(one.kill(all_of(one, what)))
        elif what != "lift":
            handles.append(one.lay(what, all_of(one, "box" if what == "poison" else "mails"), {"share": 0.3}))
        one.advance(one.now + seconds * S)
        check_frame(one)
    for handle in handles:
        one.lift(handle)
    found = to_the_end(one, 3600 * 16)
    check_frame(one)
    assert found.in_system == 0
    assert found.served + found.late + found.lost + found.refused == found.offered
    assert node(one, "mails").depth == 0
