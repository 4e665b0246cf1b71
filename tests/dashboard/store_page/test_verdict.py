"""The verdict on a store is good only when it can be read, it is folded, and its log is judged."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alarms.records.reading import Progress
from audit_store.errors import StoreBusy, StoreCorrupt, StoreNewer, StoreNotFound
from dashboard.data import Contents
from dashboard.store_page import verdict
from dashboard.store_page.health import Health
from ingest.spool.intake import Left

NOW = datetime(2026, 3, 14, 9, 26)  # noqa: DTZ001 - naive UTC
JUDGED = Progress(NOW.replace(minute=0), 0, NOW, "")
WELL = Health(
    path=Path("audit.duckdb"),
    rejects=Path("audit.duckdb.rejects.jsonl"),
    spool=Path("audit.duckdb.spool"),
    contents=Contents(5, NOW, NOW, 1, 5),
    size="1 MB",
    waiting=3,
    rejected=2,
    set_aside=[],
    not_folded=[],
    unusable=[],
    problem=None,
    folds=True,
    fold_error=None,
    progress=JUDGED,
    detector_error=None,
    faults=[],
    refused_alarms=[],
)


def test_a_store_that_works_has_no_findings() -> None:
    assert verdict.findings(WELL, NOW) == []
    assert verdict.level([]) == "good"


@pytest.mark.parametrize(
    ("changed", "level", "says"),
    [
        ({"problem": StoreBusy("held by PID 7"), "contents": None}, "bad", "held by PID 7"),
        ({"problem": StoreCorrupt("it is damaged"), "contents": None}, "bad", "it is damaged"),
        ({"problem": StoreNewer("version 99"), "contents": None}, "bad", "version 99"),
        ({"fold_error": "the disk is full"}, "bad", "retried until it succeeds: the disk is full"),
        ({"folds": False}, "warning", "3 events wait in the spool. Run: python -m ingest fold --store audit"),
        ({"progress": replace(JUDGED, problem="no memory")}, "bad", "judgement of the log failed: no memory"),
        ({"detector_error": "no memory"}, "bad", "judgement of the log failed: no memory"),
        ({"progress": Progress(None, 0, None, "")}, "warning", "Run: python -m alarms run --store audit"),
        (
            {"progress": replace(JUDGED, judged_until=NOW - timedelta(hours=3))},
            "warning",
            "only until 3 hours ago",
        ),
        ({"faults": ["Source web has sent no events"]}, "warning", "Source web has sent no events"),
        ({"set_aside": ["a", "b"]}, "warning", "2 segments set aside"),
        ({"not_folded": [Left("a", "b")]}, "warning", "1 file in the spool that no fold takes"),
        ({"unusable": ["a"]}, "warning", "1 file moved aside"),
        ({"refused_alarms": ["a"]}, "warning", "1 alarm refused by a receiver"),
    ],
)
def test_whatever_does_not_work_is_a_finding(changed: dict[str, Any], level: str, says: str) -> None:
    listed = verdict.findings(replace(WELL, **changed), NOW)
    assert verdict.level(listed) == level
    assert [finding for finding in listed if says in finding.sentence]


def test_a_store_that_the_first_event_will_create_is_well() -> None:
    new = replace(WELL, problem=StoreNotFound("there is no store"), contents=None, progress=None, waiting=0)
    assert verdict.findings(new, NOW) == []


def test_the_worst_finding_comes_first() -> None:
    listed = verdict.findings(replace(WELL, refused_alarms=["a"], fold_error="full"), NOW)
    assert [finding.level for finding in listed] == ["bad", "warning"]


def test_a_read_only_dashboard_is_well_while_nothing_waits() -> None:
    assert verdict.findings(replace(WELL, folds=False, waiting=0), NOW) == []
