"""The command that judges a log: python -m alarms run."""

from pathlib import Path

import click

from alarms.delivery.outbox import Sink
from alarms.delivery.receivers import receiver_options
from alarms.delivery.record_messages import deliver_recent
from alarms.detector.detector import Step, steps
from alarms.detector.settings import settings_of
from alarms.options import sensitivity_option
from alarms.sensitivity import Sensitivity
from audit_store.cli import DONE, NOTHING_DONE, say, say_progress, show, store_option
from audit_store.engines.registry import open_store
from audit_store.errors import StoreBusy
from audit_store.local_time import now
from audit_store.quantities import counted
from ingest.fold_scheduler import fold_now


@click.command("run")
@sensitivity_option("Which alarms are sent; all are recorded.")
@receiver_options
@store_option
@click.pass_context
def run_detector(ctx: click.Context, *, sensitivity: Sensitivity, sinks: list[Sink], store: Path) -> int:
    """Judge the hours that have not been judged yet, record the alarms in them, and send those that are open.

    The exit status is 0, also where another program judges the log at the moment, and 2 where it cannot be judged
    or an alarm could not be sent. Interrupted, the next run goes on.
    """
    changed = judge(ctx, store)
    show(f"{counted(changed, 'alarm')} new or changed")
    results = deliver_recent(open_store(store), sinks, now(), sensitivity)
    problems = [problem for result in results for problem in result.problems]
    for problem in problems:
        say(ctx, problem)
    return NOTHING_DONE if problems else DONE


def judge(ctx: click.Context, store: Path) -> int:
    """Judge what has not been judged, with its progress on a terminal; gives how many alarms are new or changed.

    Raises what the store raises, but for StoreBusy where another program judges it.
    """
    engine, changed = open_store(store), 0
    with engine.read():
        pass  # raises StoreNotFound before a lock is created beside a store that is not there
    # So that events appended a moment ago count. Where another program has the file, the next run counts them.
    fold_now(store)
    try:
        for step in steps(engine, settings_of(store)):
            changed += len(step.revisions)
            if step.hours_left:
                say_progress(ctx, _progress(step))
    except StoreBusy as error:
        say(ctx, str(error))
    return changed


def _progress(step: Step) -> str:
    start, end = step.stretch
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d} judged, {counted(step.hours_left, 'hour')} left"
