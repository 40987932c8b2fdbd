"""Autoscaling: how many replicas it wants, when, and what it does about crashes, people and machines that cannot be had."""

from __future__ import annotations

import re

import pytest

from tests.topology.worlds import S, all_of, check_frame, node, world
from topology.sim.world import SimWorld
from topology.world import Target

QUICK = "every: 10s, out_after: 20s, in_after: 60s, cooldown_out: 30s, cooldown_in: 60s, warmup: 10s"
WORK = "slots: 4, takes: 400ms, queue: {limit: 4}"


def scaled(settings: str = QUICK, replicas: int = 2, rate: int = 10, seed: int = 1, work: str = WORK) -> SimWorld:
    """A balanced service; at 10/s it has 4 slots busy."""
    return world(
        {
            "web": f"producer, rate: {rate}/s, arrivals: constant, deadline: 5s",
            "front": "load_balancer, health_check: {interval: 1s}",
            "app": f"service, {work}, replicas: {replicas}, autoscaling: {{{settings}}}",
        },
        ["web -> front -> app"],
        seed=seed,
    )


def wanted(one: SimWorld, at_s: float) -> int:
    """How many replicas are wanted at an instant, in seconds."""
    one.advance(int(at_s * S))
    check_frame(one)
    return node(one, "app").wanted


def said(one: SimWorld) -> list[tuple[float, str]]:
    """What the policy noted, and when, in seconds."""
    return [(at / S, words) for at, who, words in one.notes() if who == "app"]


def test_it_wants_as_many_as_carry_the_load_at_the_target() -> None:
    """40/s × 400 ms are 16 busy slots; at 50 % of 4 slots each that takes 8 replicas, at 80 % it takes 5."""
    for target, expected in (("50%", 8), ("80%", 5)):
        one = scaled(f"{QUICK}, target: {target}", rate=40, replicas=3)
        assert wanted(one, 300) == expected
        assert node(one, "app").up == expected
        assert one.frame().flows[0].in_system < 100


def test_out_at_once_by_as_much_as_is_missing_and_no_more_than_a_step() -> None:
    """2 replicas, all busy at a target of 50 %: 4 after two looks, 8 after the cooldown; or one more each time."""
    one = scaled(rate=40)
    assert [wanted(one, at) for at in (19.9, 20.1, 49.9, 50.1)] == [2, 4, 4, 8]
    assert said(one)[:2] == [(20.0, "scales out to 4: utilisation 100 %"), (50.0, "scales out to 8: utilisation 100 %")]
    one = scaled(f"{QUICK}, most_out: 1", rate=40)
    assert [wanted(one, at) for at in (20.1, 50.1, 80.1)] == [3, 4, 5]


def test_in_late_and_slowly() -> None:
    """25 % of a target of 50 % for a minute takes half away; each further step waits for the cooldown."""
    one = scaled(replicas=8)
    assert [wanted(one, at) for at in (59.9, 60.1, 300)] == [8, 2, 2]
    one = scaled(f"{QUICK}, most_in: 2, min: 3", replicas=8)
    assert [wanted(one, at) for at in (60.1, 119.9, 120.1, 179.9, 180.1, 300)] == [6, 6, 4, 4, 3, 3]


def test_near_the_target_it_stays() -> None:
    """Between 90 % and all of the target nothing happens: 8 of 16 slots busy, where 54 % would be had with 15."""
    for target in ("50.5%", "54%"):
        one = scaled(f"{QUICK}, target: {target}, max: 20", replicas=16, rate=20, work="slots: 1, takes: 400ms")
        assert wanted(one, 150) == 16
        assert said(one) == []


@pytest.mark.slow
def test_the_documented_times() -> None:
    """Three minutes above the target, then five between steps; fifteen minutes below it before anything is taken away."""
    one = scaled("every: 1m", rate=40)
    assert [wanted(one, at) for at in (179, 181, 479, 481)] == [2, 4, 4, 8]
    one.rate("web", 1)
    assert wanted(one, 481 + 14 * 60) == 8
    assert wanted(one, 481 + 17 * 60) == 1


def test_bounds_hold_whatever_is_measured_and_whatever_a_person_does() -> None:
    one = scaled(f"{QUICK}, min: 2, max: 3", rate=50)
    assert wanted(one, 300) == 3
    one.scale("app", 9)
    assert wanted(one, 310.1) == 3
    one.scale("app", 1)
    assert wanted(one, 320.1) == 2
    assert (300.0, "scales in to 3: at most 3") in said(one)
    assert (320.0, "scales out to 2: at least 2") in said(one)


def test_it_goes_on_from_what_a_person_chose() -> None:
    one = scaled()
    one.scale("app", 6)
    assert [wanted(one, at) for at in (1, 59.9, 60.1)] == [6, 6, 2]


def test_a_dead_replica_is_still_wanted_and_not_ordered_twice() -> None:
    """One of two is dead and the other does all: 4 of 4 slots busy need 2 replicas, and 2 are wanted already."""
    one = scaled()
    handle = one.kill(Target("app", (1,)))
    assert wanted(one, 120) == 2
    assert node(one, "app").up == 1
    one.lift(handle)
    assert wanted(one, 300) == 2
    assert said(one) == []


def test_nothing_is_taken_away_while_all_are_dead() -> None:
    one = scaled(replicas=4, rate=20)
    handle = one.kill(all_of(one, "app"))
    assert wanted(one, 600) == 4
    one.lift(handle)
    assert wanted(one, 700) == 4


