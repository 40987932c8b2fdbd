"""Messages that look different after a deploy."""

from __future__ import annotations

import pytest

from chaos.command import Refused
from tests.chaos.faults.shops import arrivals, between, breaks, clean, offered_in, reasons, shop, view

BUS = {"bus": "eventbridge, rules: {all: {pattern: {source: [web]}}}"}
RULED = ["web => bus", "{link: bus => app, rule: all}"]
TOPIC = {
    "web": "producer, rate: 200/s, arrivals: constant, mix: {news: {attributes: {sort: news}}}",
    "bus": "sns",
    "jobs": "sqs",
}
FILTERED = ["web => bus", "{link: bus => app, filter: {sort: [news]}}", "bus => jobs"]


@pytest.mark.parametrize(("nodes", "links"), [(BUS, RULED), (TOPIC, FILTERED)])
def test_so_many_are_not_matched_and_nobody_is_told(nodes: dict[str, str], links: list[str]) -> None:
    run = shop(nodes, links, breaks("filter_mismatch", "bus", 2, 4, share="30%"))
    assert arrivals(run, "app", 0, 2) == pytest.approx(400, abs=2)
    assert arrivals(run, "app", 2, 6) == pytest.approx(800 * 0.7, abs=45)
    assert view(run, "bus", "=> app", "unmatched") == pytest.approx(800 * 0.3, abs=45)
    assert view(run, "bus", "=> app", "failed") == 0
    assert run.frames()[0].flows[0].told_no == 0
    assert arrivals(run, "app", 6.01, 8) == pytest.approx(398, abs=2)
    assert clean(run)


def test_a_subscription_without_a_filter_gets_everything() -> None:
    run = shop(TOPIC, FILTERED, breaks("filter_mismatch", "bus", 2, 4, share="100%"))
    assert arrivals(run, "jobs", 2, 6) == pytest.approx(800, abs=2)


def test_a_pipe_deletes_what_its_filter_takes_no_more() -> None:
    nodes = {"jobs": "sqs", "bus": "pipe, filter: {messageAttributes: {sort: [news]}}", "web": TOPIC["web"]}
    run = shop(nodes, ["web => jobs => bus -> app"], breaks("filter_mismatch", "bus", 2, 4, share="30%"))
    assert arrivals(run, "app", 2, 6) == pytest.approx(800 * 0.7, abs=45)
    assert arrivals(run, "app", 6.01, 8) == pytest.approx(398, abs=2)
    assert clean(run)


def test_who_is_called_fails_for_good() -> None:
    links = ["{link: web -> app, timeout: 1s, retry: {attempts: 3, backoff: 1ms}}"]
    run = shop({}, links, breaks("filter_mismatch", "app", 2, 4, share="30%"))
    found = between(run, 2.01, 5.9)
    assert 1 - found.success == pytest.approx(0.3, abs=0.05)
    assert found.attempts == found.offered
    assert list(reasons(run)) == ["app: it can never be worked on (poison message)"]
    assert between(run, 6.01, 8).no == 0
    assert clean(run)


def test_by_default_it_is_half_of_them() -> None:
    found = offered_in(shop({}, ["web -> app"], breaks("filter_mismatch", "app", 2, 4)), 2.01, 5.9)
    assert found.failed / found.offered == pytest.approx(0.5, abs=0.06)


def test_two_fold_and_each_heals_alone() -> None:
    both = breaks("filter_mismatch", "bus", 2, 8, share="20%"), breaks("filter_mismatch", "bus", 2, 4, share="50%")
    run = shop(BUS, RULED, *both)
    assert arrivals(run, "app", 2, 6) == pytest.approx(800 * 0.8 * 0.5, abs=50)
    assert arrivals(run, "app", 6.01, 9.99) == pytest.approx(796 * 0.8, abs=40)
    assert arrivals(run, "app", 10.01, 12) == pytest.approx(398, abs=2)
    assert clean(run)


def test_where_nothing_is_matched_nothing_can_be_missed() -> None:
    run = shop({"bus": "eventbridge"}, ["web => bus => app"])
    with pytest.raises(Refused, match="a pattern or filter"):
        run.do(breaks("filter_mismatch", "bus", 0))
