"""What the tests of backups do to a store, and read from it."""

from pathlib import Path

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest import append
from ingest.fold import fold


def append_and_fold(path: Path, agent: str) -> None:
    """Store one event."""
    append(agent=agent, activity="Login", store=path, fold=False)
    fold(path)


def agents(path: Path) -> list[str]:
    """The agents of a store, in the order of seq, which has no gap."""
    frame = Store(path).run(Query("SELECT seq, agent FROM events ORDER BY seq"))
    assert frame.seq.tolist() == list(range(len(frame)))
    return list(frame.agent)


def content(folder: Path) -> dict[str, bytes]:
    """The files of a folder and of those in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def events(path: Path) -> list[tuple[str, str]]:
    """The events of a store in order: event_id and agent."""
    frame = Store(path).run(Query("SELECT event_id::VARCHAR AS event_id, agent FROM events ORDER BY seq"))
    return list(zip(frame.event_id, frame.agent, strict=True))
