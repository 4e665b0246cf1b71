"""What an engine answers for rules on events. All moments are naive datetimes in UTC."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter


class RuleQueries(Protocol):
    """The statements behind rules.

    Each gives rows agent, source_ip (NULL where it does not matter), starts_at, ends_at (of the event that decides,
    which lies in the period of `where`), events, in the order of ends_at. `where` selects the events that are counted;
    events before its period are looked at as far as a rule says.
    """

    def arrivals(self, since: int) -> Query:
        """One row: first `occurred_at` of the events with seq >= `since` (NULL: none), and the next seq, below."""

    def success_after_failures(
        self,
        where: EventFilter,
        failures: Sequence[str],
        *,
        count: int,
        within: timedelta,
        from_new_address: bool = False,
    ) -> Query:
        """Logins that succeed after `count` or more failed logins of the agent in a row, `within` the time before.

        Failures count from any address, and the login from one that is not usual: the agent did not log in from it in
        the 90 days before. For a login from a usual address, failures from that address alone count. Logins `within`
        the time after such a one are rows, too, if their address is not usual.
        `where` selects logins by their activities, and `failures` are the outcomes that make one a failed login;
        `events` counts these. With `from_new_address`, the address has no earlier event of this agent than those.
        """

    def first_times(self, where: EventFilter, history: timedelta) -> Query:
        """The first event of `where`'s activities of each agent, where the log goes back by `history` before it."""

    def with_words(self, where: EventFilter, words: Sequence[str]) -> Query:
        """Events whose description or metadata contain one of the words, ignoring case, unless they failed."""

    def bulk(
        self, where: EventFilter, *, count: int, within: timedelta, log_younger_than: timedelta | None = None
    ) -> Query:
        """Events that are the `count`th or a later one of their agent `within` a length of time.

        With `log_younger_than`, those alone before which the log goes back by less than that.
        """

    def dormant(self, where: EventFilter, dormant: timedelta) -> Query:
        """The first event of each agent on a day (UTC) before which it had none for `dormant`, cut to whole days."""

    def deleted(self, where: EventFilter, deletions: Sequence[str]) -> Query:
        """The first event of each agent after an event of the activities `deletions` that had it as its target."""

    def many_agents(
        self, where: EventFilter, failures: Sequence[str], *, count: int, within: timedelta
    ) -> Query:
        """Failed logins from an address with `count` or more agents of failed logins `within` the time before.

        `agent` is empty, and `events` counts the agents.
        """
