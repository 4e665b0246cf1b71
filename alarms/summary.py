"""A summary of each alarm of a list: its explanation, and the few figures that the explanation names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from alarms.counts import EPOCH, bucket_number
from alarms.login_alarm import SERIES_NAMES, LoginAlarm
from alarms.watch import Watch
from analysis import Explanation, explain
from audit_store.engines.protocol import Engine
from audit_store.quantities import counted
from audit_store.ranges import Period

MOST_NAMED = 2


@dataclass(frozen=True)
class AlarmSummary:
    """An alarm with its explanation, times in the filter's zone. `failed` logins; `new_addresses`, never seen in the
    store before; `address`, the one that half of what is counted comes from, or None. Names are as logged: escape
    them before a browser renders them."""

    alarm: LoginAlarm
    explanation: Explanation
    failed: int
    new_addresses: int
    address: str | None

    @property
    def sentence(self) -> str:
        """The explanation as one sentence."""
        return self.explanation.text


def first_times(rows: pd.DataFrame) -> dict[str, datetime]:
    """When each name was first seen (naive UTC), from rows name, first."""
    return dict(zip(rows["name"], rows["first"].dt.to_pydatetime(), strict=True))


def summarize(store: Engine, watch: Watch, alarms: Sequence[LoginAlarm]) -> list[AlarmSummary]:
    """Summarize alarms of the watch, all with one read of the store. Raises what the store raises."""
    if not alarms:
        return []
    windows = [window for position, alarm in enumerate(alarms) for window in _windows(watch, position, alarm)]
    buckets = [bucket for _, bucket, _ in windows]
    step = watch.logins.clock.step
    period = Period(EPOCH + min(buckets) * step, EPOCH + (max(buckets) + 1) * step)
    where = replace(watch.where.without("agent", "not_agent"), activity=watch.activities, period=period)
    queries = store.login_queries
    with store.read() as reader:
        rows = reader.run(queries.inside_windows(where, watch.catalogue.failures, step, windows))
        addresses = rows["source_ip"].dropna().unique().tolist()
        first_seen = first_times(reader.run(queries.first_seen("source_ip", addresses)))
    by_position = dict(list(rows.groupby("window_id")))
    return [
        _summary(watch, alarm, by_position.get(position, rows[:0]), first_seen)
        for position, alarm in enumerate(alarms)
    ]


def _windows(watch: Watch, position: int, alarm: LoginAlarm) -> list[tuple[int, int, str | None]]:
    step = watch.logins.clock.step
    first, end = bucket_number(alarm.key.start, step), bucket_number(alarm.end, step)
    return [(position, bucket, alarm.key.agent or None) for bucket in range(first, end)]


def _summary(
    watch: Watch, alarm: LoginAlarm, rows: pd.DataFrame, first_seen: dict[str, datetime]
) -> AlarmSummary:
    if not alarm.key.agent:
        rows = rows[rows["agent"].isin(watch.logins.agents[watch.is_selected])]
    if alarm.counts_failed:
        rows = rows[rows["failed"] > 0]
    logins = rows["failed" if alarm.counts_failed else "attempts"]
    by_address = logins.groupby(rows["source_ip"]).sum().sort_values(ascending=False)
    by_agent = logins.groupby(rows["agent"]).sum().sort_values(ascending=False)
    failed, total = int(rows["failed"].sum()), int(logins.sum())
    new_addresses = sum(first_seen[name] >= alarm.key.start for name in by_address.index)
    agent = None if alarm.key.agent or alarm.key.kind == "agents" else _majority(by_agent, total)
    address = _majority(by_address, total)
    details = (
        f"{failed:,} failed" if failed and not alarm.counts_failed else "",
        f"{counted(new_addresses, 'address', 'addresses')} never seen before" if new_addresses else "",
        f"{by_agent[agent]:,} by {agent}" if agent else "",
        f"{by_address[address]:,} from {address}" if address else "",
        f"also seen in {other_series(alarm)}" if alarm.also else "",
    )
    spike = replace(alarm.spike, total=len(by_agent)) if alarm.key.kind == "agents" else alarm.spike
    explanation = explain(
        spike, tz=watch.where.tz, noun=alarm.noun, details=[detail for detail in details if detail]
    )
    return AlarmSummary(alarm, explanation, failed, new_addresses, address)


def _majority(logins: pd.Series, total: int) -> str | None:
    """The name with the most logins, if it has half of all."""
    return str(logins.index[0]) if len(logins) and 2 * logins.iloc[0] >= total else None


def other_series(alarm: LoginAlarm) -> str:
    """Where else an alarm was seen: "failed logins, ada, bob and 7 more agents"."""
    names = [SERIES_NAMES[other.key.kind].lower() for other in alarm.also if not other.key.agent]
    agents = [other.key.agent for other in alarm.also if other.key.agent]
    names += agents[:MOST_NAMED]
    if (more := len(agents) - MOST_NAMED) > 0:
        names.append(counted(more, "more agent"))
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
