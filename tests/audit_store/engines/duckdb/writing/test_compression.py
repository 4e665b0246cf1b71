"""Long metadata takes little space: in a new store from the beginning, in an older one after a while."""

import contextlib
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import duckdb
import pytest

from audit_store.engines.duckdb.schema import ROW_GROUP
from audit_store.engines.duckdb.store import Store
from audit_store.engines.duckdb.writing import compression_sql
from audit_store.engines.protocol import Query
from ingest import fold_scheduler
from ingest.fold_scheduler import FoldingThread
from tests import ROOT, forked
from tests.conftest import in_campaign
from tests.test_version_0_1_0 import ARCHIVE

# About 300 bytes of JSON that differ from row to row, as those of a vendor do.
METADATA = """'{"requestParameters":{"bucketName":"logs-' || hash(i) || '","id":"' || md5(i::VARCHAR) || '"},
"userAgent":"aws-cli/2.13 Python/3.11 Linux exec-env/' || hash(i + 1) || '","requestID":"' || md5((i + 7)::VARCHAR) ||
'","eventID":"' || md5((i + 9)::VARCHAR) || '","readOnly":true,"eventCategory":"Management"}'"""
FILL = """
INSERT INTO events
SELECT (SELECT coalesce(max(seq) + 1, 0) FROM events) + i, uuidv7(), TIMESTAMP '2024-05-01', TIMESTAMP '2024-05-01',
       'ada', 'GetObject', '', NULL, NULL, NULL, 'cloudtrail', {metadata} FROM range($rows) numbers(i)
"""
CONTENT = "SELECT count(*), bit_xor(hash(COLUMNS(*))) FROM events"


def filled(path: Path, rows: int, metadata: str = METADATA) -> Path:
    with Store(path).write() as connection:
        connection.execute(FILL.format(metadata=metadata), {"rows": rows})
    return path


def made_by_0_1_0(folder: Path) -> Path:
    with tarfile.open(ARCHIVE) as archive:
        archive.extract("audit.duckdb", folder, filter="data")
    return folder / "audit.duckdb"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(made_by_0_1_0(tmp_path_factory.mktemp("template")), 2 * ROW_GROUP + 10)


@pytest.fixture
def old(template: Path, tmp_path: Path) -> Path:
    """A store whose tables version 0.1.0 made, with three groups of rows of long metadata."""
    return Path(shutil.copy(template, tmp_path / "audit.duckdb"))


def is_zstd(store: Path) -> list[bool]:
    frame = Store(store).run(compression_sql.groups())
    return [bool(value) for value in frame["is_zstd"]]


def content(store: Path) -> list[object]:
    with Store(store).read() as reader:
        return list(reader.one(Query(CONTENT)))


def refusal(store: Path) -> str:
    with duckdb.connect(str(store)) as connection, pytest.raises(duckdb.Error) as error:
        connection.execute("UPDATE events SET agent = 'eve'")
    return str(error.value)


def test_a_new_store_compresses_metadata_at_once(tmp_path: Path) -> None:
    path = filled(tmp_path / "audit.duckdb", ROW_GROUP + 10)
    assert is_zstd(path) == [True, True]
    assert Store(path).compress() is False
    assert "append-only" in refusal(path)


def test_older_metadata_is_compressed_a_group_at_a_time_and_stays_as_it_is(old: Path) -> None:
    assert is_zstd(old) == [False, False, False]
    before, size = content(old), old.stat().st_size
    assert Store(old).compress() is True
    assert is_zstd(old) == [True, False, False]
    assert Store(old).compress() is False
    assert Store(old).compress() is False
    assert is_zstd(old) == [True, True, False]
    assert content(old) == before
    assert "append-only" in refusal(old)
    filled(old, 10)  # into the space that is free
    assert old.stat().st_size < 0.85 * size


def test_short_metadata_is_left_as_it_is(tmp_path: Path) -> None:
    path = filled(made_by_0_1_0(tmp_path), 2 * ROW_GROUP, "'{}'")
    size = path.stat().st_size
    assert Store(path).compress() is False
    assert (is_zstd(path), path.stat().st_size) == ([False, False, False], size)


def test_a_dashboard_compresses_while_nothing_waits(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold_scheduler, "COMPRESS_EVERY", 0.05)
    with FoldingThread(old, interval=0.01) as thread:
        end = time.monotonic() + 60
        while time.monotonic() < end and is_zstd(old) != [True, True, False]:
            time.sleep(0.05)
    assert (is_zstd(old), thread.error) == ([True, True, False], None)


@pytest.mark.processes
@pytest.mark.parametrize("seconds", [0.5, *in_campaign(0.1, 1.0)])
def test_a_kill_while_it_compresses_changes_nothing(old: Path, seconds: float) -> None:
    before = content(old)
    script = (
        "import sys; from audit_store.engines.duckdb.store import Store; store = Store(sys.argv[1]); "
        "print(flush=True)\nwhile store.compress(): pass"
    )
    with forked.Popen([sys.executable, "-c", script, str(old)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
    assert "append-only" in refusal(old)
    while Store(old).compress():
        pass
    assert (content(old), is_zstd(old)) == (before, [True, True, False])
