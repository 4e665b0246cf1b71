"""The table of sources says when each reported, its pauses, its silence and its clock."""

from datetime import datetime, timedelta

import pandas as pd

from dashboard.store_page import sources

NOW = datetime(2026, 3, 14, 12)  # noqa: DTZ001 - naive UTC
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def counts(**minutes: list[int]) -> pd.DataFrame:
    """Ten events of each source in each quarter of an hour that began so many minutes ago."""
    rows = [(name, NOW - at * MINUTE, 10) for name, times in minutes.items() for at in times]
    return pd.DataFrame(rows, columns=["source", "time", "events"])


NONE = pd.DataFrame(
    {
        "source": pd.Series(dtype=str),
        "occurred_at": pd.Series(dtype="datetime64[us]"),
        "recorded_at": pd.Series(dtype="datetime64[us]"),
    }
)


def test_a_silent_source_comes_first_with_its_pauses() -> None:
    seen = counts(web=[600, 630, 660], api=[75, 120, 150])
    silent_since = {"web": NOW - 585 * MINUTE, "gone": NOW - 40 * 1440 * MINUTE}
    rows = sources.of_sources(seen, NONE, silent_since, NOW).set_index("source")
    assert rows["pause"].to_dict() == {"web": 30 * MINUTE, "api": 45 * MINUTE}
    assert rows.loc["web", "silent"] == 585 * MINUTE
    assert pd.isna(rows.loc["api", "silent"])
    assert list(rows.index) == ["web", "api"]


def test_the_words_of_the_table() -> None:
    newest = pd.DataFrame(
        {
            "source": ["web", "web", "api"],
            "occurred_at": [NOW - 58 * MINUTE, NOW - 59 * MINUTE, NOW + 3 * MINUTE],
            "recorded_at": [NOW - 58 * MINUTE + 40 * SECOND, NOW - 59 * MINUTE + 50 * SECOND, NOW],
        }
    )
    rows = sources.of_sources(counts(web=[60, 90], api=[60], **{"": [60]}), newest, {}, NOW)
    table = sources.table(rows, NOW).set_index("Source")
    assert table["Recorded after"].to_dict() == {
        "web": "45 seconds",
        "api": "clock ahead by 3 minutes",
        "no source": "–",
    }
    assert table.loc["web", "Last seen"] == "58 minutes ago"
    assert table.loc["api", "Last seen"] == "an hour ago", "its clock is ahead"
    assert table.loc["web", "Events a day"] == "20"
    assert table.loc["api", "Longest pause"] == "–"
