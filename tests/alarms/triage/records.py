"""Records of alarms for the tests of triage and of the pages."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from alarms import AlarmKey
from alarms.records.identity import SeriesSpan
from alarms.records.record import AlarmRecord, Reason, Share
from audit_store.local_time import utc_text
from audit_store.state.marks import MarkRow, insert

AT = datetime(2026, 3, 14, 13)  # noqa: DTZ001 - naive UTC
HOUR = timedelta(hours=1)
RECORD = AlarmRecord(
    id="",
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
    severity="medium",
    reasons=(Reason("first-ever address", "first logins from 203.0.113.9"),),
    noun="logins",
    total=41,
    failed=38,
    succeeded=3,
    peak=AT,
    observed=41,
    expected=3.0,
    upper=9.0,
    score=9.0,
    sensitivity="usual",
    provisional=False,
    agents=(Share("support-7", 41, 38, 3.0, AT - 900 * HOUR, is_new=False),),
    addresses=(Share("203.0.113.9", 41, 38, None, AT, is_new=True),),
    more_agents=0,
    more_addresses=0,
    followed_by=(),
    spans=(),
    sentence="support-7, Saturday 14 March 2026, 13:00–14:00: 41 logins, expected 3 (limit 9)",
    where={},
    tz="UTC",
    version="1",
)


def record(agent: str = "support-7", at: datetime = AT, hours: int = 1, **changes: Any) -> AlarmRecord:
    """The record of an alarm in the series of one agent, or of all where `agent` is empty."""
    kind = "agent" if agent else "all"
    values: dict[str, Any] = {
        "id": str(uuid5(NAMESPACE_URL, f"{agent} {at}")),
        "kind": kind,
        "agent": agent,
        "starts_at": at,
        "ends_at": at + hours * HOUR,
        "peak": at,
        "agents": (replace(RECORD.agents[0], name=agent),) if agent else (),
        "spans": (span(agent, at, hours, kind=kind),),
        "where": {
            "range": ["custom"],
            "from": [f"{at:%Y-%m-%dT%H:%M}"],
            "to": [f"{at + hours * HOUR:%Y-%m-%dT%H:%M}"],
            "activity": ["Login"],
        }
        | ({"agent": [agent]} if agent else {}),
    }
    return replace(RECORD, **values | changes)


def share(name: str, count: int = 5, failed: int = 0) -> Share:
    """A row of evidence."""
    return Share(name, count, failed, 1.0, None, is_new=False)


def span(
    agent: str = "support-7", at: datetime = AT, hours: float = 1, *, kind: str = "agent", scope: str = ""
) -> SeriesSpan:
    """The hours of a series."""
    return SeriesSpan(AlarmKey(kind, scope, agent, at), at + hours * HOUR)


def mark(
    path: Path, verdict: str, *spans: SeriesSpan, note: str = "", by: str = "", at: datetime = AT
) -> None:
    """Mark an alarm that was seen in these series, by default in that of support-7, as version 0.1.0 did."""
    own = [each.as_record() for each in spans or (span(),)]
    insert(path, MarkRow(own, verdict, note, by, utc_text(at)))
