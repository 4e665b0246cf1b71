"""python -m alarms run, list and mark: what a scheduled job sees, and each alarm sent once."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarms.__main__ import main
from alarms.triage import exceptions
from alarms.triage.exceptions import Expected
from audit_store.engines.duckdb.store import Store
from tests.alarms.delivery.receiver import Receiver
from tests.alarms.login_logs import logins, store_of

HOUR = timedelta(hours=1)
THIS_HOUR = datetime.now(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)
ATTACK = THIS_HOUR - 5 * HOUR
UNTIL = (THIS_HOUR + timedelta(days=9)).date()
Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of an agent with three logins an hour, and an attack on it five hours ago."""
    hours = [THIS_HOUR - number * HOUR for number in range(1, 3 * 168)]
    rows = [row for at in hours for row in logins("support-1", at, 3)]
    rows += logins("support-1", ATTACK, 60, outcome="failure", address="203.0.113.9")
    return store_of(Store(tmp_path_factory.mktemp("log") / "audit.duckdb"), rows).path


@pytest.fixture
def path(log: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(log, tmp_path))


def test_an_alarm_is_judged_sent_listed_and_marked(path: Path, receiver: Receiver, capsys: Output) -> None:
    store = ["--store", str(path)]
    assert main(["list", *store]) == 2
    assert "was never judged; run python -m alarms run" in capsys.readouterr().err
    for _ in range(2):
        assert main(["run", *store, "--webhook", receiver.url]) == 0
    assert "1 alarm new or changed\n0 alarms new or changed\n" in capsys.readouterr().out
    assert main(["list", *store, "--json"]) == 3
    [alarm] = json.loads(capsys.readouterr().out)["alarms"]
    assert receiver.keys == [alarm["id"]]
    assert (alarm["starts_at"], alarm["state"]) == (ATTACK.isoformat(timespec="microseconds") + "Z", "open")
    assert main(["mark", alarm["id"], "closed", "--note", "a test", *store]) == 0
    assert main(["list", *store, "--state", "open"]) == 0
    assert main(["list", *store, "--state", "closed"]) == 3
    assert f"{alarm['id']}  " in capsys.readouterr().out
    assert main(["run", *store, "--webhook", receiver.url]) == 0
    assert receiver.keys == [alarm["id"], f"{alarm['id']}:{alarm['revision']}:close"]
    assert main(["list", *store, "--since", "2h"]) == 0


def test_an_alarm_that_an_exception_expects_is_listed_on_request(path: Path, capsys: Output) -> None:
    store = ["--store", str(path)]
    exceptions.add(path, Expected(agent="support-1"), UNTIL, at=ATTACK - HOUR)
    assert main(["run", *store]) == 0
    assert main(["list", *store]) == 0
    capsys.readouterr()
    assert main(["list", *store, "--state", "silenced"]) == 3
    assert "silenced  " in capsys.readouterr().out


def test_a_refused_alarm_gives_status_2_and_is_recorded(
    path: Path, receiver: Receiver, capsys: Output
) -> None:
    receiver.answers = [410]
    assert main(["run", "--store", str(path), "--webhook", receiver.url]) == 2
    assert "answered 410 Gone: 1 alarm refused" in capsys.readouterr().err
    assert main(["list", "--store", str(path)]) == 3


def test_an_unknown_alarm_cannot_be_marked(path: Path, capsys: Output) -> None:
    assert main(["mark", "unknown", "closed", "--store", str(path)]) == 2
    assert "there is no alarm 'unknown'; python -m alarms list prints the IDs" in capsys.readouterr().err
