"""What both worlds must do alike: each case is named after what is true of it.

Rates are low and margins wide, so that a machine that is busy with other things comes to the same.
"""

from __future__ import annotations

from tests.topology.scene import Case, Scene, Script, case

WEB = "producer, rate: 10/s, arrivals: constant, deadline: 20s"
APP = "service, slots: 10, takes: 20ms"


def all_served(scene: Scene, era: int) -> None:
    """Whatever was offered in an era was served in time."""
    tally = scene.tallies()[era]
    assert tally.offered > 0
    assert tally.served == tally.offered, scene.words()


@case({"web": WEB, "app": "service, slots: 10, takes: 500ms"}, "{link: web -> app, timeout: 5s}")
def killed_work_is_lost(scene: Scene) -> Script:
    """Half a second of work each, so some is always under way: it ends with a no at once, and so does all that comes."""
    yield 2.0
    scene.era()
    handle = scene.world.kill(scene.on("app"))
    yield from scene.until(lambda: scene.node("app").up == 0)
    yield 1.5
    scene.world.lift(handle)
    yield from scene.until(lambda: scene.node("app").up == 1)
    yield 0.5
    scene.era()
    yield 2.0
    yield from scene.settled()
    before, broken, _ = scene.tallies()
    assert 2 <= before.offered - before.served <= 15, scene.words()
    assert broken.offered - broken.served >= 10, scene.words()
    assert scene.total().done_after_no == 0, scene.words()
    all_served(scene, 2)


@case({"web": WEB, "app": APP}, "{link: web -> app, timeout: 500ms}")
def frozen_work_is_done_for_nobody(scene: Scene) -> Script:
    """Its callers give up; once it goes on, it reads what waited in its sockets and does it for nobody."""
    yield 1.0
    scene.era()
    handle = scene.world.freeze(scene.on("app"))
    yield 2.5
    scene.world.lift(handle)
    yield 1.0
    scene.era()
    yield 1.5
    yield from scene.settled()
    frozen = scene.tallies()[1]
    assert frozen.offered - frozen.served >= 15, scene.words()
    assert frozen.done_after_no >= 10, scene.words()
    assert scene.tallies()[0].served >= scene.tallies()[0].offered // 2, scene.words()
    all_served(scene, 2)


@case({"web": WEB, "app": APP}, "{link: web -> app, timeout: 5s}")
def two_kills_are_lifted_one_by_one(scene: Scene) -> Script:
    """The first to be healed does not heal the other."""
    yield 0.5
    first = scene.world.kill(scene.on("app"))
    second = scene.world.kill(scene.on("app", 0))
    yield from scene.until(lambda: scene.node("app").up == 0)
    scene.world.lift(first)
    yield 2.0
    assert scene.node("app").up == 0
    scene.world.lift(second)
    scene.world.lift(second)
    yield from scene.until(lambda: scene.node("app").up == 1)
    yield 0.5
    scene.era()
    yield 1.0
    yield from scene.settled()
    all_served(scene, 1)


@case({"web": WEB, "app": APP}, "{link: web -> app, timeout: 5s}")
def layers_are_lifted_one_by_one(scene: Scene) -> Script:
    """All fail while either lies there, and none when both are gone."""
    yield 0.5
    first = scene.lay("errors", scene.on("app"), share=1.0)
    second = scene.lay("errors", scene.on("app"), share=1.0)
    yield 1.0
    scene.world.lift(first)
    yield 0.5
    scene.era()
    yield 2.0
    scene.world.lift(second)
    yield 0.5
    scene.era()
    yield 1.5
    yield from scene.settled()
    assert scene.tallies()[1].served <= 1 + scene.tallies()[1].offered // 4, scene.words()
    all_served(scene, 2)


@case({"web": WEB, "q": "sqs, visibility: 5s", "app": APP}, "web => q", "{link: q => app, wait: 1s}")
def a_queue_bridges_a_death(scene: Scene) -> Script:
    """Everything is told yes and done in the end, what was in work done once more after its visibility timeout."""
    yield 1.0
    handle = scene.world.kill(scene.on("app"))
    yield 3.0
    assert scene.node("q").depth >= 15, scene.words()
    scene.world.lift(handle)
    yield from scene.until(lambda: scene.node("q").depth <= 3, 20.0)
    yield from scene.settled()
    total = scene.total()
    assert total.done == total.offered, scene.words()
    assert total.refused == total.failed == total.lost == total.dead_lettered == 0, scene.words()
    assert scene.node("q").depth == 0


@case(
    {"web": WEB, "q": "sqs, visibility: 500ms, dead_letter: {to: dead, after: 2}", "dead": "sqs", "app": APP},
    "web => q",
    "{link: q => app, wait: 1s}",
)
def dead_letters_and_their_redrive(scene: Scene) -> Script:
    """No more and no fewer attempts than the queue allows."""
    layer = scene.lay("errors", scene.on("app"), share=1.0)
    yield 3.0
    scene.world.stop()
    yield from scene.until(lambda: scene.total().dead_lettered == scene.total().offered, 20.0)
    assert scene.node("dead").depth == scene.total().offered
    assert scene.line("q => app").attempts == 2 * scene.total().offered, scene.words()
    scene.world.lift(layer)
    yield 0.5
    scene.world.redrive("dead")
    yield from scene.until(lambda: scene.total().done == scene.total().offered, 30.0)
    assert scene.node("dead").depth == 0


@case(
    {"web": WEB, "q": "sqs, visibility: 1s", "app": "service, slots: 60, takes: {uniform: {low: 500ms, high: 1700ms}}"},
    "web => q",
    "{link: q => app, wait: 1s}",
)
def work_beyond_its_visibility(scene: Scene) -> Script:
    """The queue gives a message to somebody else while the first still works at it."""
    yield 3.0
    yield from scene.settled()
    total = scene.total()
    assert total.done == total.offered, scene.words()
    assert total.duplicates >= total.offered // 4, scene.words()


