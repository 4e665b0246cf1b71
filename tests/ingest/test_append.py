"""From a script's append to a row of the file."""

import json
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit_store import EventConflict, InvalidEvent
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.store_files import spool_dir, waiting_events
from ingest import append, append_many
from ingest.fold import fold
from ingest.rows import ROW_SCHEMA
from ingest.spool import folder
from ingest.spool.folder import has_waiting
from ingest.spool.writer import SpoolWriter
from tests import ROOT, forked
from tests.conftest import in_campaign

LOGIN: dict[str, Any] = {"agent": "support-7", "activity": "Login"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def rows(store: Path, columns: str) -> list[tuple[Any, ...]]:
    frame = Store(store).run(Query(f"SELECT {columns} FROM events ORDER BY seq"))
    return [tuple(row) for row in frame.astype(object).itertuples(index=False)]


def test_every_field_arrives_as_it_was_given(store: Path) -> None:
    occurred_at = datetime(2024, 5, 1, 12, 0, 0, 123456, timezone(timedelta(hours=5, minutes=30)))
    event_id = append(
        agent="ünï \u202e 'agent'",
        activity="Nothing\tknown",
        description="line\nline\x00end",
        occurred_at=occurred_at,
        outcome="failure",
        source_ip="2001:db8::1",
        target="t" * 512,
        source="web",
        event_id="order 66",
        metadata='{"a": 1.00, "big": 12345678901234567890123}',
        store=store,
        fold=False,
    )
    fold(store)
    frame = Store(store).run(queries.event(event_id))
    found = frame.iloc[0].to_dict()
    recorded_at = found.pop("recorded_at")
    assert abs(recorded_at.to_pydatetime().replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(seconds=20)
    assert found == {
        "seq": 0,
        "event_id": uuid.UUID(event_id),
        "occurred_at": occurred_at.astimezone(UTC).replace(tzinfo=None),
        "agent": "ünï \u202e 'agent'",
        "activity": "Nothing\tknown",
        "description": "line\nline\x00end",
        "outcome": "failure",
        "source_ip": "2001:db8::1",
        "target": "t" * 512,
        "source": "web",
        "metadata": '{"a": 1.00, "big": 12345678901234567890123}',
    }


def test_what_was_not_given_is_null_and_now(store: Path) -> None:
    append(**LOGIN, store=store, fold=False)
    fold(store)
    assert rows(store, "description, outcome, source_ip, target, source, metadata") == [
        ("", None, None, None, "", "{}")
    ]
    frame = Store(store).run(Query("SELECT occurred_at FROM events"))
    assert abs(frame.occurred_at[0].to_pydatetime() - datetime.now(UTC).replace(tzinfo=None)) < timedelta(
        seconds=20
    )


def test_a_batch_is_stored_whole_or_not_at_all(store: Path) -> None:
    with pytest.raises(InvalidEvent, match="row 2, activity"):
        append_many([LOGIN, {"agent": "a", "activity": ""}], store=store)
    with pytest.raises(EventConflict, match="rows 1 and 2"):
        append_many([LOGIN | {"event_id": "k"}, LOGIN | {"event_id": "k", "agent": "other"}], store=store)
    assert not has_waiting(store)
    ids = append_many([LOGIN, LOGIN | {"event_id": "k"}], store=store, fold=False)
    assert waiting_events(store) == 2
    assert fold(store).stored == 2
    assert [str(row[0]) for row in rows(store, "event_id")] == ids


@pytest.mark.parametrize(
    ("second", "stored", "duplicates", "conflicts"),
    [
        ({}, 1, 1, 0),
        ({"description": "x"}, 1, 0, 1),
        ({"metadata": {"a": 1}}, 1, 0, 1),
        ({"occurred_at": "2024-01-01T00:00:00Z"}, 1, 0, 1),
        ({"source": "elsewhere"}, 2, 0, 0),
        ({"event_id": "another"}, 2, 0, 0),
    ],
)
@pytest.mark.parametrize("together", [True, *in_campaign(False)])
def test_a_key_is_stored_once(
    store: Path, second: dict[str, Any], stored: int, duplicates: int, conflicts: int, together: bool
) -> None:
    append(**LOGIN, event_id="k", store=store, fold=False)
    report = fold(store) if not together else None
    append(**LOGIN | {"event_id": "k"} | second, store=store, fold=False)
    report = fold(store) if report is None else report + fold(store)
    assert (report.stored, report.duplicates, report.conflicts) == (stored, duplicates, conflicts)
    assert [row[0] for row in rows(store, "seq")] == list(range(stored))
    assert rows(store, "agent, description")[0] == ("support-7", "")
    listed = store.with_name(store.name + ".rejects.jsonl")
    assert (listed.exists() and "another body" in listed.read_text()) == bool(conflicts)


def test_a_broken_line_is_named_and_kept_and_loses_nothing_else(store: Path) -> None:
    SpoolWriter(store).append(b'{"agent":"ada","activity":"Login"}')
    [segment] = spool_dir(store).glob("*.open")
    segment.write_bytes(segment.read_bytes() + b'{"agent": "torn')
    append(**LOGIN, store=store, fold=False)
    report = fold(store)
    assert (report.stored, report.rejected) == (2, 1)
    [kept] = (spool_dir(store) / "set-aside").iterdir()
    assert b'{"agent": "torn' in kept.read_bytes()
    assert '"line": 2' in store.with_name(store.name + ".rejects.jsonl").read_text()
    assert not has_waiting(store)


def test_a_broken_batch_is_set_aside_whole(store: Path) -> None:
    append_many([LOGIN, LOGIN, LOGIN], store=store, fold=False)
    [segment] = spool_dir(store).glob("*.ndjson")
    segment.write_bytes(segment.read_bytes()[:-30] + b"\n")
    append(**LOGIN, store=store, fold=False)
    report = fold(store)
    assert (report.stored, report.rejected) == (1, 1)
    assert len(list((spool_dir(store) / "set-aside").iterdir())) == 1


def test_any_program_may_move_a_file_into_the_spool_even_under_the_same_name(store: Path) -> None:
    spool_dir(store).mkdir()
    for agent in ("first", "second"):
        (spool_dir(store) / "nightly.ndjson").write_text(
            f'{{"agent": "{agent}", "activity": "Backup"}}\n{{"agent": "{agent}", "activity": "Backup"}}'
        )
        assert fold(store).stored == 2
    assert [row[0] for row in rows(store, "agent")] == ["first", "first", "second", "second"]


@pytest.mark.parametrize(
    "name",
    [
        "caf\udce9.ndjson",
        *in_campaign("nightly-batch.ndjson"),
        "0198c5a4-6d5e-7c3b-8f00-1234567890ab-events.ndjson",
    ],
)
def test_a_foreign_name_says_nothing_of_what_is_in_the_file(store: Path, name: str) -> None:
    spool_dir(store).mkdir()
    for agent in ("first", "second"):
        content = f'\ufeff{{"agent": "{agent}", "activity": "Backup"}}\nnot json\n'
        (spool_dir(store) / name).write_text(content, encoding="utf-8")
        report = fold(store)
        assert (report.stored, report.rejected) == (1, 1)
    assert [row[0] for row in rows(store, "agent")] == ["first", "second"]


def test_a_broken_bulk_segment_is_set_aside_and_stops_nothing(store: Path) -> None:
    append(**LOGIN, store=store, fold=False)
    broken = spool_dir(store) / f"{uuid.uuid4()}-1-9.parquet"
    broken.write_bytes(b"PAR1 not quite")
    report = fold(store)
    assert (report.stored, report.rejected) == (1, 1)
    assert (spool_dir(store) / "set-aside" / broken.name).read_bytes() == b"PAR1 not quite"
    assert not has_waiting(store)


def test_a_bulk_segment_of_the_version_before_is_folded(store: Path) -> None:
    event_id = "018f3c5e-9a3b-7c4d-8e5f-0123456789ab"
    row = dict.fromkeys(ROW_SCHEMA.names, "") | {
        "line": 1,
        "event_id": event_id,
        "keyed": True,
        "timed": True,
    }
    row |= {
        "agent": "ada",
        "activity": "Login",
        "occurred_at": datetime(2026, 1, 1, tzinfo=UTC),
        "metadata": "{}",
    }
    row |= {"outcome": "failure"}
    place = ROW_SCHEMA.get_field_index("event_id")
    table = pa.Table.from_pylist([row], ROW_SCHEMA.set(place, pa.field("event_id", pa.string())))
    folder.publish([folder.write_part(store, "-1.parquet", lambda file: pq.write_table(table, file))])
    assert (fold(store).stored, rows(store, "event_id::VARCHAR, agent")) == (1, [(event_id, "ada")])


def test_a_conflicting_body_is_kept_in_the_list(store: Path) -> None:
    append(**LOGIN, event_id="k", store=store, fold=False)
    append(agent="eve", activity="Login", description="another", event_id="k", store=store, fold=False)
    assert fold(store).conflicts == 1
    [listed] = store.with_name(store.name + ".rejects.jsonl").read_text().splitlines()
    assert json.loads(json.loads(listed)["raw"])["description"] == "another"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.processes
def test_a_child_of_multiprocessing_folds_at_its_exit(store: Path) -> None:
    child = multiprocessing.get_context("fork").Process(target=append, kwargs={**LOGIN, "store": store})
    child.start()
    child.join()
    assert len(rows(store, "seq")) == 1


def test_a_copied_segment_stores_nothing_twice(store: Path) -> None:
    for _ in range(3):
        append(**LOGIN, store=store, fold=False)
    [segment] = spool_dir(store).glob("*.open")
    content = segment.read_bytes()
    assert fold(store).stored == 3
    (spool_dir(store) / "restored.ndjson").write_bytes(content)
    assert fold(store).duplicates == 3


def test_threads_and_forks_append_without_losing_or_doubling(store: Path) -> None:
    def work(name: str) -> None:
        for number in range(20):
            append(agent=name, activity="Login", event_id=f"{name}-{number}", store=store, fold=False)

    threads = [threading.Thread(target=work, args=(f"thread-{n}",)) for n in range(4)]
    work("parent")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    script = textwrap.dedent(
        f"""
        import os
        from ingest import append
        append(agent="before", activity="fork", store={str(store)!r}, fold=False)
        child = os.fork()
        for number in range(20):
            append(agent=f"fork-{{child == 0}}", activity="Login", store={str(store)!r}, fold=False)
        if child:
            assert os.waitpid(child, 0)[1] == 0
        os._exit(0)
        """
    )
    forked.run([sys.executable, "-c", script], check=True, cwd=ROOT)
    assert fold(store).stored == 100 + 41


@pytest.mark.processes
def test_a_script_folds_at_its_exit_when_the_file_is_free(store: Path) -> None:
    script = "from ingest import append; append(agent='a', activity='Login')"
    subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=ROOT, env=os.environ | {"AUDIT_STORE": str(store)}
    )
    assert len(rows(store, "seq")) == 1
    assert not has_waiting(store)


@pytest.mark.processes
def test_the_first_append_may_come_while_python_exits(store: Path) -> None:
    script = "import atexit, ingest; atexit.register(lambda: ingest.append(agent='a', activity='Login'))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        cwd=ROOT,
        env=os.environ | {"AUDIT_STORE": str(store)},
        stderr=subprocess.PIPE,
    )
    assert done.stderr == b""
    assert fold(store).stored == 1


@pytest.mark.processes
def test_a_held_file_stops_no_append_and_what_waits_is_folded_later(store: Path) -> None:
    append(**LOGIN, store=store, fold=False)
    fold(store)
    holder = forked.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(store)!r}, read_only=True); print(1, flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        script = "from ingest import append; append(agent='a', activity='Login')"
        done = forked.run(
            [sys.executable, "-c", script],
            check=True,
            cwd=ROOT,
            env=os.environ | {"AUDIT_STORE": str(store)},
            capture_output=True,
        )
        assert done.stderr == b""
        assert waiting_events(store) == 1
        holder.communicate(b"\n")
    assert fold(store).stored == 1
