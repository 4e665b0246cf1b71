"""Judges what has not been judged, stretch by stretch, and records the alarms."""

import contextlib
import fcntl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alarms.counts import clock_between
from alarms.detector import evidence
from alarms.detector.found import Found, find
from alarms.detector.matching import ends_after, match, new_id, owned, start_with, with_told
from alarms.detector.models import Judged, count, judge
from alarms.detector.pending import MICROSECOND, Pending, pending, whole_hour
from alarms.detector.recording import record_of
from alarms.detector.revisions import is_settled, revision
from alarms.detector.settings import VERSION, Settings
from alarms.detector.stretches import Stretch, window_start, with_overlap
from alarms.records.record import WITHDRAWN, AlarmRecord
from alarms.records.revising import withdrawn
from alarms.records.rows import as_row
from alarms.rules.judging import rule_steps
from alarms.watchdog.recording import record_faults
from audit_store.engines.alarm_records import Detector, JudgedHour, JudgedStretch
from audit_store.engines.protocol import Engine
from audit_store.errors import StoreBusy
from audit_store.event import EARLIEST, LATEST
from audit_store.file_lock import locked
from audit_store.local_time import now as time_now

_EVER = (EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None))


@dataclass(frozen=True)
class Step:
    """What was judged at once: a stretch, the revisions that were stored, and how many hours are left."""

    stretch: Stretch
    revisions: tuple[AlarmRecord, ...]
    hours_left: int


@contextlib.contextmanager
def one_detector(store: Path) -> Iterator[None]:
    """Hold the right to judge a store. Raises StoreBusy at once where another program judges it."""
    lock = store.with_name(f"{store.name}.detector.lock")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(lock, fcntl.LOCK_EX, time.monotonic(), store))
        except StoreBusy as error:
            raise StoreBusy(f"another program is judging {store} ({error})") from error
        yield


def steps(engine: Engine, settings: Settings, now: datetime | None = None) -> Iterator[Step]:
    """Judge what has not been judged up to `now` (naive UTC, default: the time now), the newest stretch first.

    A step is stored before it is given, so that this can be stopped at any of them. Raises StoreBusy where another
    program judges the store, and what the store raises.
    """
    moment = now or time_now()
    with one_detector(engine.path):
        todo = pending(engine, settings, moment)
        done: list[Stretch] = []
        for stretch, start in todo.starts.items():
            revisions, hours = _judged(engine, settings, todo, stretch, start)
            todo = todo.with_revisions(revisions)
            done.append(stretch)
            left = todo.hours_left(done)
            if todo.is_anew and len(done) == 1:
                forgotten = _EVER
            else:
                forgotten = min((hour.hour for hour in hours), default=start), stretch[1]
            _write(engine, settings, todo, forgotten, revisions, hours, left)
            yield Step(stretch, tuple(revisions), left)
        if not done and todo.is_due:
            _write(engine, settings, todo, (moment, moment), [], [], 0)
        for stretch, revisions in rule_steps(engine, todo.store_id, settings.tz, settings.catalogue, moment):
            if revisions:
                yield Step(stretch, tuple(revisions), 0)
        if faults := record_faults(engine, todo.store_id, settings.tz, moment):
            yield Step((moment, moment), tuple(faults), 0)


def _judged(
    engine: Engine, settings: Settings, todo: Pending, stretch: Stretch, start: datetime
) -> tuple[list[AlarmRecord], list[JudgedHour]]:
    """The new revisions of a stretch that is judged from `start` on, and its hours."""
    recorded = todo.of_stretch(stretch)
    start = start_with(with_overlap(start, stretch), recorded)
    recorded = [record for record in recorded if ends_after(record, start)]
    first_login = todo.first_login(window_start(stretch[0]), stretch[1])
    if first_login is None:
        _, _, own = owned([], recorded, stretch)
        return _withdrawals(own, todo.now), _hours(todo, stretch, {})
    with engine.read() as reader:
        clock = clock_between(first_login, min(stretch[1] - MICROSECOND, todo.now), settings.tz)
        since = min(start, todo.first_uncounted(first_login, stretch[1]))
        figures = todo.figures(clock.hours.to_pydatetime())
        counted = count(engine, reader, settings, clock, figures, since, todo.now)
    judged = judge(counted, settings, start, todo.now, todo.expected)
    revisions = _revisions(engine, settings, todo, judged, owned(find(judged), recorded, stretch))
    by_hour = dict(zip(clock.hours.to_pydatetime(), map(int, counted.overall["agents"]), strict=True))
    return revisions, _hours(todo, stretch, by_hour)


def _revisions(
    engine: Engine,
    settings: Settings,
    todo: Pending,
    judged: Judged,
    alarms: tuple[Sequence[Found], Sequence[AlarmRecord], Sequence[AlarmRecord]],
) -> list[AlarmRecord]:
    """The new revisions for the alarms that were found and the records, of which some may be withdrawn (`owned`)."""
    found, recorded, own = alarms
    matches, left = match(found, recorded)
    news = [pair for pair in matches if not is_settled(judged, pair, todo)]
    read = evidence.read(engine, judged, settings, [pair.found.alarm for pair in news])
    taken = {record.id for record in todo.recorded}
    revisions = []
    for same, facts in zip(news, read, strict=True):
        current = record_of(judged, same.found, facts, todo.now)
        pair = with_told(same, current, [record for record in todo.of_rules if record.id not in taken])
        alarm_id = pair.record.id if pair.record else new_id(todo.store_id, pair.found, taken)
        taken.add(alarm_id)
        changed = revision(pair.record, current, alarm_id)
        revisions += [changed] if changed else []
        revisions += [
            withdrawn(part, f"part of {alarm_id}", todo.now)
            for part in pair.parts
            if part.status != WITHDRAWN
        ]
    return revisions + _withdrawals([record for record in left if record in own], todo.now)


def _withdrawals(records: Sequence[AlarmRecord], now: datetime) -> list[AlarmRecord]:
    reason = "its hours are within their limits"
    return [withdrawn(record, reason, now) for record in records if record.status != WITHDRAWN]


def _hours(todo: Pending, stretch: Stretch, agents: Mapping[datetime, int]) -> list[JudgedHour]:
    """The hours with which a stretch was judged, as they were counted before, from the first that waited on."""
    start, end = window_start(stretch[0]), stretch[1]
    first = min((hour for hour in todo.waiting if start <= hour < end), default=end)
    return [
        figures._replace(agents=agents.get(hour, 0), judged_from=min(todo.known_from(hour), stretch[0]))
        for hour, figures in todo.totals.items()
        if first <= hour < end
    ]


def _write(
    engine: Engine,
    settings: Settings,
    todo: Pending,
    forgotten: Stretch,
    revisions: Sequence[AlarmRecord],
    hours: Sequence[JudgedHour],
    hours_left: int,
) -> None:
    detector = Detector(VERSION, settings.text, whole_hour(todo.now), hours_left, time_now())
    rows = [as_row(revision) for revision in revisions]
    engine.alarm_records.write(JudgedStretch(rows, *forgotten, hours, detector))
