"""Where rules applied: single hits joined to one for each agent or address and time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from alarms.records.record import AlarmRecord
from alarms.rules.logins import LOGIN_RULES
from alarms.rules.rule import Rule
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine, Reader
from audit_store.engines.rules import RuleQueries
from audit_store.filters import EventFilter
from audit_store.ranges import Period

JOINED_WITHIN = timedelta(hours=1)
"""Hits about one subject that lie less than this apart are one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule applied to what an agent ("": many) did from `addresses` between two events, both included.

    `events` is what the rule counted, at its highest; moments are naive UTC. `also` are the other rules about logins
    that applied to the same attack, of which `rule` says the most.
    """

    rule: str
    agent: str
    addresses: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    events: int
    also: tuple[str, ...] = ()

    @property
    def is_attack(self) -> bool:
        """Whether it is about the logins of one agent, whichever rule found it."""
        return bool(self.agent) and self.rule in LOGIN_RULES

    @property
    def subject(self) -> tuple[str, ...]:
        """What it is about: logins or the events of a rule, of its agent or, without one, from its addresses."""
        what = "logins" if self.is_attack else self.rule
        return (what, self.agent) if self.agent else (what, "", *self.addresses)

    @property
    def minutes(self) -> tuple[datetime, datetime]:
        """The whole minutes, from the first to the end of the last, in which it lies; a URL can hold them."""
        first, last = (moment.replace(second=0, microsecond=0) for moment in (self.starts_at, self.ends_at))
        return first, last + timedelta(minutes=1)


def find_hits(engine: Engine, name: str, rule: Rule, period: Period, catalogue: Catalogue) -> list[Hit]:
    """The hits of a rule whose deciding event lies in a period, in the order of time.

    The catalogue says what logins are. Raises what the store raises.
    """
    with engine.read() as reader:
        return hits_of(reader, engine.rule_queries, name, rule, period, catalogue)


def hit_of(record: AlarmRecord) -> Hit:
    """The hit of which an alarm is recorded, as far as it is recorded."""
    return Hit(
        rule=record.rule,
        agent=record.agent,
        addresses=tuple(share.name for share in record.addresses),
        starts_at=record.starts_at,
        ends_at=record.ends_at - timedelta(microseconds=1),
        events=record.observed,
        also=tuple(
            reason.name
            for reason in record.reasons
            if reason.name in LOGIN_RULES and reason.name != record.rule
        ),
    )


def hits_of(
    reader: Reader, statements: RuleQueries, name: str, rule: Rule, period: Period, catalogue: Catalogue
) -> list[Hit]:
    """The same as `find_hits`, from a store that is open."""
    rows = reader.run(rule.query(statements, EventFilter(period=period), catalogue))
    return joined([_hit(name, row) for row in rows.itertuples(index=False)])


def joined(hits: Sequence[Hit]) -> list[Hit]:
    """Hits with those about one subject that lie close together made one."""
    last: dict[tuple[str, ...], int] = {}
    result: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.starts_at, hit.ends_at)):
        position = last.get(hit.subject)
        if position is not None and hit.starts_at < result[position].ends_at + JOINED_WITHIN:
            result[position] = together(result[position], hit)
        else:
            last[hit.subject] = len(result)
            result.append(hit)
    return result


def together(first: Hit, second: Hit) -> Hit:
    """Two hits about one subject as one, of the rule that says the most."""
    rules = dict.fromkeys((first.rule, second.rule, *first.also, *second.also))
    rule, *also = sorted(rules, key=LOGIN_RULES.index) if len(rules) > 1 else rules
    return replace(
        first,
        rule=rule,
        addresses=tuple(dict.fromkeys((*first.addresses, *second.addresses))),
        starts_at=min(first.starts_at, second.starts_at),
        ends_at=max(first.ends_at, second.ends_at),
        events=max(hit.events for hit in (first, second) if hit.rule == rule),
        also=tuple(also),
    )


def _hit(name: str, row: Any) -> Hit:
    address = None if pd.isna(row.source_ip) else str(row.source_ip)
    return Hit(
        rule=name,
        agent=str(row.agent),
        addresses=(address,) if address else (),
        starts_at=row.starts_at.to_pydatetime(),
        ends_at=row.ends_at.to_pydatetime(),
        events=int(row.events),
    )
