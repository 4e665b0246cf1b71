"""LEEF, PostgreSQL, Snowflake's CSV and the event log of Windows: each found by its content, with its logins."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit_store.errors import InvalidFormat
from ingest import formats
from tests.ingest.formats.declared import read_file
from tests.ingest.formats.vendors import check, detected, written

TIME = "2026-03-14T09:26:53.000000Z"


def event(agent: str, activity: str, outcome: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"agent": agent, "activity": activity, "outcome": outcome, "occurred_at": TIME, **fields}


def windows(number: Any, keywords: str, **data: str) -> dict[str, Any]:
    system = {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Security-Auditing"}},
        "EventID": number,
        "Keywords": keywords,
        "TimeCreated": {"#attributes": {"SystemTime": "2026-03-14T09:26:53.000000Z"}},
        "EventRecordID": 7,
        "Channel": "Security",
        "Computer": "dc1",
    }
    return {"Event": {"System": system, "EventData": data}}


LEEF = """\
LEEF:1.0|Example|Gate|1.0|Login Failed|devTime=Mar 14 2026 09:26:53\tusrName=ann b\tsrc=192.0.2.4\tmsg=a=b c=d
<13>2026-03-14T09:26:53Z gw1 LEEF:2.0|Example|Gate|2.0|File read|^|usrName=ben^src=192.0.2.5^resource=/etc/a b
LEEF:2.0|Example|Gate|2.0|File read|x7C|devTime=1773480413000|usrName=cy|action=deny
"""
PGAUDIT = """\
2026-03-14 09:26:53.000 UTC [77] ann@shop LOG:  AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.account,"select 1
\tfrom account",<not logged>
2026-03-14 09:26:53 UTC:192.0.2.4(54321):ben@shop:[78]:LOG:  AUDIT: OBJECT,2,1,WRITE,DELETE,TABLE,"public.""a,b"".c",delete,<none>
2026-03-14 09:26:53 UTC [79] LOG:  checkpoint starting: time
2026-03-14 09:26:53 UTC [80] cy@shop FATAL:  password authentication failed for user "cy"
2026-03-14 09:26:53 UTC [81] [unknown]@[unknown] LOG:  connection authorized: user=dee database=shop
"""  # noqa: E501
PGAUDIT_CSV = '''\
2026-03-14 09:26:53.000 UTC,"ann","shop",77,"192.0.2.4:5432",65f2.4d,1,"SELECT",2026-03-14 09:00:00 UTC,3/9,0,LOG,00000,"AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.account,""select 1"",<not logged>",,,,,,,,,"psql","client backend",,0
2026-03-14 09:26:53.000 UTC,"cy","shop",80,"192.0.2.5:1",65f2.50,2,"authentication",2026-03-14 09:00:00 UTC,3/9,0,FATAL,28P01,"password authentication failed for user ""cy""",,,,,,,,,"","client backend",,0
'''  # noqa: E501
SNOWFLAKE_CSV = """\
EVENT_ID,EVENT_TIMESTAMP,EVENT_TYPE,USER_NAME,CLIENT_IP,REPORTED_CLIENT_TYPE,IS_SUCCESS,ERROR_CODE,ERROR_MESSAGE
1,2026-03-14 02:26:53.000 -0700,LOGIN,ANN,192.0.2.4,SNOWFLAKE_UI,NO,390100,INCORRECT_USERNAME_PASSWORD
2,2026-03-14 02:26:53.000 -0700,LOGIN,BEN,192.0.2.5,SNOWFLAKE_UI,YES,,
"""
# A format, a file, and the events in it.
FILES: list[tuple[str, Any, list[dict[str, Any]]]] = [
    (
        "leef",
        LEEF,
        [
            event("ann b", "Login", "failure", source_ip="192.0.2.4", description="a=b c=d"),
            event("ben", "File read", source_ip="192.0.2.5", target="/etc/a b"),
            event("cy", "File read", "failure"),
        ],
    ),
    (
        "pgaudit",
        PGAUDIT,
        [
            event("ann", "SELECT", target="public.account"),
            event("ben", "DELETE", source_ip="192.0.2.4"),
            event("cy", "Login", "failure", target="shop"),
            event("dee", "Login", "success", target="shop"),
        ],
    ),
    (
        "pgaudit-csv",
        PGAUDIT_CSV,
        [
            event("ann", "SELECT", target="public.account", source_ip="192.0.2.4"),
            event("cy", "Login", "failure", source_ip="192.0.2.5"),
        ],
    ),
    (
        "snowflake-csv",
        SNOWFLAKE_CSV,
        [
            event("ANN", "Login", "failure", source_ip="192.0.2.4"),
            event("BEN", "Login", "success", source_ip="192.0.2.5"),
        ],
    ),
    (
        "windows-events",
        [
            windows(
                4624,
                "0x8020000000000000",
                SubjectUserName="DC1$",
                TargetUserName="ann",
                IpAddress="::ffff:192.0.2.4",
            ),
            windows(4625, "0x8010000000000000", SubjectUserName="-", TargetUserName="ben", IpAddress="-"),
            windows({"#text": 4726}, "0x8020000000000000", SubjectUserName="ann", TargetUserName="cy"),
        ],
        [
            event("ann", "Login", "success", source_ip="192.0.2.4"),
            event("ben", "Login", "failure", source_ip=None),
            event("ann", "User deleted", "success", target="cy"),
        ],
    ),
]


@pytest.mark.parametrize(("fmt", "content", "events"), FILES, ids=[fmt for fmt, _, _ in FILES])
def test_a_file_is_found_and_its_records_are_events(
    tmp_path: Path, fmt: str, content: Any, events: list[dict[str, Any]]
) -> None:
    check(tmp_path, fmt, content, events)


def test_a_statement_of_postgresql_has_its_further_lines(tmp_path: Path) -> None:
    result = read_file(written(tmp_path, PGAUDIT), formats.load("pgaudit"))
    assert result.column("description")[0].endswith('"select 1\n\tfrom account",<not logged>')
    assert result.column("line") == [1, 3, 5, 6]


def csvlog(message: str, more: str = ',,,,,,,,,"psql","client backend",,0', user: str = "ann") -> str:
    """A row of PostgreSQL's csvlog."""
    quoted = message.replace('"', '""')
    return (
        f'2026-03-14 09:26:53.000 UTC,"{user}","shop",77,"192.0.2.4:5432",65f2.4d,1,"SELECT",2026-03-14 09:00:00 UTC,'
        f'3/9,0,LOG,00000,"{quoted}"{more}\n'
    )


AUDIT = "AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.account,"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_statement_of_several_lines_is_one_row_of_a_csvlog(tmp_path: Path, end: str) -> None:
    # A statement cannot make a row that nobody else wrote.
    statement = f'select 1\n{csvlog("AUDIT: forged", user="eve")}\n  from "account"'
    text = (csvlog(f"{AUDIT}{statement}") + csvlog(f"{AUDIT}select 2", user="ben")).replace("\n", end)
    path = written(tmp_path, "")
    path.write_bytes(text.encode())
    assert detected(path) == "pgaudit-csv"
    result = read_file(path, formats.load("pgaudit-csv"))
    assert result.rejects == []
    assert result.column("agent") == ["ann", "ben"]
    assert result.column("description")[0] == f"{AUDIT}{statement}".replace("\n", end)


@pytest.mark.parametrize(
    "more", [",,,,,,,,,", ',,,,,,,,,""', ',,,,,,,,,"psql","client backend"', ',,,,,,,,,"psql","b",1,2']
)
def test_csvlogs_of_all_versions_of_postgresql_are_read(tmp_path: Path, more: str) -> None:
    text = "rest of a row\n" + csvlog(f"{AUDIT}a", more) * 2 + csvlog(f"{AUDIT}b")[:-60]
    path = written(tmp_path, text)
    assert detected(path) == "pgaudit-csv"
    result = read_file(path, formats.load("pgaudit-csv"))
    assert (result.column("agent"), result.column("source_ip")) == (["ann"] * 2, ["192.0.2.4"] * 2)
    assert [reject.line for reject in result.rejects] == [1, 4]


def test_other_messages_of_postgresql_are_counted_as_skipped(tmp_path: Path) -> None:
    result = read_file(written(tmp_path, PGAUDIT), formats.load("pgaudit"))
    assert result.skipped == {"messages about something else than statements and logins": 1}


@pytest.mark.parametrize(
    "line", ["from account", "\tfrom account", "2026-03-14 09:26:53 UTC LOG:  AUDIT: no"]
)
def test_a_line_of_no_record_of_postgresql_is_rejected(tmp_path: Path, line: str) -> None:
    result = read_file(written(tmp_path, f"{line}\n"), formats.load("pgaudit"))
    assert (len(result.rejects), result.skipped) == (1, {})


def test_a_mixture_of_formats_is_not_read_as_one_of_them(tmp_path: Path) -> None:
    okta = {"eventType": "user.session.start", "actor": {"alternateId": "ann"}}
    slack = {"action": "user_login", "actor": {"type": "user"}, "context": {"ip_address": "192.0.2.4"}}
    records = [okta] * 3 + [slack] * 2 + [{"other": number} for number in range(12)]
    text = "".join(json.dumps(record) + "\n" for record in records)
    with pytest.raises(InvalidFormat, match="because okta and slack fit: name one of them"):
        formats.detect(text.encode(), "mixed")
    few = "".join(json.dumps(record) + "\n" for record in [okta] * 3 + [slack] + [{"other": 1}] * 12)
    assert formats.detect(few.encode(), "few").name == "okta"


def test_a_year_does_not_matter_to_joined_lines_that_have_one(tmp_path: Path) -> None:
    lines = "".join(
        f"type={kind} msg=audit(1773480413.000:{serial}): pid=9 uid=0 auid=1000 res=success\n"
        for serial in (7, 8)
        for kind in ("USER_CMD", "EOE")
    )
    result = read_file(written(tmp_path, lines), formats.load("auditd"), year=2017)
    assert [time.year for time in result.column("occurred_at")] == [2026, 2026]
