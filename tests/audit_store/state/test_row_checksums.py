"""Damage to saved views, marks and deliveries is an error that names the file, and never another value."""

import random
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from audit_store.errors import AuditStoreError, StoreCorrupt
from audit_store.state import database, deliveries, exceptions, marks, tokens, triage, views
from ingest.status import status, words
from tests.audit_store.state.stores import SINK, exception_row, mark_row, message, rows, token_row, triage_row

SEED, PLACES = 20, 300
AT = datetime(2026, 3, 14, 13)  # noqa: DTZ001 - naive UTC


def fill(store: Path) -> None:
    """Rows in every table, some of them changed."""
    for number in range(8):
        marks.insert(store, mark_row(f"note {number}"))
        triage.insert(store, triage_row(f"note {number}"))
        exceptions.insert(store, exception_row(f"note {number}"))
        tokens.insert(store, token_row(f"token-{number}"))
        parameters = {"agent": [f"agent-{number}"], "activity": ["Login"]}
        views.save(store, f"view {number}", parameters, replace=False, at_most=50)
    views.save(store, "view 1", {"q": ["changed"]}, replace=True, at_most=50)
    views.delete(store, "view 2")
    views.set_default(store, "view 3")
    views.rename(store, "view 3", "first view")
    exceptions.withdraw(store, 2, "rita", "2026-03-15T15:00:00.000000Z")
    tokens.revoke(store, "token-2", "2026-03-15T15:00:00.000000Z")
    added = deliveries.add(store, SINK, [message(f"key-{number}") for number in range(8)])
    deliveries.acknowledge(store, added[0])
    deliveries.refuse(store, added[1], "400 Bad Request")
    deliveries.postpone(store, added[2], AT, "503 Service Unavailable")


def content(store: Path) -> list[Any]:
    return [
        marks.read(store),
        views.read(store),
        deliveries.read(store, SINK),
        triage.read(store),
        exceptions.read(store),
        tokens.read(store),
        views.default(store) or "",
    ]


def read(store: Path) -> tuple[bool, Any]:
    """Whether damage is noticed, and the error, or the content."""
    try:
        return False, content(store)
    except AuditStoreError as error:
        return True, str(error)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("filled") / "audit.duckdb"
    fill(store)
    return store


def flipped(data: bytearray, place: random.Random) -> None:
    data[place.randrange(len(data))] ^= 1 << place.randrange(8)


def zeroed(data: bytearray, place: random.Random) -> None:
    start = place.randrange(len(data))
    end = min(start + place.choice([1, 8, 64, 4096]), len(data))
    data[start:end] = bytes(end - start)


def cut(data: bytearray, place: random.Random) -> None:
    del data[place.randrange(1, len(data)) :]


@pytest.mark.parametrize("damage", [flipped, zeroed, cut])
def test_damage_anywhere_in_the_file_changes_nothing_or_is_an_error(
    filled: Path, tmp_path: Path, campaign: bool, damage: Callable[[bytearray, random.Random], None]
) -> None:
    expected, whole = content(filled), database.path_of(filled).read_bytes()
    place, noticed = random.Random(SEED), 0
    places = PLACES if campaign else PLACES // 5
    for number in range(places):
        store = tmp_path / f"{number}.duckdb"
        damaged = bytearray(whole)
        damage(damaged, place)
        database.path_of(store).write_bytes(damaged)
        is_noticed, found = read(store)
        assert is_noticed or found == expected, number
        assert not is_noticed or str(database.path_of(store)) in found
        noticed += is_noticed
    assert noticed > places / 20


def statement(store: Path, sql: str) -> None:
    """Change the file as damage does: without the triggers that keep the checksums."""
    connection = sqlite3.connect(database.path_of(store))
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    with connection:
        connection.execute(sql)
    connection.close()


CHANGES = [
    ("marks", "UPDATE marks SET verdict = 'expected' WHERE id = 3"),
    ("marks", "UPDATE marks SET id = 30 WHERE id = 3"),
    ("marks", "UPDATE marks SET note = NULL, crc32 = NULL WHERE id = 3"),
    ("views", "UPDATE views SET parameters = '{}' WHERE name = 'view 4'"),
    ("default_view", "UPDATE default_view SET name = 'view 4'"),
    ("deliveries", "UPDATE deliveries SET delivered_at = '2026' WHERE id = 3"),
    ("attempts", "UPDATE attempts SET refused_at = NULL"),
    ("triage", "UPDATE triage SET state = 'open' WHERE id = 3"),
    ("exceptions", "UPDATE exceptions SET withdrawn_at = NULL"),
    ("exceptions", "UPDATE exceptions SET until = '2036-06-01' WHERE id = 3"),
    ("tokens", "UPDATE tokens SET revoked_at = NULL"),
    ("tokens", "UPDATE tokens SET sha256 = 'another' WHERE id = 'token-3'"),
    ("imported", "UPDATE imported SET name = 'nothing' WHERE name = 'marks'"),
]


