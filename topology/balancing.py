"""How a balancer chooses among its targets: in turn, by weight, by chance, or by how many calls wait for each."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from topology.chance import Dice
from topology.message import Item
from topology.node import Context, Shelf

ROUND_ROBIN: Final = 0
LEAST_OUTSTANDING: Final = 1
POWER_OF_TWO: Final = 2
RANDOM: Final = 3
WEIGHTED: Final = 4
HASHED: Final = 5
WAYS: Final = {
    "round_robin": ROUND_ROBIN,
    "least_outstanding": LEAST_OUTSTANDING,
    "power_of_two": POWER_OF_TWO,
    "random": RANDOM,
    "weighted_random": RANDOM,
    "weighted": WEIGHTED,
}

DRAWS: Final = 8
"""So often chance picks among all targets before it looks which of them may be chosen at all."""
MOST_PINS: Final = 65_536
"""More clients than so many are not remembered; the one that was remembered first is forgotten."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Target(Item):
    """What a balancer knows of one target. `since` is the instant from which its slow start counts; -1: it has none."""

    def __init__(self, index: i64) -> None:
        self.index: i64 = index
        self.healthy = False
        self.fails: i64 = 0
        self.passes: i64 = 0
        self.asked: i64 = 0
        self.heard: i64 = 0
        self.fresh = True
        self.leaving = False
        self.since: i64 = -1
        self.credit = 0.0


class Pin(Item):
    """The target that a client is sent to again, until an instant."""

    def __init__(self, target: i64, until: i64) -> None:
        self.target: i64 = target
        self.until: i64 = until


class Pins:
    """Whom each client was sent to. `table` keeps them, so that they may be as durable as what they stand for."""

    def __init__(self, table: Shelf, lasts: i64) -> None:
        self.table = table
        self.lasts: i64 = lasts

    def target(self, owner: i64, now: i64) -> i64:
        """The target of a client; -1 where there is none any more."""
        pin = self.table.rows.get(int(owner))
        return pin.target if isinstance(pin, Pin) and pin.until > now else -1

    def put(self, owner: i64, target: i64, now: i64) -> None:
        """A client is sent there: it counts anew from now."""
        rows = self.table.rows
        pin = rows.get(int(owner))
        if isinstance(pin, Pin):
            pin.target = target
            pin.until = now + self.lasts
            return
        if len(rows) >= MOST_PINS:
            for oldest in rows:
                del rows[oldest]
                break
        rows[int(owner)] = Pin(target, now + self.lasts)


