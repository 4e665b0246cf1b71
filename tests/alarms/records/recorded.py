"""Records made by hand for tests."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from alarms import AlarmKey
from alarms.records.identity import SeriesSpan
from alarms.records.record import AlarmRecord, FollowUp, Reason, Share
from alarms.records.rows import as_row
from audit_store.engines.alarm_records import Detector, JudgedHour, JudgedStretch
from audit_store.engines.protocol import Engine

AT = datetime(2026, 3, 14, 13)  # noqa: DTZ001 - naive UTC
HOUR = timedelta(hours=1)
ID = "0190a7b2-0000-7000-8000-000000000001"


def record(**changes: Any) -> AlarmRecord:
    """An alarm of 41 logins of support-7 in the hour from AT on, 38 of them failed, with these fields changed."""
    span = SeriesSpan(AlarmKey("agent", "", "support-7", AT), AT + HOUR)
    alarm = AlarmRecord(
        id=ID,
        revision=1,
        status="settled",
        change="new",
        first_recorded_at=AT + HOUR,
        recorded_at=AT + HOUR,
        kind="agent",
        rule="",
        agent="support-7",
        starts_at=AT,
        ends_at=AT + HOUR,
        severity="high",
        reasons=(Reason("succeeded after failures", "38 failed logins, then 3 successful ones"),),
        noun="logins",
        total=41,
        failed=38,
        succeeded=3,
        peak=AT,
        observed=41,
        expected=3.25,
        upper=9.0,
        score=21.5,
        sensitivity="lowest",
        provisional=False,
        agents=(Share("support-7", 41, 38, 3.25, AT - 100 * HOUR, False),),
        addresses=(Share("203.0.113.9", 41, 38, None, AT, True),),
        more_agents=0,
        more_addresses=2,
        followed_by=(FollowUp("API key copied", "support-7", None, 1, AT + HOUR, True),),
        spans=(span,),
        sentence="support-7: 41 logins 13:00–14:00, expected 3 (limit 9); „Grüße\u2028“",
        where={"agent": ["support-7"], "activity": ["Login"]},
        tz="Asia/Kolkata",
        version="1",
    )
    return replace(alarm, **changes)


def write(engine: Engine, *records: AlarmRecord, hours: tuple[JudgedHour, ...] = ()) -> None:
    """Store records as one stretch of the judged log, whose hours are those of a day."""
    detector = Detector("1", '{"tz": "UTC"}', AT, 5, AT + HOUR)
    day = AT.replace(hour=0)
    engine.alarm_records.write(JudgedStretch([*map(as_row, records)], day, day + 24 * HOUR, hours, detector))
