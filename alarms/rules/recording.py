"""Makes the record of an alarm from what a rule found."""

import uuid
from datetime import datetime, timedelta

from alarms.following import AFTER
from alarms.login_alarm import AlarmKey
from alarms.records.identity import SeriesSpan
from alarms.records.record import RUNNING, SETTLED, AlarmRecord, Reason, Share
from alarms.records.revising import next_revision
from alarms.rules.hits import Hit
from alarms.rules.rule import Rule
from alarms.sensitivity import SENSITIVITIES
from audit_store.filters import EventFilter
from audit_store.local_time import bound_text, wall_clock
from audit_store.ranges import Period, zone

KIND = "rule"
GROWTH = 1.25
"""How much what a rule counted must grow for another revision of a running alarm."""
VERSION = "1"
_NAMESPACE = uuid.UUID("b1d7a3b0-7a55-5b0e-9f0a-2f4f8a1c6d90")
_MINUTE = timedelta(minutes=1)


def record_of(store_id: str, rule: Rule, hit: Hit, tz: str, now: datetime) -> AlarmRecord:
    """The first revision of an alarm at `now` (naive UTC), with times of its sentence in the zone `tz`."""
    start, end = hit.starts_at, hit.ends_at + timedelta(microseconds=1)
    subject = hit.agent or " and ".join(hit.addresses)
    at = wall_clock(hit.starts_at, zone(tz))
    origin = f" from {', '.join(hit.addresses[:2])}" if hit.agent and hit.addresses else ""
    return AlarmRecord(
        id=str(uuid.uuid5(_NAMESPACE, " ".join((store_id, hit.rule, start.isoformat(), subject)))),
        revision=1,
        status=RUNNING if now < end + AFTER else SETTLED,
        change="new",
        first_recorded_at=now,
        recorded_at=now,
        kind=KIND,
        rule=hit.rule,
        agent=hit.agent,
        starts_at=start,
        ends_at=end,
        severity=rule.severity,
        reasons=(Reason(hit.rule, rule.title),),
        noun="events",
        total=hit.events,
        failed=0,
        succeeded=0,
        peak=None,
        observed=hit.events,
        expected=None,
        upper=None,
        score=0.0,
        sensitivity=SENSITIVITIES[-1].name,
        provisional=False,
        agents=(_share(hit.agent, hit.events),) if hit.agent else (),
        addresses=tuple(_share(address, hit.events) for address in hit.addresses),
        more_agents=0,
        more_addresses=0,
        followed_by=(),
        spans=(SeriesSpan(AlarmKey(KIND, hit.rule, subject, start), end),),
        sentence=f"{subject} {rule.sentence(hit.events)}{origin}, {at:%Y-%m-%d %H:%M} {tz}",
        where=_where(hit, tz),
        tz=tz,
        version=VERSION,
    )


def revision(record: AlarmRecord, current: AlarmRecord) -> AlarmRecord | None:
    """The next revision of a record, which says what `current` says; None where that is no news."""
    is_running = current.status == record.status == RUNNING
    least = GROWTH * record.total if is_running else record.total + 1
    added = {share.name for share in current.addresses} - {share.name for share in record.addresses}
    changes = {
        f"grew from {record.total:,} to {current.total:,} {current.noun}": current.total >= least,
        f"also from {', '.join(sorted(added))}": bool(added),
        f"{current.severity} instead of {record.severity}": current.severity != record.severity,
        "other activities followed": current.followed_by != record.followed_by,
        "settled": current.status != record.status,
    }
    change = ", ".join(text for text, applies in changes.items() if applies)
    return next_revision(record, current, change) if change else None


def _share(name: str, events: int) -> Share:
    return Share(name, events, failed=0, usual=None, first_seen=None, is_new=False)


def _where(hit: Hit, tz: str) -> dict[str, list[str]]:
    """The events of the agent, or those from the address, in the minutes of a hit."""
    start = hit.starts_at.replace(second=0, microsecond=0)
    end = hit.ends_at.replace(second=0, microsecond=0) + _MINUTE
    where = EventFilter(
        period=Period(start, end),
        range="custom",
        start=bound_text(start, zone(tz)),
        end=bound_text(end, zone(tz)),
        tz=tz,
        agent=(hit.agent,) if hit.agent else (),
        source_ip=() if hit.agent else hit.addresses,
    )
    return {name: list(values) for name, values in where.parameters().items()}
