"""Records what the watchdog finds: an alarm from when something stops working until it works again."""

import uuid
from dataclasses import replace
from datetime import datetime

from alarms.login_alarm import AlarmKey
from alarms.records import reading
from alarms.records.identity import SeriesSpan
from alarms.records.record import RUNNING, SETTLED, WATCHDOG, AlarmRecord, Reason
from alarms.records.revising import next_revision
from alarms.records.rows import as_row
from alarms.sensitivity import SENSITIVITIES
from alarms.watchdog.checks import SOURCE, Fault, faults, works_again
from audit_store.engines.protocol import Engine
from audit_store.filters import NO_SOURCE, EventFilter
from audit_store.local_time import bound_text
from audit_store.ranges import Period, zone

VERSION = "1"
_NAMESPACE = uuid.UUID("2f0c3a52-93c1-5b60-8b6a-64d1b6a1c8a4")


def record_faults(engine: Engine, store_id: str, tz: str, now: datetime) -> list[AlarmRecord]:
    """Record what does not work at `now` (naive UTC), and what works again; gives the new revisions.

    Times in a filter are those of the zone `tz`. The caller holds `detector.one_detector`. Raises what the store
    raises.
    """
    with engine.read() as reader:
        running = reading.Records(engine, reader).running(WATCHDOG)
        current = faults(engine, reader, now)
    about = {(record.rule, subject_of(record)): record for record in running}
    found = {(fault.kind, fault.subject) for fault in current}
    new = [fault for fault in current if (fault.kind, fault.subject) not in about]
    revisions = [_begun(engine, record_of(fault, store_id, tz, now)) for fault in new]
    revisions += [_ended(record, now) for subject, record in about.items() if subject not in found]
    if revisions:
        engine.alarm_records.add([as_row(record) for record in revisions])
    return revisions


def _begun(engine: Engine, record: AlarmRecord) -> AlarmRecord:
    """A fault that is new, or one that was over and is back since the same time."""
    earlier = reading.record(engine, record.id)
    return record if earlier is None else next_revision(earlier, record, "does not work again")


def _ended(record: AlarmRecord, now: datetime) -> AlarmRecord:
    ended = replace(
        record,
        status=SETTLED,
        recorded_at=now,
        ends_at=max(now, record.ends_at),
        sentence=works_again(record.rule, subject_of(record), record.starts_at, now),
    )
    return next_revision(record, ended, "works again")


def subject_of(record: AlarmRecord) -> str:
    """What the alarm of a fault is about, such as the name of a source: see `Fault.subject`."""
    return record.spans[0].key.agent


def record_of(fault: Fault, store_id: str, tz: str, now: datetime) -> AlarmRecord:
    """The first revision of an alarm at `now` (naive UTC); times in its filter are those of the zone `tz`."""
    key = AlarmKey(WATCHDOG, fault.kind, fault.subject, fault.since)
    name = " ".join((store_id, fault.kind, fault.subject, fault.since.isoformat()))
    return AlarmRecord(
        id=str(uuid.uuid5(_NAMESPACE, name)),
        revision=1,
        status=RUNNING,
        change="new",
        first_recorded_at=now,
        recorded_at=now,
        kind=WATCHDOG,
        rule=fault.kind,
        agent="",
        starts_at=fault.since,
        ends_at=max(now, fault.since),
        severity="high",
        reasons=(Reason(fault.kind, "Events or alarms may be missing"),),
        noun="events",
        total=0,
        failed=0,
        succeeded=0,
        peak=None,
        observed=0,
        expected=None,
        upper=None,
        score=0.0,
        sensitivity=SENSITIVITIES[-1].name,
        provisional=False,
        agents=(),
        addresses=(),
        more_agents=0,
        more_addresses=0,
        followed_by=(),
        spans=(SeriesSpan(key, max(now, fault.since)),),
        sentence=fault.sentence,
        where=_where(fault, tz),
        tz=tz,
        version=VERSION,
    )


def _where(fault: Fault, tz: str) -> dict[str, list[str]]:
    """The events of a source since it fell silent, of which there are none yet; else all events since then."""
    start = fault.since.replace(second=0, microsecond=0)
    where = EventFilter(
        period=Period(start, None),
        range="custom",
        start=bound_text(start, zone(tz)),
        tz=tz,
        source=(fault.subject or NO_SOURCE,) if fault.kind == SOURCE else (),
    )
    return {name: list(values) for name, values in where.parameters().items()}
