"""The event that decides that a rule applies, which lies in the period of a filter."""

from datetime import datetime

from audit_store.filters import EventFilter

DECIDED = "occurred_at >= coalesce($decided_from, occurred_at)"
"""Whether an event lies in the period; its end is a condition of the statement already."""


def decided(where: EventFilter) -> dict[str, datetime | None]:
    """The parameters of DECIDED."""
    return {"decided_from": where.period.start}
