"""The command line of login alarms: python -m alarms."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from alarms import DEFAULT_SENSITIVITY, SENSITIVITIES, NotDelivered, Report, ReportedAlarm, Sink, report
from alarms.delivery.receivers import receiver_options
from alarms.delivery.sample import sample
from alarms.detector.commands import run_detector
from alarms.options import Length, Zone
from alarms.rules.commands import rules, try_rule
from alarms.triage.alarm_commands import list_alarms, mark_alarm
from alarms.triage.exception_commands import exceptions
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
from audit_store.errors import AuditStoreError, one_line
from audit_store.local_time import bound_text, now
from audit_store.quantities import counted
from audit_store.state import deliveries
from audit_store.state.deliveries import Delivery
from ingest.fold_scheduler import fold_now

NEW = 3
"""The exit status where there are new alarms."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives its exit status."""
    return run(commands, arguments, "python -m alarms")


@click.group(cls=Commands)
def commands() -> None:
    """Find unusual logins in an audit log."""


for _command in (run_detector, list_alarms, mark_alarm, rules, try_rule, exceptions):
    commands.add_command(_command)


@commands.command()
@click.option(
    "--since",
    type=Length(),
    default="24h",
    show_default=True,
    metavar="LENGTH",
    help="How far back to look: 90m, 24h, 7d, 2w.",
)
@click.option(
    "--tz",
    type=Zone(),
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
@receiver_options
@store_option
@click.pass_context
def spikes(
    ctx: click.Context,
    *,
    since: timedelta,
    tz: str,
    sensitivity: str,
    as_json: bool,
    sinks: list[Sink],
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
        sinks=sinks,
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


@commands.command("dead-letters")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@store_option
def dead_letters(*, as_json: bool, store: Path) -> int:
    """Print the messages that a receiver refused; they are sent again by `resend` only.

    The exit status is 0 without dead letters, 3 with some.
    """
    letters = deliveries.dead_letters(store)
    if as_json:
        show_json([_as_dict(letter) for letter in letters])
    else:
        for letter in letters:
            show(f"{letter.id}  {letter.refused_at}  {letter.answer}  {one_line(letter.message.sentence)}")
    return NEW if letters else DONE


@commands.command()
@click.argument("ids", type=click.IntRange(1), nargs=-1)
@store_option
def resend(*, ids: tuple[int, ...], store: Path) -> int:
    """Make refused messages due again: those with these IDS, which dead-letters prints, or all.

    The next run of `spikes` with their receiver sends them.
    """
    letters = [letter.id for letter in deliveries.dead_letters(store)]
    if missing := sorted(set(ids) - set(letters)):
        raise AuditStoreError(
            f"there is no dead letter {missing[0]}; python -m alarms dead-letters lists them"
        )
    show(f"{counted(deliveries.send_again(store, ids or letters), 'alarm')} to be sent again")
    return DONE


@commands.command("test-delivery")
@receiver_options
@click.pass_context
def test_delivery(ctx: click.Context, *, sinks: list[Sink]) -> int:
    """Send a sample alarm to each receiver, as a message of its own; the store is not read.

    The exit status is 0 if every receiver took it, and 2 otherwise.
    """
    if not sinks:
        raise click.UsageError("name a receiver with --webhook or --syslog, or in the environment")
    problems = 0
    for sink in sinks:
        try:
            sink.send(sample())
            show(f"{sink.name} took the sample")
        except NotDelivered as error:
            problems += 1
            say(ctx, str(error))
    return NOTHING_DONE if problems else DONE


def _as_dict(letter: Delivery) -> dict[str, Any]:
    names = ("id", "sink", "answer", "refused_at")
    return {name: getattr(letter, name) for name in names} | {
        "key": letter.message.key,
        "sentence": letter.message.sentence,
    }


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
