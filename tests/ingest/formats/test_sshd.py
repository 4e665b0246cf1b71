"""The lines of an auth.log become events."""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.formats.test_formats import rows_of

LINES_OF_A_DAY = 1_200

LINES = [
    (
        "sshd[7]: Failed password for invalid user pi from 192.0.2.9 port 22 ssh2",
        "Login",
        "failure",
        "pi",
        "192.0.2.9",
    ),
    (
        "sshd[7]: Failed password for root from 192.0.2.9 port 22 ssh2",
        "Login",
        "failure",
        "root",
        "192.0.2.9",
    ),
    ("sshd[7]: Invalid user a b from 192.0.2.9", "Unknown user", "failure", "a b", "192.0.2.9"),
    (
        "sshd[7]: Invalid user  from 2001:db8::1 port 9",
        "Unknown user",
        "failure",
        "(empty user name)",
        "2001:db8::1",
    ),
    (
        "sshd-session[7]: Failed password for invalid user  from 192.0.2.9 port 22 ssh2",
        "Login",
        "failure",
        "(empty user name)",
        "192.0.2.9",
    ),
    (
        "sshd[7]: Failed none for  from 192.0.2.9 port 22 ssh2",
        "Login",
        "failure",
        "(empty user name)",
        "192.0.2.9",
    ),
    (
        "sshd[7]: input_userauth_request: invalid user  [preauth]",
        "Unknown user",
        "failure",
        "(empty user name)",
        None,
    ),
    (
        "login[7]: pam_unix(login:auth): authentication failure; logname= tty=tty1 rhost=  user=ann",
        "Login",
        "failure",
        "ann",
        None,
    ),
    (
        "sshd[7]: Accepted publickey for ann from 192.0.2.1 port 54259 ssh2: RSA x",
        "Login",
        "success",
        "ann",
        "192.0.2.1",
    ),
    (
        "sshd[7]: pam_unix(sshd:auth): authentication failure; uid=0 rhost=192.0.2.9  user=root",
        "Password checked",
        "failure",
        "root",
        "192.0.2.9",
    ),
    (
        "sshd[7]: pam_unix(sshd:auth): authentication failure; logname= rhost=192.0.2.9 ",
        "Password checked",
        "failure",
        "sshd",
        "192.0.2.9",
    ),
    (
        "sshd[7]: Received disconnect from 192.0.2.9: 11: Bye Bye [preauth]",
        "Connection closed",
        None,
        "sshd",
        "192.0.2.9",
    ),
    ("sshd[7]: Disconnected from user ann 192.0.2.9 port 1", "Connection closed", None, "ann", "192.0.2.9"),
    (
        "CRON[3]: pam_unix(cron:session): session opened for user root by (uid=0)",
        "Scheduled job started",
        None,
        "root",
        None,
    ),
    ("systemd-logind[3]: New session 1 of user ann.", "Session opened", None, "ann", None),
    ("kernel: whatever", "System message", None, "kernel", None),
    ("passwd[3]: " + "x" * 9000, "System message", None, "passwd", None),
    (
        "sshd[7]: Invalid user " + "x" * 300 + " from 192.0.2.9",
        "Unknown user",
        "failure",
        "x" * 255 + "…",
        "192.0.2.9",
    ),
]


def log(folder: Path, *messages: str, time: str = "Mar 27 13:06:56") -> Path:
    path = folder / "auth.log"
    path.write_text("".join(f"{time} host {message}\n" for message in messages), encoding="utf-8")
    return path


def test_lines_of_a_host_become_events(tmp_path: Path) -> None:
    rows, rejects = rows_of(log(tmp_path, *(line[0] for line in LINES)), "sshd", year=2017)
    assert rejects == []
    found = [(row["activity"], row["outcome"], row["agent"], row["source_ip"]) for row in rows]
    assert found == [line[1:] for line in LINES]
    assert {row["occurred_at"].isoformat() for row in rows} == {"2017-03-27T13:06:56+00:00"}


def test_a_command_is_the_target_of_sudo(tmp_path: Path) -> None:
    line = "sudo:   ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/cat /etc/shadow"
    ((row,), _) = rows_of(log(tmp_path, line), "sshd")
    assert (row["agent"], row["target"], row["outcome"]) == ("ann", "/bin/cat /etc/shadow", "success")
    assert row["description"].startswith("ann : TTY=pts/0")


def test_the_lines_of_one_failed_attempt_are_one_failed_login(tmp_path: Path) -> None:
    rows, _ = rows_of(
        log(
            tmp_path,
            "sshd[9]: Invalid user pi from 192.0.2.9 port 1",
            "sshd[9]: pam_unix(sshd:auth): check pass; user unknown",
            "sshd[9]: pam_unix(sshd:auth): authentication failure; logname= uid=0 tty=ssh rhost=192.0.2.9 ",
            "sshd[9]: Failed password for invalid user pi from 192.0.2.9 port 1 ssh2",
            "sshd[9]: PAM 1 more authentication failure; logname= uid=0 tty=ssh rhost=192.0.2.9 ",
            "sshd[9]: Connection closed by invalid user pi 192.0.2.9 port 1 [preauth]",
        ),
        "sshd",
    )
    assert len(rows) == 6
    assert [row["agent"] for row in rows if row["activity"] == "Login"] == ["pi"]


