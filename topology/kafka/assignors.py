"""Who of a consumer group gets which partitions: Kafka's range, roundrobin, sticky and cooperative-sticky assignors.

Each is a pure function of the topics and the members, as the leader of a group computes it.
"""

from __future__ import annotations

from typing import Final

RANGE: Final = "range"
ROUNDROBIN: Final = "roundrobin"
STICKY: Final = "sticky"
COOPERATIVE: Final = "cooperative-sticky"
ASSIGNORS: Final = (RANGE, ROUNDROBIN, STICKY, COOPERATIVE)

Spot = tuple[str, int]
"""A topic and one of its partitions."""


class Claim:
    """What a member brings when it joins: what it subscribes to, and what it owned in which generation of the group."""

    def __init__(self, name: str, topics: list[str], instance: str | None = None) -> None:
        self.name = name
        self.topics = topics
        self.instance = instance
        """The name under which a static member is known; None for a dynamic one."""
        self.owned: list[Spot] = []
        self.generation = -1


def assign(assignor: str, topics: dict[str, int], members: list[Claim]) -> dict[str, list[Spot]]:
    """The partitions of each member, by its name. `topics` says how many partitions each topic has."""
    if assignor == RANGE:
        return _by_range(topics, members)
    if assignor == ROUNDROBIN:
        return _in_turn(topics, members)
    found = _Sticky(topics, members).balanced()
    return _without_moving(found, members) if assignor == COOPERATIVE else found


def _in_order(members: list[Claim]) -> list[Claim]:
    """Static members first, by their instance; then the others, by name."""
    return sorted(members, key=lambda m: (m.instance is None, m.instance or "", m.name))


def _by_range(topics: dict[str, int], members: list[Claim]) -> dict[str, list[Spot]]:
    """Of each topic, neighbouring partitions go to one member; the first members get one more where it does not divide."""
    found: dict[str, list[Spot]] = {member.name: [] for member in members}
    for topic in sorted(topics):
        takers = _in_order([member for member in members if topic in member.topics])
        if not takers:
            continue
        each, extra = divmod(topics[topic], len(takers))
        start = 0
        for i, member in enumerate(takers):
            end = start + each + (1 if i < extra else 0)
            found[member.name] += [(topic, p) for p in range(start, end)]
            start = end
    return found


def _in_turn(topics: dict[str, int], members: list[Claim]) -> dict[str, list[Spot]]:
    """All partitions of all topics are dealt out in turn; who does not subscribe to a topic is passed over."""
    found: dict[str, list[Spot]] = {member.name: [] for member in members}
    circle = _in_order(members)
    turn = 0
    for topic in sorted({topic for member in members for topic in member.topics if topic in topics}):
        for partition in range(topics[topic]):
            while topic not in circle[turn % len(circle)].topics:
                turn += 1
            found[circle[turn % len(circle)].name].append((topic, partition))
            turn += 1
    return found


def _without_moving(found: dict[str, list[Spot]], members: list[Claim]) -> dict[str, list[Spot]]:
    """The first of two rounds: what another member still owns is given to nobody yet, so that its owner can let go of it."""
    owners = {spot: member.name for member in members for spot in member.owned}
    return {name: [spot for spot in spots if owners.get(spot, name) == name] for name, spots in found.items()}


