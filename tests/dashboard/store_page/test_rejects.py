"""The newest rejects are listed with their reasons, whatever else is in the file."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from dashboard.store_page import rejects

NOW = datetime(2026, 3, 14, 12)  # noqa: DTZ001 - naive UTC


def line(number: int, day: int) -> str:
    return json.dumps(
        {
            "file": "a.ndjson",
            "line": number,
            "reason": "no time",
            "raw": "{\u202e}",
            "rejected_at": f"2026-03-{day}T09:00:00Z",
        }
    )


def test_the_newest_come_first_and_broken_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    path.write_text("\n".join([line(1, 12), "{broken", "[]", '{"line": 3}', line(2, 14)]) + "\n")
    records = rejects.newest(path)
    assert [record["line"] for record in records] == [2, 1]
    assert rejects.by_day(records, NOW, 4) == [0, 1, 0, 1]
    table = rejects.table(records)
    assert table["Text"].tolist() == ["{⟨U+202E⟩}"] * 2
    assert table["Rejected at (UTC)"].tolist() == ["2026-03-14 09:00:00", "2026-03-12 09:00:00"]


def test_only_the_end_of_a_long_list_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rejects.jsonl"
    path.write_text("".join(line(number, 14) + "\n" for number in range(100)))
    monkeypatch.setattr(rejects, "READ", 1000)
    assert [record["line"] for record in rejects.newest(path)][:3] == [99, 98, 97]
    assert len(rejects.newest(path)) < 10


def test_no_list_is_no_rejects(tmp_path: Path) -> None:
    assert rejects.newest(tmp_path / "missing") == []
