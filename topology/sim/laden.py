"""What lies on a replica in the simulated world: layers and how they fold, limits, leaks, and pauses of its own."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from topology.chance import Dice
from topology.dist import whole
from topology.layers import NEUTRAL, folded
from topology.message import Item
from topology.node import Node
from topology.sim.core import T_FULL, T_PAUSED, Core, Layer
from topology.sim.sender import Group, Sender

RESTART: Final = 1_000_000_000
"""How long a supervisor takes to start a killed process anew; the node's own start time comes on top."""
OUT_OF_MEMORY: Final = 1_099_511_627_776
"""Added to a layer's handle: the causes of being down that a leak brings are told from others by it."""


class Laden(Sender):
    """A replica and the layers that lie on it. What these do to a process that lives or dies, `Place` says."""

    def __init__(self, core: Core, group: Group, index: i64, node: Node) -> None:
        super().__init__(core, group, index, node)
        self.unread = False
        """Whether its layers changed while it stood still, so that its kind does not know yet."""
        self.layers: list[Layer] = []
        self.folds: dict[str, float] = {}
        self.folding: dict[str, str] = {}
        """How layers of each name fold here, those of the kind's own included."""
        self.throttles: list[Throttle] = []
        self.leaks: list[Leak] = []
        self.pauses: list[int] = []
        self.slots: i64 = 0
        self.cores: i64 = 0
        self.tail_dice = Dice(core.seed, "tail", group.dice_name)

    def go_down(self, handle: int) -> None:
        """The process is gone for one more cause."""

    def lift_down(self, handle: int) -> None:
        """One cause less to be down."""

    def freeze(self, handle: int) -> None:
        """It stands still for one more cause."""

    def thaw(self, handle: int) -> None:
        """One cause less to stand still."""

    def refold(self) -> None:
        """Fold the layers that lie here, as strong as they are now, and let the kind know."""
        now = self.engine.now
        self.now = now
        folds: dict[str, float] = {}
        tails: list[tuple[float, float]] = []
        self.error_reason = 0
        for layer in self.layers:
            strength = layer.strength(now)
            if strength == 0.0:
                continue
            fold = self.folding.get(layer.kind, "plus")
            a = 1.0 + (layer.a - 1.0) * strength if fold == "times" else layer.a * strength
            folds[layer.kind] = folded(fold, folds.get(layer.kind, NEUTRAL[fold]), a)
            if layer.kind == "tail":
                tails.append((layer.a * strength, layer.b))
            elif layer.kind == "errors":
                self.error_reason = layer.code
        slow = folds.get("slow", 1.0)
        for leak in self.leaks:
            slow *= leak.slowness(now)
        self.folds = folds
        self.tails = tails
        self.slow = slow
        self.error_share = folds.get("errors", 0.0)
        self.poison_share = folds.get("poison", 0.0)
        self.slots_lost = folds.get("slots", 0.0)
        self.cores_lost = folds.get("cores", 0.0)
        self.skew = int(folds.get("skew", 0.0))
        self.unread = self.frozen
        if not self.frozen:
            self.read_layers()

    def read_layers(self) -> None:
        """Let the kind know of the layers; a process that stands still reads them when it goes on."""
        self.unread = False
        self.machine.on_layers(self)
        self.slots = self.machine.slots_now()
        self.cores = self.machine.cores_now()

    def strength(self, layer: str) -> float:
        return self.folds.get(layer, NEUTRAL[self.folding.get(layer, "plus")])

    def stretched(self, work: i64, root: i64, visit: i64) -> i64:
        long = float(work) * self.slow
        for k, (share, factor) in enumerate(self.tails):
            if self.tail_dice.uniform(root, visit * 64 + k) < share:
                long *= factor
        return whole(long)

    def cover(self, layer: Layer) -> None:
        """One more layer lies here."""
        self.layers.append(layer)
        if layer.kind == "throttle":
            self.throttles.append(Throttle(layer, self.engine.now))
        elif layer.kind == "leak":
            leak = Leak(layer, self.engine.now, self._fills(layer))
            self.leaks.append(leak)
            self.engine.after(leak.fills, T_FULL, self, leak, -1)
        self.refold()
        self.touch()

    def uncover(self, layer: Layer) -> None:
        """It lies here no more; what others did stays."""
        self.layers = [y for y in self.layers if y is not layer]
        self.throttles = [t for t in self.throttles if t.layer is not layer]
        leaks = self.leaks
        self.leaks = [leak for leak in leaks if leak.layer is not layer]
        for leak in leaks:
            if leak.layer is layer and leak.down:
                leak.down = False
                self.lift_down(OUT_OF_MEMORY + layer.handle)
        self.refold()
        self.touch()

    def _fills(self, layer: Layer) -> i64:
        """How long this replica's memory takes to fill: within a tenth of what the layer says, so that not all die at once."""
        u = self.tail_dice.uniform(self.index + 1, 1 << 20)
        return whole(layer.a * (0.9 + 0.2 * u))

    def filled(self, leak: Leak) -> None:
        """The memory is full: the process is killed for it; restarted, it begins to leak anew. A process that is not there
        leaks nothing."""
        if leak.layer.lifted or self.gone:
            return
        now = self.engine.now
        if leak.down:
            leak.down = False
            self.lift_down(OUT_OF_MEMORY + leak.layer.handle)
            self.engine.after(leak.fills, T_FULL, self, leak, -1)
        elif not self.up:
            self.engine.after(leak.fills, T_FULL, self, leak, -1)
        elif now < leak.since + leak.fills:
            self.engine.after(leak.since + leak.fills - now, T_FULL, self, leak, -1)
        else:
            leak.down = True
            self.note("killed: out of memory")
            self.go_down(OUT_OF_MEMORY + leak.layer.handle)
            self.engine.after(RESTART, T_FULL, self, leak, -1)

    def pause(self, length: i64) -> None:
        handle = -1 - self.engine.seq
        self.pauses.append(handle)
        self.freeze(handle)
        self.engine.after(length, T_PAUSED, self, Pause(handle), -1)

    def pause_ends(self, handle: int) -> None:
        """The process goes on, unless it died meanwhile."""
        if handle in self.pauses:
            self.pauses.remove(handle)
            self.thaw(handle)

    def grows(self, now: i64) -> bool:
        """Whether a layer that lies here still changes its strength by itself."""
        return len(self.leaks) > 0 or any(layer.grows(now) for layer in self.layers)

    def touch(self) -> None:
        self.group.touch(self.core)

    def note(self, words: str) -> None:
        notes = self.core.notes
        if len(notes) < 10000:
            notes.append((self.engine.now, self.name, words))


