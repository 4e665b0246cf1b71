"""A segment that was damaged gives its events unchanged, or lists them: never changed, and never without a word."""

import json
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_store.event import AGENT_MAX, Event
from audit_store.store_files import spool_dir, waiting_events
from ingest import append, append_many
from ingest.fold import fold
from ingest.rejects import rejects_path
from ingest.spool.checksums import END, damaged_lines, with_checksums
from ingest.spool.event_line import event_line
from ingest.spool.folder import publish, ready_segments, write_part
from ingest.spool.segment_names import batch_ending
from ingest.spool.segment_reader import stage
from ingest.spool.staged import Staged
from tests.conftest import in_campaign

EVENTS = [{"agent": f"agent {number}", "activity": "Login", "metadata": {"n": number}} for number in range(3)]
LINES = [b'{"agent":"ada"}', b'{"agent":"bob"}', b'{"agent":"eve"}']


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the store would be; no test waits for a writer that is gone."""
    monkeypatch.setattr("ingest.spool.segment_lines.time.sleep", lambda seconds: None)
    return tmp_path / "audit.duckdb"


@pytest.fixture
def appended(store: Path) -> Path:
    """A segment of appended events."""
    for event in EVENTS:
        append(store=store, fold=False, **event)
    [segment] = ready_segments(store)
    return segment


@pytest.fixture
def batch(store: Path) -> Path:
    """A batch."""
    append_many(EVENTS, store=store, fold=False)
    [segment] = ready_segments(store)
    return segment


def events(staged: Staged) -> set[tuple[Any, ...]]:
    """The rows that were staged, without their lines."""
    return {tuple(row.values()) for row in staged.rows.drop_columns("line").to_pylist()}


def flipped(content: bytes, position: int) -> bytes:
    """The content with one bit of a byte flipped."""
    changed = bytearray(content)
    changed[position] ^= 1 << position % 8
    return bytes(changed)


def damaged(segment: Path, content: bytes) -> Staged:
    segment.write_bytes(content)
    return stage([segment])


def assert_unchanged_or_listed(whole: set[tuple[Any, ...]], staged: Staged) -> None:
    """Every event of a damaged segment is one of the whole one; where one is missing, a line is listed."""
    assert events(staged) <= whole
    assert events(staged) == whole or staged.rejected[staged.segments[0].stem]


def test_a_whole_segment_has_no_damaged_line() -> None:
    first, checksum = with_checksums(LINES[:1], 0)
    rest, _ = with_checksums(LINES[1:], checksum)
    assert damaged_lines(first + rest) == []
    assert first == b'{"agent":"ada","crc32":"%08x"}\n' % crc32(b'{"agent":"ada"')
    assert [json.loads(line)["agent"] for line in (first + rest).splitlines()] == ["ada", "bob", "eve"]


def test_a_flipped_bit_anywhere_damages_its_line_alone() -> None:
    text, _ = with_checksums(LINES, 0)
    for bit in range(8 * len(text)):
        content = bytearray(text)
        content[bit // 8] ^= 1 << bit % 8
        line = text.count(b"\n", 0, bit // 8) + 1
        expected = [[line], [line, line + 1]] if b"\n" in (content[bit // 8], text[bit // 8]) else [[line]]
        assert damaged_lines(bytes(content)) in expected


def test_a_line_that_is_missing_or_moved_is_noticed() -> None:
    lines = with_checksums(LINES, 0)[0].splitlines(keepends=True)
    assert damaged_lines(lines[0] + lines[2]) == [2]
    assert damaged_lines(lines[1] + lines[2]) == [1]
    assert damaged_lines(lines[0] + lines[2] + lines[1])


@pytest.fixture(scope="session")
def step(campaign: bool) -> int:
    """The distance of the bytes that a test damages."""
    return 1 if campaign else 5


def test_a_flip_of_any_byte_leaves_events_unchanged_or_lists_them(appended: Path, step: int) -> None:
    whole, content = events(stage([appended])), appended.read_bytes()
    for position in range(0, len(content), step):
        assert_unchanged_or_listed(whole, damaged(appended, flipped(content, position)))


def test_a_cut_at_any_byte_leaves_events_unchanged_or_lists_them(appended: Path, step: int) -> None:
    whole, content = events(stage([appended])), appended.read_bytes()
    assert content.endswith(b"\n" + END)
    for size in range(1, len(content), step):
        assert_unchanged_or_listed(whole, damaged(appended, content[:size]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_leaves_events_unchanged_or_lists_them(appended: Path, data: st.DataObject) -> None:
    content = with_checksums([event_line(Event.of(event))[0] for event in EVENTS], 0)[0] + END
    whole = events(damaged(appended, content))
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start, len(content)))
    replacement = data.draw(st.binary(min_size=1, max_size=end - start + 5))
    assert_unchanged_or_listed(whole, damaged(appended, content[:start] + replacement + content[end:]))


def test_a_damaged_line_is_named_and_the_others_are_stored(store: Path, appended: Path) -> None:
    appended.write_bytes(appended.read_bytes().replace(b"agent 1", b"agent 7"))
    report = fold(store)
    assert (report.stored, report.rejected) == (2, 1)
    [listed] = map(json.loads, rejects_path(store).read_text().splitlines())
    assert (listed["file"], listed["line"]) == (appended.name, 2)
    assert listed["reason"] == "the line was damaged after it was written (its checksum is wrong)"
    assert json.loads(listed["raw"])["agent"] == "agent 7"


@pytest.mark.parametrize("kept", [2, 3])
def test_a_lost_end_is_named_though_it_was_lost_at_the_end_of_a_line(store: Path, kept: int) -> None:
    for event in EVENTS:
        append(store=store, fold=False, **event)
    [segment] = ready_segments(store)
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:kept]))
    report = fold(store)
    assert (report.stored, report.rejected) == (kept, 1)
    [listed] = map(json.loads, rejects_path(store).read_text().splitlines())
    assert listed["line"] == kept + 1
    assert "the end of the file was lost" in listed["reason"]


@pytest.mark.parametrize("size", [0, 1, -1, "line"])
def test_a_batch_that_was_cut_is_rejected_whole(store: Path, batch: Path, size: int | str) -> None:
    content = batch.read_bytes()
    cut = content.index(b"\n") + 1 if isinstance(size, str) else size
    batch.write_bytes(content[:cut])
    report = fold(store)
    assert (report.stored, report.rejected) == (0, 1)
    [listed] = map(json.loads, rejects_path(store).read_text().splitlines())
    assert listed["reason"].startswith("file: the batch was damaged after it was written")
    assert [path.name for path in (spool_dir(store) / "set-aside").iterdir()] == [batch.name]


def test_a_flip_of_every_byte_of_a_batch_rejects_it_whole(batch: Path) -> None:
    content = batch.read_bytes()
    for position in range(len(content)):
        staged = damaged(batch, flipped(content, position))
        assert (staged.rows.num_rows, len(staged.rejected[batch.stem])) == (0, 1)


def test_a_waiting_batch_says_how_many_events_it_holds(store: Path, batch: Path) -> None:
    batch.write_bytes(b"")
    assert waiting_events(store) == len(EVENTS)


BEYOND_LIMITS = [
    ({"agent": "a" * (AGENT_MAX + 1)}, "agent: "),
    ({"outcome": "maybe"}, "outcome: "),
    ({"metadata": "[1]"}, "metadata: "),
    ({"appended_at": "2999-01-01T00:00:00+00:00"}, "occurred_at: "),
]


@pytest.mark.parametrize(
    ("fields", "reason"), [BEYOND_LIMITS[0], BEYOND_LIMITS[3], *in_campaign(*BEYOND_LIMITS[1:3])]
)
@pytest.mark.parametrize("kind", ["appended", "batch"])
def test_a_name_of_our_own_gets_no_program_round_the_limits_of_an_event(
    store: Path, kind: str, fields: dict[str, Any], reason: str
) -> None:
    good = json.loads(event_line(Event(agent="ada", activity="Login"))[0])
    lines = [json.dumps(good | fields).encode(), json.dumps(good).encode()]
    content = b"\n".join(lines) + b"\n"
    ending = batch_ending(2, crc32(content))
    if kind == "appended":
        content, ending = with_checksums(lines, 0)[0] + END, "-crc.ndjson"
    publish([write_part(store, ending, lambda file: file.write(content))])
    report = fold(store)
    assert (report.stored, report.rejected) == (1 if kind == "appended" else 0, 1)
    [listed] = map(json.loads, rejects_path(store).read_text().splitlines())
    assert (listed["line"], listed["reason"].startswith(reason)) == (1, True)


def test_lines_after_several_damaged_ones_are_intact() -> None:
    lines, _ = with_checksums([b'{"n":%d}' % number for number in range(9)], 0)
    parts = lines.splitlines(keepends=True)
    for damaged in ([2, 3], [2, 3, 4], [0, 1, 2, 3, 4]):
        for is_text in (False, True):
            changed = list(parts)
            for number in damaged:
                place = 5 if is_text else -5
                changed[number] = flipped(changed[number], place % len(changed[number]))
            assert damaged_lines(b"".join(changed)) == [number + 1 for number in damaged]
