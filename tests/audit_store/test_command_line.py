"""The commands of the way out: arguments, streams, exit statuses."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit_store.__main__ import FORMATS, main
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from audit_store.export.encoders import FORMATS as ENCODERS
from audit_store.export.manifest import path_of
from audit_store.quantities import counted
from audit_store.store_files import waiting_events
from audit_store.store_files import waiting_events as spooled
from ingest import append
from tests import ROOT, forked
from tests.conftest import Fill, in_campaign

EVENTS = [
    Event.of(
        {"occurred_at": "2026-03-01T00:00:00Z", "agent": "ada", "activity": "Login", "outcome": "failure"}
    ),
    Event.of(
        {
            "occurred_at": "2026-03-02T00:00:00Z",
            "agent": "ada",
            "activity": "User deleted",
            "source_ip": "203.0.113.9",
            "metadata": {"user": {"role": "admin"}},
        }
    ),
    Event.of(
        {"occurred_at": "2026-03-03T20:00:00Z", "agent": "bob", "activity": "Login", "target": "Website"}
    ),
]
ALL = ["--range", "all"]


@pytest.fixture
def filled(store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("AUDIT_STORE", str(store.path))
    return fill(store, EVENTS)


def exported(arguments: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> tuple[list[str], str]:
    """The seq of what is exported as CSV, and the words on stderr."""
    assert main(["export", "--format", "csv", *arguments]) == 0
    out, words = capfdbinary.readouterr()
    rows = csv.DictReader(io.StringIO(out.decode(), newline=""))
    return [row["seq"] for row in rows], words.decode()


FILTERS = [
    (ALL, ["0", "1", "2"]),
    ([*ALL, "--activity", "Login"], ["0", "2"]),
    ([*ALL, "--activity", "Login", "--activity", "User deleted", "--agent", "ada"], ["0", "1"]),
    ([*ALL, "--not-activity", "Login"], ["1"]),
    ([*ALL, "--not-agent", "ada"], ["2"]),
    ([*ALL, "--outcome", "failure"], ["0"]),
    ([*ALL, "--outcome", "none", "--q", "WEB"], ["2"]),
    ([*ALL, "--agent", "b*"], ["2"]),
    ([*ALL, "--target", "*site"], ["2"]),
    ([*ALL, "--not-target", "*"], ["0", "1"]),
    ([*ALL, "--source-ip", "203.0.113.0/24"], ["1"]),
    ([*ALL, "--not-source-ip", "203.0.113.0/24"], ["0", "2"]),
    ([*ALL, "--meta", "user.role=adm*", "--meta", "user.role=owner"], ["1"]),
    ([*ALL, "--not-meta", "user.role=admin"], ["0", "2"]),
    ([*ALL, "--q", '"role"'], ["1"]),
    (["--from", "2026-03-02"], ["1", "2"]),
    (["--from", "2026-03-02", "--to", "2026-03-04", "--tz", "Asia/Kolkata"], ["1"]),
    (["--range", "custom", "--to", "2026-03-02"], ["0"]),
    ([], []),
]


@pytest.mark.parametrize(("arguments", "seqs"), [*FILTERS[::2], *in_campaign(*FILTERS[1::2])])
def test_filters_are_options(
    filled: Store, capfdbinary: pytest.CaptureFixture[bytes], arguments: list[str], seqs: list[str]
) -> None:
    found, words = exported(arguments, capfdbinary)
    assert found == seqs
    assert ("exporting the last 7 days; --range all exports every event" in words) == (arguments == [])
    assert counted(len(seqs), "event") in words


BAD = [
    (["--range", "2w"], "--range '2w' cannot be used: give one of 1h, 24h"),
    (
        ["--range", "7d", "--from", "2026-03-01"],
        "--range '7d' cannot be used: with --from or --to it must be custom",
    ),
    (["--tz", "Mars"], "--tz 'Mars' cannot be used: give an IANA time zone"),
    (["--outcome", "maybe"], "--outcome 'maybe' cannot be used"),
    (["--from", "soon"], "--from 'soon' cannot be used"),
    (["--from", "2026-03-02", "--to", "2026-03-01"], "--to '2026-03-01' cannot be used: it must be later"),
    (
        ["--from", "2026-03-02", "--to", "2026-03-01"],
        "--from '2026-03-02' cannot be used: it must be earlier",
    ),
    (
        ["--source-ip", "10.0.0.0/99"],
        "--source-ip '10.0.0.0/99' cannot be used: give an address, or a network",
    ),
    (["--meta", "admin"], "--meta 'admin' cannot be used: give a path and a value such as user.role=admin"),
    (["--not-meta", "=x"], "--not-meta '=x' cannot be used: give a path and a value"),
    (["--meta", "a="], "--meta 'a=' cannot be used: give a path and a value"),
    (["--agent", ""], "--agent '' cannot be used: give a value, or leave the option out"),
    (["--not-activity", ""], "--not-activity '' cannot be used"),
    (["--q", "x" * 201], "cannot be used"),
]


@pytest.mark.parametrize(("arguments", "says"), BAD)
def test_a_bad_filter_exports_nothing(
    filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    file = tmp_path / "events.csv"
    assert main(["export", "--format", "csv", "--output", str(file), *arguments]) == 2
    out, words = capsys.readouterr()
    assert out == ""
    assert says in words
    assert not file.exists()


def test_the_formats_are_those_of_the_encoders() -> None:
    assert tuple(ENCODERS) == FORMATS


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--format", "excel"], "'excel'"), ([], "--format"), (["--format", "csv", "--nonsense"], "--nonsense")],
)
def test_bad_arguments_are_named(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert named in line


def test_nothing_can_be_done_without_a_store(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["export", "--format", "csv"], ["repair"]):
        assert main([*command, "--store", str(store.path)]) == 2
        assert f"audit_store {command[0]}: there is no store at {store.path}" in capsys.readouterr().err


def test_a_file_its_check_and_its_damage(
    filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    command = ["export", "--format", "jsonl", "--output", str(file), "--by", "Ada", *ALL]
    assert main(command) == 0
    out, words = capsys.readouterr()
    assert out == ""
    seal = words.split()[-1]
    assert "events, all time, UTC: 3 events, seq 0 to 2; manifest SHA-256" in words
    assert main(["check-export", str(file)]) == 0
    assert (
        capsys.readouterr()
        .out.rstrip()
        .endswith(f"by Ada, 3 events, events, all time, UTC; manifest SHA-256 {seal}")
    )
    file.write_text(file.read_text().replace("ada", "eve"))
    assert main(["check-export", str(file)]) == 1
    assert f"{file}: events 1–3 of the file" in capsys.readouterr().out
    path_of(file).unlink()
    assert main(["check-export", str(file)]) == 1
    file.unlink()
    assert main(["check-export", str(file)]) == 2


def test_a_manifest_may_stand_elsewhere(
    filled: Store, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    kept = tmp_path / "kept.json"
    assert main(["export", "--format", "csv", "--manifest", str(kept), *ALL]) == 0
    file = tmp_path / "piped.csv"
    file.write_bytes(capfdbinary.readouterr().out)
    assert not path_of(file).exists()
    assert main(["check-export", str(file), "--manifest", str(kept)]) == 0


def test_what_waits_is_said(filled: Store, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    append(store=filled.path, agent="a", activity="b", fold=False)
    assert (
        "1 event in the spool not included; run python -m ingest fold --store"
        in exported(ALL, capfdbinary)[1]
    )
    append(store=filled.path, agent="a", activity="b", fold=False)
    assert "2 events in the spool not included" in exported(ALL, capfdbinary)[1]
    assert waiting_events(filled.path) == spooled(filled.path) == 2


def test_repair_reports_on_stdout(filled: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair"]) == 0
    assert "every event can be read" in capsys.readouterr().out
    filled.path.write_bytes(b"garbage")
    assert main(["repair"]) == 2
    assert "nothing could be opened" in capsys.readouterr().out


def run(arguments: list[str], store: Store, **more: int) -> subprocess.Popen[bytes]:
    return forked.Popen(
        [sys.executable, "-m", "audit_store", *arguments, "--store", str(store.path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,  # type: ignore[call-overload]
    )


@pytest.mark.processes
def test_a_reader_that_stops_early_is_no_error(store: Store, fill: Fill) -> None:
    fill(store, (Event(agent="a", activity="b", description="x" * 2000) for _ in range(2000)))
    with run(["export", "--format", "jsonl", *ALL], store) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["agent"] == "a"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.processes
def test_parquet_is_not_thrown_at_a_terminal(store: Store, fill: Fill) -> None:
    fill(store, EVENTS)
    terminal, end = os.openpty()
    command = [
        sys.executable,
        "-m",
        "audit_store",
        "export",
        "--format",
        "parquet",
        *ALL,
        "--store",
        str(store.path),
    ]
    found = forked.run(command, cwd=ROOT, stdout=end, stderr=subprocess.PIPE, text=True, check=False)
    os.close(end)
    os.close(terminal)
    assert found.returncode == 2
    assert "name a file with --output FILE" in found.stderr
