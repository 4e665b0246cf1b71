"""python -m analysis spikes: what a scheduled job sees, its exit status, and each alarm sent once."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarms import mark, review, watch_over
from alarms.__main__ import main
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from ingest import append
from ingest.spool.writer import has_waiting
from tests.alarms.delivery.test_outbox import Receiver, receiver  # noqa: F401 - the fixture
from tests.alarms.login_logs import Row, logins, looking, store_of

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC).replace(tzinfo=None)
THIS_HOUR = NOW.replace(minute=0, second=0, microsecond=0)
ATTACK = THIS_HOUR - 5 * HOUR
EVIL = "support-3\n\x1b[2J"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Six weeks of two agents without any chance in them, and an attack five hours ago."""
    hours = [THIS_HOUR - place * HOUR for place in range(1, 6 * 168)]
    usual = [row for agent in ("support-1", EVIL) for at in hours for row in logins(agent, at, 3)]
    return usual + logins(EVIL, ATTACK, 60, outcome="failure", address="203.0.113.9")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main(["spikes", *map(str, arguments)])
        except SystemExit as exit_:
            status = int(str(exit_.code))
        written = capsys.readouterr()
        return status, written.out, written.err

    return run_


def test_alarms_are_printed_and_give_status_3(store: Store, rows: list[Row], run: Run) -> None:
    store_of(store, rows)
    status, out, err = run("--store", store.path, "--tz", "Asia/Kolkata")
    assert status == 3
    assert all("  new  " in line for line in out.splitlines())
    assert r"support-3\n\x1b[2J: 63 logins" in out
    assert "Watching the logins of 2 agents." in err
    assert run("--store", store.path)[0] == 3, "looking changes nothing"


@pytest.mark.parametrize(("since", "status"), [("2h", 0), ("330m", 3), ("12h", 3), ("4w", 3)])
def test_since_says_how_far_back(store: Store, rows: list[Row], run: Run, since: str, status: int) -> None:
    assert run("--store", store_of(store, rows).path, "--since", since)[0] == status


def test_json_is_one_object_that_names_the_events(store: Store, rows: list[Row], run: Run) -> None:
    status, out, _ = run("--store", store_of(store, rows).path, "--json")
    found = json.loads(out)
    assert (status, found["state"], found["delivered"], found["problems"]) == (3, "watching", 0, [])
    (only,) = found["alarms"]
    assert {only["kind"], *(each["kind"] for each in only["also"])} == {"agent", "all", "failed"}
    assert (only["new"], only["mark"], only["start"]) == (True, "open", ATTACK.isoformat() + "Z")
    assert EventFilter.parse(only["filter"])[0].period.start == ATTACK


def test_a_marked_alarm_is_not_new(store: Store, rows: list[Row], run: Run) -> None:
    store_of(store, rows)
    for alarm in review(watch_over(store, looking(1, now=NOW), NOW)).alarms:
        mark(store.path, alarm, "expected")
    status, out, _ = run("--store", store.path)
    assert status == 0
    assert all("  expected  " in line for line in out.splitlines())
    assert len(out.splitlines()) == 1


def test_a_webhook_gets_each_alarm_once(
    store: Store,
    rows: list[Row],
    run: Run,
    receiver: Receiver,  # noqa: F811
) -> None:
    path = store_of(store, rows + logins("support-1", ATTACK - 8 * HOUR, 60)).path
    receiver.answers = [410]
    status, _, err = run("--store", path, "--webhook", receiver.url)
    assert (status, "answered 410" in err) == (3, True)
    assert run("--store", path, "--webhook", receiver.url, "--json")[0] == 3
    posted = [*receiver.keys]
    assert (len(posted), len(set(posted))) == (3, 2)
    status, out, _ = run("--store", path, "--webhook", receiver.url)
    assert (status, receiver.keys) == (0, posted)
    assert all("  sent  " in line for line in out.splitlines())


def test_a_webhook_may_stand_in_the_environment(
    store: Store,
    rows: list[Row],
    run: Run,
    receiver: Receiver,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDIT_WEBHOOK", receiver.url)
    assert run("--store", store_of(store, rows).path)[0] == 3
    assert len(receiver.taken) == 1


def test_what_was_appended_a_moment_ago_counts(store: Store, rows: list[Row], run: Run) -> None:
    path = store_of(store, [row for row in rows if row["outcome"] != "failure"]).path
    assert run("--store", path)[0] == 0
    for number in range(60):
        at = (ATTACK + timedelta(seconds=number)).replace(tzinfo=UTC)
        append(
            agent="support-1",
            activity="Login",
            outcome="failure",
            occurred_at=at,
            store=path,
            fold=False,
        )
    assert run("--store", path)[0] == 3
    assert not has_waiting(path)


def test_nothing_new_but_an_old_alarm_that_cannot_be_sent(
    store: Store,
    rows: list[Row],
    run: Run,
    receiver: Receiver,  # noqa: F811
) -> None:
    path = store_of(store, rows).path
    receiver.answers = [410, 410]
    assert run("--store", path, "--webhook", receiver.url)[0] == 3
    assert run("--store", path, "--webhook", receiver.url, "--since", "2h")[0] == 2
    assert run("--store", path, "--webhook", receiver.url, "--since", "2h")[0] == 0


WRONG = [
    (["--since", "1x"], "give a length such as"),
    (["--since", "0h"], "give a length such as"),
    (["--since", "99999999w"], "give a length such as"),
    (["--tz", "Mars"], "give an IANA time zone"),
    (["--webhook", "ftp://host"], "the webhook 'ftp://ho'… is no address"),
    (["--syslog", "host:x"], "HOST:PORT"),
    (["--sensitivity", "7"], "invalid choice"),
    ([], "there is no store at"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_cannot_be_done_gives_status_2_and_one_line(
    tmp_path: Path, run: Run, arguments: list[str], words: str
) -> None:
    status, out, err = run("--store", tmp_path / "missing.duckdb", *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert words in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.processes
def test_an_empty_store_is_fine_as_a_program(store: Store) -> None:
    store_of(store, [])
    command = [sys.executable, "-m", "analysis", "spikes", "--store", str(store.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "The store holds no event yet" in done.stderr
