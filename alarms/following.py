"""What the agents and addresses of an alarm did afterwards."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alarms.records.record import FollowUp
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Period

AFTER = timedelta(hours=2)
"""How long after an alarm its agents and addresses are followed."""
MOST_FOLLOWED = 20

Subject = tuple[int, str | None, str | None, datetime, datetime]
"""The number of an alarm, an agent or an address of it, and the time in which it is followed: [start, end)."""


def followed_by(
    engine: Engine, reader: Reader, catalogue: Catalogue, subjects: Sequence[Subject]
) -> Mapping[int, tuple[FollowUp, ...]]:
    """What the subjects of each alarm did besides logins, at most MOST_FOLLOWED, what is sensitive first."""
    followed: dict[int, list[FollowUp]] = defaultdict(list)
    if subjects:
        period = Period(min(subject[3] for subject in subjects), max(subject[4] for subject in subjects))
        where = EventFilter(not_activity=catalogue.logins, period=period)
        for row in reader.arrow(engine.login_queries.done_by(where, subjects)).to_pylist():
            number, is_sensitive = row.pop("window_id"), row["activity"] in catalogue.sensitive
            address = row.pop("source_ip")
            followed[number].append(FollowUp(**row, address=address, is_sensitive=is_sensitive))
    ranked = {number: sorted(events, key=_rank)[:MOST_FOLLOWED] for number, events in followed.items()}
    return {number: tuple(events) for number, events in ranked.items()}


def _rank(event: FollowUp) -> tuple[bool, datetime, str, str]:
    return not event.is_sensitive, event.first_at, event.activity, event.agent