def test_replicas_start_when_their_machine_is_there() -> None:
    """Ordered at 20 s, there at 45 s, up 5 s later; meanwhile they are starting, and nobody orders more in their place."""
    one = scaled(f"{QUICK}, provisioner: {{provides: 25s}}", rate=20, work=f"{WORK}, start: 5s")
    assert wanted(one, 20.1) == 4
    for at, state in ((44.9, "starting"), (49.9, "starting"), (50.1, "up")):
        one.advance(int(at * S))
        assert [r.state for r in node(one, "app").replicas] == ["up", "up", state, state]
    assert wanted(one, 300) == 4
    assert node(one, "app").utilisation == pytest.approx(0.5, abs=0.1)


def test_a_machine_that_is_not_there_yet_can_be_sent_away() -> None:
    """Ordered at 20 s for 80 s; a person wants 2 again, and the machine that comes starts nothing."""
    one = scaled(f"{QUICK}, provisioner: {{provides: 60s}}", rate=40)
    assert wanted(one, 20.1) == 4
    one.rate("web", 8)
    one.scale("app", 2)
    assert wanted(one, 200) == 2
    assert node(one, "app").up == 2


def test_a_crash_before_the_machine_is_there_does_not_bring_it_earlier() -> None:
    one = scaled(f"{QUICK}, provisioner: {{provides: 60s}}", rate=20)
    assert wanted(one, 20.1) == 4
    held, lifted = one.kill(Target("app", (2,))), one.kill(Target("app", (3,)))
    one.lift(lifted)
    one.advance(70 * S)
    assert node(one, "app").up == 2
    one.advance(81 * S)
    assert [r.state for r in node(one, "app").replicas] == ["up", "up", "down", "up"]
    one.lift(held)
    assert node(one, "app").up == 4


def test_what_cannot_be_had_is_asked_for_again_at_the_next_look() -> None:
    """Six in ten orders fail: each time the rest is ordered 10 s later, though the cooldown is 30 s."""
    one = scaled(f"{QUICK}, provisioner: {{fails: 60%}}", rate=20, seed=5)
    assert wanted(one, 300) == 4
    fails = [at for at, words in said(one) if re.fullmatch(r"no machine to be had for replica \d", words)]
    outs = [at for at, words in said(one) if words.startswith("scales out")]
    assert fails
    assert {at + 10 for at in fails} <= set(outs)
    none = scaled(f"{QUICK}, provisioner: {{fails: 100%}}", rate=20)
    assert wanted(none, 300) == 2


def test_a_replica_that_is_not_warm_is_counted_and_not_measured() -> None:
    """With a warm-up of 100 s the first two are all that is measured: 100 % of 2 want 4, and never more until then."""
    one = scaled("every: 10s, out_after: 10s, cooldown_out: 0s, warmup: 100s", rate=40)
    assert [wanted(one, at) for at in (10.1, 60, 109)] == [4, 4, 4]
    assert wanted(one, 111) == 8


@pytest.mark.parametrize(
    ("follow", "start"),
    [
        ("backlog, backlog: 300", "scales out to 5: backlog 1203"),
        ("backlog_age, age: 5s, most_out: 3", "scales out to 3: the oldest message is 12 s old"),
    ],
)
def test_consumers_follow_their_queue(follow: str, start: str) -> None:
    """100/s into a queue that one consumer empties at 40/s: more come, the queue is emptied, and they go again."""
    one = world(
        {
            "web": "producer, rate: 100/s, arrivals: constant",
            "q": "sqs",
            "app": f"service, slots: 4, takes: 100ms, autoscaling: {{{QUICK}, follow: {follow}}}",
        },
        ["web => q => app"],
    )
    one.advance(25 * S)
    assert said(one)[0][1].startswith(start)
    one.advance(120 * S)
    assert node(one, "q").age_ns < 10 * S
    one.rate("web", 5)
    assert wanted(one, 600) == 1


def test_occupancy_sees_what_utilisation_does_not() -> None:
    """Slots that wait for a slow dependency do no work: by utilisation it scales in, by occupancy out."""
    ends = {}
    for follow in ("utilisation", "occupancy"):
        one = world(
            {
                "web": "producer, rate: 20/s, arrivals: constant, deadline: 5s",
                "front": "load_balancer",
                "app": f"service, slots: 4, takes: 5ms, replicas: 4, autoscaling: {{{QUICK}, follow: {follow}}}",
                "db": "service, slots: 1000, takes: 600ms",
            },
            ["web -> front -> app -> db"],
        )
        ends[follow] = wanted(one, 300)
    assert ends == {"utilisation": 1, "occupancy": 7}


def test_the_same_in_any_slices_of_time() -> None:
    chancy = f"{QUICK}, provisioner: {{provides: {{exponential: {{mean: 10s}}}}, fails: 30%}}"
    whole, sliced = scaled(chancy, rate=30), scaled(chancy, rate=30)
    whole.advance(120 * S)
    for at in range(0, 120 * S, 377_000_000):
        sliced.advance(at)
    sliced.advance(120 * S)
    assert (whole.fates(), said(whole)) == (sliced.fates(), said(sliced))


def test_together_with_a_policy_at_the_door() -> None:
    """Shedding keeps what is served in time until there are more replicas; then nothing is shed any more."""
    one = scaled(f"{QUICK}, max: 20", rate=40, work="slots: 4, takes: 400ms, shed: {wait: 2s}")
    one.advance(100 * S)
    one.mark()
    one.advance(130 * S)
    before, after = one.tallies("web")
    assert before.refused > 200
    assert before.late + before.failed < 50
    assert after.refused == 0
