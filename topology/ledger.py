"""The ledger: every message has an answer and work, from which exactly one fate is read at any instant.

Each attempt, copy or queue entry that could still do a part of a message's work *holds* it. A part is lost only when
nothing holds it any more and it is not done; a dead letter keeps it from being lost until it is redriven or expires.
"""

from __future__ import annotations

from mypy_extensions import i64

from topology.message import (
    DEAD,
    FAILED,
    LATE,
    LOST,
    NONE,
    REFUSED,
    SERVED,
    TURNED_AWAY,
    UNROUTED,
    WAITING,
    YES,
    Flow,
    Message,
    Reach,
    Tally,
)

__all__ = ["Ledger", "Tally"]


def bit_of(part: i64) -> i64:
    """The mask of one part. Flows have at most 60 parts, so that masks are native numbers."""
    bit: i64 = 1  # shifted in place: a literal, or what is never assigned again, would be shifted as a C int of 32 bits
    bit <<= part
    return bit


class Ledger:
    """Keeps the books of one design. All instants are nanoseconds; reasons are codes, with the node in the upper bits."""

    def __init__(self, flows: list[Flow]) -> None:
        self.flows = flows

    def offer(self, flow: Flow, n: i64, root: i64, born: i64, deadline: i64) -> Message:
        """A producer offers a message; the producer holds all its parts until it has an answer."""
        message = Message(flow, n, root, born, deadline)
        tally = flow.tally
        tally.offered += 1
        tally.unanswered += 1
        flow.total_offered += 1
        flow.open += 1
        if flow.many:
            message.lives = [1] * len(flow.parts)
        return message

    def hold(self, m: Message, reach: Reach) -> None:
        """One more attempt, copy or entry that can still do what lies behind a link."""
        m.holds += 1
        m.flow.open += 1
        lives = m.lives
        if lives is not None:
            for p in reach.parts:
                lives[p] += 1
        elif reach.mask:
            m.live += 1
        if m.half:
            self._hidden(m)  # what was left half done is being worked on again

    def release(self, m: Message, reach: Reach, code: int, now: i64) -> None:
        """One of them ended. A part that nobody else holds, is not done and is not dead-lettered is lost, for `code`."""
        m.holds -= 1
        m.flow.open -= 1
        if code:
            m.reason = code
        lives = m.lives
        if lives is not None:
            gone: i64 = 0
            for p in reach.parts:
                left: i64 = lives[p] - 1
                lives[p] = left
                if left == 0:
                    gone |= bit_of(p)
            self._close(m, gone, code, now)
        elif reach.mask:
            m.live -= 1
            if m.live == 0:
                self._close(m, 1, code, now)
                return
        if m.holds == 0:
            self._settle(m, now)

    def complete(self, m: Message, reach: Reach, now: i64) -> None:
        """The callee of a link completed its execution: its part is done, or done once more (a duplicate)."""
        if reach.part < 0:
            return
        if m.seen & reach.bit:
            m.tally.duplicates += 1
        else:
            m.seen |= reach.bit
        bit = reach.part_bit
        if m.done & bit:
            return
        m.done |= bit
        m.lost &= ~bit
        m.dead &= ~bit
        if m.done == m.flow.all:
            self._all_done(m, now)
        if m.answer != NONE:
            self._settle(m, now)

    def undo(self, m: Message, reach: Reach, now: i64) -> None:
        """The callee took back what it had done: its part counts as not done (a compensation)."""
        bit = reach.part_bit
        if reach.part < 0 or not m.done & bit:
            return
        if m.done == m.flow.all:
            m.tally.done -= 1
            m.flow.total_done -= 1
        m.done &= ~bit
        m.seen &= ~reach.bit
        if m.answer != NONE:
            self._settle(m, now)

    def degrade(self, m: Message) -> None:
        """A substitute (stale, or a default) went into the answer."""
        if not m.degraded:
            m.degraded = True
            if m.answer == YES:
                m.tally.degraded += 1

    def _all_done(self, m: Message, now: i64) -> None:
        m.tally.done += 1
        m.flow.total_done += 1
        m.tally.completion.add(now - m.born)
        if m.answer == YES and now > m.answered:
            m.tally.staleness.add(now - m.answered)

    def answer(self, m: Message, outcome: i64, code: int, now: i64) -> None:
        """The producer is told yes (YES), was turned away at the first hop (REFUSED), or failed (ERROR, SILENT)."""
        flow = m.flow
        if m.era <= flow.moved_era and now >= flow.moved_from:
            self._move_era(m)
        tally = m.tally
        m.answer = outcome
        m.answered = now
        if code:
            m.reason = code
        if outcome == YES:
            if m.degraded:
                tally.degraded += 1
            tally.latency.add(now - m.born)
            flow.total_yes += 1
            m.late = now > m.deadline
            if m.late:
                tally.yes_late += 1
            if flow.all == 0:
                self._all_done(m, now)
            if m.done == flow.all and not m.late and m.lives is None:
                # Most messages end here: the work was done before the yes, and nothing is left to weigh.
                m.holds -= 1
                m.live -= 1
                flow.open -= 1
                tally.unanswered -= 1
                tally.served += 1
                m.fate = SERVED
                return
        else:
            tally.latency_no.add(now - m.born)
            tally.count_reason(code)
            flow.total_no += 1
        self._release_all(m, now)

    def _release_all(self, m: Message, now: i64) -> None:
        """The producer holds its message no more."""
        m.holds -= 1
        m.flow.open -= 1
        lives = m.lives
        gone: i64 = 0
        if lives is not None:
            p: i64 = 0
            while p < len(lives):
                left: i64 = lives[p] - 1
                lives[p] = left
                if left == 0:
                    gone |= bit_of(p)
                p += 1
        elif m.flow.all:
            m.live -= 1
            if m.live == 0:
                gone = 1
        gone &= ~m.done
        if gone:
            self._close(m, gone, 0, now)
        else:
            self._settle(m, now)

    def _move_era(self, m: Message) -> None:
        """What was unanswered when the first fault came belongs to the fault's era."""
        flow = m.flow
        target = flow.tallies[flow.moved_era + 1]
        m.tally.offered -= 1
        m.tally.unanswered -= 1
        target.offered += 1
        target.unanswered += 1
        m.tally = target

    def dead_letter(self, m: Message, reach: Reach, code: int, now: i64) -> None:
        """A queue gave the message up to its dead-letter queue: the hold goes, a dead hold comes."""
        deads = m.deads
        if deads is None:
            deads = {}
            m.deads = deads
        for p in reach.parts:
            deads[p] = deads.get(p, 0) + 1
        if reach.mask & ~m.done:
            m.tally.count_reason(code)
        self.release(m, reach, code, now)

    def redrive(self, m: Message, reach: Reach, now: i64) -> None:
        """A dead letter goes back to its source queue: it is in the system again."""
        self.hold(m, reach)
        self._less_dead(m, reach)
        self._settle(m, now)

    def expire(self, m: Message, reach: Reach, code: int, now: i64) -> None:
        """A dead letter's retention ended: parts that nothing else holds are lost."""
        gone = self._less_dead(m, reach)
        self._close(m, gone, code, now)

    def _less_dead(self, m: Message, reach: Reach) -> i64:
        """Take one dead hold away; the parts that now have neither a dead nor a live hold."""
        deads = m.deads
        gone: i64 = 0
        if deads is None:
            return 0
        lives = m.lives
        for p in reach.parts:
            deads[p] -= 1
            live: i64 = lives[p] if lives is not None else m.live
            if deads[p] == 0:
                m.dead &= ~bit_of(p)
                if live == 0:
                    gone |= bit_of(p)
            elif live > 0:
                m.dead &= ~bit_of(p)
        return gone

    def _close(self, m: Message, gone: i64, code: int, now: i64) -> None:
        """Nothing live holds these parts any more."""
        gone &= ~m.done
        if gone:
            deads = m.deads
            if deads is not None:
                for p, n in deads.items():
                    if n > 0 and gone & bit_of(p):
                        m.dead |= bit_of(p)
                        gone &= ~bit_of(p)
            if gone and m.answer == YES and not m.lost:
                m.tally.count_reason(code or m.reason or UNROUTED)
            m.lost |= gone
        self._settle(m, now)

    def _settle(self, m: Message, now: i64) -> None:
        """Read the fate anew, and move the message from one count to the other."""
        answer = m.answer
        if answer == NONE:
            return
        fate: i64 = FAILED
        if answer == YES:
            if m.lost:
                fate = LOST
            elif m.dead:
                fate = DEAD
            elif m.done == m.flow.all:
                fate = LATE if m.late else SERVED
            else:
                fate = WAITING
        elif answer == REFUSED:
            fate = TURNED_AWAY
        if fate != m.fate:
            self._move(m, fate)
        if m.done or m.half or m.unwelcome:
            self._hidden(m)

    def _move(self, m: Message, fate: i64) -> None:
        if fate == WAITING:
            m.flow.wait_begins(m.born)
        elif m.fate == WAITING:
            m.flow.wait_ends(m.born)
        m.tally.shift(m.fate, -1)
        m.tally.shift(fate, 1)
        m.fate = fate

    def _hidden(self, m: Message) -> None:
        """The hidden prices: told no yet done, and half done."""
        done = m.done
        if not done or m.fate == SERVED:
            half = False
            unwelcome = False
        elif m.answer == YES:
            half = m.lost != 0
            unwelcome = False
        else:
            half = m.holds == 0 and done != m.flow.all
            unwelcome = done == m.flow.all
        if half != m.half:
            m.half = half
            m.tally.half_done += 1 if half else -1
        if unwelcome != m.unwelcome:
            m.unwelcome = unwelcome
            m.tally.done_after_no += 1 if unwelcome else -1

    def baseline(self, now: i64) -> None:
        """From now on, what was unanswered before belongs to the era that begins now (call right after marking it)."""
        for flow in self.flows:
            if flow.moved_era < 0:
                flow.moved_era = len(flow.tallies) - 2
                flow.moved_from = now

    def idle(self) -> bool:
        """Whether nothing holds any message any more."""
        return all(flow.open <= 0 for flow in self.flows)
