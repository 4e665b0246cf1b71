"""Stores of logins for the tests of alarms: office hours of a few agents, and attacks among them."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from audit_store.ranges import Period

START = datetime(2026, 1, 5)  # noqa: DTZ001 - naive UTC; a Monday
NOW = START + timedelta(weeks=10)
AGENTS = [f"support-{n}" for n in range(6)]
OFFICE = "192.0.2.1"

Row = dict[str, Any]


def logins(
    agent: str,
    at: datetime,
    count: int,
    *,
    outcome: str | None = "success",
    address: str | None = OFFICE,
    **more: Any,
) -> list[Row]:
    """So many logins spread over the half hour from `at`."""
    moments = [at + timedelta(seconds=1800 * number / count) for number in range(count)]
    own = {"agent": agent, "activity": "Login", "outcome": outcome, "source_ip": address, "source": "web"}
    return [{"occurred_at": moment, **own, **more} for moment in moments]


def office(
    agents: Iterable[str] = AGENTS,
    weeks: int = 10,
    *,
    rate: float = 3.0,
    start: datetime = START,
    seed: int = 1,
) -> list[Row]:
    """Logins of people who work from 8 to 18 UTC on working days, one in fifty refused."""
    chance = np.random.default_rng(seed)
    rows: list[Row] = []
    for agent in agents:
        for hour in range(weeks * 168):
            at = start + timedelta(hours=hour)
            if 8 <= at.hour < 18 and at.weekday() < 5:
                rows += [
                    row | {"outcome": "failure" if chance.random() < 0.02 else "success"}
                    for row in logins(agent, at, int(chance.poisson(rate)))
                ]
    return rows


def store_of(store: Store, rows: Iterable[Row]) -> Store:
    """The store with these events, in the order of time; gives the store."""
    frame = pd.DataFrame(
        sorted(rows, key=lambda row: row["occurred_at"]),
        columns=["occurred_at", "agent", "activity", "outcome", "source_ip", "source"],
    ).astype({"occurred_at": "datetime64[us]"})
    frame["event_id"] = [str(uuid.uuid4()) for _ in range(len(frame))]
    frame["place"] = range(len(frame))
    with store.write() as connection:
        connection.execute("SELECT 1").fetchall()  # DuckDB 2.0 registers nothing while an answer is half read
        connection.register("given", frame)
        connection.execute(
            "INSERT INTO events SELECT (SELECT count(*) FROM events) + place, event_id::UUID, occurred_at, "
            "occurred_at, agent, activity, '', outcome, source_ip, NULL, coalesce(source, ''), '{}' FROM given"
        )
    return store


def last_days(
    days: float, *, now: datetime = NOW, tz: str = "UTC", **choice: tuple[str, ...] | str
) -> EventFilter:
    """A filter over the last `days` before `now`."""
    return EventFilter(period=Period(now - timedelta(days=days), now), range="custom", tz=tz, **choice)
