"""Every record of a file is stored, known, a conflict or rejected: one of them, whatever the file is."""

import csv
import gzip
import io
import json
import os
import re
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest.__main__ import main
from ingest.rejects import rejects_path
from tests.conftest import examples

FIELDS = ("agent", "activity", "occurred_at", "outcome", "event_id", "description")
TIME = "2026-03-14T09:26:53Z"


@dataclass(frozen=True)
class Record:
    """A record of a file: what becomes of it, and its label, which its text contains."""

    kind: str
    number: int

    @property
    def fate(self) -> str:
        return self.kind if self.kind in ("stored", "duplicate", "conflict") else "rejected"

    @property
    def label(self) -> str:
        return f"<{0 if self.kind == 'duplicate' else self.number}>"

    def fields(self) -> dict[str, Any]:
        """The fields of a good record, or of one whose fields alone are wrong."""
        key = "first" if self.kind in ("duplicate", "conflict") or self.number == 0 else f"k{self.number}"
        values = {"agent": "ada", "activity": "Login", "occurred_at": TIME, "event_id": key}
        wrong: dict[str, dict[str, Any]] = {"no agent": {"agent": None}, "time": {"occurred_at": "soon"}}
        wrong["outcome"] = {"outcome": "maybe"}
        return values | {"description": self.label} | wrong.get(self.kind, {})

    def text(self, **layout: Any) -> bytes:
        """The record as JSON, or as what it is in its place."""
        label = json.dumps(self.label)
        broken = {
            "number": b"1.0" + str(self.number).encode(),
            "text": label.encode(),
            "no value": b'{"agent": , "description": %s}' % label.encode(),
            "bytes": b'{"agent": "caf\xe9", "description": %s}' % label.encode(),
            "twice": b'{"agent": "a", "agent": "b", "description": %s}' % label.encode(),
        }
        if self.kind in broken:
            return broken[self.kind]
        given = {name: value for name, value in self.fields().items() if value is not None}
        return json.dumps(given, **layout).encode()

    def cells(self) -> bytes:
        """The record as a row of CSV."""
        values = [str(self.fields().get(name) or "") for name in FIELDS]
        row = [*values, "more"] if self.kind == "cells" else values
        text = io.StringIO()
        csv.writer(text).writerow(row)
        return text.getvalue().encode().replace(b"ada", b"\xff" if self.kind == "bytes" else b"ada", 1)


GOOD = ["stored", "stored", "duplicate", "conflict"]
OF_FIELDS = ["no agent", "time", "outcome"]
OF_JSON = [*OF_FIELDS, "text", "no value", "bytes", "twice"]


def records(*bad: str) -> st.SearchStrategy[list[Record]]:
    """Some records, the first of them good."""
    kinds = st.lists(st.sampled_from([*GOOD, *bad]), max_size=30)
    return kinds.map(lambda kinds: [Record(kind, number) for number, kind in enumerate(["stored", *kinds])])


def in_lines(records: Sequence[Record], ends: Iterator[bytes]) -> bytes:
    return b"".join(record.text() + next(ends) for record in records)


def in_array(records: Sequence[Record], ends: Iterator[bytes]) -> bytes:
    return b"[" + b",".join(record.text() + next(ends) for record in records) + b"]"


def in_documents(records: Sequence[Record], ends: Iterator[bytes]) -> bytes:
    """Pretty-printed objects and arrays that follow each other."""
    return b"".join(
        b"[" + record.text() + b"]" + next(ends) if record.number % 3 else record.text(indent=1)
        for record in records
    )


def in_members(records: Sequence[Record], ends: Iterator[bytes]) -> bytes:
    """Gzip members of three lines each."""
    members = [in_lines(records[start : start + 3], ends) for start in range(0, len(records), 3)]
    return b"".join(map(gzip.compress, members))


def in_csv(records: Sequence[Record], ends: Iterator[bytes]) -> bytes:
    header = ",".join(FIELDS).encode() + next(ends)
    return header + b"".join(record.cells().rstrip(b"\r\n") + next(ends) for record in records)


def in_parquet(records: Sequence[Record], _: Iterator[bytes]) -> bytes:
    file = io.BytesIO()
    columns = {
        name: pa.array([record.fields().get(name) for record in records], pa.string()) for name in FIELDS
    }
    pq.write_table(pa.table(columns), file, row_group_size=7)
    return file.getvalue()


