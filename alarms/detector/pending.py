"""Which hours are to be judged: those whose counts differ from what was counted when they were judged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from alarms.counts import HISTORY, HOUR, bucket_width, start_of_hour
from alarms.detector.matching import touches
from alarms.detector.settings import VERSION, Settings
from alarms.detector.stretches import OVERLAP, Stretch, concerned, stretch_of, window_start
from alarms.login_alarm import SERIES_NAMES
from alarms.records.identity import SeriesSpan
from alarms.records.record import RULE, WITHDRAWN, AlarmRecord
from alarms.records.rows import from_row
from alarms.triage.decisions import SILENCED, Decisions
from alarms.triage.states import EXPECTED
from audit_store.engines.alarm_records import JudgedHour
from audit_store.engines.protocol import Engine, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Period

MICROSECOND = timedelta(microseconds=1)
NEVER = datetime.max  # noqa: DTZ901 - naive UTC
"""For an hour that no stretch is judged with."""


@dataclass(frozen=True)
class Pending:
    """What is to be judged at `now`; all times are naive UTC.

    `totals` are all hours with events, by their start, and `judged` those of earlier judgements. `waiting` are the
    hours that a stretch is still to be judged with, and since which stretch they are known; `starts` says from which
    hour on each stretch is to be judged, the newest stretch first. With `is_anew`, no earlier judgement counts.
    `recorded` are the records of login spikes in these stretches, and `of_rules` the alarms of rules. `expected` are
    the hours of all that reviewers expect, and `judged_until` is how far the log was judged.
    """

    now: datetime
    store_id: str
    totals: Mapping[datetime, JudgedHour]
    judged: Mapping[datetime, JudgedHour]
    waiting: Mapping[datetime, datetime]
    starts: Mapping[Stretch, datetime]
    is_anew: bool
    recorded: Sequence[AlarmRecord]
    of_rules: Sequence[AlarmRecord]
    expected: Sequence[SeriesSpan]
    judged_until: datetime | None

    @property
    def is_due(self) -> bool:
        """Whether an hour has ended since the last judgement."""
        return self.is_anew or self.judged_until != whole_hour(self.now)

    def first_login(self, start: datetime, end: datetime) -> datetime | None:
        """The first hour with a login in [`start`, `end`); None without any."""
        return min(
            (hour for hour, figures in self.totals.items() if figures.logins and start <= hour < end),
            default=None,
        )

    def known_from(self, hour: datetime) -> datetime:
        """The start of the first stretch that is judged with the present count of an hour."""
        return _known_from(self.judged.get(hour), self.totals.get(hour))

    def figures(self, hours: Iterable[datetime]) -> list[JudgedHour | None]:
        """What is counted in some hours, with the agents that were counted when they were judged; None: no events."""
        return [
            figures._replace(agents=judged.agents if (judged := self.judged.get(hour)) else 0)
            if (figures := self.totals.get(hour))
            else None
            for hour in hours
        ]

    def first_uncounted(self, start: datetime, end: datetime) -> datetime:
        """The first hour in [`start`, `end`) of which the number of agents is not known; `end` without any."""
        return min(
            (
                hour
                for hour, figures in self.totals.items()
                if start <= hour < end and not _is_same(self.judged.get(hour), figures)
            ),
            default=end,
        )

    def has_changed(self, start: datetime, end: datetime) -> bool:
        """Whether an hour in [`start`, `end`) has other logins than when it was judged."""
        return any(start <= hour < end for hour in self.waiting)

    def with_revisions(self, revisions: Sequence[AlarmRecord]) -> "Pending":
        """The same with new revisions of the records."""
        newest = {record.id: record for record in (*self.recorded, *revisions)}
        return replace(self, recorded=list(newest.values()))

    def of_stretch(self, stretch: Stretch) -> list[AlarmRecord]:
        """The records that an alarm of a stretch could be."""
        return [record for record in self.recorded if touches(record, stretch)]

    def hours_left(self, done: Sequence[Stretch]) -> int:
        """How many hours wait in stretches that are not done."""
        return sum(stretch_of(hour) not in done for hour in self.waiting)


def pending(engine: Engine, settings: Settings, now: datetime) -> Pending:
    """What is to be judged. Raises what the store raises."""
    with engine.read() as reader:
        store_id = str(reader.one(engine.queries.identity())[0])
        detectors = reader.arrow(engine.alarm_records.detector()).to_pylist()
        is_anew = [(row["version"], row["settings"]) for row in detectors] != [(VERSION, settings.text)]
        hours = [] if is_anew else reader.arrow(engine.alarm_records.judged_hours()).to_pylist()
        judged = {row["hour"]: JudgedHour(**row) for row in hours}
        totals = _totals(engine, reader, settings, now)
        waiting = {
            hour: known
            for hour in judged.keys() | totals.keys()
            if (known := _known_from(judged.get(hour), totals.get(hour))) > stretch_of(hour)[0]
        }
        running = reader.arrow(engine.alarm_records.running(tuple(SERIES_NAMES))).to_pylist()
        starts = _starts(waiting, [(row["starts_at"], row["ends_at"]) for row in running])
        starts = {stretch: start for stretch, start in starts.items() if stretch[0] <= now}
        recorded = _recorded(engine, reader, starts)
    spikes = [record for record in recorded if record.kind in SERIES_NAMES]
    return Pending(
        now=now,
        store_id=store_id,
        totals=totals,
        judged=judged,
        waiting=waiting,
        starts=starts,
        is_anew=is_anew,
        recorded=[record for record in spikes if any(touches(record, stretch) for stretch in starts)],
        of_rules=[record for record in recorded if record.kind == RULE and record.status != WITHDRAWN],
        expected=_expected(engine, spikes),
        judged_until=detectors[0]["judged_until"] if detectors else None,
    )


def _recorded(engine: Engine, reader: Reader, stretches: Iterable[Stretch]) -> list[AlarmRecord]:
    """The records of alarms in some stretches, and of spikes in the time before them from which limits are learnt."""
    first = min((stretch[0] for stretch in stretches), default=None)
    if first is None:
        return []
    period = Period(window_start(first), None)
    rows = reader.arrow(engine.alarm_records.newest(period, with_withdrawn=True)).to_pylist()
    of_rules = (row for row in rows if row["kind"] == RULE and row["ends_at"] > first - OVERLAP)
    return [from_row(row) for row in (*(row for row in rows if row["kind"] in SERIES_NAMES), *of_rules)]


def _expected(engine: Engine, recorded: Sequence[AlarmRecord]) -> list[SeriesSpan]:
    """The hours of alarms that a reviewer, or an exception, expects: the baseline learns from them."""
    decisions = Decisions.read(engine.path)
    return [
        span
        for record in recorded
        if decisions.of(record).status in (EXPECTED, SILENCED)
        for span in record.spans
    ]


def whole_hour(moment: datetime) -> datetime:
    """The start of the hour of a moment."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _known_from(judged: JudgedHour | None, total: JudgedHour | None) -> datetime:
    """The start of the first stretch that is judged with the present count of an hour."""
    return judged.judged_from if judged is not None and _is_same(judged, total) else NEVER


