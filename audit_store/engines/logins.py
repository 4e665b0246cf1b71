"""What an engine answers about logins and who made them. All moments are naive datetimes in UTC."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter

USUAL_FOR = timedelta(days=90)
"""An address is usual for an agent that logged in from it at most so long before."""


class LoginQueries(Protocol):
    """The statements behind login alarms. Buckets are numbers: microseconds since 1970 divided by a width."""

    def login_counts(self, where: EventFilter, failures: Sequence[str], step: timedelta) -> Query:
        """Rows agent, buckets, attempts, failed (lists; add up a bucket that repeats), decided (have an outcome)."""

    def login_totals(self, where: EventFilter, failures: Sequence[str], step: timedelta) -> Query:
        """Rows bucket, attempts, failed, decided (have an outcome) of all agents together, in order."""

    def first_logins(self, where: EventFilter, step: timedelta) -> Query:
        """Rows bucket, agents: how many agents have their first login in a bucket, in order; `where` has no `below`."""

    def heartbeat(self, where: EventFilter, step: timedelta) -> Query:
        """Rows bucket, source, events."""

    def attempts_around(
        self,
        where: EventFilter,
        failures: Sequence[str],
        step: timedelta,
        windows: Sequence[tuple[int, int, str | None, bool]],
        *,
        least_failures: int,
    ) -> Query:
        """Rows window_id, agent, source_ip, attempts, failed, succeeded, succeeded_after, failures_before, first_after.

        Windows are (window_id, bucket, agent or None, inside); the first three figures are of buckets that are inside.
        `succeeded_after` are the successes after `least_failures` or more failures in a row of the agent or, from a
        usual address (USUAL_FOR), of the agent from there; `first_after` is the first of them, and `failures_before`
        are the failures before the first of the agent."""

    def done_by(
        self, where: EventFilter, subjects: Sequence[tuple[int, str | None, str | None, datetime, datetime]]
    ) -> Query:
        """Rows window_id, agent, source_ip, activity, events, first_at of what agents or addresses did.

        Subjects are (window_id, agent or None, address or None, start, end)."""

    def addresses_before(
        self,
        where: EventFilter,
        failures: Sequence[str],
        addresses: Sequence[tuple[int, str, str | None, datetime, datetime]],
        days: int,
    ) -> Query:
        """Rows window_id, source_ip, before, failed_before at the same time of day on the `days` days before.

        Addresses are (window_id, address, agent or None, start, end)."""

    def first_buckets(self, where: EventFilter, column: str, names: Sequence[str]) -> Query:
        """Rows start, end, name: the bucket of time with the first login of each of these agents or addresses."""

    def first_seen(self, where: EventFilter, column: str, names: Sequence[str]) -> Query:
        """Rows name, first: the first login of each of these agents or addresses in the period of `where`."""

    def first_times(self, where: EventFilter, column: str, *, known_for: timedelta, rows: int) -> Query:
        """Rows agent, <column>, occurred_at, known: pairs first seen in the period of `where`, the newest first."""

    def last_seen(self, agents: Sequence[str]) -> Query:
        """Rows agent, last: the newest event of each of these agents."""
