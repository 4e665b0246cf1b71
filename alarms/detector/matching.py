"""Which recorded alarm an alarm is: the one in one of the same series at the same time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alarms.detector.found import Found
from alarms.detector.stretches import Stretch
from alarms.login_alarm import overlaps
from alarms.records.identity import SeriesSpan, spans_of
from alarms.records.record import WITHDRAWN, AlarmRecord
from alarms.rules.logins import is_part, is_told
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

    The oldest record of an alarm goes on, one that is not withdrawn before others; the alarm keeps the head of its
    record. Of several alarms in a record's series and time, it is the one with its head, else the first in `found`.
    """
    records: list[list[AlarmRecord]] = [[] for _ in found]
    left: list[AlarmRecord] = []
    spans = [spans_of(alarm.alarm) for alarm in found]
    for record in recorded:
        position = _position(record.spans[:1], spans)
        position = _position(record.spans, spans) if position is None else position
        (left if position is None else records[position]).append(record)
    return [_match(alarm, same) for alarm, same in zip(found, records, strict=True)], left


def with_told(same: Match, current: AlarmRecord, of_rules: Sequence[AlarmRecord]) -> Match:
    """The match with the alarm of a rule about the same logins, if that was told first: one attack has one id.

    `current` is what is to be recorded of the alarm that was found.
    """
    record = same.record
    is_known = record is not None and is_told(record)
    told = next((other for other in of_rules if is_part(other, current)), None)
    if told is None or is_known or not is_told(current):
        return same
    return replace(same, record=told, parts=(*([] if record is None else [record]), *same.parts))


def owned(
    found: Sequence[Found], recorded: Sequence[AlarmRecord], stretch: Stretch
) -> tuple[list[Found], list[AlarmRecord], list[AlarmRecord]]:
    """The alarms and records that are judged with a stretch, and those of the records that it may withdraw.

    An alarm that runs over the end of a stretch is judged with the next one.
    """
    own = [record for record in recorded if stretch[0] < _extent(record)[1] <= stretch[1]]
    later = [record for record in recorded if _extent(record)[1] > stretch[1] and record.status != WITHDRAWN]
    alarms = [
        alarm
        for alarm in found
        if (alarm.alarm.end > stretch[0] or _is_any(alarm, own)) and not _is_any(alarm, later)
    ]
    return alarms, [record for record in recorded if record not in later], own


def touches(record: AlarmRecord, stretch: Stretch) -> bool:
    """Whether an alarm in a stretch could be the recorded one."""
    start, end = _extent(record)
    return start < stretch[1] and end + GAP > stretch[0]


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


def _is_any(alarm: Found, recorded: Sequence[AlarmRecord]) -> bool:
    spans = spans_of(alarm.alarm)
    return any(_is_same(spans, record.spans) for record in recorded)


def _position(recorded: Sequence[SeriesSpan], found: Sequence[Sequence[SeriesSpan]]) -> int | None:
    """The first alarm that was seen in one of the same series at the same time."""
    return next((number for number, spans in enumerate(found) if _is_same(spans, recorded)), None)


def _match(found: Found, records: Sequence[AlarmRecord]) -> Match:
    def order(record: AlarmRecord) -> tuple[bool, datetime, bool, str]:
        is_head = record.spans[0].key.series == found.alarm.key.series
        return record.status == WITHDRAWN, record.first_recorded_at, not is_head, record.id

    if not records:
        return Match(found, None)
    first, *others = sorted(records, key=order)
    alarm = found.alarm.headed_by(first.spans[0].key.series)
    return Match(replace(found, alarm=alarm), first, tuple(others))


def _is_same(spans: Sequence[SeriesSpan], recorded: Sequence[SeriesSpan], within: timedelta = GAP) -> bool:
    return any(
        span.key.series == other.key.series
        and overlaps((span.key.start, span.end), (other.key.start, other.end), within)
        for span in spans
        for other in recorded
    )
