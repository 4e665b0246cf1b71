"""Real damage: what can be read is saved, what is missing is said, and the store stays as it is."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.recovery.header_repair import BLOCK_BYTES, HEADER_BYTES
from audit_store.engines.duckdb.recovery.repair import Report, repair, saved_file
from audit_store.engines.duckdb.schema import create_tables
from audit_store.engines.duckdb.store import Store
from audit_store.errors import AuditStoreError, StoreBusy, StoreNotFound
from ingest import append
from ingest.fold import fold
from tests.conftest import in_campaign

EVENTS = 28_000
GROUP = 8_192
"""Events in a row group: DuckDB's own number, 122,880, would take fifteen times as many events."""
FOLDED = 24_000
"""How many of them an earlier checkpoint held."""
FIRST_BLOCK = 3 * HEADER_BYTES
Damage = Callable[[bytearray], bytearray]


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of several row groups, appended in three folds."""
    store = Store(tmp_path_factory.mktemp("large") / "audit.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{store.path}' AS audit (ROW_GROUP_SIZE {GROUP})")
        connection.execute("USE audit")
        create_tables(connection, store.path)
        for first, last in ((0, FOLDED // 2), (FOLDED // 2, FOLDED), (FOLDED, EVENTS)):
            connection.execute(
                "INSERT INTO events SELECT i, uuid(), TIMESTAMP '2026-01-01' + to_seconds(i), now()::TIMESTAMP, "
                "'agent ' || hash(i) % 40, 'Login', md5(i::VARCHAR), NULL, NULL, NULL, '', "
                f"'{{\"n\":' || i || '}}' FROM range({first}, {last}) t(i)"
            )
            connection.execute("CHECKPOINT")
    return store


def damaged(large: Store, folder: Path, damage: Damage) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "audit.duckdb"
    for left in folder.glob("audit.duckdb*"):
        left.unlink()
    file.write_bytes(damage(bytearray(large.path.read_bytes())))
    return file


RESTORE = "python -m audit_store restore BACKUP --store"


def repaired(file: Path) -> Report:
    """The report of a repair that touches nothing and says what is true."""
    before = file.read_bytes()
    report = repair(file)
    assert file.read_bytes() == before
    assert {path.suffix for path in file.parent.iterdir()} <= {".duckdb", ".turn", ".room", ".wal", ".spool"}
    if report.survey is not None and report.saved is not None:
        seqs = [seq for (seq,) in rows(report.saved, "seq")]
        lost = {seq for first, last in report.survey.missing for seq in range(first, last + 1)}
        assert len(seqs) == len(set(seqs)) == report.survey.events
        assert set(seqs) | lost == set(range(report.survey.last + 1))
        assert set(seqs).isdisjoint(lost)
    return report


def rows(file: Path, columns: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(f"SELECT {columns} FROM events ORDER BY seq").fetchall()


def strangers(saved: Path, original: Path) -> int:
    """How many events of `saved` are not, to the last value, in `original`."""
    with duckdb.connect() as connection:
        for name, file in (("saved", saved), ("original", original)):
            connection.execute(f"ATTACH '{file}' AS {name} (READ_ONLY)")
        both = "SELECT count(*) FROM (FROM saved.events EXCEPT ALL FROM original.events)"
        return int(connection.execute(both).fetchall()[0][0])


def flip(place: int) -> Damage:
    def change(data: bytearray) -> bytearray:
        data[place] ^= 0x55
        return data

    return change


def garbage(start: int, end: int) -> Damage:
    def change(data: bytearray) -> bytearray:
        data[start:end] = random.Random(start).randbytes(end - start)
        return data

    return change


def cut(count: int) -> Damage:
    return lambda data: data[:-count]


def test_a_healthy_store_is_said_to_be(large: Store, tmp_path: Path) -> None:
    report = repaired(damaged(large, tmp_path, bytearray))
    assert (report.status, report.saved) == (0, None)
    assert report.text().endswith("every event can be read\n28,000 events can be read, 0 are missing")


def test_an_empty_store_is_healthy(store: Store) -> None:
    with store.write():
        pass
    assert repair(store.path).status == 0


def test_flipped_bytes_anywhere(large: Store, tmp_path: Path, campaign: bool) -> None:
    dice, size = random.Random(7), large.path.stat().st_size
    saved, rounds = 0, 16 if campaign else 8
    for _ in range(rounds):
        file = damaged(large, tmp_path, flip(dice.randrange(FIRST_BLOCK, size)))
        report = repaired(file)
        if report.survey is None:  # the one block that says where everything is
            assert report.status == 2
        elif report.saved is not None:
            saved += 1
            kept = report.survey.events
            assert strangers(report.saved, large.path) == 0
            assert report.status == (0 if kept == EVENTS else 1)
            assert kept > EVENTS // 10
    assert saved > rounds // 3


HEADERS = [
    ("the magic word", flip(8), 0),
    ("the main header", garbage(0, HEADER_BYTES), 0),
    ("the first header's checksum", flip(HEADER_BYTES), 1),
]
MORE_HEADERS = [
    ("the second header's end", flip(3 * HEADER_BYTES - 1), 1),
    ("the first header's end", flip(2 * HEADER_BYTES - 1), 1),
    ("the second header's checksum", flip(2 * HEADER_BYTES), 1),
]


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        *(pytest.param(*case[1:], id=case[0]) for case in HEADERS),
        *(pytest.param(*case[1:], id=case[0], marks=pytest.mark.campaign) for case in MORE_HEADERS),
    ],
)
def test_headers_are_made_anew(large: Store, tmp_path: Path, damage: Damage, status: int) -> None:
    report = repaired(damaged(large, tmp_path, damage))
    assert report.saved is not None
    assert report.status == status
    assert report.survey is not None
    assert (report.survey.events, strangers(report.saved, large.path)) == (EVENTS, 0)
    assert ("A header of the file was damaged" in report.text()) == (status == 1)


@pytest.mark.parametrize("header", [1, 2])
def test_without_a_header_the_checkpoint_before_is_saved(large: Store, tmp_path: Path, header: int) -> None:
    damage = garbage(header * HEADER_BYTES, (header + 1) * HEADER_BYTES)
    report = repaired(damaged(large, tmp_path, damage))
    assert report.survey is not None
    assert report.survey.events in (EVENTS, FOLDED)
    assert report.status == 1
    assert "may be missing without being counted" in report.text()


def test_a_file_that_lost_its_very_end_loses_nothing(large: Store, tmp_path: Path) -> None:
    report = repaired(damaged(large, tmp_path, cut(1)))
    assert report.survey is not None
    assert report.survey.events == EVENTS


@pytest.mark.parametrize("blocks", [8, *in_campaign(1, 3)])
def test_a_file_that_was_cut_off(large: Store, tmp_path: Path, blocks: int) -> None:
    report = repaired(damaged(large, tmp_path, cut(blocks * BLOCK_BYTES)))
    if report.survey is not None and report.survey.events < EVENTS:
        assert report.status == 1
        assert f"{EVENTS - report.survey.events:,} are missing" in report.text() or report.warnings


NOTHING = [b"garbage!" * 40_000, b"agent,activity\n"]


@pytest.mark.parametrize("content", NOTHING)
def test_where_nothing_can_be_opened(store: Store, content: bytes) -> None:
    store.path.write_bytes(content)
    report = repaired(store.path)
    assert (report.status, report.saved) == (2, None)
    assert f"nothing could be opened; put a backup in its place with {RESTORE} {store.path}" in report.text()
    assert not saved_file(store.path).exists()


def test_somebody_elses_file_is_no_damaged_store(store: Store) -> None:
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("CREATE TABLE sales (amount INTEGER)")
    report = repaired(store.path)
    assert report.status == 2
    assert "not an audit store" in report.text()


def with_wal(large: Store, folder: Path) -> Path:
    """A store whose last fold was killed between commit and checkpoint."""
    file = damaged(large, folder, bytearray)
    with duckdb.connect(str(file)) as connection:
        connection.execute("SET wal_autocheckpoint = '1GB'")
        connection.execute(
            f"INSERT INTO events SELECT * REPLACE (seq + {EVENTS} AS seq) FROM events LIMIT 1000"
        )
        for part in ("", ".wal"):
            shutil.copyfile(f"{file}{part}", f"{file}.kept{part}")
    for part in ("", ".wal"):
        Path(f"{file}.kept{part}").replace(f"{file}{part}")
    return file


def test_a_wal_that_is_there(large: Store, tmp_path: Path) -> None:
    report = repaired(with_wal(large, tmp_path))
    assert report.survey is not None
    assert (report.status, report.survey.events) == (0, EVENTS + 1000)


def test_a_damaged_wal_is_left_out_and_said(large: Store, tmp_path: Path) -> None:
    file = with_wal(large, tmp_path)
    wal = file.with_name("audit.duckdb.wal")
    data = bytearray(wal.read_bytes())
    data[len(data) // 2] ^= 0x55
    wal.write_bytes(data)
    append(store=file, agent="a", activity="b", fold=False)
    report = repaired(file)
    assert report.status == 1
    assert report.saved is not None
    assert report.survey is not None
    assert (report.survey.events, strangers(report.saved, large.path)) == (EVENTS, 0)
    assert f"{wal} is left out" in report.text()
    assert "1 event safe in " in report.text()
    assert wal.read_bytes() == data


@pytest.mark.parametrize("kept", [0, 0.5])
def test_a_wal_that_is_gone_or_cut_leaves_no_trace_in_the_file(
    large: Store, tmp_path: Path, kept: float
) -> None:
    file = with_wal(large, tmp_path)
    wal = file.with_name("audit.duckdb.wal")
    wal.write_bytes(wal.read_bytes()[: int(wal.stat().st_size * kept)])
    report = repaired(file)
    assert report.survey is not None
    assert (report.status, report.survey.missing) == (0, ())
    assert report.survey.events >= EVENTS


def test_a_saved_store_goes_on_as_the_same_store(large: Store, tmp_path: Path) -> None:
    report = repaired(damaged(large, tmp_path, flip(8)))
    assert report.saved is not None
    saved, identity = Store(report.saved), queries.identity()
    assert list(saved.run(identity)["store_id"]) == list(large.run(identity)["store_id"])
    append(store=saved.path, agent="after", activity="Login", fold=False)
    assert fold(saved.path).stored == 1
    assert rows(saved.path, "seq, agent")[-1] == (EVENTS, "after")


def test_a_gap_is_missing_though_nothing_is_damaged(large: Store, tmp_path: Path) -> None:
    file = damaged(large, tmp_path, bytearray)
    with duckdb.connect(str(file)) as connection:
        connection.execute("DROP TRIGGER events_keep_rows ON events")
        connection.execute("DELETE FROM events WHERE seq IN (5, 6, 26000)")
    report = repaired(file)
    assert (report.status, report.saved) == (1, None)
    assert "missing: seq 5 to 6, 2 events\nmissing: seq 26000, 1 event" in report.text()


def test_an_earlier_repair_is_not_written_over(large: Store, tmp_path: Path) -> None:
    file = damaged(large, tmp_path, flip(8))
    repair(file)
    with pytest.raises(AuditStoreError, match="exists already; move it away"):
        repair(file)


def test_what_cannot_be_looked_at(store: Store, large: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreNotFound):
        repair(store.path)
    with large.write(), pytest.raises(StoreBusy):
        repair(large.path, wait=0.2)


def test_what_lies_beside_is_named(large: Store, tmp_path: Path) -> None:
    file = damaged(large, tmp_path, bytearray)
    append(store=file, agent="a", activity="b", fold=False)
    folder = file.with_name("audit.duckdb.spool") / "set-aside"
    folder.mkdir()
    (folder / "broken.ndjson").write_text("{\n")
    words = repair(file).text()
    assert "1 event safe in " in words
    assert f"because it holds rejected records: {folder / 'broken.ndjson'}" in words
