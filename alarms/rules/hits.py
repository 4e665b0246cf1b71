"""Where a rule applied: single hits joined to one for each agent or address and time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from alarms.rules.rule import Rule
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine, Reader
from audit_store.engines.rules import RuleQueries
from audit_store.filters import EventFilter
from audit_store.ranges import Period

JOINED_WITHIN = timedelta(hours=1)
"""Hits of one rule, agent and, where there is no agent, address that lie less than this apart are one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule applied to what an agent ("": many) did from `addresses` between two events, both included.

    `events` is what the rule counted, at its highest; moments are naive UTC.
    """

    rule: str
    agent: str
    addresses: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    events: int


def find_hits(engine: Engine, name: str, rule: Rule, period: Period, catalogue: Catalogue) -> list[Hit]:
    """The hits of a rule whose deciding event lies in a period, in the order of time.

    The catalogue says what logins are. Raises what the store raises.
    """
    with engine.read() as reader:
        return hits_of(reader, engine.rule_queries, name, rule, period, catalogue)


def hits_of(
    reader: Reader, statements: RuleQueries, name: str, rule: Rule, period: Period, catalogue: Catalogue
) -> list[Hit]:
    """The same as `find_hits`, from a store that is open."""
    rows = reader.run(rule.query(statements, EventFilter(period=period), catalogue))
    return joined([_hit(name, row) for row in rows.itertuples(index=False)])


def joined(hits: Sequence[Hit]) -> list[Hit]:
    """Hits with those of one rule and agent, or address, that lie close together made one."""
    last: dict[tuple[str, ...], int] = {}
    result: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.starts_at, hit.ends_at)):
        key = (hit.rule, hit.agent) if hit.agent else (hit.rule, "", *hit.addresses)
        position = last.get(key)
        if position is not None and hit.starts_at < result[position].ends_at + JOINED_WITHIN:
            result[position] = _together(result[position], hit)
        else:
            last[key] = len(result)
            result.append(hit)
    return result


def _together(first: Hit, second: Hit) -> Hit:
    return replace(
        first,
        addresses=tuple(dict.fromkeys((*first.addresses, *second.addresses))),
        ends_at=max(first.ends_at, second.ends_at),
        events=max(first.events, second.events),
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
