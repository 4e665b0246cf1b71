"""Logs of real systems: what is known of them must hold after an import.

`AUDIT_TEST_DATA` names the folder that holds `sshd/auth-march.log` (elastic/examples, Apache-2.0), `cloudtrail/`
(invictus-ir/aws_dataset, MIT) and `malformed/` (OTRF/Security-Datasets, MIT).
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from audit_store import EventFilter
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from tests.ingest.test_importer import ingest

DATA = Path(os.environ.get("AUDIT_TEST_DATA", ""))
pytestmark = [
    pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder"),
    pytest.mark.processes,
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real") / "audit.duckdb"


def twice(path: Path, *arguments: str) -> str:
    first = ingest(path, "import", *arguments)
    again = json.loads(ingest(path, "import", *arguments, "--json").stdout)
    assert again["stored"] == 0
    assert again["conflict"] == 0
    return first.stdout


def test_the_burst_of_failed_logins_is_the_tallest_bar(path: Path) -> None:
    assert twice(path, str(DATA / "sshd" / "auth-march.log"), "--year", "2017").startswith(
        "read 4087, stored 4087,"  # 7 of its 4,062 lines stand for 32 events
    )
    parameters = {"range": ["all"], "outcome": ["failure"], "activity": ["Login"]}
    where, _ = EventFilter.parse(parameters, now=datetime(2026, 1, 1, tzinfo=UTC))
    hours = Store(path).run(
        Query(
            "SELECT date_trunc('hour', occurred_at) AS hour, count(*) AS n, mode(source_ip) AS address, "
            "count(*) FILTER (source_ip = (SELECT mode(source_ip) FROM events WHERE occurred_at >= "
            "'2017-03-30 15:00' AND occurred_at < '2017-03-30 16:00')) AS of_one "
            f"FROM events WHERE {condition(where)[0]} GROUP BY ALL ORDER BY n DESC",
            condition(where)[1],
        )
    )
    # Of the 234 lines about failures in this hour, 117 are about attempts that other lines report.
    assert (hours.hour[0], hours.n[0]) == (pd.Timestamp("2017-03-30 15:00"), 117)
    quiet = hours.set_index("hour").n
    assert quiet.get(pd.Timestamp("2017-03-29 10:00"), 0) == 1


def test_the_cloud_trail_is_whole(path: Path) -> None:
    files = sorted(str(file) for file in (DATA / "cloudtrail").glob("*.json"))
    assert twice(path, *files) == "read 2900, stored 2900, duplicate 0, conflict 0, rejected 0\n"
    frame = Store(path).run(
        Query(
            "SELECT count(*) AS events, count(DISTINCT agent) AS agents, count(DISTINCT activity) AS activities, "
            "count(*) FILTER (outcome = 'failure') AS failures, min(occurred_at) AS first, max(occurred_at) AS last "
            "FROM events WHERE source = 'aws.cloudtrail'"
        )
    )
    assert frame.iloc[0].to_dict() == {
        "events": 2900,
        "agents": 21,
        "activities": 260,
        "failures": 300,
        "first": pd.Timestamp("2023-07-10 11:42:18"),
        "last": pd.Timestamp("2023-07-10 12:37:50"),
    }
    by_agent = Store(path).run(queries.facet(EventFilter(activity=()), "agent", 1))
    assert by_agent.events[0] == 2641


def test_broken_lines_are_named_and_the_others_stay(path: Path, tmp_path: Path) -> None:
    file = DATA / "malformed" / "malformed_lines.jsonl.bin"
    index = [line.split("\t") for line in (DATA / "malformed" / "index.tsv").read_text().splitlines()]
    bad = [int(line) for line, why, *_ in index if why != "good-context"]
    rejects = tmp_path / "rejects"
    done = ingest(
        path,
        *("import", str(file), "--format", "jsonl", "--rejects", str(rejects), "--json"),
        *("--map", "agent=Hostname", "--map", "activity=SourceName", "--map", "occurred_at=@timestamp"),
    )
    counts = json.loads(done.stdout)
    named = {
        json.loads(line)["line"]: json.loads(line)["reason"] for line in rejects.read_text().splitlines()
    }
    assert set(bad) <= set(named)
    # A good line may still lack what an event needs: then the reason names the field.
    assert all(
        reason.startswith(("agent", "activity", "occurred_at"))
        for line, reason in named.items()
        if line not in bad
    )
    assert counts["read"] == 289
    assert counts["stored"] == 289 - len(named) > 200
