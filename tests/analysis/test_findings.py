"""Low-priority findings: unusual hours, first times, silence, and rises too slow for an hour."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis import (
    Budget,
    Finding,
    explain,
    fit,
    gone_silent,
    new_activities,
    new_addresses,
    sustained_rises,
    unusual_hours,
)
from tests.analysis.spike_series import START, hours

WEEKS = 10


def by_day(weeks: float = WEEKS, *, rate: float = 3.0, seed: int = 1) -> np.ndarray:
    """Somebody who logs in from 8 to 18 every day."""
    local = hours(weeks).hour
    rates = np.where((local >= 8) & (local < 18), rate, 0.0)
    return np.random.default_rng(seed).poisson(rates).astype(float)


def frame(**counts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(counts, index=hours(len(next(iter(counts.values()))) / 168))


LAST_NIGHT = (WEEKS - 1) * 168 + 3


@pytest.mark.parametrize(
    ("hour", "count", "is_unusual"),
    [
        (LAST_NIGHT, 1, True),
        (LAST_NIGHT, 4, True),
        (LAST_NIGHT, 5, False),
        (LAST_NIGHT + 8, 2, False),
        (99, 2, False),
    ],
)
def test_a_few_events_at_an_hour_never_used(hour: int, count: int, is_unusual: bool) -> None:
    counts = by_day()
    counts[hour] = count
    findings = unusual_hours(fit(frame(kim=counts), tz="UTC"), tz="UTC")
    assert [finding.at for finding in findings] == ([hours(WEEKS)[hour]] if is_unusual else [])
    assert all("after 03:00" in finding.text and finding.series == "kim" for finding in findings)


def test_unusual_hours_close_together_are_one_finding_and_a_later_night_is_usual() -> None:
    counts = by_day()
    counts[[LAST_NIGHT - 1, LAST_NIGHT, LAST_NIGHT + 24]] = 2
    findings = unusual_hours(fit(frame(kim=counts), tz="Asia/Kolkata"), tz="Asia/Kolkata")
    assert [finding.text for finding in findings] == [
        "kim: 2 events after 07:30, an hour unused for eight weeks"
    ]


def test_who_is_rarely_seen_has_no_unusual_hour() -> None:
    counts = np.zeros(WEEKS * 168)
    counts[10 : LAST_NIGHT : 24 * 7] = 1
    counts[LAST_NIGHT] = 1
    assert unusual_hours(fit(frame(kim=counts), tz="UTC"), tz="UTC") == []


EVENTS = pd.DataFrame(
    [
        ("kim", "10.0.0.1", "Login", "2026-03-01 08:00"),
        ("kim", "10.0.0.1", "Login", "2026-03-20 08:00"),
        ("kim", "198.51.100.9", "API key copied", "2026-03-20 09:00"),
        ("kim", "198.51.100.9", "Login", "2026-03-20 10:00"),
        ("kim", None, "User deleted", "2026-03-19 10:00"),
        ("new-hire", "10.0.0.7", "Login", "2026-03-19 08:00"),
        ("new-hire", "10.0.0.8", "Login", "2026-03-20 08:00"),
    ],
    columns=["agent", "source_ip", "activity", "occurred_at"],
).astype({"occurred_at": "datetime64[us]"})


@pytest.mark.parametrize(
    ("findings_of", "since", "texts"),
    [
        (new_addresses, "2026-03-15", ["kim: first time from 198.51.100.9"]),
        (new_addresses, "2026-03-20 09:01", []),
        (new_activities, "2026-03-15", ["kim: first time: User deleted", "kim: first time: API key copied"]),
        (new_activities, "2026-03-20", ["kim: first time: API key copied"]),
    ],
)
def test_first_times_of_those_known_for_a_week(
    findings_of: Callable[..., list[Finding]], since: str, texts: list[str]
) -> None:
    when = pd.Timestamp(since)
    assert [finding.text for finding in findings_of(EVENTS, since=when)] == texts
    column = "source_ip" if findings_of is new_addresses else "activity"
    firsts = EVENTS.groupby(["agent", column], dropna=False, as_index=False)["occurred_at"].min()
    assert [finding.text for finding in findings_of(firsts, since=when)] == texts
    assert findings_of(EVENTS.iloc[:0], since=when) == []


def test_a_source_that_stops_is_a_finding_when_it_was_never_so_silent() -> None:
    steady, idle, daily = np.ones(2000), np.ones(2000), np.zeros(2000)
    steady[-8:] = 0
    idle[-5:] = 0
    daily[::24] = 5
    findings = gone_silent(frame(steady=steady, idle=idle, daily=daily, never=np.zeros(2000)))
    assert [finding.text for finding in findings] == [
        "steady: no events for 8 hours, the longest gap before was 1 hour"
    ]
    assert findings[0].at == START + pd.Timedelta(hours=1992)


@pytest.mark.parametrize(
    "counts",
    [
        np.r_[np.ones(1000), np.full(500, np.nan)],
        np.r_[np.ones(30), np.zeros(100)],
        np.r_[np.ones(40), np.zeros(900)],
    ],
    ids=["outage", "known for less than a week", "too few events"],
)
def test_an_outage_and_a_newcomer_are_not_silent(counts: np.ndarray) -> None:
    assert gone_silent(frame(a=counts)) == []


def test_a_slow_rise_is_found_in_days_and_explained_in_dates() -> None:
    counts = by_day(12, rate=6.0)
    rising = slice(10 * 168, 10 * 168 + 5 * 24)
    counts[rising] = np.random.default_rng(2).poisson(counts[rising] * 2.2)
    rises = sustained_rises(frame(kim=counts, lee=by_day(12, seed=5)), tz="Europe/Berlin")
    assert [alarm.series for alarm in rises] == ["kim"]
    assert START + pd.Timedelta(days=69) < rises[0].start < START + pd.Timedelta(days=73)
    assert "2026-03-1" in explain(rises[0], tz="Europe/Berlin").counted
    assert sustained_rises(frame(kim=by_day(12)), tz="Europe/Berlin", budget=Budget(0.05)) == []
