"""Which alarm a mark or a delivery is about: both follow an alarm while it still grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alarms.login_alarm import AlarmKey, LoginAlarm, overlaps


@dataclass(frozen=True)
class SeriesSpan:
    """The hours of one series in which an alarm was seen, from `key.start` to `end` (naive UTC)."""

    key: AlarmKey
    end: datetime

    def as_record(self) -> dict[str, str]:
        """JSON-ready, for `from_record`."""
        key = self.key
        return {
            "kind": key.kind,
            "scope": key.scope,
            "agent": key.agent,
            "start": key.start.isoformat(),
            "end": self.end.isoformat(),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> "SeriesSpan":
        """A span from its record. Raises KeyError, TypeError or ValueError for any other value."""
        start, end = (datetime.fromisoformat(record[name]) for name in ("start", "end"))
        return cls(AlarmKey(record["kind"], record["scope"], record["agent"], start), end)


def spans_of(alarm: LoginAlarm) -> tuple[SeriesSpan, ...]:
    """Every series in which an alarm was seen, its own first."""
    return tuple(SeriesSpan(part.key, part.spike.end.to_pydatetime()) for part in alarm.parts)


def is_same(own: Sequence[SeriesSpan], spans: Sequence[SeriesSpan], within: timedelta) -> bool:
    """Whether the alarm with its `own` spans is the one that was seen in `spans`: less than `within` apart in a series.

    It is another one if it names an agent that `spans` do not: an attack that reaches a further agent is news.
    """
    agents = {span.key.agent for span in own if span.key.agent}
    if not agents <= {span.key.agent for span in spans}:
        return False
    return any(
        part.key.series == span.key.series
        and overlaps((part.key.start, part.end), (span.key.start, span.end), within)
        for part in own
        for span in spans
    )
