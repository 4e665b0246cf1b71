"""The command line of login alarms: python -m alarms."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from alarms import DEFAULT_SENSITIVITY, SENSITIVITIES, Report, ReportedAlarm, Sink, report, syslog, webhook
from alarms.delivery.syslog import default_address
from alarms.triage.marks import OPEN
from audit_store import ranges
from audit_store.cli import (
    DONE,
    NOTHING_DONE,
    Commands,
    discard_output,
    run,
    say,
    show,
    show_json,
    store_option,
)
from audit_store.errors import InvalidFilter, one_line
from audit_store.local_time import bound_text, now
from ingest.fold_scheduler import fold_now

NEW = 3
"""The exit status where there are new alarms."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3660)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives its exit status."""
    return run(commands, arguments, "python -m alarms")


@click.group(cls=Commands)
def commands() -> None:
    """Find unusual logins in an audit log."""


class _Length(click.ParamType[timedelta]):
    """A length of time such as 24h."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length. Raises click.BadParameter."""
        if isinstance(value, timedelta):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if unit in _UNITS and number.isascii() and number.isdigit() and len(number) < 9:
            length = timedelta(**{_UNITS[unit]: int(number)})
            if timedelta() < length <= _LONGEST:
                return length
        raise click.BadParameter(f"{value!r} is not a length of time; give 90m, 24h, 7d or 2w", ctx, param)


class _Zone(click.ParamType[str]):
    """The name of a time zone."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as the database of time zones has it. Raises click.BadParameter."""
        try:
            return ranges.zone(str(value)).key
        except InvalidFilter as error:
            raise click.BadParameter(f"{value!r} is unknown; {error.allowed}", ctx, param) from error


def _webhook(ctx: click.Context, param: click.Parameter, url: str | None) -> Sink | None:
    try:
        return webhook(url) if url else None
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def _syslog(ctx: click.Context, param: click.Parameter, address: str | None) -> Sink | None:
    try:
        return None if address is None else syslog(address)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


@commands.command()
@click.option(
    "--since",
    type=_Length(),
    default="24h",
    show_default=True,
    metavar="LENGTH",
    help="How far back to look: 90m, 24h, 7d, 2w.",
)
@click.option(
    "--tz",
    type=_Zone(),
    default="UTC",
    show_default=True,
    metavar="ZONE",
    help="The time zone whose days and hours are compared, such as Europe/Berlin.",
)
@click.option(
    "--sensitivity",
    type=click.Choice([sensitivity.name for sensitivity in SENSITIVITIES]),
    default=DEFAULT_SENSITIVITY.name,
    show_default=True,
    help="A higher one finds more attacks and gives more false alarms.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--webhook",
    metavar="URL",
    envvar="AUDIT_WEBHOOK",
    show_envvar=True,
    callback=_webhook,
    help="Send each new alarm to this URL, once.",
)
@click.option(
    "--syslog",
    is_flag=False,
    flag_value=default_address(),
    metavar="[ADDRESS]",
    callback=_syslog,
    help="Send each new alarm to syslog, once: a socket (default /dev/log) or HOST[:PORT].",
)
@store_option
@click.pass_context
def spikes(
    ctx: click.Context,
    *,
    since: timedelta,
    tz: str,
    sensitivity: str,
    as_json: bool,
    webhook: Sink | None,
    syslog: Sink | None,
    store: Path,
) -> int:
    """Print unusual peaks in the number of logins.

    The exit status is 0 without new alarms, 3 with new alarms, and 2 where the logins could not be judged or an
    alarm could not be sent. An alarm is new until it is marked in the dashboard or sent to every receiver.
    """
    if store.exists():
        # So that events appended a moment ago count. Where another program has the file, the next run counts them.
        fold_now(store)
    reported = report(
        store,
        now(),
        since,
        tz=tz,
        sensitivity=next(choice for choice in SENSITIVITIES if choice.name == sensitivity),
        sinks=[sink for sink in (webhook, syslog) if sink is not None],
    )
    try:
        _print(reported, tz, as_json)
    except BrokenPipeError:
        discard_output()
    for text in (reported.status.sentence, *reported.status.notices, *reported.problems):
        say(ctx, text)
    if reported.has_new:
        return NEW
    return NOTHING_DONE if reported.problems else DONE


def _print(reported: Report, tz: str, as_json: bool) -> None:
    if as_json:
        show_json(reported.as_dict())
        return
    zone = ranges.zone(tz)
    for alarm in reported.alarms:
        start = bound_text(alarm.summary.alarm.key.start, zone)
        show(f"{start}  {_state(alarm)}  {one_line(alarm.summary.sentence)}")


def _state(alarm: ReportedAlarm) -> str:
    if alarm.is_new:
        return "new"
    return "sent" if alarm.verdict == OPEN else alarm.verdict


if __name__ == "__main__":
    raise SystemExit(main())