def test_a_repeated_message_is_as_many_events(tmp_path: Path) -> None:
    message = "Failed password for root from 192.0.2.9 port 1 ssh2"
    path = log(tmp_path, f"sshd[9]: {message}", f"sshd[9]: message repeated 5 times: [ {message}]")
    rows, _ = rows_of(path, "sshd")
    kinds = {(row["activity"], row["outcome"], row["agent"], row["source_ip"]) for row in rows}
    assert kinds == {("Login", "failure", "root", "192.0.2.9")}
    assert (len(rows), len({row["event_id"] for row in rows})) == (6, 6)
    assert json.loads(rows[-1]["metadata"]) == {"host": "host", "program": "sshd", "pid": 9, "repeated": 5}
    again, _ = rows_of(path, "sshd")
    assert [row["event_id"] for row in again] == [row["event_id"] for row in rows]


@pytest.mark.parametrize("times", ["0", "1", "1000000000", "99999999999999999999"])
def test_a_message_that_claims_a_strange_number_is_one_event(tmp_path: Path, times: str) -> None:
    rows, rejects = rows_of(log(tmp_path, f"sshd[9]: message repeated {times} times: [ whatever]"), "sshd")
    assert (len(rows), rejects) == (1, [])


def dated(path: Path, *times: str) -> Path:
    path.write_text("".join(f"{time} host su: x\n" for time in times), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("days", "years"),
    [
        (["Dec 30", "Dec 31", "Jan  1", "Feb 29"], [2023, 2023, 2024, 2024]),
        (["Dec 31", "Jan  1", "Dec 31", "Jan  1"], [2023, 2024, 2023, 2024]),  # one line came late
        (["Jan  1", "Dec 31"], [2023, 2022]),
        (["Jan  5", "Jun  1", "Dec  1", "Jan  1", "Jul  1", "Jan  3"], [2023, 2023, 2023, 2024, 2024, 2025]),
        (["Mar  5", "Feb 27"], [2023, 2023]),
    ],
)
def test_the_year_is_that_of_the_first_line(tmp_path: Path, days: list[str], years: list[int]) -> None:
    rows, rejects = rows_of(
        dated(tmp_path / "auth.log", *(f"{day} 10:00:00" for day in days)), "sshd", year=2023
    )
    assert ([row["occurred_at"].year for row in rows], rejects) == (years, [])


def test_years_go_on_through_a_long_file_and_lines_without_a_time(tmp_path: Path) -> None:
    path = tmp_path / "auth.log"
    day = f"Dec 31 10:00:00 host su: {'x' * 1000}\n" * LINES_OF_A_DAY + "no time at all\n"
    path.write_text(day + day.replace("Dec 31", "Jan  1") + day.replace("Dec 31", "Feb  1"), encoding="utf-8")
    rows, rejects = rows_of(path, "sshd", year=2023)
    assert Counter(row["occurred_at"].strftime("%Y-%m") for row in rows) == dict.fromkeys(
        ("2023-12", "2024-01", "2024-02"), LINES_OF_A_DAY
    )
    assert len(rejects) == 3


@pytest.mark.parametrize(
    ("time", "options", "instant"),
    [
        ("Mar  7 13:06:56", {"year": 2017}, "2017-03-07T13:06:56+00:00"),
        ("Mar  7 13:06:56", {"year": 2017, "timezone": "Asia/Kolkata"}, "2017-03-07T07:36:56+00:00"),
        ("Feb 29 00:00:00", {"year": 2016}, "2016-02-29T00:00:00+00:00"),
        ("2024-05-01T10:11:12.123456+02:00", {}, "2024-05-01T08:11:12.123456+00:00"),
    ],
)
def test_a_line_has_a_time(tmp_path: Path, time: str, options: dict[str, Any], instant: str) -> None:
    ((row,), _) = rows_of(log(tmp_path, "su: x", time=time), "sshd", **options)
    assert row["occurred_at"].isoformat() == instant


def test_a_day_that_the_year_does_not_have_is_refused(tmp_path: Path) -> None:
    rows, (reject,) = rows_of(log(tmp_path, "su: x", time="Feb 29 00:00:00"), "sshd", year=2017)
    assert rows == []
    assert reject.reason.startswith("occurred_at: 'Feb 29 00:00:00'")


def test_a_line_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = log(tmp_path, "su: x")
    path.write_text(path.read_text() + "\nnot a log line\n", encoding="utf-8")
    rows, rejects = rows_of(path, "sshd")
    assert len(rows) == 1
    assert [(reject.line, reject.raw) for reject in rejects] == [(3, "not a log line")]
    assert "Linux auth.log" in rejects[0].reason


DATA = Path(os.environ.get("AUDIT_TEST_DATA", ""))


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
def test_the_log_of_a_real_host() -> None:
    rows, rejects = rows_of(DATA / "sshd" / "auth-march.log", year=2017)
    # 4,062 lines, of which 7 stand for 32 attempts.
    assert (len(rows), rejects, len({row["event_id"] for row in rows})) == (4087, [], 4087)
    lines = [
        row
        for row in rows
        if re.search("Failed password|Invalid user|authentication failure", row["description"])
    ]
    failed = [row for row in rows if (row["activity"], row["outcome"]) == ("Login", "failure")]
    hours = Counter(row["occurred_at"].strftime("%d %H") for row in failed)
    assert Counter(row["occurred_at"].strftime("%d %H") for row in lines).most_common(1) == [("30 15", 234)]
    assert (hours.most_common(1), hours["29 10"]) == ([("30 15", 117)], 1)
    burst = [row["source_ip"] for row in failed if row["occurred_at"].strftime("%d %H") == "30 15"]
    assert Counter(burst).most_common(1)[0][1] == 115
