"""Command line of the way in: python -m ingest append | import | fold | status | serve | token."""

import os
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from audit_store.cli import DONE, Commands, run, say, show, show_json, store_option
from audit_store.errors import AuditStoreError, EventConflict
from ingest import append, fold_scheduler
from ingest.command_words import (
    complete_field,
    complete_format,
    exit_status,
    field_options,
    format_names,
    mappings_of,
    print_stored,
    says_what_is_stored,
)
from ingest.http.commands import add_to

_BODY = ("agent", "activity", "description", "outcome", "source_ip", "target", "metadata")


@click.group(cls=Commands)
def commands() -> None:
    """Append and import events, and show how many are stored or wait."""


@commands.command("append")
@field_options
@store_option
@says_what_is_stored
def append_command(store: Path, **fields: str | None) -> int:
    """Store one event and print its event_id.

    With --event-id, an event that is in the log already is not stored again; one that differs from it is an error.
    Exit status 0: the event is on disk; 2: the message ends with "not stored", or with "unknown" and the event_id with
    which to send the event again.
    """
    event = {name: value for name, value in fields.items() if value is not None}
    event_id = append(store=store, fold=False, **event)
    print_stored(event_id)
    fold_scheduler.fold_now(store)
    if "event_id" in event:
        _refuse_conflict(store, event_id, event)
    return DONE


def _refuse_conflict(store: Path, event_id: str, event: Mapping[str, str]) -> None:
    """Raise EventConflict where the log holds another event with this id."""
    from audit_store.engines.registry import open_store

    opened = open_store(store)
    try:
        with opened.read() as reader:
            stored = reader.arrow(opened.queries.event(event_id)).to_pylist()
    except (AuditStoreError, OSError):
        return  # the event is safe in the spool, and the fold that stores it lists a conflict
    body = {name: value for name, value in event.items() if name in _BODY}
    same_source = [row for row in stored if row["source"] == event.get("source", "")]
    if any(row[name] != value for row in same_source for name, value in body.items()):
        raise EventConflict(f"event_id {event_id} is in the log already with another body; the first stays")


@commands.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@click.option(
    "--format",
    "format_name",
    default="auto",
    metavar="FORMAT",
    shell_complete=complete_format,
    help=f"{', '.join(format_names())}, or the path of a .toml file that declares a format; default: auto, the format "
    "that the content shows.",
)
@click.option(
    "--map",
    "mappings",
    multiple=True,
    callback=mappings_of,
    shell_complete=complete_field,
    metavar="FIELD=INPUT",
    help="Take a field of the event from this column, key or path ($.user.name); may be repeated. Also: A|B, the first "
    "that has a value; 'TEXT', always this; KEY:FROM=TO,*=TO, other values; nothing, to leave the field out.",
)
@click.option(
    "--timezone", metavar="ZONE", help="IANA time zone of times without an offset, such as Europe/Berlin."
)
@click.option(
    "--time-format",
    metavar="FORMAT",
    help="How times are written, such as '%d/%m/%Y %H:%M:%S', or s, ms, us or ns for numbers since 1970.",
)
@click.option("--year", type=int, help="Year of dates that have none.")
@click.option("--source", metavar="NAME", help="Source of events that name none.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="List here what could not be stored; default: beside the store.",
)
@click.option(
    "--now", is_flag=True, help="Give events without a time that of the import, instead of rejecting them."
)
@click.option("--strict", is_flag=True, help="Store nothing if any event is rejected.")
@click.option(
    "--preview",
    "is_preview",
    is_flag=True,
    help="Store nothing: show the format, the times and the first events of each file, and how many of a sample fit.",
)
@click.option(
    "--yes",
    is_flag=True,
    help="Import a file even if most of its first records cannot be stored, without asking.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as a JSON object.")
@store_option
@click.pass_context
@says_what_is_stored
def import_command(
    ctx: click.Context,
    /,
    files: Sequence[str],
    mappings: Mapping[str, str],
    format_name: str,
    rejects: Path | None,
    strict: bool,
    is_preview: bool,
    yes: bool,
    as_json: bool,
    store: Path,
    **reading: Any,
) -> int:
    """Store the events of files, plain or gzip; - is standard input.

    Importing a file again stores nothing twice. Exit status 0: all events are stored; 1: some were rejected, and are
    listed with their line and the reason; 2: nothing could be done, or most of the first records of a file cannot be
    stored, and the message ends with "not stored", or with "unknown": then import the files again; 3: events are safe
    in the spool, but not in the store: the message says why, and what to do.
    """
    _prepare_libraries()
    from ingest.importer import import_files
    from ingest.importing.mapping import ReadOptions

    options = ReadOptions(map=mappings, **reading)
    if is_preview:
        from ingest.preview.commands import show_previews

        return show_previews(files, format_name, options, as_json=as_json)
    report = import_files(
        store,
        files,
        format_name=format_name,
        options=options,
        rejects=rejects,
        strict=strict,
        confirm=None if yes else partial(_confirm_misfit, ctx, format_name=format_name, options=options),
    )
    for note in report.notes:
        say(ctx, note)
    show_json(report.as_dict()) if as_json else show(report.words())
    return exit_status(report.rejected + report.conflicts, is_left=report.waiting > 0)


def _confirm_misfit(ctx: click.Context, name: str, **settings: Any) -> None:
    from ingest.preview.commands import confirm_misfit  # which few imports need

    confirm_misfit(ctx, name, **settings)


def _prepare_libraries() -> None:
    """Settings that an import needs before NumPy and Arrow work for it."""
    # No matrices are multiplied here, but NumPy's library for them would start threads that spin for a while.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import pyarrow as pa

    # Arrow's default allocator gives memory back to the system only to ask for it again: a tenth of an import.
    if "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())


@commands.command("fold")
@store_option
@click.pass_context
def fold_command(ctx: click.Context, store: Path) -> int:
    """Move the events that wait in the spool into the DuckDB file.

    A running dashboard does this by itself. Exit status 1: some events were rejected, see the list beside the store;
    3: a file stays in the spool, for the reason given.
    """
    from ingest.fold import fold
    from ingest.spool.intake import left

    report = fold(store)
    problems = [*report.problems, *(f"{file.name}: {file.reason}" for file in left(store))]
    for problem in problems:
        say(ctx, problem)
    show(
        f"stored {report.stored}, duplicate {report.duplicates}, conflict {report.conflicts}, "
        f"rejected {report.rejected}"
    )
    return exit_status(report.rejected + report.conflicts, is_left=bool(problems))


@commands.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@store_option
def status_command(as_json: bool, store: Path) -> int:
    """Show how many events are stored, wait or were rejected, the newest one, and any problem."""
    from ingest.status import status, words

    summary = status(store)
    show_json(summary) if as_json else show(words(summary))
    return DONE


add_to(commands)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit status: audit_store/cli.py names them."""
    return run(commands, arguments, "python -m ingest")


def main_of_process() -> int:
    """The same for a process of its own, which Ctrl-C ends at once, also while a thread waits for more input.

    What is stored is as safe as after a crash. A job that was started to ignore Ctrl-C, as in the background of a
    shell script, goes on ignoring it.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return main()


if __name__ == "__main__":
    raise SystemExit(main_of_process())
