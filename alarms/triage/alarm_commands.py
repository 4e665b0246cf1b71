"""The commands about recorded alarms: python -m alarms list and mark."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from alarms.options import json_option, since_option
from alarms.records import reading
from alarms.records.reading import Progress
from alarms.records.record import AlarmRecord
from alarms.triage.decisions import STATUSES, USUAL, Decisions
from alarms.triage.states import STATES, set_state
from audit_store import ranges
from audit_store.cli import DONE, NOTHING_DONE, say, show, show_json, store_option
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, one_line
from audit_store.local_time import bound_text, now, utc_text
from audit_store.ranges import Period

SOME = 3
"""The exit status where there are alarms."""


@dataclass(frozen=True)
class Listed:
    """The alarms of a time, each with its status, the worst first, and how far the log was judged at `end`."""

    alarms: Sequence[tuple[str, AlarmRecord]]
    progress: Progress
    end: datetime

    @classmethod
    def since(cls, store: Path, length: timedelta) -> "Listed":
        """What touches the last `length`. Raises what the store raises, and AuditStoreError for the decisions."""
        end, decisions = now(), Decisions.read(store)
        with reading.opened(open_store(store)) as recorded:
            records = recorded.touching(Period(end - length, end))
            progress = recorded.progress()
        return cls([(decisions.of(record).status, record) for record in records], progress, end)

    @property
    def is_behind(self) -> bool:
        """Whether the last hours were not judged."""
        return self.progress.judged_at is None or self.progress.behind(self.end) is not None

    def say_progress(self, ctx: click.Context) -> None:
        """What is not judged yet, on standard error."""
        if self.progress.hours_left:
            say(ctx, f"{self.progress.hours_left:,} hours are not judged yet")
        if (behind := self.progress.behind(self.end)) is not None:
            say(
                ctx,
                f"what happened after {utc_text(behind, 'minutes')} is not judged; run python -m alarms run",
            )

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: `progress`, and the alarms with their `state`."""
        alarms = [as_dict(record) | {"state": state} for state, record in self.alarms]
        return {"progress": _json_ready(asdict(self.progress)), "alarms": alarms}


@click.command("list")
@since_option
@click.option(
    "--state",
    "chosen",
    type=click.Choice(STATUSES),
    multiple=True,
    default=USUAL,
    help="Only alarms in this state; may be repeated. Default: all but silenced.",
)
@json_option
@store_option
@click.pass_context
def list_alarms(
    ctx: click.Context, *, since: timedelta, chosen: tuple[str, ...], as_json: bool, store: Path
) -> int:
    """Print the alarms on record, the worst first.

    The exit status is 0 without alarms, 3 with some, and 2 without any where the last hours were not judged.
    """
    listed = Listed.since(store, since)
    if listed.progress.judged_at is None:
        say(ctx, f"{store} was never judged; run python -m alarms run")
        return NOTHING_DONE
    alarms = [(state, record) for state, record in listed.alarms if state in chosen]
    if as_json:
        show_json(replace(listed, alarms=alarms).as_dict())
    else:
        for state, record in alarms:
            print_alarm(state, record)
    listed.say_progress(ctx)
    return SOME if alarms else NOTHING_DONE if listed.is_behind else DONE


@click.command("mark")
@click.argument("alarm_id", metavar="ID")
@click.argument("state", type=click.Choice(STATES))
@click.option("--note", default="", help="Why.")
@click.option("--by", default="command line", show_default=True, metavar="NAME", help="Who decides it.")
@store_option
def mark_alarm(*, alarm_id: str, state: str, note: str, by: str, store: Path) -> int:
    """Give the alarm with this ID, which list prints, a state."""
    record = reading.record(open_store(store), alarm_id)
    if record is None:
        raise AuditStoreError(f"there is no alarm {alarm_id!r}; python -m alarms list prints the IDs")
    try:
        set_state(store, record, state, note=note, by=by)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    show(f"{alarm_id} is {state}")
    return DONE


def as_dict(record: AlarmRecord) -> dict[str, Any]:
    """A record, JSON-ready: times are RFC 3339 in UTC."""
    values: dict[str, Any] = _json_ready(asdict(record))
    return values | {"spans": [span.as_record() for span in record.spans]}


def print_alarm(state: str, record: AlarmRecord) -> None:
    """An alarm as a line of standard output."""
    start = bound_text(record.starts_at, ranges.zone(record.tz))
    show(f"{record.id}  {start}  {record.severity:8}  {state:12}  {one_line(record.sentence)}")


def _json_ready(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, dict):
        return {name: _json_ready(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(item) for item in value]
    return value