class _Sticky:
    """As balanced as can be; and of all ways to be so, one that moves few partitions away from who owns them."""

    def __init__(self, topics: dict[str, int], members: list[Claim]) -> None:
        self.takers: dict[Spot, list[str]] = {(topic, p): [] for topic, n in topics.items() for p in range(n)}
        """Who may get a partition."""
        self.wants: dict[str, list[Spot]] = {}
        """What a member may get."""
        self.has: dict[str, list[Spot]] = {}
        self.owner: dict[Spot, str] = {}
        self.before: dict[Spot, str] = {}
        """Who owned a partition in an earlier generation than its owner does."""
        self.moves: dict[Spot, tuple[str, str]] = {}
        """From whom to whom partitions have moved in this round."""
        self.must_revoke = False
        self._read_claims(members)
        self.fresh = not self.has
        for member in members:
            spots = [(topic, p) for topic in member.topics for p in range(topics.get(topic, 0))]
            self.wants[member.name] = spots
            for spot in spots:
                self.takers[spot].append(member.name)
            self.has.setdefault(member.name, [])
        self.order = self._candidates()
        self.unowned = self._let_go()
        self.movable = list(self.has)
        """The members whose partitions may still change."""

    def _read_claims(self, members: list[Claim]) -> None:
        """Of two who claim one partition, the one of the later generation owns it."""
        claims: dict[Spot, dict[int, str]] = {}
        for member in members:
            for spot in member.owned:
                by_generation = claims.setdefault(spot, {})
                if not member.generation or member.generation not in by_generation:
                    by_generation[member.generation] = member.name
        for spot, by_generation in claims.items():
            latest, *earlier = sorted(by_generation, reverse=True)
            self.has.setdefault(by_generation[latest], []).append(spot)
            self.owner[spot] = by_generation[latest]
            if earlier:
                self.before[spot] = by_generation[earlier[0]]

    def _same_for_all(self) -> bool:
        """Whether every member may get every partition."""
        takers = list(self.takers.values())
        wants = list(self.wants.values())
        return all(one == takers[0] for one in takers) and all(one == wants[0] for one in wants)

    def _candidates(self) -> list[Spot]:
        """All partitions, in the order in which they are looked at: of those who have most first, else by how few may get it."""
        found: list[Spot] = []
        if not self.fresh and self._same_for_all():
            left = {name: [spot for spot in spots if spot in self.takers] for name, spots in self.has.items()}
            while any(left.values()):
                name = max(left, key=lambda member: (len(left[member]), member))
                moved = [spot for spot in left[name] if spot in self.before]
                spot = min(moved) if moved else left[name][-1]
                left[name].remove(spot)
                found.append(spot)
        known = set(found)
        rest = sorted(self.takers, key=lambda spot: (len(self.takers[spot]), spot))
        return found + [spot for spot in rest if spot not in known]

    def _let_go(self) -> list[Spot]:
        """Take away what is no more, or what its owner does not want any more; what is owned by nobody then."""
        for name, spots in self.has.items():
            keeps = [spot for spot in spots if spot in self.takers and name in self.takers[spot]]
            self.must_revoke = self.must_revoke or any(s in self.takers and name not in self.takers[s] for s in spots)
            for spot in spots:
                if spot not in keeps:
                    del self.owner[spot]
            self.has[name] = keeps
        return [spot for spot in self.order if spot not in self.owner]

    def _poorest_first(self) -> list[str]:
        return sorted(self.movable, key=lambda name: (len(self.has[name]), name))

    def balanced(self) -> dict[str, list[Spot]]:
        """Give out what nobody owns, then move what makes it more balanced; the partitions of each member, in order."""
        empty = not any(self.has.values())
        for spot in self.unowned:
            for name in self._poorest_first():
                if name in self.takers[spot]:
                    self.has[name].append(spot)
                    self.owner[spot] = name
                    break
        open_spots = {spot for spot, takers in self.takers.items() if len(takers) >= 2}
        self.order = [spot for spot in self.order if spot in open_spots]
        self.unowned = [spot for spot in self.unowned if spot in open_spots]
        self.movable = [
            name
            for name in self.wants
            if len(self.has[name]) < len(self.wants[name]) or any(spot in open_spots for spot in self.has[name])
        ]
        first = {name: list(spots) for name, spots in self.has.items()}
        if not self.must_revoke:
            self._rearrange(self.unowned)
        moved = self._rearrange(self.order)
        if not empty and moved and self._imbalance(self.has) >= self._imbalance(first):
            self.has = first
        return {name: sorted(spots) for name, spots in self.has.items()}

    def _imbalance(self, has: dict[str, list[Spot]]) -> int:
        """By how much all pairs of members differ, together."""
        sizes = [len(has[name]) for name in self.movable]
        return sum(abs(a - b) for i, a in enumerate(sizes) for b in sizes[i + 1 :])

    def _is_balanced(self) -> bool:
        """Whether no member could get one more from someone who has at least two more."""
        sizes = [len(self.has[name]) for name in self.movable]
        if min(sizes) >= max(sizes) - 1:
            return True
        for name in self._poorest_first():
            size = len(self.has[name])
            if size == len(self.wants[name]):
                continue
            for spot in self.wants[name]:
                if self.owner[spot] != name and size < self._size_now(self.owner[spot]):
                    return False
        return True

    def _size_now(self, name: str) -> int:
        return len(self.has[name])

    def _rearrange(self, spots: list[Spot]) -> bool:
        """Move partitions until it is balanced or nothing moves any more; whether anything moved."""
        any_moved = False
        moved = True
        while moved:
            moved = False
            for spot in spots:
                if self._is_balanced():
                    break
                size = len(self.has[self.owner[spot]])
                earlier = self.before.get(spot)
                if earlier is not None and size > len(self.has.get(earlier, [])) + 1:
                    self._give(spot, earlier)
                    moved = True
                elif any(size > len(self.has[name]) + 1 for name in self.takers[spot]):
                    self._give(spot, next(name for name in self._poorest_first() if name in self.takers[spot]))
                    moved = True
            any_moved = any_moved or moved
        return any_moved

    def _give(self, spot: Spot, to: str) -> None:
        """Move a partition to another member; or rather one that came from there, so that two do not just swap."""
        owner = self.owner[spot]
        source = self.moves[spot][0] if spot in self.moves else owner
        returning = [other for other, pair in self.moves.items() if pair == (to, source) and other[0] == spot[0]]
        instead = min(returning) if returning else spot
        other_owner = self.owner[instead]
        if other_owner != owner:
            self._move(spot, other_owner)
        self._move(instead, to)

    def _move(self, spot: Spot, to: str) -> None:
        owner = self.owner[spot]
        source = self.moves.pop(spot)[0] if spot in self.moves else owner
        if source != to:
            self.moves[spot] = (source, to)
        self.has[owner].remove(spot)
        self.has[to].append(spot)
        self.owner[spot] = to
