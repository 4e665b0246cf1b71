"""The watch as a scheduled job sees it: which alarms of the last hours are new, and sending those on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alarms.delivery.outbox import Sink, deliver, payload, undelivered
from alarms.evidence import Told, tell
from alarms.review import review
from alarms.sensitivity import USUAL, Sensitivity
from alarms.status import State
from alarms.triage import marks
from alarms.watch import watch_over
from audit_store.engines.registry import open_store
from audit_store.filters import EventFilter
from audit_store.ranges import Period


@dataclass(frozen=True)
class Report:
    """The alarms of a stretch of time, the worst first, and which of them are new: not marked by a reviewer, and not
    acknowledged by every sink that was asked for before. `problems` says what could not be sent; it is tried again by
    the next report."""

    told: tuple[Told, ...]
    new: tuple[Told, ...]
    verdicts: tuple[str, ...]
    state: State
    store_id: str
    delivered: int
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: state, notices, alarms (as sent to a webhook, with `new` and `mark`), delivered, problems."""
        fresh = {each.alarm.key for each in self.new}
        alarms = [
            payload(self.store_id, each) | {"new": each.alarm.key in fresh, "mark": verdict}
            for each, verdict in zip(self.told, self.verdicts, strict=True)
        ]
        return {
            "state": self.state.name,
            "sentence": self.state.sentence,
            "notices": list(self.state.notices),
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
    sensitivity: Sensitivity = USUAL,
    sinks: Sequence[Sink] = (),
) -> Report:
    """Judge the last `since` before `now` (naive UTC) and send what is new to the sinks, each alarm once.

    Alarms that a reviewer has marked are not sent. Raises what the store and the journals raise.
    """
    store = open_store(path)
    where = EventFilter(period=Period(now - since, now), range="custom", tz=tz)
    watch = watch_over(store, where, now)
    judged = review(watch, sensitivity)
    told = tell(store, watch, judged.alarms)
    found = [marks.mark_of(each.alarm, marked) for marked in [marks.read(path)] for each in told]
    new = [each for each, verdict in zip(told, found, strict=True) if verdict is None]
    if sinks:
        waiting = {each.alarm.key for sink in sinks for each in undelivered(path, new, sink)}
        new = [each for each in new if each.alarm.key in waiting]
    store_id = str(store.run(store.queries.identity())["store_id"].iloc[0])
    sent = [deliver(path, store_id, new, sink) for sink in sinks]
    return Report(
        told=tuple(told),
        new=tuple(new),
        verdicts=tuple(marks.OPEN if verdict is None else verdict.verdict for verdict in found),
        state=judged.state,
        store_id=store_id,
        delivered=sum(each.delivered for each in sent),
        problems=tuple(problem for each in sent for problem in each.problems),
    )
