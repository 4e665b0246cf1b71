"""The quieter notes: unusual hours, first times, silence, and rises too slow for an hour."""

import numpy as np
import pandas as pd
import pytest

from analysis import (
    Budget,
    explain,
    fit,
    fold_days,
    gone_silent,
    new_activities,
    new_addresses,
    spread,
    sustained_rises,
    unusual_hours,
)

START = pd.Timestamp("2026-01-05")  # a Monday
WEEKS = 10


def hours(weeks: float = WEEKS) -> pd.DatetimeIndex:
    return pd.date_range(START, periods=int(weeks * 168), freq="1h")


def by_day(weeks: float = WEEKS, *, rate: float = 3.0, seed: int = 1) -> np.ndarray:
    """Somebody who logs in from 8 to 18 every day."""
    when = hours(weeks)
    return (
        np.random.default_rng(seed)
        .poisson(np.where((when.hour >= 8) & (when.hour < 18), rate, 0.0))
        .astype(float)
    )


def frame(**counts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(counts, index=hours(len(next(iter(counts.values()))) / 168))


LAST_NIGHT = (WEEKS - 1) * 168 + 3


@pytest.mark.parametrize(
    ("hour", "count", "noted"),
    [
        (LAST_NIGHT, 1, True),
        (LAST_NIGHT, 4, True),
        (LAST_NIGHT, 5, False),
        (LAST_NIGHT + 8, 2, False),
        (99, 2, False),
    ],
)
def test_a_few_events_at_an_hour_never_used(hour: int, count: int, noted: bool) -> None:
    counts = by_day()
    counts[hour] = count
    notes = unusual_hours(fit(frame(kim=counts), tz="UTC"), tz="UTC")
    assert [note.at for note in notes] == ([hours()[hour]] if noted else [])
    assert all("after 03:00" in note.text and note.series == "kim" for note in notes)


def test_unusual_hours_close_together_are_one_note_and_a_later_night_is_usual() -> None:
    counts = by_day()
    counts[[LAST_NIGHT - 1, LAST_NIGHT, LAST_NIGHT + 24]] = 2
    notes = unusual_hours(fit(frame(kim=counts), tz="Asia/Kolkata"), tz="Asia/Kolkata")
    assert [note.text for note in notes] == ["kim: 2 events after 07:30, an hour unused for eight weeks"]


def test_who_is_rarely_seen_has_no_unusual_hour() -> None:
    counts = np.zeros(WEEKS * 168)
    counts[10 : LAST_NIGHT : 24 * 7] = 1
    counts[LAST_NIGHT] = 1
    assert unusual_hours(fit(frame(kim=counts), tz="UTC"), tz="UTC") == []


SEEN = pd.DataFrame(
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
    ("notes_of", "since", "texts"),
    [
        (new_addresses, "2026-03-15", ["kim: first time from 198.51.100.9"]),
        (new_addresses, "2026-03-20 09:01", []),
        (new_activities, "2026-03-15", ["kim: first time: User deleted", "kim: first time: API key copied"]),
        (new_activities, "2026-03-20", ["kim: first time: API key copied"]),
    ],
)
def test_first_times_of_those_known_for_a_week(notes_of, since: str, texts: list[str]) -> None:  # noqa: ANN001
    when = pd.Timestamp(since)
    assert [note.text for note in notes_of(SEEN, since=when)] == texts
    column = "source_ip" if notes_of is new_addresses else "activity"
    firsts = SEEN.groupby(["agent", column], dropna=False, as_index=False)["occurred_at"].min()
    assert [note.text for note in notes_of(firsts, since=when)] == texts
    assert notes_of(SEEN.iloc[:0], since=when) == []


def test_a_source_that_stops_is_noted_when_it_was_never_so_silent() -> None:
    steady, idle, daily = np.ones(2000), np.ones(2000), np.zeros(2000)
    steady[-8:] = 0
    idle[-5:] = 0
    daily[::24] = 5
    notes = gone_silent(frame(steady=steady, idle=idle, daily=daily, never=np.zeros(2000)))
    assert [note.text for note in notes] == ["steady: silent for 8 hours, never longer than 1 hour before"]
    assert notes[0].at == START + pd.Timedelta(hours=1992)


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


def test_a_slow_rise_is_found_in_days_and_told_in_dates() -> None:
    counts = by_day(12, rate=6.0)
    rising = slice(10 * 168, 10 * 168 + 5 * 24)
    counts[rising] = np.random.default_rng(2).poisson(counts[rising] * 2.2)
    found = sustained_rises(frame(kim=counts, lee=by_day(12, seed=5)), tz="Europe/Berlin")
    assert [alarm.series for alarm in found] == ["kim"]
    assert START + pd.Timedelta(days=69) < found[0].start < START + pd.Timedelta(days=73)
    assert "2026-03-1" in explain(found[0], tz="Europe/Berlin")
    assert sustained_rises(frame(kim=by_day(12)), tz="Europe/Berlin", budget=Budget(0.05)) == []


def test_days_are_local_whole_and_scaled_over_an_outage() -> None:
    counts = pd.DataFrame({"a": 1.0}, index=pd.date_range("2026-03-27 23:00", "2026-03-31 12:00", freq="1h"))
    counts.loc["2026-03-30 03:00":"2026-03-30 06:00", "a"] = np.nan
    counts.loc["2026-03-27 23:00":"2026-03-28 07:00", "a"] = np.nan
    days = fold_days(counts, tz="Europe/Berlin")
    # The 29th has 23 hours in Berlin; the 31st is not over; the 28th lost nine hours.
    assert days["a"].tolist() == pytest.approx([np.nan, 23.0, 24.0], nan_ok=True)
    assert days.index.tolist() == list(
        pd.to_datetime(["2026-03-27 23:00", "2026-03-28 23:00", "2026-03-29 22:00"])
    )


def test_grouped_counts_are_spread_over_all_hours() -> None:
    grouped = pd.DataFrame(
        {
            "series": ["a", "b", "a", "a"],
            "bucket_start": pd.to_datetime(
                ["2026-01-05 00:00", "2026-01-05 02:00", "2026-01-05 02:00", "2026-01-09 00:00"]
            ),
            "count": [3, 1, 2, 9],
        }
    )
    outage = (pd.Timestamp("2026-01-05 03:30"), pd.Timestamp("2026-01-05 05:00"))
    counts = spread(grouped, start=START, end=START + pd.Timedelta("6h"), outages=[outage])
    assert counts["a"].tolist() == pytest.approx([3, 0, 2, np.nan, np.nan, 0], nan_ok=True)
    assert counts["b"].tolist() == pytest.approx([0, 0, 1, np.nan, np.nan, 0], nan_ok=True)
    assert spread(grouped.iloc[:0], start=START, end=START + pd.Timedelta("6h")).shape == (6, 0)
