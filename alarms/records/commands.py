"""The command that lists recorded alarms: python -m alarms list."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from alarms.options import Length
from alarms.records import reading
from alarms.records.record import AlarmRecord
from audit_store import ranges
from audit_store.cli import DONE, NOTHING_DONE, say, show, show_json, store_option
from audit_store.engines.registry import open_store
from audit_store.errors import one_line
from audit_store.local_time import bound_text, now, utc_text
from audit_store.ranges import Period

SOME = 3
"""The exit status where there are alarms."""


@click.command("list")
@click.option(
    "--since",
    type=Length(),
    default="24h",
    show_default=True,
    metavar="LENGTH",
    help="How far back to look: 90m, 24h, 7d, 2w.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@store_option
@click.pass_context
def list_alarms(ctx: click.Context, *, since: timedelta, as_json: bool, store: Path) -> int:
    """Print the alarms on record, the worst first.

    The exit status is 0 without alarms, 3 with some, and 2 where the log was never judged.
    """
    engine = open_store(store)
    progress = reading.progress(engine)
    if progress.judged_at is None:
        say(ctx, f"{store} was never judged; run python -m alarms run")
        return NOTHING_DONE
    end = now()
    alarms = reading.records(engine, Period(end - since, end))
    if as_json:
        show_json({"progress": _json_ready(asdict(progress)), "alarms": [as_dict(alarm) for alarm in alarms]})
    else:
        _print(alarms)
    if progress.hours_left:
        say(ctx, f"{progress.hours_left:,} hours are not judged yet")
    return SOME if alarms else DONE


def as_dict(record: AlarmRecord) -> dict[str, Any]:
    """A record, JSON-ready: times are RFC 3339 in UTC."""
    values: dict[str, Any] = _json_ready(asdict(record))
    return values | {"spans": [span.as_record() for span in record.spans]}


def _print(alarms: Sequence[AlarmRecord]) -> None:
    for alarm in alarms:
        start = bound_text(alarm.starts_at, ranges.zone(alarm.tz))
        show(f"{alarm.id}  {start}  {alarm.severity:8}  {one_line(alarm.sentence)}")


def _json_ready(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, dict):
        return {name: _json_ready(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(item) for item in value]
    return value
