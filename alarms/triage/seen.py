"""The figures of an alarm at the time of a decision, and how far it has grown past them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alarms.records.record import AlarmRecord
from alarms.takeovers import listed, taken_over
from audit_store.quantities import counted

LONGER = timedelta(hours=2)
LARGER = 1.5
"""An alarm has grown if it is this much longer, has this many times as many logins, or names somebody new."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """The end (naive UTC) of an alarm, its total, the agents that it names, and the addresses with a success.

    `taken_over` are the agents with logins that succeeded after failures. None: not known, and so never outgrown.
    """

    ends_at: datetime
    total: int | None = None
    agents: tuple[str, ...] | None = None
    addresses: tuple[str, ...] | None = None
    taken_over: tuple[str, ...] | None = None

    @classmethod
    def of(cls, record: AlarmRecord) -> "Seen":
        """The figures of an alarm."""
        return cls(
            record.ends_at,
            record.total,
            tuple(share.name for share in record.agents),
            tuple(share.name for share in record.addresses if share.count > share.failed or share.succeeded),
            tuple(taken_over(record)),
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Seen":
        """The figures from `as_json`. Raises KeyError, TypeError or ValueError for any other value."""
        # Earlier versions did not say who was taken over, nor the addresses from which that was done.
        taken = None if (said := value.get("taken_over")) is None else tuple(said)
        addresses = tuple(value["addresses"])
        return cls(
            datetime.fromisoformat(value["ends_at"]),
            int(value["total"]),
            tuple(value["agents"]),
            None if taken is None else addresses,
            taken,
        )

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, for `from_json`."""
        return {
            "ends_at": self.ends_at.isoformat(),
            "total": self.total,
            "agents": self.agents,
            "addresses": self.addresses,
            "taken_over": self.taken_over,
        }

    def growth(self, record: AlarmRecord) -> str:
        """What an alarm has grown by, such as "3 more hours, 2 new agents"; empty if it has not grown past this."""
        now, parts = Seen.of(record), []
        if (longer := now.ends_at - self.ends_at) >= LONGER:
            parts.append(counted(longer // _HOUR, "more hour"))
        if self.total is not None and record.total > self.total and record.total >= LARGER * self.total:
            parts.append(f"{record.total:,} {record.noun} after {self.total:,}")
        if agents := _new(now.agents, self.agents):
            parts.append(counted(agents, "new agent"))
        if self.taken_over is not None and (taken := taken_over(record).keys() - {*self.taken_over}):
            parts.append(f"logins of {listed(sorted(taken))} succeeded after failures")
        if addresses := _new(now.addresses, self.addresses):
            parts.append(f"success from {counted(addresses, 'new address', 'new addresses')}")
        return ", ".join(parts)


def _new(names: Collection[str] | None, before: Collection[str] | None) -> int:
    return 0 if names is None or before is None else len({*names} - {*before})
