"""python -m alarms rules and try-rule."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarms.__main__ import main
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from tests.conftest import Fill


@pytest.fixture
def store(tmp_path: Path, fill: Fill) -> Path:
    """A store with ten deletions in nine minutes, 30 days and 100 days ago."""
    now = datetime.now(UTC)
    events = [
        Event(agent="ada", activity="Segment deleted", occurred_at=now - timedelta(days=days, minutes=minute))
        for days in (100, 30)
        for minute in range(10)
    ]
    return fill(Store(tmp_path / "audit.duckdb"), events).path


@pytest.mark.parametrize(
    ("options", "times"),
    [([], "1 time in the last 90 days"), (["--days", "120"], "2 times in the last 120 days")],
)
def test_try_rule_says_how_often_it_would_have_fired(
    store: Path, capsys: pytest.CaptureFixture[str], options: list[str], times: str
) -> None:
    assert main(["try-rule", "bulk-deletion", "--store", str(store), *options]) == 0
    *hits, summary = capsys.readouterr().out.splitlines()
    assert summary == f"bulk-deletion would have fired {times}"
    assert {hit.partition("  ")[2] for hit in hits} == {"ada deleted 10 things within 10 minutes"}


def test_a_rule_that_is_switched_off_can_be_tried(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.with_name("rules.toml").write_text(
        "[bulk-deletion]\nenabled = false\nevents = 3\n", encoding="utf-8"
    )
    assert main(["rules", "--store", str(store)]) == 0
    assert "off  bulk-deletion: " in capsys.readouterr().out
    assert main(["try-rule", "bulk-deletion", "--json", "--store", str(store)]) == 0
    (hit,) = json.loads(capsys.readouterr().out)
    assert (hit["agent"], hit["events"], hit["sentence"]) == (
        "ada",
        10,
        "ada deleted 10 things within 10 minutes",
    )


def test_rules_as_json_have_the_names_of_the_file(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--json", "--store", str(store)]) == 0
    assert json.loads(capsys.readouterr().out)["dormant-agent"] == {
        "enabled": False,
        "severity": "medium",
        "after": "90d",
    }


def test_a_wrong_file_is_named(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.with_name("rules.toml").write_text("[bulk-deletion]\nevents = 'x'\n", encoding="utf-8")
    assert main(["rules", "--store", str(store)]) == 2
    assert "rules.toml, line 2: bulk-deletion events: 'x' is not allowed" in capsys.readouterr().err
