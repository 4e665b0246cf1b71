"""How a store is doing: what is in it, what waits, what was refused, who has it."""

from pathlib import Path
from typing import Any

from audit_store.errors import AuditStoreError, StoreNotFound
from audit_store.store_files import spool_dir, unreadable, waiting_events
from ingest.rejects import count_rejects


def status(store: Path) -> dict[str, Any]:
    """A JSON-ready summary; never raises for a store that is missing, busy or broken.

    `newest` and `recorded` are RFC 3339 texts in UTC, `size` is in bytes, `problem` says why the file could
    not be read (then `events` and `newest` are None).
    """
    found: dict[str, Any] = {
        "store": str(store),
        "events": None,
        "newest": None,
        "waiting": waiting_events(store),
        "rejected": count_rejects(store),
        "set_aside": sorted(path.name for path in (spool_dir(store) / "set-aside").glob("*")),
        "unreadable": [path.name for path in unreadable(store)],
        "size": store.stat().st_size if store.exists() else 0,
        "problem": None,
    }
    try:
        found |= _inside(store)
    except StoreNotFound:
        found["events"] = 0
    except AuditStoreError as error:
        found["problem"] = str(error)
    return found


def _inside(store: Path) -> dict[str, Any]:
    if not store.exists():
        raise StoreNotFound(str(store))
    from audit_store.engines.registry import open_store

    opened = open_store(store)
    with opened.read(wait=2.0) as reader:
        events, _, newest, *_ = reader.one(opened.queries.extent())
    return {"events": events, "newest": None if newest is None else newest.isoformat() + "Z"}


def words(found: dict[str, Any]) -> str:
    """The same for a person, a line each."""
    events = "unknown" if found["events"] is None else f"{found['events']:,}"
    lines = [
        f"store      {found['store']}",
        f"events     {events}",
        f"newest     {found['newest'] or '-'}",
        f"waiting    {found['waiting']:,}",
        f"rejected   {found['rejected']:,}",
        f"size       {found['size']:,} bytes",
    ]
    lines += [f"set aside  {name}" for name in found["set_aside"]]
    lines += [
        f"no access  {name}: no fold can read it; change its owner or mode" for name in found["unreadable"]
    ]
    lines += [f"problem    {found['problem']}"] if found["problem"] else []
    return "\n".join(lines)
