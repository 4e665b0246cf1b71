"""The evidence for one alarm: which agents and addresses make up its excess, and which are there for the first time."""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd

from alarms.counts import HOUR
from alarms.login_alarm import LoginAlarm
from alarms.summary import first_times
from alarms.watch import Watch
from audit_store.engines.protocol import Engine
from audit_store.ranges import Period

BASELINE_DAYS = 28
MOST_ROWS = 20
_COLUMNS = ["name", "now", "failed", "expected", "excess", "first_ever"]


@dataclass(frozen=True)
class Evidence:
    """The agents and addresses of an alarm, at most MOST_ROWS each, the largest excess first.

    Columns: name; now, what is counted in the alarm's time; failed; expected, the mean of the same hours on up to 28
    days before, NaN without a day of history; excess; first_ever. `more_agents` and `more_addresses` are not listed.
    Names are as logged: escape them before a browser renders them.
    """

    agents: pd.DataFrame
    addresses: pd.DataFrame
    more_agents: int
    more_addresses: int


def evidence(store: Engine, watch: Watch, alarm: LoginAlarm) -> Evidence:
    """The agents and addresses behind an alarm. Raises what the store raises."""
    start, end = alarm.key.start, alarm.end
    where = replace(alarm.where, period=Period(start - timedelta(days=BASELINE_DAYS), end))
    queries = store.login_queries
    with store.read() as reader:
        rows = reader.run(queries.same_hours_before(where, watch.catalogue.failures, start, end))
        by_agent, by_address = rows[rows["is_agent"]], rows[~rows["is_agent"]].dropna(subset="source_ip")
        agents = _ranked(by_agent, "agent", watch, alarm)
        addresses = _ranked(by_address, "source_ip", watch, alarm)
        tables = []
        for column, ranked in (("agent", agents), ("source_ip", addresses)):
            top = ranked.head(MOST_ROWS).reset_index(drop=True)
            first_seen = first_times(reader.run(queries.first_seen(column, top["name"].tolist())))
            is_new = [first_seen[name] >= start for name in top["name"]]
            tables.append(top.assign(first_ever=is_new)[_COLUMNS])
    return Evidence(tables[0], tables[1], len(agents) - len(tables[0]), len(addresses) - len(tables[1]))


def _ranked(rows: pd.DataFrame, column: str, watch: Watch, alarm: LoginAlarm) -> pd.DataFrame:
    """Rows name, now, failed, expected, excess, the largest excess first."""
    now, before = ("failed", "failed_before") if alarm.counts_failed else ("attempts", "before")
    first_hour = watch.logins.clock.hours[0].to_pydatetime()
    days = min(BASELINE_DAYS, (alarm.key.start - first_hour) // timedelta(days=1))
    # A window of several days meets the same hours of a past day less often than once a day.
    share = max((alarm.end - alarm.key.start) / (24 * HOUR), 1.0) / days if days else np.nan
    ranked = pd.DataFrame(
        {
            "name": rows[column],
            "now": rows[now],
            "failed": rows["failed"],
            "expected": rows[before] * share,
        }
    ).assign(excess=lambda frame: frame["now"] - frame["expected"].fillna(0.0))
    return ranked[ranked["now"] > 0].sort_values(["excess", "name"], ascending=[False, True])
