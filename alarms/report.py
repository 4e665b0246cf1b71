"""The report of a scheduled job: which alarms of the last hours are new, and what was sent of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alarms.delivery.outbox import DeliveryResult, Sink, deliver, payload, undelivered
from alarms.review import review
from alarms.sensitivity import DEFAULT_SENSITIVITY, Sensitivity
from alarms.status import Status
from alarms.summary import AlarmSummary, summarize
from alarms.triage import marks
from alarms.watch import watch_logins
from audit_store import catalogue
from audit_store.engines.registry import open_store
from audit_store.errors import StoreBusy
from audit_store.filters import EventFilter
from audit_store.ranges import Period


@dataclass(frozen=True)
class ReportedAlarm:
    """An alarm, the verdict of its newest mark (`open` without one), and whether it is new: open, and not
    acknowledged by every sink before."""

    summary: AlarmSummary
    verdict: str
    is_new: bool


@dataclass(frozen=True)
class Report:
    """The alarms of a stretch of time, the least likely first, how many messages were `delivered`, and `problems`:
    why others were not. They are sent again by the next report."""

    alarms: tuple[ReportedAlarm, ...]
    status: Status
    store_id: str
    delivered: int
    problems: tuple[str, ...]

    @property
    def has_new(self) -> bool:
        """Whether one of the alarms is new."""
        return any(alarm.is_new for alarm in self.alarms)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: state, notices, alarms (as sent to a webhook, with `new` and `mark`), delivered, problems."""
        alarms = [
            payload(self.store_id, alarm.summary) | {"new": alarm.is_new, "mark": alarm.verdict}
            for alarm in self.alarms
        ]
        return {
            "state": self.status.name,
            "sentence": self.status.sentence,
            "notices": list(self.status.notices),
            "alarms": alarms,
            "delivered": self.delivered,
            "problems": list(self.problems),
        }


def report(
    path: Path,
    now: datetime,
    since: timedelta,
    *,
    tz: str = "UTC",
    sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
    sinks: Sequence[Sink] = (),
) -> Report:
    """Judge the last `since` before `now` (naive UTC) and send new alarms to the sinks, each once.

    Alarms that a reviewer has marked are not sent. Raises what the store raises, and AuditStoreError where marks or
    deliveries cannot be read or stored.
    """
    store = open_store(path)
    where = EventFilter(period=Period(now - since, now), range="custom", tz=tz)
    watch = watch_logins(store, where, now, catalogue.in_use(path))
    reviewed = review(watch, sensitivity)
    alarms = _reported(path, summarize(store, watch, reviewed.alarms), sinks)
    store_id = str(store.run(store.queries.identity())["store_id"].iloc[0])
    results = _deliver(path, store_id, alarms, sinks)
    return Report(
        alarms=tuple(alarms),
        status=reviewed.status,
        store_id=store_id,
        delivered=sum(result.delivered for result in results),
        problems=tuple(problem for result in results for problem in result.problems),
    )


def _reported(path: Path, summaries: Sequence[AlarmSummary], sinks: Sequence[Sink]) -> list[ReportedAlarm]:
    all_marks = marks.read(path)
    verdicts = [marks.verdict_of(marks.mark_of(summary.alarm, all_marks)) for summary in summaries]
    reported = [
        ReportedAlarm(summary, verdict, verdict == marks.OPEN)
        for summary, verdict in zip(summaries, verdicts, strict=True)
    ]
    if not sinks:
        return reported
    waiting = {waits.alarm.key for sink in sinks for waits in undelivered(path, summaries, sink)}
    return [replace(alarm, is_new=alarm.is_new and alarm.summary.alarm.key in waiting) for alarm in reported]


def _deliver(
    path: Path, store_id: str, alarms: Sequence[ReportedAlarm], sinks: Sequence[Sink]
) -> list[DeliveryResult]:
    new = [alarm.summary for alarm in alarms if alarm.is_new]
    return [_delivered(path, store_id, new, sink) for sink in sinks]


def _delivered(path: Path, store_id: str, new: Sequence[AlarmSummary], sink: Sink) -> DeliveryResult:
    try:
        return deliver(path, store_id, new, sink)
    except StoreBusy as error:  # another run is sending; the alarms are printed all the same
        return DeliveryResult(0, (str(error),))
