"""The command line of exceptions: python -m alarms exceptions."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from alarms.records.reading import records
from alarms.records.record import AlarmRecord
from alarms.triage import exceptions as exceptions_of
from alarms.triage.exceptions import PREVIEWED, AlarmException, Expected, would_silence
from audit_store.cli import DONE, Commands, show, show_json, store_option
from audit_store.engines.registry import open_store
from audit_store.local_time import now, utc_text
from audit_store.quantities import counted, duration
from audit_store.ranges import Period

BY = "command line"
LASTS = timedelta(days=90)
"""How long an exception lasts unless its end is given."""

Command = Callable[..., int]


@click.group(cls=Commands)
def exceptions() -> None:
    """Expect alarms, so that they are recorded and not sent."""


def _selection(command: Command) -> Command:
    """Gives a command the options that say which alarms are expected."""
    options = (
        click.option("--agent", default="", metavar="NAME", help="Alarms about this agent alone."),
        click.option(
            "--address", default="", metavar="IP", help="Alarms from this address or network alone."
        ),
        click.option(
            "--kind",
            default="",
            help="Alarms of this kind (all, failed, agents, agent, rule, watchdog), or of this rule.",
        ),
        click.option(
            "--hours",
            multiple=True,
            metavar="HOUR",
            help="Within these hours of the week, such as Tue-14, or off; may be repeated.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


_by_option = click.option("--by", default=BY, show_default=True, metavar="NAME", help="Who decides it.")
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@exceptions.command()
@_selection
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    default=lambda: f"{now() + LASTS:%Y-%m-%d}",
    show_default="in 90 days",
    metavar="DATE",
    help="The first day on which they are not expected, at most a year ahead.",
)
@click.option("--note", default="", help="Why they are expected.")
@_by_option
@store_option
def add(*, until: datetime, note: str, by: str, store: Path, **selection: Any) -> int:
    """Expect alarms from this hour until a date, and print how many of the last 90 days it would have silenced."""
    expected = Expected(**selection)
    try:
        new = exceptions_of.add(store, expected, until.date(), note=note, by=by)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    show(f"Exception {new.number}: {expected.sentence}, until {new.until}")
    show(_of_the_last_days(len(_previewed(store, expected))))
    return DONE


@exceptions.command()
@_selection
@_json_option
@store_option
def preview(*, as_json: bool, store: Path, **selection: Any) -> int:
    """Print the alarms of the last 90 days that an exception would have silenced; nothing is changed."""
    expected = Expected(**selection)
    try:
        exceptions_of.check(expected)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    silenced = _previewed(store, expected)
    if as_json:
        show_json([{"id": one.id, "severity": one.severity, "sentence": one.sentence} for one in silenced])
        return DONE
    for record in silenced:
        show(f"{record.id}  {record.severity:8}  {record.sentence}")
    show(_of_the_last_days(len(silenced)))
    return DONE


@exceptions.command("list")
@click.option("--all", "with_ended", is_flag=True, help="Also those that have expired or are withdrawn.")
@_json_option
@store_option
def list_exceptions(*, with_ended: bool, as_json: bool, store: Path) -> int:
    """Print the exceptions in force."""
    at = now()
    listed = [
        exception
        for exception in exceptions_of.read(store)
        if with_ended or exception.state(at) == exceptions_of.IN_FORCE
    ]
    if as_json:
        show_json([_as_dict(exception, at) for exception in listed])
        return DONE
    for exception in listed:
        note = f": {exception.note}" if exception.note else ""
        words = f"{exception.expected.sentence}, until {exception.until}"
        show(f"{exception.number}  {exception.state(at)}  {words}  {exception.by}{note}")
    return DONE


@exceptions.command()
@click.argument("number", type=click.IntRange(1))
@_by_option
@store_option
def withdraw(*, number: int, by: str, store: Path) -> int:
    """End the exception with this NUMBER, which list prints: its alarms are open again."""
    exceptions_of.withdraw(store, number, by=by)
    show(f"Exception {number} is withdrawn")
    return DONE


def _previewed(store: Path, expected: Expected) -> list[AlarmRecord]:
    if not store.exists():
        return []
    return would_silence(expected, records(open_store(store), Period(now() - PREVIEWED, None)))


def _of_the_last_days(number: int) -> str:
    return f"{counted(number, 'alarm')} of the last {duration(PREVIEWED)} would have been silenced"


def _as_dict(exception: AlarmException, at: datetime) -> dict[str, Any]:
    expected = exception.expected
    return {
        "number": exception.number,
        "state": exception.state(at),
        "agent": expected.agent,
        "address": expected.address,
        "kind": expected.kind,
        "hours": list(expected.hours),
        "until": exception.until.isoformat(),
        "note": exception.note,
        "by": exception.by,
        "at": utc_text(exception.at),
        "withdrawn_by": exception.withdrawn_by,
        "withdrawn_at": exception.withdrawn_at and utc_text(exception.withdrawn_at),
    }
