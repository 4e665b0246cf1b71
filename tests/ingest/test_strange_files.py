"""No file in the spool stops another: whatever it is, the rest is folded and it is named with a reason."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit_store.engines.protocol import Query
from audit_store.engines.registry import open_store
from audit_store.event import AGENT_MAX, DESCRIPTION_MAX_BYTES
from audit_store.store_files import spool_dir
from ingest import append, append_many
from ingest.fold import fold
from ingest.rejects import rejects_path
from ingest.rows import ROW_SCHEMA
from ingest.status import status, words
from tests import ROOT
from tests.conftest import rest_in_campaign

LOGIN: dict[str, Any] = {"agent": "ada", "activity": "Login"}
ROW: dict[str, Any] = {
    "line": 1,
    "keyed": True,
    "occurred_at": datetime(2026, 3, 14, tzinfo=UTC),
    "timed": True,
    "agent": "bulk",
    "activity": "Login",
    "description": "",
    "outcome": None,
    "source_ip": None,
    "target": None,
    "source": "",
    "metadata": "{}",
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "audit.duckdb"
    spool_dir(path).mkdir()
    return path


def bulk(folder: Path, *rows: dict[str, Any], schema: pa.Schema = ROW_SCHEMA) -> Path:
    """A bulk segment of another program; each row is ROW with these changes."""
    path = folder / f"{uuid.uuid4()}-1-{len(rows)}.parquet"
    whole = [ROW | {"line": line, "event_id": uuid.uuid4().bytes} | row for line, row in enumerate(rows, 1)]
    types = [field.type.storage_type if field.name == "event_id" else field.type for field in schema]
    columns = [
        pa.array([row[name] for row in whole], kind) for name, kind in zip(schema.names, types, strict=True)
    ]
    pq.write_table(pa.table(columns, schema.names), path)
    return path


def loop(folder: Path) -> Path:
    path = folder / "loop.ndjson"
    path.symlink_to(path)
    return path


def link(folder: Path) -> Path:
    secret = folder.parent / "secret.key"
    secret.write_text("the text of a key\n")
    path = folder / "x.ndjson"
    path.symlink_to(secret)
    return path


def pipe(folder: Path) -> Path:
    path = folder / "pipe.ndjson"
    os.mkfifo(path)
    return path


def long_open(folder: Path) -> Path:
    path = folder / ("y" * 250 + ".open")
    path.write_text("{}\n")
    return path


def name_of_bytes(folder: Path) -> Path:
    path = folder / os.fsdecode(b"caf\xe9-1-1.open")
    path.write_text("{}\n")
    return path


def old_part_folder(folder: Path) -> Path:
    path = folder / "x.part"
    path.mkdir()
    os.utime(path, (0, 0))
    return path


def another_ending(folder: Path) -> Path:
    path = folder / "nightly.NDJSON"
    path.write_text("{}\n")
    return path


NOT_FOLDED: dict[Callable[[Path], Path], str] = {
    loop: "not a regular file",
    link: "not a regular file",
    pipe: "not a regular file",
    long_open: "not a name of the spool",
    name_of_bytes: "not a name of the spool",
    old_part_folder: "not a regular file",
    another_ending: "not a name of the spool",
}


@pytest.mark.parametrize("make", NOT_FOLDED)
def test_a_file_that_no_fold_may_take_is_named_with_the_reason(
    store: Path, make: Callable[[Path], Path]
) -> None:
    path = make(spool_dir(store))
    for agent in ("first", "second"):
        append(agent=agent, activity="Login", store=store, fold=False)
        assert fold(store).stored == 1
    assert path.is_symlink() or path.exists()
    [named] = status(store)["not_folded"]
    assert named["name"] == path.name
    assert NOT_FOLDED[make] in named["reason"]
    assert NOT_FOLDED[make] in words(status(store))
    assert not rejects_path(store).exists()


def late(year: int) -> dict[str, Any]:
    return {"occurred_at": (year - 1970) * 31_556_952_000_000}


REFUSED_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"metadata": ""}, "metadata: '' is not allowed"),
    ({"metadata": "{no"}, "metadata: '{no' is not allowed"),
    ({"metadata": '{"a":1,"a":2}'}, "duplicate key"),
    ({"metadata": "[1]"}, "it must be a JSON object"),
    ({"agent": ""}, "agent: '' is not allowed"),
    ({"agent": "a" * (AGENT_MAX + 1)}, "it must have 1 to 256 characters"),
    ({"activity": ""}, "activity: '' is not allowed"),
    ({"outcome": "maybe"}, "outcome: 'maybe' is not allowed"),
    ({"description": "d" * (DESCRIPTION_MAX_BYTES + 1)}, "at most 8192 bytes"),
    ({"source_ip": "1" * 65}, "source_ip:"),
    ({"target": "t" * 513}, "target:"),
    ({"source": "s" * 129}, "source:"),
    (late(148108), "occurred_at:"),
    (late(1960), "occurred_at:"),
    (late(2201), "occurred_at:"),
]


@pytest.mark.parametrize(("row", "reason"), rest_in_campaign(REFUSED_ROWS[::3], REFUSED_ROWS))
def test_a_row_of_a_bulk_segment_is_judged_like_a_line(store: Path, row: dict[str, Any], reason: str) -> None:
    path = bulk(spool_dir(store), {}, row)
    append(**LOGIN, store=store, fold=False)
    report = fold(store)
    assert (report.stored, report.rejected) == (2, 1)
    listed = rejects_path(store).read_text()
    assert reason in listed
    assert f'"file": "{path.name}", "line": 2' in listed
    assert status(store)["set_aside"] == [path.name]


NULLS = pa.schema([pa.field(field.name, field.type) for field in ROW_SCHEMA])
BROKEN_SEGMENTS = [
    ({"agent": None}, NULLS),
    ({"event_id": None}, NULLS),
    ({"occurred_at": None}, NULLS),
    ({"metadata": None}, NULLS),
    ({}, pa.schema([field for field in ROW_SCHEMA if field.name != "agent"])),
    ({}, pa.schema([ROW_SCHEMA.field("agent")])),
]


@pytest.mark.parametrize(("row", "schema"), rest_in_campaign(BROKEN_SEGMENTS[::4], BROKEN_SEGMENTS))
def test_a_bulk_segment_of_another_form_is_set_aside(
    store: Path, row: dict[str, Any], schema: pa.Schema
) -> None:
    path = bulk(spool_dir(store), row, schema=schema)
    append(**LOGIN, store=store, fold=False)
    assert (report := fold(store)).stored == 1
    assert report.rejected == 1
    assert status(store)["set_aside"] == [path.name]
    assert "file: not a bulk segment" in rejects_path(store).read_text()


def test_a_flipped_byte_of_a_bulk_segment_is_found(store: Path, campaign: bool) -> None:
    whole = bulk(spool_dir(store), *({"agent": f"agent-{n}"} for n in range(20)))
    content = whole.read_bytes()
    whole.unlink()
    for number, position in enumerate(range(0, len(content), len(content) // (200 if campaign else 10))):
        damaged = bytearray(content)
        damaged[position] ^= 0x10
        (spool_dir(store) / f"{uuid.uuid4()}-1-20.parquet").write_bytes(damaged)
        append(agent=f"after {number}", activity="Login", store=store, fold=False)
        fold(store)
        opened = open_store(store)
        with opened.read() as reader:
            frame = reader.run(opened.queries.extent())
        assert len(frame) == 1


def test_a_plain_file_in_place_of_the_folder_for_rejected_segments_stops_nothing(store: Path) -> None:
    (spool_dir(store) / "set-aside").write_text("a file\n")
    (spool_dir(store) / "x.ndjson").write_text("nonsense\n")
    append(**LOGIN, store=store, fold=False)
    assert (report := fold(store)).stored == 1
    assert report.rejected == 1
    assert len(status(store)["set_aside"]) == 1
    assert any(
        path.read_text() == "a file\n" for path in spool_dir(store).glob("set-aside*") if path.is_file()
    )


def test_a_file_of_another_program_is_folded_after_what_was_appended(store: Path) -> None:
    (spool_dir(store) / "before.ndjson").write_text('{"agent":"other","activity":"Login"}\nnonsense\n')
    append(**LOGIN, store=store, fold=False)
    append_many([LOGIN | {"agent": "batch"}], store=store, fold=False)
    batches: list[tuple[int, int]] = []
    fold(store, after_batch=lambda counts: batches.append((counts.stored, counts.rejected)))
    assert batches == [(2, 0), (1, 1)]
    with open_store(store).read() as reader:
        agents = reader.arrow(Query("SELECT agent FROM events ORDER BY seq"))["agent"].to_pylist()
    assert agents == ["ada", "batch", "other"]


def test_a_file_of_nothing_but_bad_lines_is_rejected_without_pandas(store: Path) -> None:
    (spool_dir(store) / "bad.ndjson").write_text('nonsense\n{"agent":"torn\n{"activity":"Login"}\n')
    code = (
        f"import sys; from pathlib import Path; from ingest.fold import fold; "
        f"print(fold(Path({str(store)!r})).rejected, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "3 False\n"
    reasons = [json.loads(line)["reason"] for line in rejects_path(store).read_text().splitlines()]
    assert [reason.split(":")[0] for reason in reasons] == ["record", "record", "agent is missing"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_in_another_encoding_changes_nothing_of_the_next(store: Path, encoding: str) -> None:
    (spool_dir(store) / "a.ndjson").write_bytes('{"agent":"a","activity":"Login"}\n'.encode(encoding))
    (spool_dir(store) / "b.ndjson").write_text('{"agent":"b","activity":"Login"}\nbad\n')
    report = fold(store)
    assert report.stored == 1
    listed = [json.loads(line) for line in rejects_path(store).read_text().splitlines()]
    assert [reject["line"] for reject in listed if reject["raw"] == "bad"] == [2]


def test_a_file_of_zeros_is_rejected(store: Path) -> None:
    (spool_dir(store) / "x.ndjson").write_bytes(bytes(4096))
    assert fold(store).rejected == 1
    assert len(status(store)["set_aside"]) == 1


@pytest.mark.parametrize("error", [MemoryError(), pa.ArrowMemoryError("malloc failed")])
@pytest.mark.parametrize("part", ["ingest.spool.segment_reader.content_of", "ingest.fold._stored"])
def test_a_shortage_of_memory_leaves_a_segment_for_the_next_fold(
    store: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, part: str
) -> None:
    bulk(spool_dir(store), {"agent": "ada"})

    def fails(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(part, fails)
        report = fold(store)
    assert (report.stored, report.rejected) == (0, 0)
    assert "not enough memory" in report.problems[0]
    assert fold(store).stored == 1
