"""The files of the spool: taken over, published, set aside, removed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from audit_store.errors import AuditStoreError
from audit_store.store_files import spool_dir, waiting_events
from ingest.spool import folder
from ingest.spool.folder import ready_segments
from ingest.spool.writer import SpoolWriter
from tests.ingest.spool.spooled import content, lines


def test_nothing_waits_where_nothing_was_appended(path: Path) -> None:
    assert (ready_segments(path), folder.has_waiting(path), waiting_events(path)) == ([], False, 0)
    assert not spool_dir(path).exists()


def test_two_takers_share_the_segments_of_a_dead_writer(path: Path) -> None:
    for n in range(30):
        SpoolWriter(path).append(b"{%d}" % n)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ready_segments, [path] * 4))
    assert sorted(lines(path)) == sorted(b"{%d}" % n for n in range(30))


def test_a_segment_nobody_wrote_to_goes_away(path: Path) -> None:
    spool_dir(path).mkdir()
    (spool_dir(path) / "0191e2a4-7c3b-7d11-9a55-00163e5e6c01-5.open").touch()
    assert ready_segments(path) == []
    assert list(spool_dir(path).iterdir()) == []


@pytest.mark.parametrize("name", ["drop.ndjson", "x" * 240 + ".ndjson", "ü" * 120 + ".ndjson", "a\nb.ndjson"])
def test_a_file_of_another_program_gets_a_name_of_its_own(path: Path, name: str) -> None:
    names = set()
    for text in (b"1\n", b"2\n"):
        spool_dir(path).mkdir(exist_ok=True)
        (spool_dir(path) / name).write_bytes(text)
        (segment,) = ready_segments(path)
        assert ready_segments(path) == [segment]
        assert segment.read_bytes() == text
        names.add(segment.stem)
        assert UUID(segment.name[:36]).version == 7
        folder.take_away([folder.set_aside(segment)], ())
    assert len(names) == 2


def test_unfinished_and_unknown_files_are_not_read(path: Path) -> None:
    spool_dir(path).mkdir()
    for name in ("x.part", "x.ndjson.part", "x.ndjson.tmp", "x.parquet", "folding", "resident", "notes.txt"):
        (spool_dir(path) / name).write_bytes(b"1\n")
    (spool_dir(path) / "folder.ndjson").mkdir()
    assert (ready_segments(path), folder.has_waiting(path), waiting_events(path)) == ([], False, 0)


def test_parts_are_published_whole_and_stale_ones_removed(path: Path) -> None:
    part = folder.write_part(path, "-batch.ndjson", lambda file: file.write(b"1\n2\n"))
    bulk = folder.write_part(path, "-7.parquet", lambda file: file.write(b"PAR1"))
    assert ready_segments(path) == []
    segments = folder.publish([part, bulk])
    assert ready_segments(path) == segments
    assert waiting_events(path) == 2 + 7
    left = folder.write_part(path, "-batch.ndjson", lambda file: file.write(b"3\n"))
    folder.remove_left_parts(path, list)
    assert left.exists()
    folder.remove_left_parts(path, list, older_than=-1)
    assert not left.exists()
    assert ready_segments(path) == segments


def test_what_is_set_aside_waits_no_more(path: Path) -> None:
    SpoolWriter(path).append(b"{1}")
    aside = folder.set_aside(ready_segments(path)[0])
    assert content(aside) == [b"{1}"]
    assert not folder.has_waiting(path)


def test_a_part_that_is_gone_cannot_be_published(path: Path) -> None:
    part = folder.write_part(path, "-batch.ndjson", lambda file: file.write(b"1\n"))
    part.unlink()
    with pytest.raises(AuditStoreError, match="it does not exist") as failure:
        folder.publish([part])
    assert failure.value.stored.startswith("unknown")
