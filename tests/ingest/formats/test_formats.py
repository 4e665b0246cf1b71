"""Formats are data: what they declare, how they are told apart, and what real kinds of lines become."""

import gzip
import json
import os
import re
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from audit_store.errors import InvalidFormat
from ingest import formats
from ingest.formats import files
from ingest.formats.format import key_sets
from ingest.importing.record_reader import ReadOptions, Reject, read
from ingest.importing.sources.byte_source import Content

CLOUDTRAIL: dict[str, Any] = {
    "eventVersion": "1.08",
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/ann", "userName": "ann"},
    "eventTime": "2023-07-10T12:11:14Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "CreateVolume",
    "sourceIPAddress": "192.0.2.10",
    "requestParameters": {"size": "8"},
    "responseElements": None,
    "eventID": "3711edf1-ae92-4a03-a361-594e69666c61",
}


def detected(path: Path) -> formats.Format:
    with closing(Content(path)) as content:
        return formats.detect(content.head, path.name)


def rows_of(path: Path, fmt: str = "auto", **options: Any) -> tuple[list[dict[str, Any]], list[Reject]]:
    """All rows and all rejects of a file."""
    chosen = detected(path) if fmt == "auto" else formats.load(fmt)
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    for chunk in read(path, chosen, ReadOptions(**options)):
        rows += chunk.rows.to_pylist()
        rejects += chunk.rejects
    return rows, rejects


def cloudtrail(folder: Path, *changes: dict[str, Any]) -> Path:
    path = folder / "trail.json"
    path.write_text(json.dumps({"Records": [CLOUDTRAIL | change for change in changes]}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'{"agent": "ada", "activity": "Login"}\n', "jsonl"),
        (b'{"agent": "ada",\n "activity": "Login"}\n', "jsonl"),  # a line of it is damaged
        (b'{\n "agent": "ada",\n "activity": "Login"\n}', "json"),
        (b'{ \r\n "agent": "ada",\r\n "activity": "Login"\r\n}', "json"),
        (b'[{"agent": "ada", "activity": "Login"}]', "json"),
        (b"agent,activity\nada,Login\n", "csv"),
        (b"PAR1\x15\x04agent,activity", "parquet"),
    ],
)
def test_the_content_of_a_file_without_an_extension_tells_its_format(head: bytes, name: str) -> None:
    assert formats.detect(head, "file").name == name


@pytest.mark.parametrize("name", formats.names())
def test_every_format_that_comes_along_loads(name: str) -> None:
    assert formats.load(name).name == name
    assert formats.load(name).title


@pytest.mark.parametrize("name", formats.names())
def test_the_outline_of_a_format_is_the_beginning_of_its_file(name: str) -> None:
    outline, fmt = files.outline(name), formats.load(name)
    assert outline.kind == fmt.kind
    assert outline.detect.extensions == fmt.extensions
    assert key_sets(outline.detect.keys) == fmt.keys
    assert outline.detect.pattern == (fmt.pattern.pattern if fmt.pattern else None)


@pytest.mark.parametrize("name", formats.names())
def test_every_format_of_lines_says_by_what_it_is_found(name: str) -> None:
    detect = files.outline(name).detect
    assert files.outline(name).kind != "lines" or bool(detect.contains) != bool(detect.pattern)


CONTENT = {
    "jsonl": b'{"agent":"a","activity":"b"}\n',
    "json": b'\n [{"agent":"a","activity":"b"}]',
    "csv": b"when;agent;activity\n1;2;3\n",
    "cloudtrail": b'{"Records":[{"eventVersion":"1.08"}]}',
    "sshd": b"Mar 27 13:06:56 ip-10 sshd[1291]: Server listening on 0.0.0.0 port 22.\n",
    "parquet": b"PAR1\x15\x04",
}


@pytest.mark.parametrize("name", CONTENT)
@pytest.mark.parametrize("packed", [False, True])
def test_a_format_is_told_by_its_content(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / "something"
    path.write_bytes(gzip.compress(CONTENT[name]) if packed else CONTENT[name])
    assert detected(path).name == name


@pytest.mark.parametrize("name", ["jsonl", "csv", "parquet", "cloudtrail"])
def test_detection_loads_only_formats_that_may_fit(tmp_path: Path, name: str) -> None:
    path = tmp_path / "something"
    path.write_bytes(CONTENT[name])
    files.built.cache_clear()
    assert detected(path).name == name
    assert files.built.cache_info().currsize == 1


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.jsonl", "jsonl"),
        ("a.NDJSON", "jsonl"),
        ("a.csv.gz", "csv"),
        ("a.tsv", "csv"),
    ],
)
def test_the_extension_tells_where_the_content_does_not(tmp_path: Path, file: str, name: str) -> None:
    path = tmp_path / file
    path.write_bytes(b"user,what\nann,Login\n")
    assert detected(path).name == name


