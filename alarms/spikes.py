"""The command that judges a log and prints its alarms: python -m alarms spikes."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from alarms.delivery.outbox import DeliveryResult, Sink
from alarms.delivery.receivers import receiver_options
from alarms.delivery.record_messages import deliver_recent, is_close, record_id
from alarms.options import json_option, sensitivity_option, since_option
from alarms.records.record import AlarmRecord
from alarms.run import judge
from alarms.sensitivity import Sensitivity, is_alarm_at
from alarms.triage.alarm_commands import SOME, Listed, print_alarm
from alarms.triage.decisions import USUAL
from alarms.triage.states import OPEN
from audit_store.cli import DONE, NOTHING_DONE, discard_output, say, show_json, store_option
from audit_store.engines.registry import open_store
from audit_store.errors import StoreBusy
from audit_store.local_time import now
from audit_store.state import deliveries


@click.command("spikes")
@since_option
@sensitivity_option("Which alarms are printed and sent.")
@json_option
@receiver_options
@store_option
@click.pass_context
def spikes(
    ctx: click.Context,
    *,
    since: timedelta,
    sensitivity: Sensitivity,
    as_json: bool,
    sinks: list[Sink],
    store: Path,
) -> int:
    """Judge the log and print its alarms, the worst first: run, and then list.

    The exit status is 0 without new alarms, 3 with new alarms, and 2 where the log could not be judged or an alarm
    could not be sent. An alarm is new while it is open and, with a receiver, until every receiver has it.
    """
    judge(ctx, store)
    delivered = [_delivered(store, sink) for sink in sinks]
    results, is_busy = _deliver(store, sinks, sensitivity)
    listed = Listed.since(store, since)
    alarms = [
        (state, record)
        for state, record in listed.alarms
        if state in USUAL and is_alarm_at(record.sensitivity, sensitivity)
    ]
    new = {record.id for state, record in alarms if state == OPEN}
    if sinks and not is_busy:
        new &= _sent_since(store, sinks, delivered)
    problems = [problem for result in results for problem in result.problems]
    try:
        _print(replace(listed, alarms=alarms), new, results, as_json=as_json)
    except BrokenPipeError:
        discard_output()
    listed.say_progress(ctx)
    for problem in problems:
        say(ctx, problem)
    if new:
        return SOME
    return NOTHING_DONE if problems or listed.is_behind else DONE


def _deliver(
    store: Path, sinks: Sequence[Sink], sensitivity: Sensitivity
) -> tuple[list[DeliveryResult], bool]:
    """What was sent, and whether another program is sending; the alarms are printed all the same."""
    try:
        return deliver_recent(open_store(store), sinks, now(), sensitivity), False
    except StoreBusy as error:
        return [DeliveryResult(0, (str(error),))], True


def _delivered(store: Path, sink: Sink) -> set[str]:
    """The keys of the messages that a receiver has acknowledged."""
    return {delivery.message.key for delivery in deliveries.read(store, sink.name) if delivery.is_delivered}


def _sent_since(store: Path, sinks: Sequence[Sink], delivered: Sequence[Collection[str]]) -> set[str]:
    """The ids of the alarms about which a receiver had not acknowledged a message, but for one that closes them."""
    return {
        record_id(delivery.message)
        for sink, earlier in zip(sinks, delivered, strict=True)
        for delivery in deliveries.read(store, sink.name)
        if delivery.message.key not in earlier and not is_close(delivery.message)
    }


def _print(listed: Listed, new: Collection[str], results: Sequence[DeliveryResult], *, as_json: bool) -> None:
    if not as_json:
        for state, record in listed.alarms:
            print_alarm(_status(state, record, new), record)
        return
    report = listed.as_dict()
    for alarm in report["alarms"]:
        alarm["new"] = alarm["id"] in new
    problems = [problem for result in results for problem in result.problems]
    show_json(report | {"delivered": sum(result.delivered for result in results), "problems": problems})


def _status(state: str, record: AlarmRecord, new: Collection[str]) -> str:
    if record.id in new:
        return "new"
    return "sent" if state == OPEN else state
