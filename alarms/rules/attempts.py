"""The logins behind the hits of rules about logins: who, from where, how many failed, and what succeeded after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pandas as pd

from alarms.counts import bucket_number
from alarms.records.record import LEAST_FAILURES, Reason, Share
from alarms.rules.hits import Hit
from alarms.takeovers import MOST, reason_of
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Period

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Attempts:
    """The logins of an agent in the minutes of a hit; `takeover` is the reason where some succeeded after failures.

    `succeeded` are all that did, and `succeeded_after` those after failures. `addresses` begin with the most logins.
    `activities` are those that count as logins.
    """

    total: int
    failed: int
    succeeded: int
    succeeded_after: int
    addresses: tuple[Share, ...]
    takeover: Reason | None
    activities: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """The agents as which somebody failed to log in from an address, with their logins from it.

    `agents` are at most MOST, those with the most failed logins first; there are `more` others.
    """

    agents: tuple[Share, ...]
    more: int


def read(engine: Engine, reader: Reader, catalogue: Catalogue, hits: Sequence[Hit]) -> Mapping[int, Attempts]:
    """The logins of those of the hits that are about the logins of an agent, by their number."""
    windows = [
        (number, bucket, hit.agent, True)
        for number, hit in enumerate(hits)
        if hit.is_attack
        for bucket in range(*(bucket_number(moment, _MINUTE) for moment in hit.minutes))
    ]
    if not windows:
        return {}
    period = Period(min(hit.minutes[0] for hit in hits), max(hit.minutes[1] for hit in hits))
    where = EventFilter(activity=catalogue.logins, period=period)
    rows = reader.run(
        engine.login_queries.attempts_around(
            where, catalogue.failures, _MINUTE, windows, least_failures=LEAST_FAILURES
        )
    )
    by_hit = dict(list(rows.groupby("window_id")))
    return {
        number: _attempts(by_hit[number], catalogue.logins)
        for number, hit in enumerate(hits)
        if hit.is_attack
    }


def read_tried(
    engine: Engine, reader: Reader, catalogue: Catalogue, hits: Sequence[Hit]
) -> Mapping[int, Tried]:
    """The agents of those of the hits that are about an address, by their number."""
    return {
        number: _tried(engine, reader, catalogue, hit) for number, hit in enumerate(hits) if not hit.agent
    }


def _tried(engine: Engine, reader: Reader, catalogue: Catalogue, hit: Hit) -> Tried:
    logins = EventFilter(activity=catalogue.logins, source_ip=hit.addresses, period=Period(*hit.minutes))
    failed, others = _by_agent(engine, reader, catalogue, replace(logins, outcome=catalogue.failures))
    total, _ = _by_agent(engine, reader, catalogue, replace(logins, agent=tuple(failed)))
    return Tried(tuple(_share(agent, total[agent], failures) for agent, failures in failed.items()), others)


def _by_agent(
    engine: Engine, reader: Reader, catalogue: Catalogue, where: EventFilter
) -> tuple[dict[str, int], int]:
    """The events of the busiest agents, and how many agents there are besides."""
    rows = reader.run(engine.queries.by_agent(where, MOST, catalogue))
    events = rows.groupby("agent", sort=False)["events"].sum()
    others = int(rows.loc[rows["agent"].isna(), "agents"].max()) if rows["agent"].isna().any() else 0
    return {str(agent): int(count) for agent, count in events.items()}, others


def _share(name: str, count: int, failed: int, succeeded: int = 0) -> Share:
    return Share(name, count, failed, usual=None, first_seen=None, is_new=False, succeeded=succeeded)


def _attempts(rows: pd.DataFrame, activities: tuple[str, ...]) -> Attempts:
    names = ["attempts", "failed", "succeeded", "succeeded_after"]
    total, failed, succeeded, after = (int(rows[name].sum()) for name in names)
    by_address = rows.dropna(subset="source_ip").sort_values(
        ["attempts", "source_ip"], ascending=[False, True]
    )
    shares = [
        _share(str(name), int(count), int(failures), int(successes))
        for name, count, failures, _, successes in by_address[["source_ip", *names]].itertuples(index=False)
    ]
    return Attempts(total, failed, succeeded, after, tuple(shares), reason_of(rows), activities)