def test_a_name_does_not_make_a_file_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "auth.log"
    path.write_bytes(b"192.168.131.39 - 2817 GET http://example.com/ 200\n")
    with pytest.raises(InvalidFormat, match="none fits"):
        detected(path)


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\x00\xff\x00", b"{\n"])
def test_an_unclear_file_is_refused_with_the_formats_there_are(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "something.dat"
    path.write_bytes(content)
    with pytest.raises(InvalidFormat, match=", ".join(formats.names())):
        detected(path)


@pytest.mark.parametrize("content", [b"", b" \n\n"])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "something"
    path.write_bytes(content)
    with pytest.raises(InvalidFormat, match="is empty, so its format is not clear: name it with --format"):
        detected(path)


def test_the_extension_of_json_says_nothing_of_a_vendor(tmp_path: Path) -> None:
    path = tmp_path / "something.json"
    path.write_bytes(b'"only a text"\n')
    assert detected(path).name == "json"


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(
        InvalidFormat, match=f"unknown format 'nothing': give one of {', '.join(formats.names())}"
    ):
        formats.load("nothing")


# A declaration, the key that is wrong in it, and what the error says is allowed.
WRONG = [
    ('kind = "jsonl"\ncolour = "red"', "colour", "the keys kind, title, detect"),
    ('kind = "xml"', "kind", "csv, csv-export, json-records, jsonl, lines, parquet"),
    ("kind = 5", "kind", "expected `str`"),
    ('title = "no kind"', "kind", "required"),
    ('kind = "jsonl"\ntrim = "yes"', "trim", "expected `bool`"),
    ('kind = "jsonl"\n[fields]\nwho = "user"', "fields.who", "the keys agent, activity"),
    ('kind = "jsonl"\n[fields]\nagent = 5', "fields.agent", "expected `str | array`"),
    ('kind = "jsonl"\n[fields]\nagent = ["user", 5]', "fields.agent[2]", "expected `str`"),
    ('kind = "jsonl"\n[constants]\noutcome = 1', "constants.outcome", "expected `str`"),
    ('kind = "json-records"\nrecords = "Records"', "records", "$, $.name or $.name[*].events[*]"),
    ('kind = "jsonl"\n[detect]\npattern = "("', "detect.pattern", "unterminated"),
    ('kind = "jsonl"\n[detect]\nextension = ".log"', "detect.extension", "the keys extensions, pattern"),
    ('kind = "jsonl"\ntimezone = "Mars/Olympus"', "timezone", "Europe/Berlin"),
    ('kind = "jsonl"\nmetadata = "some"', "metadata", "none, rest"),
    ('kind = "jsonl"\n[[when]]\nset = { outcome = "failure" }', "when[1].path", "required"),
    (
        'kind = "jsonl"\n[[when]]\npath = "x"\nset = { who = "y" }',
        "when[1].set.who",
        "the keys agent, activity",
    ),
    ('kind = "lines"\nline = "(?P<time>x)(?=y)"', "line", "not supported"),
    ('kind = "lines"\nline = "(?P<message>x)"', "line", "no group 'time', only message"),
    ('kind = "lines"\nline = "(?P<time>x)"\nmessage = ["text"]', "line", "no group 'text', only time"),
    (
        'kind = "lines"\nline = "(?P<time>x)"\n[[rules]]\npattern = "(?P<who>x)"',
        "rules[1].pattern",
        "agent, activity",
    ),
    (
        'kind = "lines"\nline = "(?P<time>x)"\n[[rules]]\npattern = "x"\nwho = "y"',
        "rules[1].who",
        "agent, activity",
    ),
    ('kind = "lines"\nline = "(?P<time>x)"\n[[rules]]\npattern = "("', "rules[1].pattern", "unterminated"),
]


def refusal(folder: Path, declaration: str) -> str:
    path = folder / "mine.toml"
    path.write_text(declaration, encoding="utf-8")
    with pytest.raises(InvalidFormat) as error:
        formats.load(str(path))
    return str(error.value)


@pytest.mark.parametrize(("text", "key", "allowed"), WRONG)
def test_a_wrong_declaration_is_refused_with_its_file_its_key_and_what_is_allowed(
    tmp_path: Path, text: str, key: str, allowed: str
) -> None:
    message = refusal(tmp_path, text)
    assert re.match(rf"format {tmp_path / 'mine.toml'}(, line \d+)?: key {re.escape(repr(key))}: ", message)
    assert allowed in message


def test_a_declaration_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    assert "mine.toml: Invalid value" in refusal(tmp_path, "kind = ")


def test_a_declaration_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFormat, match=r"none\.toml"):
        formats.load(str(tmp_path / "none.toml"))


def test_a_user_declares_a_format(tmp_path: Path) -> None:
    declaration = tmp_path / "shop.toml"
    declaration.write_text(
        """
        kind = "jsonl"
        source = "shop"
        [fields]
        agent = ["user", "$.session.user"]
        activity = "{type} {$.object.kind}"
        occurred_at = "at"
        [constants]
        outcome = "success"
        [[when]]
        path = "status"
        equals = "403"
        set = { outcome = "failure" }
        """,
        encoding="utf-8",
    )
    data = tmp_path / "shop.jsonl"
    common = {"type": "delete", "object": {"kind": "order"}, "at": "2026-03-14T09:26:53Z"}
    data.write_text(
        json.dumps(common | {"user": "ann", "status": 403})
        + "\n"
        + json.dumps(common | {"session": {"user": "ben"}}),
        encoding="utf-8",
    )
    (ann, ben), rejects = rows_of(data, str(declaration))
    assert rejects == []
    assert (ann["agent"], ann["activity"], ann["outcome"], ann["source"]) == (
        "ann",
        "delete order",
        "failure",
        "shop",
    )
    assert (ben["agent"], ben["outcome"]) == ("ben", "success")
    assert json.loads(ben["metadata"]) == {
        "type": "delete",
        "object": {"kind": "order"},
        "session": {"user": "ben"},
    }


def test_cloudtrail_says_who_did_what_to_what(tmp_path: Path) -> None:
    bucket = "arn:aws:s3:::logs"
    path = cloudtrail(tmp_path, {}, {"resources": [{"ARN": bucket}], "errorCode": "E", "errorMessage": "No."})
    (made, failed), rejects = rows_of(path)
    assert rejects == []
    assert made["agent"] == "arn:aws:iam::1:user/ann"
    assert (made["activity"], made["outcome"], made["source"]) == (
        "CreateVolume",
        "success",
        "aws.cloudtrail",
    )
    assert (made["description"], made["target"]) == ("CreateVolume on ec2.amazonaws.com", "ec2.amazonaws.com")
    assert (str(made["event_id"]), made["keyed"]) == (CLOUDTRAIL["eventID"], True)
    assert made["occurred_at"].isoformat() == "2023-07-10T12:11:14+00:00"
    assert failed["description"] == "CreateVolume on ec2.amazonaws.com: No."
    assert (failed["outcome"], failed["target"]) == ("failure", bucket)


@pytest.mark.parametrize(
    ("identity", "agent"),
    [
        ({"type": "IAMUser", "userName": "ann"}, "ann"),
        ({"type": "AWSService", "invokedBy": "rds.amazonaws.com"}, "rds.amazonaws.com"),
        ({"arn": "arn:x", "userName": "ann", "invokedBy": "AWS Internal"}, "arn:x"),
        ({"type": "Unknown", "principalId": ""}, "Unknown"),
    ],
)
def test_cloudtrail_names_the_identity(tmp_path: Path, identity: dict[str, str], agent: str) -> None:
    ((row,), _) = rows_of(cloudtrail(tmp_path, {"userIdentity": identity}))
    assert row["agent"] == agent


def test_a_failed_console_login_is_a_failure(tmp_path: Path) -> None:
    path = cloudtrail(
        tmp_path, {"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}}
    )
    ((row,), _) = rows_of(path)
    assert row["outcome"] == "failure"


def test_what_is_too_much_for_an_event_is_cut_and_marked(tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(20):
        deep = {"a": deep}
    large = {"responseElements": "x" * 70_000, "requestParameters": deep, "errorMessage": "m" * 9000}
    ((row,), rejects) = rows_of(cloudtrail(tmp_path, large))
    assert rejects == []
    metadata = json.loads(row["metadata"])
    assert sorted(metadata["trimmed"]) == ["requestParameters", "responseElements"]
    assert metadata["userIdentity"] == CLOUDTRAIL["userIdentity"]
    assert row["description"].endswith("…")


DATA = Path(os.environ.get("AUDIT_TEST_DATA", ""))
real = pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")


@real
def test_a_real_cloudtrail() -> None:
    rows: list[dict[str, Any]] = []
    for path in sorted((DATA / "cloudtrail").glob("*.json")):
        more, rejects = rows_of(path)
        assert rejects == []
        rows += more
    agents = Counter(row["agent"] for row in rows)
    assert (len(rows), len({row["event_id"] for row in rows})) == (2900, 2900)
    assert (len(agents), agents.most_common(1)[0][1]) == (21, 2641)
    assert len({row["activity"] for row in rows}) == 260
    assert sum(row["outcome"] == "failure" for row in rows) == 300
    assert min(row["occurred_at"] for row in rows).isoformat() == "2023-07-10T11:42:18+00:00"
    assert max(row["occurred_at"] for row in rows).isoformat() == "2023-07-10T12:37:50+00:00"
