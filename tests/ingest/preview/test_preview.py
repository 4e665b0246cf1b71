"""What --preview shows of a file, and what happens to one that mostly does not fit."""

import gzip
import io
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit_store.store_files import spool_dir
from ingest.__main__ import main
from ingest.preview.suggestion import suggested

OWN = {"agent": "ada", "activity": "Login", "occurred_at": "2026-03-14T09:26:53Z"}
VENDOR = {
    "ts": "2026-03-14 09:26:53",
    "who": {"email": "ada@bik.example"},
    "action": "user.delete",
    "client-ip": "203.0.113.9:4711",
    "result": "ok",
}
CSV = "Date;User Name;Operation;Client IP\n14.03.2026 09:26;ada;delete;203.0.113.9\n"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def written(folder: Path, name: str, *records: dict[str, Any]) -> str:
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def previewed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["import", "--preview", "--json", *arguments]) == 0
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def test_a_preview_shows_the_events_and_stores_nothing(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = OWN | {"occurred_at": "2026-03-15T00:00:00Z", "outcome": "failure", "extra": 1}
    file = written(tmp_path, "events.jsonl", OWN, later, {"agent": "ada"}, *[OWN] * 5)
    shown = previewed(capsys, file, "--store", str(store))
    assert (shown["format"], shown["read"], shown["fitting"], shown["map"]) == ("jsonl", 8, 7, {})
    assert (shown["first"], shown["last"]) == ("2026-03-14T09:26:53.000000Z", "2026-03-15T00:00:00.000000Z")
    assert shown["problem"].startswith("line 3: activity is missing")
    assert [event["outcome"] for event in shown["events"]] == [None, "failure", None]
    assert shown["events"][1]["metadata"] == {"extra": 1}
    assert not store.exists()
    assert not spool_dir(store).exists()


@pytest.mark.parametrize(
    ("name", "text", "suggestion", "agent"),
    [
        (
            "vendor.jsonl",
            json.dumps(VENDOR),
            {
                "occurred_at": "ts",
                "agent": "$.who.email",
                "activity": "action",
                "outcome": "result:ok=success",
                "source_ip": "client-ip",
            },
            "ada@bik.example",
        ),
        (
            "vendor.csv",
            CSV,
            {"occurred_at": "Date", "agent": "User Name", "activity": "Operation", "source_ip": "Client IP"},
            "ada",
        ),
        ("vendor.log", json.dumps([VENDOR, VENDOR]), None, "ada@bik.example"),
    ],
)
def test_a_mapping_is_suggested_that_works_as_it_is_written(
    tmp_path: Path,
    store: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str,
    suggestion: dict[str, str] | None,
    agent: str,
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    shown = previewed(capsys, str(path))
    assert shown["read"] == shown["fitting"] > 0
    assert suggestion is None or shown["map"] == suggestion
    assert (shown["events"][0]["agent"], shown["timezone"], shown["zone"]) == (agent, "UTC", "UTC")
    assert main(["import", "--preview", str(path)]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if "suggestion: " in line]
    _, command = line.split("suggestion: python -m ingest ")
    assert main([*shlex.split(command), "--store", str(store)]) == 0
    assert f"stored {shown['read']}, duplicate 0, conflict 0, rejected 0" in capsys.readouterr().out


@pytest.mark.parametrize(("options", "guesses"), [((), True), (("--year", "2017"), False)])
def test_times_without_a_year_and_their_zone_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], guesses: bool
) -> None:
    path = tmp_path / "auth.log"
    path.write_text("Mar 30 15:00:00 host sshd[1]: Accepted password for ada from 192.0.2.1 port 2\n")
    shown = previewed(capsys, str(path), *options)
    assert (shown["guesses_year"], shown["zone"]) == (guesses, "UTC")
    assert main(["import", "--preview", str(path), *options]) == 0
    text = capsys.readouterr().out
    assert ("they have no year" in text) == guesses
    assert "those without an offset are read as UTC" in text


def test_a_file_of_no_kind_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\nand bread\n", encoding="utf-8")
    shown = previewed(capsys, str(path))
    assert (shown["format"], shown["read"], shown["events"]) == (None, 0, [])
    assert "is not clear" in shown["why"]


def test_a_long_file_is_read_at_its_beginning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = previewed(
        capsys, written(tmp_path, "long.jsonl", *[OWN | {"n": number} for number in range(20_000)])
    )
    assert 0 < shown["read"] == shown["fitting"] < 2000


def test_columns_and_pipes_are_previewed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({name: [value] * 3 for name, value in OWN.items()}), path)
    assert previewed(capsys, str(path))["fitting"] == 3
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(OWN).encode())))
    assert previewed(capsys, "-", "--format", "jsonl")["fitting"] == 1


@pytest.mark.parametrize(
    ("records", "status"), [([VENDOR], 2), ([VENDOR, VENDOR, OWN], 2), ([VENDOR, OWN], 1), ([OWN], 0)]
)
def test_a_file_that_mostly_does_not_fit_is_refused_with_its_preview(
    tmp_path: Path,
    store: Path,
    capsys: pytest.CaptureFixture[str],
    records: list[dict[str, Any]],
    status: int,
) -> None:
    file = written(tmp_path, "events.jsonl", *records)
    assert main(["import", file, "--store", str(store)]) == status
    error = capsys.readouterr().err
    assert ("most of its first records cannot be stored" in error) == (status == 2)
    assert ("--map activity=action" in error) == (status == 2)
    assert store.exists() == (status < 2)
    assert main(["import", "--yes", file, "--store", str(store)]) == (0 if records == [OWN] else 1)


@pytest.mark.parametrize(("answer", "status"), [("n\n", 2), ("y\n", 1)])
def test_a_terminal_is_asked(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    file = written(tmp_path, "events.jsonl", VENDOR, VENDOR, OWN)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["import", file, "--store", str(store)]) == status
    assert store.exists() == (status == 1)


def test_a_key_counts_if_half_of_the_records_can_use_it() -> None:
    records = [
        {"time": "14:00", "ts": 1773480413, "ip": "nowhere", "remote_addr": "2001:db8::1", "user": "a"}
    ]
    assert suggested(records) == {"occurred_at": "ts", "agent": "user", "source_ip": "remote_addr"}
    assert suggested([]) == {}


def cut_off(folder: Path, share: float) -> str:
    """The beginning of a compressed file of 5,000 events."""
    packed = gzip.compress(b"".join(json.dumps(OWN | {"n": n}).encode() + b"\n" for n in range(5000)))
    path = folder / "events.jsonl.gz"
    path.write_bytes(packed[: int(len(packed) * share)])
    return str(path)


def test_a_file_that_is_cut_off_is_one_reject_and_no_question_of_its_format(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = cut_off(tmp_path, 0.5)
    assert previewed(capsys, file)["fitting"] > 100
    assert main(["import", file, "--store", str(store)]) == 1
    said = capsys.readouterr()
    assert "read 1, stored 0" in said.out
    assert "its gzip data is damaged: it ends within a member" in said.err


def test_a_file_without_a_whole_record_is_called_damaged(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = cut_off(tmp_path, 0.0005)
    assert previewed(capsys, file)["why"].startswith("its gzip data is damaged")
    assert main(["import", file, "--store", str(store)]) == 2
    assert "its gzip data is damaged" in capsys.readouterr().err
