"""Appending and importing from a shell."""

import contextlib
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest.__main__ import main
from ingest.spool.folder import has_waiting
from tests import ROOT, forked

GOOD = [
    {"agent": "ada", "activity": "Login", "occurred_at": "2026-03-14T09:26:53Z", "outcome": "failure"},
    {"agent": "bob", "activity": "Journey saved", "occurred_at": "2026-03-14T10:26:53+05:30", "extra": [1]},
    {"agent": "ada", "activity": "Login", "occurred_at": "2026-03-14T09:26:53Z", "event_id": "key 1"},
]
pytestmark = pytest.mark.processes


def ingest(store: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in this process."""
    with (
        mock.patch.dict(os.environ, {"AUDIT_STORE": str(store)}),
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()))),
        contextlib.redirect_stdout(io.StringIO()) as output,
        contextlib.redirect_stderr(io.StringIO()) as errors,
    ):
        status = main(arguments)
    return subprocess.CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())


def values(store: Path, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in Store(store).run(Query(sql)).itertuples(index=False)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(json.dumps(event) for event in GOOD))
    return file


def test_an_import_counts_what_became_of_every_event(path: Path, lines: Path) -> None:
    first = ingest(path, "import", str(lines))
    assert (first.returncode, first.stdout) == (0, "read 3, stored 3, duplicate 0, conflict 0, rejected 0\n")
    zipped = lines.with_suffix(".gz")
    zipped.write_bytes(gzip.compress(lines.read_bytes()))
    for again in (
        ingest(path, "import", str(lines)),
        ingest(path, "import", str(zipped), "--format", "jsonl"),
    ):
        assert (again.returncode, again.stdout) == (
            0,
            "read 3, stored 0, duplicate 3, conflict 0, rejected 0\n",
        )
    assert values(path, "SELECT count(*), count(DISTINCT event_id), max(seq) FROM events") == [(3, 3, 2)]


def test_bad_lines_are_named_and_the_good_ones_stay(path: Path, lines: Path) -> None:
    good = lines.read_bytes().splitlines()
    lines.write_bytes(
        b"\n".join([b"type=SYSCALL", good[0], b'{"agent": "caf\xe9", "activity": "x"}', good[1], b"[1]"])
    )
    done = ingest(path, "import", str(lines), "--json", "--yes")
    assert done.returncode == 1
    counts = {
        "read": 5,
        "stored": 2,
        "duplicate": 0,
        "conflict": 0,
        "rejected": 3,
        "waiting": 0,
        "skipped": 0,
    }
    assert json.loads(done.stdout) == counts
    listed = [
        json.loads(line) for line in path.with_name("audit.duckdb.rejects.jsonl").read_text().splitlines()
    ]
    assert [one["line"] for one in listed] == [1, 3, 5]
    assert listed[0]["raw"] == "type=SYSCALL"
    assert all(one["reason"] for one in listed)


def test_strict_stores_nothing_when_one_row_is_bad(path: Path, lines: Path, tmp_path: Path) -> None:
    lines.write_text(lines.read_text() + "\nnot json\n")
    rejects = tmp_path / "rejects"
    done = ingest(path, "import", str(lines), "--strict", "--rejects", str(rejects))
    assert (done.returncode, done.stdout) == (1, "read 4, stored 0, duplicate 0, conflict 0, rejected 1\n")
    assert json.loads(rejects.read_text())["line"] == 4
    assert not path.exists()
    assert not has_waiting(path)


def test_a_key_with_another_body_is_a_conflict(path: Path, lines: Path) -> None:
    ingest(path, "import", str(lines))
    lines.write_text(json.dumps(GOOD[2] | {"agent": "eve"}))
    done = ingest(path, "import", str(lines))
    assert (done.returncode, done.stdout) == (1, "read 1, stored 0, duplicate 0, conflict 1, rejected 0\n")
    assert "1 conflict: an event with the same event_id came first and stays; listed in" in done.stderr
    assert values(path, "SELECT count(*) FROM events WHERE agent = 'eve'") == [(0,)]


def test_columns_are_mapped_and_times_placed_in_a_zone(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("user;action;occurred_at;team\nada;Login;2026-07-01 12:00:00;red\n")
    done = ingest(
        path,
        "import",
        str(file),
        "--map",
        "agent=user",
        "--map",
        "activity=action",
        "--timezone",
        "Europe/Berlin",
    )
    assert (done.returncode, done.stderr) == (0, "")
    [(agent, at, metadata)] = values(path, "SELECT agent, occurred_at::VARCHAR, metadata FROM events")
    assert (agent, at, json.loads(metadata)) == ("ada", "2026-07-01 10:00:00", {"team": "red"})


@pytest.mark.parametrize("name", ["nosuchkey", "$.no.such"])
def test_a_mapped_key_that_no_record_has_stores_nothing(
    path: Path, lines: Path, tmp_path: Path, name: str
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps(GOOD[0] | {"who": None}))
    done = ingest(path, "import", str(lines), str(other), "--map", f"target={name}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--map target={name}: no record has the key" in done.stderr
    assert not path.exists()
    assert not has_waiting(path)
    # One of the files may have the key, and it may be without a value.
    done = ingest(path, "import", str(lines), str(other), "--map", "target=who")
    assert (done.returncode, done.stdout[:16]) == (0, "read 4, stored 4")


@pytest.mark.parametrize("mapped", ['$."user name"', "{first} {last}", "\u00fcser", "$.who.name"])
def test_a_mapped_key_is_found_however_it_is_written(path: Path, tmp_path: Path, mapped: str) -> None:
    file = tmp_path / "events.jsonl"
    keys = {"user name": "ada", "first": "ada", "last": "b", "\u00fcser": "ada", "who": {"name": "ada"}}
    file.write_text(json.dumps({"activity": "Login", "occurred_at": "2026-03-14T09:26:53Z"} | keys))
    assert ingest(path, "import", str(file), "--map", f"agent={mapped}").stdout.startswith(
        "read 1, stored 1,"
    )


def test_a_time_is_needed_unless_it_is_now(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"agent":"a","activity":"b","timestamp":"2024-01-01T00:00:00Z"}\n')
    done = ingest(path, "import", str(file), "--yes")
    assert (done.returncode, done.stdout) == (1, "read 1, stored 0, duplicate 0, conflict 0, rejected 1\n")
    assert ingest(path, "import", str(file), "--now").stdout.startswith("read 1, stored 1,")


def test_standard_input_is_read(path: Path, lines: Path) -> None:
    assert ingest(path, "import", "-", text=lines.read_text()).stdout.startswith("read 3, stored 3,")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("import", "missing.jsonl"), "missing.jsonl"),
        (("import", "README.md"), "--format"),
        (("import", "README.md", "--format", "nonsense"), "nonsense"),
        (
            ("import", "README.md", "--format", "cloudtrail"),
            "README.md: there is no JSON object or array in this file",
        ),
        (("import", "README.md", "--map", "nobody=x"), "nobody=x"),
        (("append", "--agent", "a"), "--activity"),
        (("append", "--agent", "a", "--activity", "b", "--outcome", "maybe"), "maybe"),
        (("append", "--agent", "a", "--activity", "b", "--metadata", "{"), "metadata"),
        (("append", "--agent", "a", "--activity", "b", "--occurred-at", "2026-01-01T00:00:00"), "offset"),
        ((), "command"),
    ],
)
def test_what_cannot_be_done_says_so_in_one_line(path: Path, arguments: tuple[str, ...], word: str) -> None:
    done = ingest(path, *arguments)
    assert done.returncode == 2
    assert word in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert not path.exists()


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_an_import_at_once_and_it_can_be_done_again(path: Path, lines: Path) -> None:
    command = [sys.executable, "-m", "ingest", "import", "-", "--store", str(path)]
    with forked.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(lines.read_bytes())
        process.stdin.flush()
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT
        assert process.stderr.read() == b""
    assert not has_waiting(path)
    assert ingest(path, "import", str(lines)).stdout.startswith("read 3, stored 3,")


def test_an_import_that_was_started_to_ignore_ctrl_c_goes_on(path: Path, lines: Path) -> None:
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "ingest", "import", "-"]
    with subprocess.Popen(
        [*command, "--store", str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(lines.read_bytes(), timeout=60)
    assert output.startswith(b"read 3, stored 3,")


def test_one_event_is_appended_folded_and_counted(path: Path) -> None:
    done = ingest(path, "append", "--agent", "ada", "--activity", "Login", "--metadata", '{"a": 1.0}')
    assert done.returncode == 0
    assert values(path, "SELECT event_id::VARCHAR, metadata::VARCHAR FROM events") == [
        (done.stdout.strip(), '{"a": 1.0}')
    ]
    status = json.loads(ingest(path, "status", "--json").stdout)
    assert (status["events"], status["waiting"], status["rejected"], status["problem"]) == (1, 0, 0, None)
    assert "events     1\n" in ingest(path, "status").stdout
    assert ingest(path, "fold").stdout == "stored 0, duplicate 0, conflict 0, rejected 0\n"


def test_a_segment_that_may_not_be_read_is_named_and_stops_nothing(path: Path) -> None:
    assert ingest(path, "append", "--agent", "ada", "--activity", "Login").returncode == 0
    locked = path.with_name("audit.duckdb.spool") / "dropped.ndjson"
    locked.write_text('{"agent": "eve", "activity": "Login"}\n')
    locked.chmod(0)
    limited = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []

    def run(*arguments: str) -> str:
        command = [*limited, sys.executable, "-m", "ingest", *arguments, "--store", str(path)]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    run("append", "--agent", "bob", "--activity", "Login")
    assert values(path, "SELECT agent FROM events ORDER BY seq") == [("ada",), ("bob",)]
    assert "not folded dropped.ndjson: no fold of this user can read it" in run("status")
    locked.chmod(0o600)
    assert run("fold") == "stored 1, duplicate 0, conflict 0, rejected 0\n"


def test_an_appended_key_with_another_body_is_reported(path: Path) -> None:
    assert ingest(path, "append", "--agent", "ada", "--activity", "Login", "--event-id", "k").returncode == 0
    assert ingest(path, "append", "--agent", "ada", "--activity", "Login", "--event-id", "k").returncode == 0
    done = ingest(path, "append", "--agent", "eve", "--activity", "Login", "--event-id", "k")
    assert done.returncode == 2
    assert "another body" in done.stderr
