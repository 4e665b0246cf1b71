"""An archive, a compressed file or a database is named with what to do, instead of as a log of no known format."""

import bz2
import io
import lzma
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable

import duckdb
import pytest

from audit_store.errors import InvalidFormat
from ingest import formats

LOG = b'{"agent": "ada", "activity": "Login", "occurred_at": "2026-03-14T09:26:53Z"}\n'


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("log.jsonl", LOG)
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("log.jsonl")
        member.size = len(LOG)
        archive.addfile(member, io.BytesIO(LOG))
    return file.getvalue()


def sqlite() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE log (agent)")
        return connection.serialize()


CONTAINERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip": (zipped, "a ZIP archive or a workbook: unzip -p log | python -m ingest import -"),
    "xz": (lambda: lzma.compress(LOG), "compressed with xz: xz -dc log | python -m ingest import -"),
    "bzip2": (lambda: bz2.compress(LOG), "compressed with bzip2: bzip2 -dc log | python -m ingest import -"),
    "tar": (tarred, "a tar archive: tar -xOf log | python -m ingest import -"),
    "sqlite": (sqlite, "an SQLite database: export a table of it as CSV"),
    "evtx": (lambda: b"ElfFile\0" + bytes(5000), "an event log of Windows: evtx_dump -o jsonl log | python"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_what_holds_a_log_is_named_with_what_to_do(name: str) -> None:
    content, words = CONTAINERS[name]
    with pytest.raises(InvalidFormat) as refusal:
        formats.detect(content(), "log")
    assert f"log is {words}" in str(refusal.value)


def test_a_database_of_duckdb_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("duckdb") / "other.duckdb"
    duckdb.connect(path).close()
    with pytest.raises(InvalidFormat, match="is a DuckDB database"):
        formats.detect(path.read_bytes(), "other.duckdb")


@pytest.mark.parametrize("content", [LOG, b"PK, activity\n", b"BZhang logged in\n", b"DUCK\n", b""])
def test_a_text_is_no_container(content: bytes) -> None:
    from ingest.formats import containers

    assert containers.problem(content, "log") == ""