@case(
    {"web": WEB, "app": "service, slots: 10, takes: 20ms, fails: 50%"},
    "{link: web -> app, timeout: 5s, retry: {attempts: 6, backoff: 10ms}}",
)
def retries_hide_errors(scene: Scene) -> Script:
    """One in two fails: six attempts fail together once in 64, and take two on the average."""
    yield 8.0
    yield from scene.settled()
    total = scene.total()
    assert total.served >= 0.9 * int(total.offered), scene.words()
    assert 1.5 * int(total.offered) <= scene.line("web -> app").attempts <= 2.6 * int(total.offered), scene.words()


@case(
    {"web": WEB, "app": APP},
    "{link: web -> app, timeout: 5s, circuit_breaker: {least: 5, open: 2s}}",
)
def a_breaker_opens_and_closes_again(scene: Scene) -> Script:
    """While it is open nothing is sent; a probe finds out that all is well again."""
    yield 1.0
    layer = scene.lay("errors", scene.on("app"), share=1.0)
    yield from scene.until(lambda: scene.line("web -> app").breaker == "open", 15.0)
    sent = scene.line("web -> app").attempts
    yield 1.0
    assert scene.line("web -> app").attempts - sent <= 3
    scene.world.lift(layer)
    yield from scene.until(lambda: scene.line("web -> app").breaker == "closed", 15.0)
    yield 0.5
    scene.era()
    yield 1.5
    yield from scene.settled()
    all_served(scene, 1)
    assert scene.total().refused >= 5, scene.words()


@case(
    {"web": WEB, "app": "service, slots: 10, takes: 1s"},
    "{link: web -> app, timeout: 3s, bulkhead: 2}",
)
def a_bulkhead_lets_two_wait(scene: Scene) -> Script:
    """Two a second get through, and the others are told no at once."""
    yield 5.0
    assert scene.line("web -> app").in_flight <= 2
    yield from scene.settled()
    total = scene.total()
    assert 0.1 * int(total.offered) <= total.served <= 0.3 * int(total.offered), scene.words()
    assert total.refused == total.offered - total.served, scene.words()


@case(
    {"web": WEB, "app": APP, "extra": APP},
    "{link: web -> app, timeout: 8s}",
    "{link: app -> extra, timeout: 3s, fallback: {answer: default}}",
)
def a_fallback_stands_in(scene: Scene) -> Script:
    """Nobody is told no while what it stands in for is dead."""
    yield 1.0
    handle = scene.world.kill(scene.on("extra"))
    yield from scene.until(lambda: scene.node("extra").up == 0)
    scene.era()
    yield 2.0
    scene.era()
    scene.world.lift(handle)
    yield 1.0
    yield from scene.settled()
    all_served(scene, 0)
    all_served(scene, 1)
    dead = scene.tallies()[1]
    assert dead.degraded >= dead.offered - 1, scene.words()


@case(
    {
        "web": WEB,
        "lb": "load_balancer, health_check: {interval: 500ms, timeout: 500ms, failures: 2, passes: 2}",
        "app": "service, replicas: 3, slots: 10, takes: 20ms",
    },
    "{link: web -> lb, timeout: 5s}",
    "lb -> app",
)
def a_balancer_notices_who_is_gone(scene: Scene) -> Script:
    """Until its checks have failed a third fails; then none, though one is dead; and later all three work again."""
    yield 2.0
    handle = scene.world.kill(scene.on("app", 0))
    yield 4.0
    scene.era()
    yield 2.0
    scene.world.lift(handle)
    yield from scene.until(lambda: scene.node("app").up == 3)
    yield 3.0
    scene.era()
    yield 2.0
    yield from scene.settled()
    all_served(scene, 1)
    all_served(scene, 2)


@case(
    {
        "web": WEB,
        "lb": "load_balancer, health_check: {interval: 500ms, timeout: 500ms, failures: 2, passes: 1}",
        "app": "service, slots: 10, takes: 20ms",
    },
    "{link: web -> lb, timeout: 5s}",
    "lb -> app",
)
def replicas_come_and_go(scene: Scene) -> Script:
    """New ones take part once they are there; those that go finish what they hold."""
    yield 1.0
    scene.world.scale("app", 3)
    yield from scene.until(lambda: scene.node("app").up == 3)
    assert len(scene.world.replicas("app")) == 3
    yield 2.0
    scene.world.scale("app", 1)
    yield from scene.until(lambda: scene.node("app").up == 1)
    assert len(scene.world.replicas("app")) == 1
    yield 1.0
    yield from scene.settled()
    total = scene.total()
    assert total.served >= total.offered - 1, scene.words()


@case({"web": WEB, "app": APP}, "{link: web -> app, timeout: 5s}")
def a_surge_is_so_much_more_and_ends(scene: Scene) -> Script:
    """Three times the rate for two seconds, then a new rate for two."""
    yield 1.0
    scene.era()
    handle = scene.world.surge(scene.case.web, 3.0)
    yield 2.0
    scene.world.lift(handle)
    scene.era()
    scene.world.rate(scene.case.web, 5.0)
    yield 2.0
    yield from scene.settled()
    _, surge, slow = scene.tallies()
    assert 45 <= surge.offered <= 70, scene.words()
    assert 7 <= slow.offered <= 14, scene.words()
    assert scene.total().served == scene.total().offered, scene.words()


CASES = [found for found in list(globals().values()) if isinstance(found, Case)]