class Pause(Item):
    """A process that stands still by itself; its end comes however still it stands."""

    def __init__(self, handle: int) -> None:
        self.handle = handle


class Throttle:
    """A limit that lies on one replica: a token bucket that holds one second's worth. With a ramp it comes down from above."""

    def __init__(self, layer: Layer, now: i64) -> None:
        self.layer = layer
        self.tokens = layer.a if layer.a > 1.0 else 1.0
        self.at: i64 = now

    def grants(self, now: i64) -> bool:
        """Whether one more call may pass now."""
        strength = self.layer.strength(now)
        if strength <= 0.0:
            return True
        limit = self.layer.a / strength
        most = limit if limit > 1.0 else 1.0
        self.tokens += float(now - self.at) * 1e-9 * limit
        self.at = now
        if self.tokens > most:
            self.tokens = most
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True


class Leak(Item):
    """Memory that fills on one replica: the fuller, the slower, until the process is killed for it."""

    def __init__(self, layer: Layer, since: i64, fills: i64) -> None:
        self.layer = layer
        self.since: i64 = since
        self.fills: i64 = fills
        self.down = False

    def slowness(self, now: i64) -> float:
        """The factor by which work takes longer: nothing up to half full, then more and more."""
        full = float(now - self.since) / float(self.fills) if self.fills > 0 else 1.0
        if self.down or full <= 0.5:
            return 1.0
        over = (full - 0.5) * 2.0
        return 1.0 + (self.layer.b - 1.0) * over * over
