"""What is wrong with the recording of events, as faults that become alarms.

Failures of logging must be reported like other incidents: PCI DSS 4.0.1, requirement 10.7; Commission Delegated
Regulation (EU) 2024/1774, article 12 (DORA).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from alarms.collection_gaps import is_collected
from alarms.counts import EPOCH, HISTORY, HOUR, bucket_number
from analysis import gone_silent
from audit_store.engines.protocol import Engine, Reader
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from audit_store.quantities import counted
from audit_store.ranges import Period
from audit_store.state import deliveries
from audit_store.store_files import events_in
from ingest.spool import intake

FOLD_PATIENCE = timedelta(minutes=15)
"""How long events may wait in the spool; a fold takes them within seconds where one runs."""
DELIVERY_PATIENCE = timedelta(hours=1)
"""How long a message may wait for a receiver that does not answer."""
FOLDING, DELIVERY, SOURCE = "folding", "delivery", "silent source"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not work: its `kind`, what it is about ("": nothing in particular), since when (naive UTC).

    The sentence says what to do. Names in it are as logged: escape them before a browser renders them.
    """

    kind: str
    subject: str
    since: datetime
    sentence: str


def works_again(kind: str, subject: str, since: datetime, now: datetime) -> str:
    """The sentence of a fault that was there since then, and is over at `now` (naive UTC)."""
    did_not = {
        FOLDING: "events waited in the spool",
        DELIVERY: f"{subject} did not take all alarms",
        SOURCE: f"source {subject} sent no events" if subject else "events without a source did not arrive",
    }
    return f"Works again since {now:%Y-%m-%d %H:%M} UTC: {did_not[kind]} from {since:%Y-%m-%d %H:%M} UTC on."


def faults(engine: Engine, reader: Reader, now: datetime) -> list[Fault]:
    """What does not work at `now` (naive UTC), without the detector itself. Raises what the store raises."""
    return [*_folding(engine.path, now), *_delivery(engine.path, now), *_silent_sources(engine, reader, now)]


def _silent_sources(engine: Engine, reader: Reader, now: datetime) -> Iterator[Fault]:
    """The sources that always reported and fell silent, from the hours that are over at `now` (naive UTC)."""
    counts = _hourly_by_source(engine, reader, now.replace(minute=0, second=0, microsecond=0))
    # Silence of everything until now is news of each source; a gap before it says nothing of a source.
    of_all = counts.sum(axis=1)
    gap = ~is_collected(of_all.to_numpy(), pd.DatetimeIndex(counts.index), now)
    gap &= (of_all[::-1].cumsum()[::-1] > 0).to_numpy()
    for finding in gone_silent(counts.where(counts.cumsum() > 0).mask(pd.Series(gap, counts.index))):
        name = f"Source {finding.series}" if finding.series else "The source of events without a name"
        yield Fault(
            SOURCE,
            finding.series,
            finding.at.to_pydatetime(),
            f"{name} has sent no events since {finding.at:%Y-%m-%d %H:%M} UTC; look whether it still runs.",
        )


def _hourly_by_source(engine: Engine, reader: Reader, end: datetime) -> pd.DataFrame:
    """Events an hour, a column a source, from the first event of the last HISTORY before `end` (naive UTC) on."""
    start = end - HISTORY
    rows = reader.run(engine.login_queries.heartbeat(EventFilter(period=Period(start, end)), HOUR))
    rows["hour"] = rows["bucket"] - bucket_number(start, HOUR)
    first, hours = rows["hour"].min(), HISTORY // HOUR
    events = rows.pivot_table(index="hour", columns="source", values="events", aggfunc="sum", fill_value=0)
    counts = events.reindex(np.arange(hours if rows.empty else first, hours), fill_value=0)
    return counts.set_axis(start + counts.index * HOUR).astype(float)


def _folding(store: Path, now: datetime) -> Iterator[Fault]:
    try:
        waiting = [(path.stat().st_mtime, events_in(path)) for path in intake.segments(store)]
    except FileNotFoundError:  # folded meanwhile
        return
    except AuditStoreError as error:
        yield Fault(FOLDING, "", now, f"The spool cannot be read: {error}")
        return
    events = sum(count for _, count in waiting)
    since = _utc(min((changed for changed, _ in waiting), default=now.replace(tzinfo=UTC).timestamp()))
    if events and now - since > FOLD_PATIENCE:
        yield Fault(
            FOLDING,
            "",
            since,
            f"{counted(events, 'event')} wait in the spool since {since:%Y-%m-%d %H:%M} UTC; "
            "python -m ingest fold says why.",
        )


def _delivery(store: Path, now: datetime) -> Iterator[Fault]:
    for backlog in deliveries.backlogs(store):
        if backlog.refused:
            sentence = (
                f"{backlog.sink} refused {counted(backlog.refused, 'alarm')}; "
                "python -m alarms dead-letters lists them."
            )
        elif now - backlog.since > DELIVERY_PATIENCE:
            sentence = (
                f"{backlog.sink} has not taken {counted(backlog.waiting, 'alarm')} since "
                f"{backlog.since:%Y-%m-%d %H:%M} UTC: {backlog.answer or 'no program has sent them'}."
            )
        else:
            continue
        yield Fault(DELIVERY, backlog.sink, backlog.since, sentence)


def _utc(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)