CONTAINERS: dict[str, tuple[Callable[[Sequence[Record], Iterator[bytes]], bytes], str, list[str]]] = {
    "lines": (in_lines, "jsonl", [*OF_JSON, "number"]),
    "array": (in_array, "json", [*OF_JSON, "number"]),
    "documents": (in_documents, "json", OF_FIELDS),
    "members": (in_members, "jsonl", OF_JSON),
    "csv": (in_csv, "csv", [*OF_FIELDS, "cells", "bytes"]),
    "parquet": (in_parquet, "parquet", OF_FIELDS),
}


@contextmanager
def as_pipe(content: bytes) -> Iterator[str]:
    """The path of a pipe that gives some content."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)
        writer.join()


@contextmanager
def as_standard_input(content: bytes) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        yield "-"


@contextmanager
def as_file(content: bytes) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(content)
        yield str(path)


def imported(store: Path, source: str, fmt: str) -> tuple[int, dict[str, int]]:
    """The exit status of an import, and what it counts."""
    with redirect_stdout(io.StringIO()) as output:
        status = main(["import", "--yes", source, "--format", fmt, "--store", str(store), "--json"])
    counts: dict[str, int] = json.loads(output.getvalue())
    return status, counts


def labels(store: Path) -> list[str]:
    """The labels of what is stored and of what is listed with the rejects."""
    stored = (
        [] if not store.exists() else Store(store).run(Query("SELECT description FROM events"))["description"]
    )
    path = rejects_path(store)
    listed = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [*stored, *(label for line in listed for label in re.findall(r"<\d+>", json.loads(line)["raw"]))]


@pytest.mark.parametrize("name", CONTAINERS)
@settings(max_examples=examples(25, least=2))
@given(st.data())
def test_every_record_is_counted_once(name: str, data: st.DataObject) -> None:
    pack, named, bad = CONTAINERS[name]
    fmt = data.draw(st.sampled_from([named, "auto"]), label="format")
    given_records = data.draw(records(*bad))
    line_ends = data.draw(
        st.lists(st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\n \t\n"]), min_size=1, max_size=5)
    )
    ends = (line_ends[number % len(line_ends)] for number in range(1000))
    content = pack(given_records, ends)
    if name != "members" and data.draw(st.booleans(), label="packed"):
        content = gzip.compress(content)
    as_source = data.draw(st.sampled_from([as_file, as_pipe, as_standard_input]))
    expected = Counter(record.fate for record in given_records)
    with TemporaryDirectory() as folder, as_source(content) as source:
        store = Path(folder, "audit.duckdb")
        status, counts = imported(store, source, fmt)
        assert counts.pop("read") == len(given_records)
        assert {fate: count for fate, count in counts.items() if count} == expected
        assert status == (1 if expected["rejected"] or expected["conflict"] else 0)
        labelled = [record.label for record in given_records if record.kind not in ("duplicate", "number")]
        assert sorted(labels(store)) == sorted(labelled)


def _is_sound(packed: bytes) -> bool:
    try:
        return bool(gzip.decompress(packed))
    except (OSError, EOFError, zlib.error):
        return False


@settings(max_examples=examples(25, least=2))
@given(st.integers(1, 4), st.integers(0, 4), st.integers(0, 7), st.integers(1, 10_000))
def test_of_a_damaged_file_every_complete_member_is_counted(
    complete: int, after: int, bit: int, position: int
) -> None:
    numbered = [Record("stored", number) for number in range(3 * (complete + 1 + after))]
    sound = in_members(numbered[: 3 * complete], iter([b"\n"] * 100))
    rest = bytearray(in_members(numbered[3 * complete :], iter([b"\n"] * 100)))
    # The name and the operating system in the header of a member are in no checksum.
    first = len(in_members(numbered[:3], iter([b"\n"] * 3)))
    place = 10 + position % (first - 14)
    rest[place] ^= 1 << bit
    assume(not _is_sound(rest))  # the last byte of what is packed may have bits that mean nothing
    with TemporaryDirectory() as folder, as_file(sound + rest) as source:
        store = Path(folder, "audit.duckdb")
        status, counts = imported(store, source, "jsonl")
        assert (status, counts["read"], counts["rejected"]) == (1, 3 * complete + 1, 1)
        assert sorted(labels(store)) == sorted(record.label for record in numbered[: 3 * complete])
