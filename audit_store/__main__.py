"""Command line of a store: python -m audit_store export | check-export | check | accept | repair | backup | restore."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from audit_store.cli import DONE, Commands, data_output, run, say, show, store_option
from audit_store.errors import AuditStoreError, one_line
from audit_store.filters.options import filter_of, filter_options
from audit_store.quantities import counted, size
from audit_store.store_files import waiting_events

CHANGED = 1
"""The exit status of an export or roll-up that is not what it should be, or of a backup that lacks something."""
FORMATS = ("csv", "jsonl", "parquet", "ocsf")

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Commands)
def commands() -> None:
    """Export, check, repair, back up and restore an audit log."""


@commands.command("export")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FORMATS),
    required=True,
    help="The format of what is written.",
)
@click.option(
    "--output", type=_FILE, metavar="FILE", help="Write FILE and FILE.manifest.json, not standard output."
)
@click.option("--manifest", type=_FILE, metavar="FILE", help="Also write the manifest to this file.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option("--by", metavar="NAME", help="Who exports, for the manifest; default: the user.")
@store_option
@filter_options
@click.pass_context
def export_command(
    ctx: click.Context,
    /,
    file_format: str,
    output: Path | None,
    manifest: Path | None,
    force: bool,
    by: str | None,
    store: Path,
    **parameters: Any,
) -> int:
    """Write the events of a filter to a file or to standard output.

    The options from --range on are the filter, named like the parameters of the dashboard's URL.
    """
    where = filter_of(ctx, parameters)
    if output is None and file_format == "parquet" and sys.stdout.isatty():
        raise AuditStoreError("Parquet cannot be shown on a terminal; name a file with --output FILE")
    from audit_store.engines.registry import open_store
    from audit_store.export import destination
    from audit_store.export.export import export, export_to, write_manifest

    output, manifest = destination.files_of(output, manifest, store, replace=force)
    opened = open_store(store)
    if waiting := waiting_events(store):
        say(
            ctx,
            f"{counted(waiting, 'event')} in the spool not included; run python -m ingest fold --store {store} first",
        )
    if output is not None and destination.is_stream(output):
        with output.open("wb") as stream:
            exported = export(where, stream, file_format, opened, by=by)
    elif output is not None:
        exported = export_to(output, where, file_format, opened, by=by)
    else:
        exported = export(where, data_output(), file_format, opened, by=by)
        sys.stdout.flush()
    if manifest is not None:
        write_manifest(exported, manifest)
    seqs = f", seq {exported.first_seq} to {exported.last_seq}" if exported.events else ""
    events = counted(exported.events, "event")
    say(ctx, f"{exported.filter}: {events}{seqs}; manifest SHA-256 {exported.own_hash}")
    return DONE


@commands.command("check-export")
@click.argument("file", type=_FILE)
@click.option("--manifest", type=_FILE, metavar="FILE", help="Default: FILE.manifest.json.")
def check_export_command(file: Path, manifest: Path | None) -> int:
    """Compare an exported file with its manifest. FILE may be the ZIP file of a download, which holds both.

    Exit status 0: the file is what its manifest says; 1: it is not, and where it differs is printed.
    """
    from audit_store.export import verify

    differences, exported = verify.compare(file, manifest)
    if differences or exported is None:
        show("\n".join(one_line(f"{file}: {sentence}") for sentence in differences))
        return CHANGED
    show(
        f"{file}: unchanged since the export at {exported.exported_at} by {exported.exported_by}, "
        f"{counted(exported.events, 'event')}, {exported.filter}; manifest SHA-256 {exported.own_hash}"
    )
    return DONE


@commands.command("check")
@store_option
def check_command(store: Path) -> int:
    """Compare the roll-ups and alarms of a store with its events.

    Exit status 0: they agree; 1: some do not, and which is printed. A dashboard counts roll-ups anew by itself.
    """
    from audit_store.engines.registry import open_store

    differences = open_store(store).check()
    sentences = differences or ["the roll-ups and alarms agree with the events"]
    show("\n".join(one_line(f"{store}: {sentence}") for sentence in sentences))
    return CHANGED if differences else DONE


@commands.command("accept")
@store_option
def accept_command(store: Path) -> int:
    """Go on with a file that is missing, empty, older or another one than at the last fold.

    What the store held at its last fold is remembered beside it. Until this command, or restore, nothing is created or
    read in its place. The next fold goes on with the file that is there, or creates one.
    """
    from audit_store.engines.registry import accept

    show(f"{store}: accepted as it is; {accept(store)}")
    return DONE


@commands.command("repair")
@store_option
def repair_command(store: Path) -> int:
    """Report which events can be read, and save those of a damaged file.

    Exit status 0: every event can be read or is saved; 1: events are missing; 2: nothing could be read.
    """
    from audit_store.engines.registry import repair

    report = repair(store)
    show(report.text())
    return report.status


@commands.command("backup")
@click.argument("dest", type=click.Path(path_type=Path))
@store_option
@click.pass_context
def backup_command(ctx: click.Context, dest: Path, store: Path) -> int:
    """Copy the store and the files beside it to DEST, a new folder, while everything runs.

    The copy is read in full before DEST appears. Events that wait in the spool are not part of it. Exit status 1: a
    file beside the store is not part of it, for the reason given; 2: there is no backup.
    """
    from audit_store.backup.backup import backup

    made = backup(store, dest.absolute())
    for problem in made.problems:
        say(ctx, f"not part of the backup: {problem}")
    if waiting := waiting_events(store):
        say(ctx, f"{counted(waiting, 'event')} in the spool not part of the backup")
    size_of_all = size(sum(file.bytes for file in made.manifest.files.values()))
    events = counted(made.manifest.events, "event")
    show(f"{made.folder}: {events}, last seq {made.manifest.last_seq}, {size_of_all}")
    return CHANGED if made.problems else DONE


@commands.command("restore")
@click.argument("backup", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a store that can be read and holds events of its own.")
@store_option
def restore_command(backup: Path, force: bool, store: Path) -> int:
    """Put BACKUP, a folder that the command backup made, in the place of the store.

    The backup is checked first, and the file that is there is moved aside. What waits in the spool is stored by the
    next fold, each event once. Exit status 1: events that were stored after the backup are missing; 2: nothing was
    restored.
    """
    from audit_store.backup.restore import restore

    restored = restore(backup.absolute(), store, force=force)
    show(restored.text())
    return DONE if restored.is_complete else CHANGED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit status: 0 done, 1 something is missing or changed, 2 nothing done."""
    return run(commands, arguments, "python -m audit_store")


if __name__ == "__main__":
    raise SystemExit(main())
