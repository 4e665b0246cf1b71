"""What an alarm is made of: how many failed, from where, by whom, and who is there for the first time.

`tell` reads the few figures a sentence needs, for all alarms of a list at once; `evidence` reads the tables for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from alarms.counts import EPOCH, HOUR, bucket_of
from alarms.login_alarm import NAMES, LoginAlarm
from alarms.watch import Watch, watched_activities
from analysis import explain
from audit_store.engines.protocol import Engine
from audit_store.filters import EventFilter
from audit_store.ranges import Period

USUAL_DAYS = 28
MOST_ROWS = 20
MOST_NAMED = 2
_EXCESS = ["name", "now", "failed", "usual", "excess", "first_ever"]


@dataclass(frozen=True)
class Told:
    """An alarm with its sentence, times in the filter's zone. `failed` logins; `new_addresses`, never seen in the
    store before; `address`, the one that half of what is counted comes from, or None. Names are as logged: escape
    the sentence before a browser renders it."""

    alarm: LoginAlarm
    sentence: str
    failed: int
    new_addresses: int
    address: str | None


@dataclass(frozen=True)
class Evidence:
    """Who and where from. Rows name, now (what is counted in the alarm's time), failed, usual (the mean of the same
    hours on up to 28 days before; NaN without a day of history), excess, first_ever; the largest excess first, at
    most MOST_ROWS. `more_agents` and `more_addresses` are not listed. Names are as logged."""

    agents: pd.DataFrame
    addresses: pd.DataFrame
    more_agents: int
    more_addresses: int


def tell(store: Engine, watch: Watch, alarms: Sequence[LoginAlarm]) -> list[Told]:
    """The sentence of each alarm. Raises what the store raises."""
    if not alarms:
        return []
    windows = [window for place, alarm in enumerate(alarms) for window in _windows(watch, place, alarm)]
    buckets = [bucket for _, bucket, _ in windows]
    step = watch.logins.clock.step
    period = Period(EPOCH + min(buckets) * step, EPOCH + (max(buckets) + 1) * step)
    where = replace(_counted(watch), period=period)
    with store.read() as reader:
        rows = reader.run(store.login_queries.inside_windows(where, watch.known.failures, step, windows))
        addresses = rows["source_ip"].dropna().unique().tolist()
        first_seen = _first_seen(reader.run(store.login_queries.first_seen("source_ip", addresses)))
    parts = dict(list(rows.groupby("place")))
    return [_told(watch, alarm, parts.get(place, rows[:0]), first_seen) for place, alarm in enumerate(alarms)]


def evidence(store: Engine, watch: Watch, alarm: LoginAlarm) -> Evidence:
    """The agents and addresses behind an alarm. Raises what the store raises."""
    start, end = alarm.key.start, alarm.end
    where = replace(alarm.where, period=Period(start - timedelta(days=USUAL_DAYS), end))
    with store.read() as reader:
        rows = reader.run(store.login_queries.same_hours_before(where, watch.known.failures, start, end))
        by_agent, by_address = rows[rows["is_agent"]], rows[~rows["is_agent"]]
        agents = _ranked(by_agent.assign(name=by_agent["agent"]), watch, alarm)
        addresses = _ranked(
            by_address.assign(name=by_address["source_ip"]).dropna(subset="name"), watch, alarm
        )
        tables = []
        for column, frame in (("agent", agents), ("source_ip", addresses)):
            top = frame.head(MOST_ROWS).reset_index(drop=True)
            seen = _first_seen(reader.run(store.login_queries.first_seen(column, top["name"].tolist())))
            tables.append(top.assign(first_ever=[seen[name] >= start for name in top["name"]])[_EXCESS])
    return Evidence(tables[0], tables[1], len(agents) - len(tables[0]), len(addresses) - len(tables[1]))


def _counted(watch: Watch) -> EventFilter:
    return replace(watch.where.without("agent", "not_agent"), activity=watched_activities(watch))


def _windows(watch: Watch, place: int, alarm: LoginAlarm) -> list[tuple[int, int, str | None]]:
    step = watch.logins.clock.step
    first, end = bucket_of(alarm.key.start, step), bucket_of(alarm.end, step)
    return [(place, bucket, alarm.key.agent or None) for bucket in range(first, end)]


def _first_seen(rows: pd.DataFrame) -> dict[str, datetime]:
    return dict(zip(rows["name"], rows["first"].dt.to_pydatetime(), strict=True))


def _told(watch: Watch, alarm: LoginAlarm, rows: pd.DataFrame, first_seen: dict[str, datetime]) -> Told:
    if not alarm.key.agent:
        rows = rows[rows["agent"].isin(watch.logins.agents[watch.chosen])]
    if alarm.counts_failed:
        rows = rows[rows["failed"] > 0]
    figures = rows["failed" if alarm.counts_failed else "attempts"]
    by_address = figures.groupby(rows["source_ip"]).sum().sort_values(ascending=False)
    by_agent = figures.groupby(rows["agent"]).sum().sort_values(ascending=False)
    failed = int(rows["failed"].sum())
    new = sum(first_seen[name] >= alarm.key.start for name in by_address.index)
    spike = replace(alarm.spike, total=len(by_agent)) if alarm.key.kind == "agents" else alarm.spike
    sentence = explain(
        spike,
        tz=watch.where.tz,
        noun=alarm.noun,
        failed=None if alarm.counts_failed else failed,
        new_addresses=new,
    )
    address = _leading(by_address, int(figures.sum()))
    who = None if alarm.key.agent or alarm.key.kind == "agents" else _leading(by_agent, int(figures.sum()))
    said = [f"{by_agent[who]:,} by {who}"] if who else []
    said += [f"{by_address[address]:,} from {address}"] if address else []
    said += [f"also seen in {_listed(alarm)}"] if alarm.also else []
    # Who, where from and where else stand before the last words of the sentence, how rare it is by chance.
    rarely = sentence.rfind("; by chance")
    return Told(alarm, "; ".join([sentence[:rarely], *said]) + sentence[rarely:], failed, new, address)


def _listed(alarm: LoginAlarm) -> str:
    """Where else an alarm was seen: "failed logins, ada, bob and 7 more agents"."""
    names = [NAMES[each.key.kind].lower() for each in alarm.also if not each.key.agent]
    agents = [each.key.agent for each in alarm.also if each.key.agent]
    names += agents[:MOST_NAMED]
    if (more := len(agents) - MOST_NAMED) > 0:
        names += [f"{more:,} more agent{'s' if more > 1 else ''}"]
    return " and ".join([part for part in (", ".join(names[:-1]), names[-1]) if part])


def _leading(figures: pd.Series, total: int) -> str | None:
    """The name that stands for half of all."""
    return str(figures.index[0]) if len(figures) and 2 * figures.iloc[0] >= total else None


def _ranked(rows: pd.DataFrame, watch: Watch, alarm: LoginAlarm) -> pd.DataFrame:
    """Rows name, now, failed, usual, excess, the largest excess first."""
    counted, past = ("failed", "failed_before") if alarm.counts_failed else ("attempts", "before")
    begun = watch.logins.clock.hours[0].to_pydatetime()
    days = min(USUAL_DAYS, (alarm.key.start - begun) // timedelta(days=1))
    # A window of several days meets the same hours of a past day less often than once a day.
    share = max((alarm.end - alarm.key.start) / (24 * HOUR), 1.0) / days if days else np.nan
    usual = rows[past] * share
    found = pd.DataFrame(
        {"name": rows["name"], "now": rows[counted], "failed": rows["failed"], "usual": usual}
    ).assign(excess=lambda frame: frame["now"] - frame["usual"].fillna(0.0))
    return found[found["now"] > 0].sort_values(["excess", "name"], ascending=[False, True])
