"""A great many schedules fire at the same moment."""

from __future__ import annotations

from typing import Any, ClassVar

from chaos.fault import Fault
from topology.parameters import count


class ScheduleStorm(Fault):
    """Lets many more schedules fire at one instant: the first of the month, midnight in the most popular time zone, a customer
    who scheduled one reminder for everybody.

    You will see one steep spike of work that was set for the same instant; a flexible time window spreads it, and so does a
    queue behind it. Healing ends it; what has fired is not called back.
    """

    params = {
        "jobs": count(500, "How many more fire.", ge=1, le=100_000),
    }
    needs = frozenset({"lay"})
    lays = frozenset({"storm"})
    hint = "it acts on a scheduler or a cron"
    past = "sent a storm of schedules through"
    tone = "warn"
    example: ClassVar[str] = """
nodes:
  reminders: {kind: scheduler, schedule: rate(1 minute), window: 1m}
  app: {kind: service, takes: 20ms}
designs:
  only:
    links: [reminders => app]
timeline:
  - {at: 10s, inject: schedule_storm, on: reminders, for: 30s, jobs: 500}
"""

    def strength(self, values: dict[str, Any]) -> dict[str, Any]:
        """So many more fire, with a ramp bit by bit; two storms come beside each other."""
        return {"extra": float(values["jobs"])}
