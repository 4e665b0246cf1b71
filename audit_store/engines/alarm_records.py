"""What an engine keeps of alarms: their revisions, the hours that were judged, and the detector that judged them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from audit_store.ranges import Period

if TYPE_CHECKING:
    from audit_store.engines.protocol import Query

Row = Mapping[str, Any]
"""A revision of an alarm: a value for each column of the table alarm_revisions, JSON as text."""


class JudgedHour(NamedTuple):
    """What was counted in the hour from `hour` on (naive UTC) when it was judged.

    `logins`, how many of them `failed` and are `with_outcome`, and how many `agents` logged in. The stretches of time
    that start at `judged_from` or later are judged with these counts.
    """

    hour: datetime
    logins: int
    failed: int
    with_outcome: int
    agents: int
    judged_from: datetime


@dataclass(frozen=True, slots=True)
class Detector:
    """Who judged the store: the `version` of the detector and its `settings` (JSON text).

    `judged_until`, `hours_left`, `judged_at` and `problem` say how far it came (alarms.records.reading.Progress).
    """

    version: str
    settings: str
    judged_until: datetime
    hours_left: int
    judged_at: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JudgedStretch:
    """What judging a stretch of time has found, to be stored together.

    `revisions` are added. `hours` are those of [`start`, `end`) (naive UTC), in place of what is noted of them.
    """

    revisions: Sequence[Row]
    start: datetime
    end: datetime
    hours: Sequence[JudgedHour]
    detector: Detector


@dataclass(frozen=True, slots=True)
class JudgedRules:
    """The events to which rules were applied: those with seq < `below`, with these `settings` (JSON text)."""

    settings: str
    below: int


class AlarmRecords(Protocol):
    """The statements over the records of alarms, and how they are written."""

    def newest(self, period: Period | None, *, with_withdrawn: bool) -> "Query":
        """The newest revision of each alarm that touches a period, all columns; the worst alarm first."""

    def running(self, kinds: Sequence[str]) -> "Query":
        """The newest revision of each alarm of these kinds that can still change, all columns."""

    def revisions(self, alarm_id: str) -> "Query":
        """The revisions of an alarm in their order, all columns."""

    def judged_hours(self) -> "Query":
        """Rows hour, logins, failed, with_outcome, agents, judged_from, in their order."""

    def detector(self) -> "Query":
        """At most one row: version, settings, judged_until, hours_left, judged_at, problem."""

    def write(self, stretch: JudgedStretch, wait: float = ...) -> None:
        """Store what judging a stretch has found, in one transaction; durable when this returns.

        `wait` is in seconds. Raises as `Engine.fold` does, and AuditStoreError for a revision that is stored already.
        """

    def judged_rules(self) -> "Query":
        """At most one row: settings, below."""

    def add(self, revisions: Sequence[Row], rules: JudgedRules | None = None, wait: float = ...) -> None:
        """Add revisions, and note what rules were applied to, in one transaction. Raises as `write`."""
