"""The generated log that the tests of the demonstration share."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from demo import planted

UNTIL = datetime(2026, 11, 22, 22, tzinfo=UTC)
FIRST = UNTIL - timedelta(days=90)
PLANTED = planted(7, UNTIL)


def hourly(logins: pd.DataFrame) -> pd.DataFrame:
    """Sign-ins an hour, a column an agent, index in naive UTC without gaps."""
    hour = logins["occurred_at"].dt.tz_localize(None).dt.floor("1h")
    full = pd.date_range(FIRST.replace(tzinfo=None), UNTIL.replace(tzinfo=None), freq="1h", inclusive="left")
    return logins.groupby([hour, "agent"]).size().unstack(fill_value=0).reindex(full, fill_value=0)
