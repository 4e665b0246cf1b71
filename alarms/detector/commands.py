"""The command that judges a log: python -m alarms run."""

from pathlib import Path

import click

from alarms.detector.detector import Step, steps
from alarms.detector.settings import settings_of
from audit_store.cli import DONE, say, show, store_option
from audit_store.engines.registry import open_store
from audit_store.errors import StoreBusy
from audit_store.quantities import counted
from ingest.fold_scheduler import fold_now


@click.command("run")
@store_option
@click.pass_context
def run_detector(ctx: click.Context, *, store: Path) -> int:
    """Judge the hours that have not been judged yet, and record the alarms in them.

    The exit status is 0, also where another program judges the log at the moment, and 2 where it cannot be judged.
    Interrupted, the next run goes on.
    """
    if store.exists():
        # So that events appended a moment ago count. Where another program has the file, the next run counts them.
        fold_now(store)
    changed = 0
    try:
        for step in steps(open_store(store), settings_of(store)):
            changed += len(step.revisions)
            if step.hours_left:
                say(ctx, _progress(step))
    except StoreBusy as error:
        say(ctx, str(error))
    show(f"{counted(changed, 'alarm')} new or changed")
    return DONE


def _progress(step: Step) -> str:
    start, end = step.stretch
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d} judged, {counted(step.hours_left, 'hour')} left"
