"""The state of a store: what it holds, what waits, what was rejected, and what is wrong."""

from pathlib import Path
from typing import Any

from audit_store.errors import AuditStoreError, StoreNotFound, one_line
from audit_store.state import database, deliveries
from audit_store.store_files import set_aside, unusable, waiting_events
from ingest import fold_rejects, reserve
from ingest.rejects import count_rejects
from ingest.spool import intake


def status(store: Path) -> dict[str, Any]:
    """A JSON-ready summary; never raises for a store that is missing, busy or damaged.

    `newest` is the `occurred_at` of the newest event, RFC 3339 in UTC; `size` is in bytes; `not_folded` lists the files
    that stay in the spool, each with its `name` and `reason`; `refused_alarms` counts the messages that a receiver
    refused; `not_rolled_up` is how many events the roll-ups leave out, 0 for those that wait for a batch to be full;
    `judged_until` is the end of the last hour that was judged for alarms, None before the first, and `faults` are the
    sentences of the watchdog's alarms that last; `problem` says what is wrong; `events`, `newest`, `rejected`,
    `refused_alarms` and `not_rolled_up` are None where they could not be read.
    """
    summary: dict[str, Any] = {
        "store": str(store),
        "events": None,
        "newest": None,
        "waiting": waiting_events(store),
        "rejected": None,
        "set_aside": [path.name for path in set_aside(store)],
        "not_folded": [{"name": left.name, "reason": left.reason} for left in intake.left(store)],
        "unusable": [path.name for path in unusable(store)],
        "size": store.stat().st_size if store.exists() else 0,
        "refused_alarms": None,
        "not_rolled_up": None,
        "judged_until": None,
        "faults": [],
        "problem": fold_rejects.problem(store) or database.problem(store),
    }
    try:
        if summary["waiting"]:
            summary["problem"] = summary["problem"] or reserve.shortage(store, 0)
        summary["rejected"] = count_rejects(store)
        summary["refused_alarms"] = len(deliveries.dead_letters(store))
    except AuditStoreError as error:
        summary["problem"] = summary["problem"] or str(error)
    try:
        summary |= _extent(store)
    except StoreNotFound:
        summary["events"] = summary["not_rolled_up"] = 0
    except AuditStoreError as error:
        summary["problem"] = str(error)
    return summary


def _extent(store: Path) -> dict[str, Any]:
    from audit_store.engines.registry import open_store

    opened = open_store(store)
    with opened.read(wait=2.0) as reader:
        events, _, newest, *_ = reader.one(opened.queries.extent())
        [covered] = reader.one(opened.queries.coverage())
        detector = reader.arrow(opened.alarm_records.detector()).to_pylist()
        faults = reader.arrow(opened.alarm_records.running(("watchdog",))).to_pylist()
    missing = events - covered
    return {
        "events": events,
        "newest": None if newest is None else newest.isoformat() + "Z",
        "not_rolled_up": missing if missing >= opened.batch_rows else 0,
        "judged_until": detector[0]["judged_until"].isoformat() + "Z" if detector else None,
        "faults": [fault["sentence"] for fault in faults],
    }


def words(summary: dict[str, Any]) -> str:
    """A summary for a person, one line an item."""
    from audit_store.quantities import counted, size

    lines = [
        f"store      {summary['store']}",
        f"events     {_number(summary['events'])}",
        f"newest     {summary['newest'] or '-'}",
        f"waiting    {summary['waiting']:,}",
        f"rejected   {_number(summary['rejected'])}",
        f"size       {size(summary['size'])}",
    ]
    lines += [f"set aside  {name}" for name in summary["set_aside"]]
    lines += [f"not folded {left['name']}: {left['reason']}" for left in summary["not_folded"]]
    lines += [f"moved      {name}: DuckDB could not use it" for name in summary["unusable"]]
    if refused := summary["refused_alarms"]:
        alarms = counted(refused, "alarm")
        lines.append(f"refused    {alarms} that a receiver did not take; see python -m alarms dead-letters")
    if missing := summary["not_rolled_up"]:
        events = counted(missing, "event")
        lines.append(
            f"roll-ups   {events} not counted yet, so charts are slower; a running dashboard counts them"
        )
    if judged := summary["judged_until"]:
        lines.append(f"judged     {judged}")
    lines += [f"fault      {sentence}" for sentence in summary["faults"]]
    lines += [f"problem    {summary['problem']}"] if summary["problem"] else []
    return "\n".join(map(one_line, lines))


def _number(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"
