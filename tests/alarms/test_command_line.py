"""python -m alarms spikes: what a scheduled job sees, its exit status, and each alarm sent once."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarms.__main__ import main
from alarms.delivery.webhook import webhook
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from audit_store.state import deliveries
from ingest import append
from ingest.spool.folder import has_waiting
from ingest.status import status as status_of
from ingest.status import words
from tests import ROOT, forked
from tests.alarms.delivery.receiver import SECRET, Receiver
from tests.alarms.login_logs import START, Row, logins, store_of

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC).replace(tzinfo=None)
THIS_HOUR = NOW.replace(minute=0, second=0, microsecond=0)
ATTACK = THIS_HOUR - 5 * HOUR
EVIL = "support-3\n\x1b[2J"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Six weeks of two agents with three logins an hour each, and an attack five hours ago."""
    hours = [THIS_HOUR - number * HOUR for number in range(1, 6 * 168)]
    steady = [row for agent in ("support-1", EVIL) for at in hours for row in logins(agent, at, 3)]
    return steady + logins(EVIL, ATTACK, 60, outcome="failure", address="203.0.113.9")


@pytest.fixture(scope="module")
def attacked_log(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> Path:
    """A store of these rows, which is judged, to be copied."""
    path = store_of(Store(tmp_path_factory.mktemp("log") / "audit.duckdb"), rows).path
    assert main(["run", "--store", str(path)]) == 0
    return path


@pytest.fixture
def path(attacked_log: Path, tmp_path: Path) -> Path:
    """A store of these rows."""
    return Path(shutil.copy(attacked_log, tmp_path))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def spikes(*arguments: object) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        status = main(["spikes", *map(str, arguments)])
        output = capsys.readouterr()
        return status, output.out, output.err

    return spikes


def test_a_run_that_waits_for_another_in_vain_says_so_and_prints_the_alarms(
    path: Path, run: Run, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_store.state.deliveries.SENDER_WAIT", 0.05)
    with deliveries.one_sender(path, webhook(receiver.url).name):
        status, out, words = run("--since", "7d", "--store", path, "--webhook", receiver.url)
    assert (status, len(out.splitlines()), receiver.messages) == (3, 1, [])
    assert f"another program is sending the alarms of {path}; the next run sends what it leaves" in words


def test_alarms_are_printed_and_give_status_3(path: Path, run: Run) -> None:
    status, out, err = run("--store", path)
    assert (status, err) == (3, "")
    assert all("  new  " in line for line in out.splitlines())
    assert r"support-3\n\x1b[2J: 63 logins" in out
    assert run("--store", path)[0] == 3, "looking changes nothing"


@pytest.mark.parametrize(("since", "status"), [("2h", 0), ("330m", 3), ("12h", 3), ("4w", 3)])
def test_since_says_how_far_back(path: Path, run: Run, since: str, status: int) -> None:
    assert run("--store", path, "--since", since)[0] == status


def test_json_is_one_object_that_names_the_events(path: Path, run: Run) -> None:
    status, out, _ = run("--store", path, "--json")
    report = json.loads(out)
    assert (status, report["delivered"], report["problems"]) == (3, 0, [])
    judged_until = datetime.fromisoformat(report["progress"]["judged_until"]).replace(tzinfo=None)
    assert THIS_HOUR <= judged_until <= datetime.now(UTC).replace(tzinfo=None)
    (alarm,) = report["alarms"]
    assert {span["kind"] for span in alarm["spans"]} == {"agent", "all", "failed"}
    assert (alarm["new"], alarm["state"]) == (True, "open")
    assert alarm["starts_at"] == ATTACK.isoformat(timespec="microseconds") + "Z"
    assert EventFilter.parse(alarm["where"])[0].period.start == ATTACK


def test_the_catalogue_beside_the_store_says_what_a_login_is(store: Store, rows: list[Row], run: Run) -> None:
    path = store_of(store, [row | {"activity": "Signed on"} for row in rows]).path
    assert run("--store", path)[0] == 0
    path.with_name("catalogue.toml").write_text('[login]\nactivities = ["Signed on"]\n')
    assert run("--store", path)[0] == 3


def test_a_marked_alarm_is_not_new(path: Path, run: Run) -> None:
    [alarm] = json.loads(run("--store", path, "--json")[1])["alarms"]
    assert main(["mark", alarm["id"], "acknowledged", "--store", str(path)]) == 0
    status, out, _ = run("--store", path)
    out = out.partition("acknowledged\n")[2]
    assert status == 0
    assert ["  acknowledged  " in line for line in out.splitlines()] == [True]


def test_a_webhook_gets_each_alarm_once(
    store: Store,
    rows: list[Row],
    run: Run,
    receiver: Receiver,
) -> None:
    path = store_of(store, rows + logins("support-1", ATTACK - 8 * HOUR, 60)).path
    receiver.answers = [410]
    status, _, err = run("--store", path, "--webhook", receiver.url)
    assert (status, "answered 410 Gone: 1 alarm refused" in err, SECRET in err) == (3, True, False)
    assert len(set(receiver.keys)) == len(receiver.keys) == 2, "the refused one keeps no other"
    status, out, _ = run("--store", path, "--webhook", receiver.url, "--json")
    new = {alarm["kind"]: alarm["id"] for alarm in json.loads(out)["alarms"] if alarm["new"]}
    assert (status, set(new)) == (3, {"watchdog", "agent"}), "the refusal is an alarm, too"
    assert receiver.keys[2:] == [new["watchdog"]]
    assert main(["resend", "--store", str(path)]) == 0
    assert run("--store", path, "--webhook", receiver.url)[0] == 3
    status, out, _ = run("--store", path, "--webhook", receiver.url)
    assert (status, receiver.keys[3:]) == (0, [receiver.keys[0], f"{new['watchdog']}:2:close"])
    assert sorted(line.split()[3] for line in out.splitlines()) == ["over", "sent", "sent"]


def test_dead_letters_are_listed_until_they_are_sent_again(
    path: Path, run: Run, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*arguments: str) -> tuple[int, str]:
        return main([*arguments, "--store", str(path)]), capsys.readouterr().out

    assert printed("dead-letters") == (0, "")
    receiver.answers = [400]
    run("--store", path, "--webhook", receiver.url)
    assert "refused    1 alarm that a receiver did not take; see python -m alarms dead-letters" in words(
        status_of(path)
    )
    status, out = printed("dead-letters")
    assert (status, "webhook 127.0.0.1 answered 400 Bad Request" in out, r"support-3\n\x1b[2J" in out) == (
        3,
        True,
        True,
    )
    (letter,) = json.loads(printed("dead-letters", "--json")[1])
    assert letter["key"] == receiver.keys[0]
    assert main(["resend", "999", "--store", str(path)]) == 2
    assert "there is no dead letter 999" in capsys.readouterr().err
    assert printed("resend", str(letter["id"])) == (0, "1 alarm to be sent again\n")
    assert printed("dead-letters") == (0, "")
    assert printed("resend") == (0, "0 alarms to be sent again\n")


def test_a_sample_is_sent_to_every_receiver(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text("routing-key\n")
    monkeypatch.setenv("AUDIT_SLACK_WEBHOOK", receiver.url)
    monkeypatch.setenv("AUDIT_PAGERDUTY_URL", receiver.url)
    monkeypatch.setenv("AUDIT_PAGERDUTY_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("AUDIT_WEBHOOK_SECRET", "shared")
    receiver.answers = [200, 200, 400]
    assert main(["test-delivery", "--webhook", receiver.url]) == 2
    output = capsys.readouterr()
    assert [line.split()[0] for line in output.out.splitlines()] == ["webhook", "slack"]
    assert "pagerduty 127.0.0.1 answered 400 Bad Request" in output.err
    own, slack, pagerduty = receiver.bodies
    assert (own["kind"], list(slack), pagerduty["routing_key"]) == ("test", ["text"], "routing-key")
    assert [bool(signature) for signature in receiver.signatures] == [True, False, False]
    assert SECRET not in output.out + output.err
    assert main(["test-delivery", "--webhook", receiver.url]) == 0


def test_a_sample_needs_a_receiver(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["test-delivery"]) == 2
    assert "name a receiver with --webhook or --syslog, or in the environment" in capsys.readouterr().err
    monkeypatch.setenv("AUDIT_WEBHOOK_FILE", "/nowhere/secret")
    assert main(["test-delivery"]) == 2
    assert "AUDIT_WEBHOOK_FILE: " in capsys.readouterr().err


def test_a_webhook_may_stand_in_the_environment(
    path: Path,
    run: Run,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDIT_WEBHOOK", receiver.url)
    assert run("--store", path)[0] == 3
    assert len(receiver.messages) == 1


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


def test_nothing_new_but_an_old_alarm_that_cannot_be_sent(path: Path, run: Run, receiver: Receiver) -> None:
    receiver.answers = [410]
    assert run("--store", path, "--webhook", receiver.url)[0] == 3
    statuses = [run("--store", path, "--webhook", receiver.url, "--since", "2h")[0] for _ in range(2)]
    assert statuses == [3, 2], "the refusal is a new alarm, once"
    assert main(["resend", "--store", str(path)]) == 0
    assert run("--store", path, "--webhook", receiver.url, "--since", "2h")[0] == 0


WRONG = [
    (["--since", "1x"], "'--since': '1x' is not a length of time up to 3660d; give 90m, 24h, 7d or 2w; see "),
    (["--since", "0h"], "'0h' is not a length of time"),
    (["--since", "99999999w"], "'99999999w' is not a length of time"),
    (
        ["--webhook", "ftp://host/secret"],
        "--webhook: invalid webhook URL; it must start with http:// or https://",
    ),
    (["--syslog", "host:x"], "--syslog: invalid syslog address 'host:x'; give HOST, HOST:PORT"),
    (["--sensitivity", "7"], "'--sensitivity': '7' is not one of"),
    (["--nonsense"], "No such option"),
    ([], "there is no store at"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_cannot_be_done_gives_status_2_and_one_line(
    tmp_path: Path, run: Run, arguments: list[str], words: str
) -> None:
    status, out, err = run("--store", tmp_path / "missing.duckdb", *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert words in err
    assert "secret" not in err
    assert list(tmp_path.iterdir()) == []


def test_an_address_of_syslog_is_optional(path: Path, run: Run, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        assert run("--store", path, "--syslog", tmp_path / "log")[0] == 3
        assert b"audit-alarms: support-3" in server.recv(4096)
    assert "--syslog' requires" not in run("--syslog", "--store", path)[2]


@pytest.mark.parametrize(
    ("arguments", "words"), [([], "Missing command"), (["nope"], "No such command 'nope'")]
)
def test_a_command_is_needed(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"python -m alarms: {words}; see python -m alarms --help\n"


@pytest.mark.parametrize("arguments", [["--help"], ["spikes", "--help"], ["spikes", "-h"]])
def test_help_explains_every_option(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: python -m alarms ")
    if arguments[0] == "spikes":
        for option in ("--since", "--sensitivity", "--json", "--webhook", "--syslog", "--store"):
            assert option in shown
        assert "exit status" in shown.lower()


@pytest.mark.processes
def test_a_reader_that_leaves_does_not_change_the_status(path: Path) -> None:
    command = [sys.executable, "-m", "alarms", "spikes", "--store", str(path)]
    with forked.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        errors = program.stderr.read().decode()
    assert (program.returncode, "Traceback" in errors) == (3, False)


@pytest.mark.processes
def test_analysis_is_another_name_of_the_program(store: Store) -> None:
    store_of(store, [])
    command = [sys.executable, "-m", "analysis", "spikes", "--store", str(store.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == ""
    helped = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert helped.stdout.startswith("Usage: python -m analysis spikes ")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_for_a_terminal_alone(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool
) -> None:
    store_of(store, [*logins("ada", START, 5), *logins("ada", START + timedelta(weeks=9), 5)])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    assert main(["run", "--store", str(store.path)]) == 0
    assert (" left" in capsys.readouterr().err) is is_terminal
