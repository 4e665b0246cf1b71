"""The newest records that could not be stored, and how to bring them in after all."""

import json
import os
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from audit_store.store_files import open_regular
from dashboard.text import shown

LISTED = 20
READ = 4 << 20
"""How many bytes of the end of the list are read."""
_TEXT = 300


def newest(path: Path) -> list[dict[str, Any]]:
    """The records at the end of the list of rejects, the newest first; none where there is no list.

    Raises OSError where it cannot be read.
    """
    try:
        with open_regular(path) as file:
            start = max(0, os.fstat(file.fileno()).st_size - READ)
            file.seek(start)
            lines = deque(file)
    except FileNotFoundError:
        return []
    if start:
        lines.popleft()  # it may have lost its beginning
    return [record for line in reversed(lines) if (record := _record(line)) is not None]


def by_day(records: Sequence[dict[str, Any]], now: datetime, days: int) -> list[int]:
    """How many records were rejected on each of the last `days` days until `now` (naive UTC), the oldest first."""
    counts = [0] * days
    for record in records:
        day = (now - datetime.fromisoformat(record["rejected_at"]).replace(tzinfo=None)) // timedelta(days=1)
        if 0 <= day < days:
            counts[-1 - day] += 1
    return counts


def table(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The first LISTED records, escaped for the screen."""
    listed = records[:LISTED]
    return pd.DataFrame(
        {
            "Rejected at (UTC)": [str(record["rejected_at"])[:19].replace("T", " ") for record in listed],
            "Reason": [shown(str(record["reason"]), _TEXT) for record in listed],
            "File": [shown(str(record["file"]), _TEXT) for record in listed],
            "Line": [str(record["line"]) for record in listed],
            "Text": [shown(str(record["raw"]), _TEXT) for record in listed],
        }
    )


def _record(line: bytes) -> dict[str, Any] | None:
    """A line of the list; None for one that is broken."""
    try:
        record = json.loads(line)
        datetime.fromisoformat(record["rejected_at"])
    except (ValueError, TypeError, KeyError):
        return None
    return record if {"reason", "file", "line", "raw"} <= record.keys() else None