def _is_same(judged: JudgedHour | None, total: JudgedHour | None) -> bool:
    return judged is not None and total is not None and judged.logins == total.logins


def _totals(engine: Engine, reader: Reader, settings: Settings, now: datetime) -> dict[datetime, JudgedHour]:
    """The events of the whole log up to the hour of `now`, by hour."""
    _, first, *_ = reader.one(engine.queries.extent())
    if first is None or first >= now:
        return {}
    step = bucket_width(first, now, settings.tz)
    end = start_of_hour(pd.DatetimeIndex([now]).as_unit("us"), settings.tz)[0].to_pydatetime() + HOUR
    every = EventFilter(period=Period(None, end))
    logins = EventFilter(period=Period(None, end), activity=settings.catalogue.logins)
    beats = reader.run(engine.login_queries.heartbeat(every, step))
    counts = reader.run(engine.login_queries.login_totals(logins, settings.catalogue.failures, step))
    frame = pd.concat([beats.assign(attempts=0, failed=0, decided=0), counts])
    microseconds = frame["bucket"].to_numpy(dtype=np.int64) * (step // timedelta(microseconds=1))
    moments = pd.DatetimeIndex(microseconds.astype("datetime64[us]"))
    figures = frame[["attempts", "failed", "decided"]].groupby(start_of_hour(moments, settings.tz)).sum()
    starts = pd.DatetimeIndex(figures.index).to_pydatetime()
    return {
        hour: JudgedHour(hour, int(logins), int(failed), int(with_outcome), 0, NEVER)
        for hour, (logins, failed, with_outcome) in zip(starts, figures.to_numpy(), strict=True)
    }


def _starts(waiting: Mapping[datetime, datetime], alarms: Iterable[Stretch]) -> dict[Stretch, datetime]:
    """The hour from which on each stretch is to be judged, the newest first; `alarms` are the times of running ones."""
    # One that runs over the start of a stretch is judged with that stretch.
    running = [max(starts_at, stretch_of(ends_at - MICROSECOND)[0]) for starts_at, ends_at in alarms]
    own: dict[Stretch, datetime] = {}
    for hour in sorted({*waiting, *running}, reverse=True):
        own[stretch_of(hour)] = hour
    starts = {}
    for stretch in sorted(concerned(waiting) | own.keys(), reverse=True):
        start = stretch[0]
        if any(start - HISTORY <= hour < start < known for hour, known in waiting.items()):
            starts[stretch] = start
        elif stretch in own:
            starts[stretch] = own[stretch]
    return starts
