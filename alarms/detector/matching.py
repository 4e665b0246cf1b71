"""Which recorded alarm an alarm is: the one in one of the same series at the same time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alarms.detector.found import Found
from alarms.login_alarm import overlaps
from alarms.records.identity import SeriesSpan, spans_of
from alarms.records.record import WITHDRAWN, AlarmRecord
from analysis import MAX_GAP

GAP = MAX_GAP["1h"].to_pytimedelta()
_NAMESPACE = uuid.UUID("5c0b9f0e-5d4f-5b7a-9d3f-6f0a0c1f7b52")


@dataclass(frozen=True)
class Match:
    """An alarm that was found, the record of it (None: it is new), and records that are a part of it now."""

    found: Found
    record: AlarmRecord | None
    parts: tuple[AlarmRecord, ...] = ()


def match(found: Sequence[Found], recorded: Sequence[AlarmRecord]) -> tuple[list[Match], list[AlarmRecord]]:
    """The records of alarms, and the records of which no alarm is left.

    The oldest record of an alarm goes on, one that is not withdrawn before others. Of several alarms in a record's
    series and time, it is that of the first in `found`.
    """
    left = sorted(
        recorded, key=lambda record: (record.status == WITHDRAWN, record.first_recorded_at, record.id)
    )
    matches = []
    for alarm in found:
        spans = spans_of(alarm.alarm)
        same = [record for record in left if _is_same(spans, record.spans)]
        left = [record for record in left if record not in same]
        matches.append(Match(alarm, same[0] if same else None, tuple(same[1:])))
    return matches, left


def start_with(start: datetime, recorded: Sequence[AlarmRecord]) -> datetime:
    """The hour from which on to judge, so that every record lies before it or has all of its hours judged."""
    spans = [_extent(record) for record in recorded if record.status != WITHDRAWN]
    while earlier := [begin for begin, end in spans if begin < start < end + GAP]:
        start = min(earlier)
    return start


def ends_after(record: AlarmRecord, start: datetime) -> bool:
    """Whether one of the hours of a record lies after a moment."""
    return _extent(record)[1] > start


def new_id(store_id: str, found: Found, taken: set[str]) -> str:
    """The id of an alarm that is not recorded: the same for the same alarm of a store, unless it is `taken`."""
    key = found.alarm.key
    alarm_id = uuid.uuid5(_NAMESPACE, " ".join((store_id, key.kind, key.start.isoformat(), key.agent)))
    while str(alarm_id) in taken:
        alarm_id = uuid.uuid5(alarm_id, "again")
    return str(alarm_id)


def _extent(record: AlarmRecord) -> tuple[datetime, datetime]:
    return min(span.key.start for span in record.spans), max(span.end for span in record.spans)


def _is_same(spans: Sequence[SeriesSpan], recorded: Sequence[SeriesSpan], within: timedelta = GAP) -> bool:
    return any(
        span.key.series == other.key.series
        and overlaps((span.key.start, span.end), (other.key.start, other.end), within)
        for span in spans
        for other in recorded
    )
