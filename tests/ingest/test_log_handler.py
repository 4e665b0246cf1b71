"""Log records become events, and never raise where they are logged."""

import getpass
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_store.event import DESCRIPTION_MAX_BYTES
from audit_store.store_files import spool_dir
from ingest import AuditLogHandler
from ingest.spool import segment_writer
from tests.ingest.spool.spooled import lines


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger of its own, without the handlers of other tests."""
    logger = logging.getLogger("audit.web")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    yield logger
    logger.handlers.clear()


def appended(store: Path) -> list[dict[str, Any]]:
    """The events that wait in the spool, with their metadata opened."""
    events = [json.loads(line) for line in lines(store)]
    return [event | {"metadata": json.loads(event["metadata"])} for event in events]


def test_a_record_with_the_fields_of_an_event_becomes_that_event(store: Path, log: logging.Logger) -> None:
    log.addHandler(AuditLogHandler(store=store, fold=False))
    fields = {
        "agent": "support-7",
        "activity": "Login",
        "outcome": "failure",
        "source_ip": "203.0.113.9",
        "target": "console",
        "source": "web",
        "occurred_at": datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC),
        "metadata": {"attempt": 3},
    }
    log.warning(
        "Wrong password for %s", "support-7", extra=fields | {"event_id": "order 66", "unrelated": object()}
    )
    [event] = appended(store)
    assert event.pop("event_id")
    assert event == fields | {
        "occurred_at": "2026-03-14T09:26:53+00:00",
        "description": "Wrong password for support-7",
    }


def test_a_plain_record_gets_the_defaults_of_its_handler(store: Path, log: logging.Logger) -> None:
    log.addHandler(AuditLogHandler(store=store, agent="nightly", source="batch", fold=False))
    log.info("Done")
    log.debug("Not for this level")
    [event] = appended(store)
    moment = datetime.fromisoformat(event.pop("occurred_at"))
    assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)
    assert event.pop("fresh_id")
    assert event == {
        "agent": "nightly",
        "activity": "audit.web",
        "description": "Done",
        "source": "batch",
        "metadata": {"level": "INFO", "logger": "audit.web"},
    }


def test_the_agent_is_by_default_the_user_of_the_process(
    store: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    log.addHandler(AuditLogHandler(store=store, fold=False))
    log.info("known")
    log.handlers.clear()

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nameless)
    log.addHandler(AuditLogHandler(store=store, fold=False))
    log.info("unknown")
    assert [event["agent"] for event in appended(store)] == ["ada", "unknown"]


def test_levels_and_filters_of_the_handler_hold(store: Path, log: logging.Logger) -> None:
    handler = AuditLogHandler("ERROR", store=store, fold=False)
    handler.addFilter(lambda record: "secret" not in record.getMessage())
    log.addHandler(handler)
    log.warning("too low")
    log.error("a secret")
    log.error("stored")
    assert [event["description"] for event in appended(store)] == ["stored"]


def test_a_traceback_is_cut_to_what_a_description_holds(store: Path, log: logging.Logger) -> None:
    def fail() -> None:
        raise ValueError("é" * DESCRIPTION_MAX_BYTES)

    log.addHandler(AuditLogHandler(store=store, fold=False))
    try:
        fail()
    except ValueError:
        log.exception("It failed")
    [event] = appended(store)
    assert event["description"].startswith("It failed\nTraceback")
    assert event["description"].endswith("é…")
    assert DESCRIPTION_MAX_BYTES - 2 <= len(event["description"].encode()) <= DESCRIPTION_MAX_BYTES


def test_a_message_that_is_not_unicode_is_stored_with_escapes(store: Path) -> None:
    AuditLogHandler(store=store, fold=False).handle(
        logging.makeLogRecord({"name": "audit", "msg": "caf\udce9"})
    )
    assert [event["description"] for event in appended(store)] == ["caf\\udce9"]


@pytest.mark.parametrize("extra", [{"agent": "a" * 257}, {"metadata": {"x": object()}}, {"outcome": "maybe"}])
def test_what_cannot_be_stored_is_reported_and_raises_nothing(
    store: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str], extra: dict[str, Any]
) -> None:
    log.addHandler(AuditLogHandler(store=store, fold=False))
    log.info("Signed in", extra=extra)
    log.info("after")
    assert [event["description"] for event in appended(store)] == ["after"]
    reported = capsys.readouterr().err
    assert reported.count("--- Logging error ---") == 1
    assert "InvalidEvent" in reported


def test_a_disk_that_fails_raises_nothing_where_it_is_logged(
    store: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    spool_dir(store).write_text("a file where the folder should be")
    log.addHandler(AuditLogHandler(store=store, fold=False))
    log.info("Signed in")
    assert "nothing was written" in capsys.readouterr().err


def test_threads_that_log_share_syncs(
    store: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    sync = segment_writer._sync

    def counted(descriptor: int) -> None:
        sync(descriptor)
        syncs.append(descriptor)

    monkeypatch.setattr(segment_writer, "_sync", counted)
    log.addHandler(AuditLogHandler(store=store, fold=False))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(log.info, map(str, range(160))))
    assert len(appended(store)) == 160
    assert len(syncs) < 160


def test_a_failing_fold_is_not_appended_as_an_event(store: Path) -> None:
    handler = AuditLogHandler(store=store, fold=False)
    handler.handle(logging.makeLogRecord({"name": "ingest.fold_scheduler", "msg": "folding failed"}))
    handler.handle(logging.makeLogRecord({"name": "ingest", "msg": "another"}))
    assert [event["description"] for event in appended(store)] == ["another"]
