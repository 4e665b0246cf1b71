"""The kinds of rules, each with its settings and the statement that looks for it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Query
from audit_store.engines.rules import RuleQueries
from audit_store.filters import EventFilter
from audit_store.quantities import counted, duration

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LENGTH = re.compile(r"(\d{1,5})([smhd])", re.ASCII)

Length = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,5}[smhd]$")]
Severity = Literal["critical", "high", "medium", "low"]
Count = Annotated[int, msgspec.Meta(ge=1)]
Names = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1)], ...], msgspec.Meta(min_length=1)]


def length(text: str) -> timedelta:
    """The length of time that a setting such as "15m" means."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is not a length of time; give a whole number and s, m, h or d, such as 15m"
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """A rule with its settings; `title` is the heading of its alarms."""

    title: ClassVar[str]
    enabled: bool
    severity: Severity

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """The statement that looks for it; `where` selects all events of a period."""
        raise NotImplementedError

    def sentence(self, events: int) -> str:
        """What an agent or address did, to be read after its name; `events` is what the statement counted."""
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        """The settings by the names that they have in a file."""
        return {field.encode_name: getattr(self, field.name) for field in msgspec.structs.fields(self)}


class SuccessAfterFailures(Rule, frozen=True, kw_only=True):
    """A login after many failed ones."""

    title: ClassVar[str] = "Login after many failed ones"
    failures: Count
    within: Length

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        return statements.success_after_failures(
            _of(where, catalogue.logins), catalogue.failures, count=self.failures, within=length(self.within)
        )

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return f"logged in after {counted(events, 'failed login')} within {_words(self.within)}"


class NewAddressAfterFailures(Rule, frozen=True, kw_only=True):
    """A login from an address that the agent never used, after failed ones."""

    title: ClassVar[str] = "Login from a new address after failed ones"
    failures: Count
    within: Length

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        return statements.success_after_failures(
            _of(where, catalogue.logins),
            catalogue.failures,
            count=self.failures,
            within=length(self.within),
            from_new_address=True,
        )

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return f"logged in from a new address after {counted(events, 'failed login')} within {_words(self.within)}"


class FirstApiKey(Rule, frozen=True, kw_only=True):
    """An API key generated or copied by an agent that never did so before."""

    title: ClassVar[str] = "API key taken for the first time"
    activities: Names
    history: Length

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        return statements.first_times(_of(where, self.activities), length(self.history))

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return f"did {' or '.join(self.activities)} for the first time"


class AdministratorRole(Rule, frozen=True, kw_only=True):
    """Somebody is made an administrator."""

    title: ClassVar[str] = "Administrator role given"
    activities: Names
    words: Names

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        return statements.with_words(_of(where, self.activities), self.words)

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return "gave somebody the role of an administrator"


class BulkDeletion(Rule, frozen=True, kw_only=True):
    """Many things deleted in a short time."""

    title: ClassVar[str] = "Bulk deletion"
    activities: Names
    events: Count
    within: Length

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        return statements.bulk(_of(where, self.activities), count=self.events, within=length(self.within))

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return f"deleted {counted(events, 'thing')} within {_words(self.within)}"


class DormantAgent(Rule, frozen=True, kw_only=True):
    """An agent acts after a long time without an event."""

    title: ClassVar[str] = "Dormant agent acts"
    after: Length

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        return statements.dormant(where, length(self.after))

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return f"acted after {_words(self.after)} or more without an event"


class DeletedAgent(Rule, frozen=True, kw_only=True):
    """An agent acts after it was deleted."""

    title: ClassVar[str] = "Deleted agent acts"
    activities: Names

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        return statements.deleted(where, self.activities)

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return "acted after it was deleted"


class ManyFailures(Rule, frozen=True, kw_only=True):
    """Many failed logins of one agent in a short time, in a log so young that the detector learns what is usual."""

    title: ClassVar[str] = "Many failed logins"
    failures: Count
    within: Length
    log_younger_than: Length

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        failed = replace(_of(where, catalogue.logins), outcome=catalogue.failures)
        return statements.bulk(
            failed,
            count=self.failures,
            within=length(self.within),
            log_younger_than=length(self.log_younger_than),
        )

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return f"failed to log in {counted(events, 'time')} within {_words(self.within)}"


class ManyAgentsFromOneAddress(Rule, frozen=True, kw_only=True):
    """Failed logins of many agents from one address."""

    title: ClassVar[str] = "Many agents tried from one address"
    agents: Count
    within: Length

    def query(self, statements: RuleQueries, where: EventFilter, catalogue: Catalogue) -> Query:
        """See `Rule`."""
        logins = _of(where, catalogue.logins)
        return statements.many_agents(
            logins, catalogue.failures, count=self.agents, within=length(self.within)
        )

    def sentence(self, events: int) -> str:
        """See `Rule`."""
        return f"failed to log in as {counted(events, 'agent')} within {_words(self.within)}"


def _of(where: EventFilter, activities: Sequence[str]) -> EventFilter:
    return replace(where, activity=tuple(activities))


def _words(setting: str) -> str:
    return duration(length(setting))
