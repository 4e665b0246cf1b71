"""The logins behind the hits of rules about logins: from where, how many failed, and what succeeded after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from alarms.counts import bucket_number
from alarms.records.record import LEAST_FAILURES, Reason, Share, takeover_reason
from alarms.rules.hits import Hit
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Period

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Attempts:
    """The logins of an agent in the minutes of a hit; `takeover` is the reason where some succeeded after failures.

    `addresses` begin with the most logins. `activities` are those that count as logins.
    """

    total: int
    failed: int
    succeeded: int
    addresses: tuple[Share, ...]
    takeover: Reason | None
    activities: tuple[str, ...]


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


def _attempts(rows: pd.DataFrame, activities: tuple[str, ...]) -> Attempts:
    total, failed, succeeded = (int(rows[name].sum()) for name in ("attempts", "failed", "succeeded_after"))
    after = rows[rows["succeeded_after"] > 0]
    guessed, before = (int(after[name].sum()) for name in ("failed", "failures_before"))
    takeover = takeover_reason(guessed, before, succeeded) if succeeded else None
    by_address = rows.dropna(subset="source_ip").sort_values(
        ["attempts", "source_ip"], ascending=[False, True]
    )
    shares = [
        Share(str(name), int(count), int(failures), usual=None, first_seen=None, is_new=False)
        for name, count, failures in by_address[["source_ip", "attempts", "failed"]].itertuples(index=False)
    ]
    return Attempts(total, failed, succeeded, tuple(shares), takeover, activities)