class Chooser:
    """Chooses a target for each call. All targets are those of link 0; weights go by number, or by zone where `zonal`."""

    def __init__(self) -> None:
        self.targets: list[Target] = []
        self.left: list[Target] = []
        """Targets that it met and that are registered no more, for the balancer to see to."""
        self.way: i64 = ROUND_ROBIN
        self.turn: i64 = 0
        self.draws: i64 = 0
        self.weights: list[float] = []
        self.zonal = False
        self.own_zone = False
        """Whether it chooses only among targets of its own zone."""
        self.slow_start: i64 = 0
        self.panic = 0.0
        """Where a smaller share of the targets is healthy, all are used."""
        self.dice: Dice | None = None

    def choose(self, ctx: Context, root: i64, visit: i64) -> i64:
        """The number of the target; -1 where none is registered. Chance hangs on `root` and `visit`."""
        if self.panic <= 0.0 or self._well(ctx):
            chosen = self._pick(ctx, root, visit, 2)
            if chosen < 0:
                chosen = self._pick(ctx, root, visit, 1)
            if chosen >= 0:
                return chosen
        return self._pick(ctx, root, visit, 0)

    def usable(self, ctx: Context, target: Target, strict: i64) -> bool:
        """Whether it may be chosen: registered and near; from 1 up also healthy; from 2 up also not avoided by a policy."""
        if strict > 0 and not target.healthy:
            return False
        if not ctx.registered(0, target.index):
            if target.healthy:
                target.healthy = False
                self.left.append(target)
            return False
        if self.own_zone and ctx.zone >= 0:
            zone: i64 = ctx.zone_of(0, target.index)
            if zone >= 0 and zone != ctx.zone:
                return False
        return strict < 2 or not ctx.avoids(0, target.index)

    def strength(self, target: Target, now: i64) -> float:
        """From almost 0, when a target has just come in, to 1 at the end of its slow start."""
        since = target.since
        if since < 0 or now >= since + self.slow_start:
            return 1.0
        share = float(now - since) / float(self.slow_start)
        return share if share > 0.01 else 0.01

    def _well(self, ctx: Context) -> bool:
        there: i64 = 0
        healthy: i64 = 0
        for target in self.targets:
            if self.usable(ctx, target, 0):
                there += 1
                if target.healthy:
                    healthy += 1
        return float(healthy) >= self.panic * float(there)

    def _pick(self, ctx: Context, root: i64, visit: i64, strict: i64) -> i64:
        way = self.way
        if way == ROUND_ROBIN:
            return self._in_turn(ctx, strict)
        if way == LEAST_OUTSTANDING:
            return self._least(ctx, strict)
        if way == WEIGHTED:
            return self._by_weight(ctx, strict)
        if way == HASHED:
            return self._hashed(ctx, root, strict)
        first = self._by_chance(ctx, root, visit * 64, -1, strict)
        if way == RANDOM or first < 0:
            return first
        second = self._by_chance(ctx, root, visit * 64 + 32, first, strict)
        if second < 0 or self._load(ctx, first) <= self._load(ctx, second):
            return first
        return second

    def _in_turn(self, ctx: Context, strict: i64) -> i64:
        """The next in turn; one that starts slowly is passed over until its turns have added up to a whole one."""
        n: i64 = len(self.targets)
        warming: i64 = -1
        i: i64 = 0
        while i < n:
            self.turn += 1
            target = self.targets[self.turn % n]
            if self.usable(ctx, target, strict):
                if target.since < 0:
                    return target.index
                target.credit += self.strength(target, ctx.now)
                if target.credit >= 1.0:
                    target.credit -= 1.0
                    return target.index
                warming = target.index
            i += 1
        return warming

    def _least(self, ctx: Context, strict: i64) -> i64:
        """The one for which the fewest calls wait; among equals each in turn."""
        n: i64 = len(self.targets)
        found: i64 = -1
        least = 0.0
        self.turn += 1
        i: i64 = 0
        while i < n:
            target = self.targets[(self.turn + i) % n]
            if self.usable(ctx, target, strict):
                load = self._load(ctx, target.index)
                if found < 0 or load < least:
                    found = target.index
                    least = load
            i += 1
        return found

    def _load(self, ctx: Context, index: i64) -> float:
        """Calls that wait for a target, the next one included, for each part of its strength."""
        strength = self.strength(self.targets[index], ctx.now)
        return float(ctx.outstanding(0, index) + 1) / strength

    def _by_weight(self, ctx: Context, strict: i64) -> i64:
        """Smooth weighted round robin: all gain their weight, the richest is chosen and pays what all gained."""
        found: i64 = -1
        total = 0.0
        for target in self.targets:
            if not self.usable(ctx, target, strict):
                continue
            weight = self._weight(ctx, target) * self.strength(target, ctx.now)
            target.credit += weight
            total += weight
            if weight > 0.0 and (found < 0 or target.credit > self.targets[found].credit):
                found = target.index
        if found >= 0:
            self.targets[found].credit -= total
        return found

    def _weight(self, ctx: Context, target: Target) -> float:
        which: i64 = ctx.zone_of(0, target.index) if self.zonal else target.index
        return self.weights[which % len(self.weights)] if which >= 0 and self.weights else 1.0

    def _by_chance(self, ctx: Context, root: i64, k: i64, other: i64, strict: i64) -> i64:
        """Any of them with the same chance, but not `other`; one that starts slowly is often passed over."""
        n: i64 = len(self.targets)
        dice = self.dice
        if n == 0 or dice is None:
            return -1
        i: i64 = 0
        while i < DRAWS:
            index: i64 = int(dice.uniform(root, k + 2 * i) * float(n)) % n
            target = self.targets[index]
            wanted = target.since < 0 or dice.uniform(root, k + 2 * i + 1) < self.strength(target, ctx.now)
            if wanted and index != other and self.usable(ctx, target, strict):
                return index
            i += 1
        there = self._all(ctx, strict, other)
        return there[int(dice.uniform(root, k + 2 * DRAWS) * float(len(there))) % len(there)] if there else -1

    def _hashed(self, ctx: Context, owner: i64, strict: i64) -> i64:
        """The same one for the same owner, as long as the same targets may be chosen."""
        there = self._all(ctx, strict, -1)
        dice = self.dice
        if not there or dice is None:
            return -1
        return there[int(dice.uniform(owner, 0) * float(len(there))) % len(there)]

    def _all(self, ctx: Context, strict: i64, other: i64) -> list[int]:
        return [t.index for t in self.targets if t.index != other and self.usable(ctx, t, strict)]
