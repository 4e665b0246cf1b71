"""Where an alarm was seen, as journals keep it: marks and deliveries follow an alarm while its hours still grow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alarms.login_alarm import AlarmKey, LoginAlarm, overlaps


@dataclass(frozen=True)
class Scope:
    """A series in which an alarm was seen, from `key.start` to `end` (naive UTC)."""

    key: AlarmKey
    end: datetime

    def record(self) -> dict[str, Any]:
        """JSON-ready."""
        key = self.key
        return {
            "kind": key.kind,
            "scope": key.scope,
            "agent": key.agent,
            "start": key.start.isoformat(),
            "end": self.end.isoformat(),
        }


def scope_of(record: Mapping[str, Any]) -> Scope:
    """A scope from its record. Raises KeyError, TypeError or ValueError for what is none."""
    kind, scope, agent = (str(record[name]) for name in ("kind", "scope", "agent"))
    start, end = (datetime.fromisoformat(record[name]) for name in ("start", "end"))
    return Scope(AlarmKey(kind, scope, agent, start), end)


def scopes_of(alarm: LoginAlarm) -> tuple[Scope, ...]:
    """Every series in which an alarm was seen, its own first."""
    return tuple(Scope(each.key, each.end) for each in alarm.parts)


def is_that(alarm: LoginAlarm, before: Sequence[Scope], within: timedelta) -> bool:
    """Whether an alarm is the one that was seen in `before`: in one series less than `within` apart.

    Not if it names an agent that was not named before: an attack that reaches somebody else is news.
    """
    if not alarm.agents <= {scope.key.agent for scope in before}:
        return False
    return any(
        each.key.series == scope.key.series
        and overlaps((each.key.start, each.end), (scope.key.start, scope.end), within)
        for each in alarm.parts
        for scope in before
    )
