"""The command line of login alarms: python -m alarms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from alarms.delivery.outbox import NotDelivered, Sink
from alarms.delivery.receivers import receiver_options
from alarms.delivery.sample import sample
from alarms.rules.commands import rules, try_rule
from alarms.run import run_detector
from alarms.spikes import spikes
from alarms.triage.alarm_commands import SOME, list_alarms, mark_alarm
from alarms.triage.exception_commands import exceptions
from audit_store.cli import DONE, NOTHING_DONE, Commands, run, say, show, show_json, store_option
from audit_store.errors import AuditStoreError, one_line
from audit_store.quantities import counted
from audit_store.state import deliveries
from audit_store.state.deliveries import Delivery


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives its exit status."""
    return run(commands, arguments, "python -m alarms")


@click.group(cls=Commands)
def commands() -> None:
    """Judge an audit log, and list, mark and send its alarms."""


for _command in (run_detector, list_alarms, mark_alarm, rules, try_rule, exceptions, spikes):
    commands.add_command(_command)


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
    return SOME if letters else DONE


@commands.command()
@click.argument("ids", type=click.IntRange(1), nargs=-1)
@store_option
def resend(*, ids: tuple[int, ...], store: Path) -> int:
    """Make refused messages due again: those with these IDS, which dead-letters prints, or all.

    The next run of `run` or `spikes` with their receiver sends them.
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


if __name__ == "__main__":
    raise SystemExit(main())