@pytest.mark.parametrize(("table", "sql"), CHANGES)
def test_a_changed_row_is_named(tmp_path: Path, table: str, sql: str) -> None:
    store = tmp_path / "audit.duckdb"
    fill(store)
    statement(store, sql.replace("note = NULL, ", ""))
    for use in (lambda: marks.read(store), lambda: marks.insert(store, mark_row())):
        with pytest.raises(StoreCorrupt, match=rf"state\.sqlite is damaged: a row of {table} was changed"):
            use()
    assert f"a row of {table} was changed" in words(status(store))


def test_every_change_keeps_the_checksums(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    fill(store)
    before = content(store)
    marks.insert(store, mark_row("last"))
    assert [len(part) for part in content(store)] == [len(before[0]) + 1, *map(len, before[1:])]
    assert status(store)["problem"] is None


def test_a_file_without_checksums_is_read_and_gets_them_with_the_first_write(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    fill(store)
    for table in ("attempts", "triage", "exceptions", "tokens", "default_view"):
        statement(store, f"DELETE FROM {table}")
    expected = content(store)
    without_checksums(store)
    assert content(store) == expected
    marks.insert(store, mark_row("last"))
    assert content(store)[1:] == expected[1:]
    assert rows(store, "marks WHERE crc32 IS NULL") == 0
    assert rows(store, "deliveries WHERE crc32 IS NULL") == 0
    statement(store, "UPDATE marks SET note = 'another' WHERE id = 1")
    with pytest.raises(StoreCorrupt, match="a row of marks was changed"):
        marks.read(store)


def test_a_file_without_attempts_is_read_and_gets_them_with_the_first_write(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    fill(store)
    without_attempts(store)
    assert [delivery.failures for delivery in deliveries.read(store, SINK)] == [0] * 8
    deliveries.refuse(store, deliveries.read(store, SINK)[1], "400 Bad Request")
    assert [letter.answer for letter in deliveries.dead_letters(store)] == ["400 Bad Request"]
    statement(store, "UPDATE attempts SET answer = 'another'")
    with pytest.raises(StoreCorrupt, match="a row of attempts was changed"):
        deliveries.dead_letters(store)


def test_a_file_without_triage_is_read_and_gets_it_with_the_first_write(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    fill(store)
    expected = content(store)
    without_triage(store)
    assert content(store) == [*expected[:3], [], {}, [], ""]
    triage.insert(store, triage_row())
    assert exceptions.insert(store, exception_row()) == 1
    tokens.insert(store, token_row())
    assert content(store) == [*expected[:3], [triage_row()], {1: exception_row()}, [token_row()], ""]
    statement(store, "UPDATE triage SET note = 'another'")
    with pytest.raises(StoreCorrupt, match="a row of triage was changed"):
        triage.read(store)


def test_a_file_without_a_default_view_is_read_and_gets_it_with_the_first_write(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    fill(store)
    expected = content(store)
    without_default_view(store)
    assert content(store) == [*expected[:-1], ""]
    views.set_default(store, "view 4")
    assert content(store) == [*expected[:-1], "view 4"]


def without_default_view(store: Path) -> None:
    """Make the file one of schema version 5."""
    statement(store, "PRAGMA user_version = 5")
    statement(store, "DROP TABLE default_view")


def without_triage(store: Path) -> None:
    """Make the file one of schema version 3."""
    without_default_view(store)
    statement(store, "DROP TABLE tokens")
    statement(store, "PRAGMA user_version = 3")
    statement(store, "DROP TABLE triage")
    statement(store, "DROP TABLE exceptions")


def without_attempts(store: Path) -> None:
    """Make the file one of schema version 2."""
    without_triage(store)
    statement(store, "PRAGMA user_version = 2")
    statement(store, "DROP TABLE attempts")


def without_checksums(store: Path) -> None:
    """Make the file one of schema version 1."""
    without_attempts(store)
    statement(store, "PRAGMA user_version = 1")
    for table in ("views", "marks", "deliveries", "imported"):
        statement(store, f"ALTER TABLE {table} DROP COLUMN crc32")
