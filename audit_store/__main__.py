"""The command line of the way out: python -m audit_store export | check-export | repair."""

import argparse
import os
import sys
from pathlib import Path

from audit_store.cli import INTERRUPTED, NOTHING_DONE, Parser, add_store, command
from audit_store.errors import AuditStoreError, InvalidFilter
from audit_store.filters import LISTS, SINGLE, EventFilter
from audit_store.ranges import DEFAULT_RANGE, RANGES
from audit_store.store_files import waiting_events

NOT_AS_IT_WAS = 1
FORMATS = ("csv", "jsonl", "parquet", "ocsf")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives its exit status: 0 done, 1 something is missing or changed, 2 nothing done."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except BrokenPipeError:
        # The reader has enough. What Python still holds must not fail on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _say(options, "interrupted")
        return INTERRUPTED
    except InvalidFilter as error:
        option = f"--{error.parameter.replace('_', '-')}"
        _say(options, f"{option} {error.value!r} cannot be used: {error.allowed}")
    except (AuditStoreError, OSError) as error:
        _say(options, str(error))
    return NOTHING_DONE


def _export(options: argparse.Namespace) -> int:
    where = _filter(options)
    if options.output is None and options.format == "parquet" and sys.stdout.isatty():
        raise AuditStoreError("Parquet is no text for a terminal; name a file with --output FILE")
    from audit_store.engines.registry import open_store
    from audit_store.export.export import export, export_to, write_manifest

    store = open_store(options.store)
    if waiting := waiting_events(store.path):
        words = "1 event waits" if waiting == 1 else f"{waiting:,} events wait"
        _say(options, f"{words} in the spool and not in this export; python -m ingest fold stores them")
    if options.output is not None:
        made = export_to(options.output, where, options.format, store, by=options.by)
    else:
        made = export(where, sys.stdout.buffer, options.format, store, by=options.by)
        sys.stdout.buffer.flush()
    if options.manifest is not None:
        write_manifest(made, options.manifest)
    seqs = f", seq {made.first_seq} to {made.last_seq}" if made.events else ""
    _say(options, f"{made.filter}: {made.events:,} events{seqs}; manifest SHA-256 {made.own_hash}")
    return 0


def _filter(options: argparse.Namespace) -> EventFilter:
    """The filter of the options. Raises InvalidFilter for the first value that cannot be used."""
    given = {name: _values(getattr(options, name)) for name in (*SINGLE, *LISTS)}
    for name, values in given.items():
        if "" in values:
            raise InvalidFilter(name, "", "give a value, or leave the option out")
    if given["from"] or given["to"]:
        if given["range"] not in ([], ["custom"]):
            raise InvalidFilter("range", given["range"][0], "with --from or --to it is custom")
        given["range"] = ["custom"]
    if not given["range"]:
        _say(options, f"{RANGES[DEFAULT_RANGE].lower()} only; --range all takes every event")
    where, notices = EventFilter.parse(given)
    for notice in notices:
        raise notice
    return where


def _values(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _check(options: argparse.Namespace) -> int:
    from audit_store.export import manifest
    from audit_store.export.verify import check

    wrong = check(options.file, options.manifest)
    if wrong:
        print(*(f"{options.file}: {sentence}" for sentence in wrong), sep="\n")
        return NOT_AS_IT_WAS
    beside = options.manifest or manifest.path_of(options.file)
    found, _ = manifest.read(beside.read_text(encoding="utf-8"))
    print(
        f"{options.file}: as it was exported at {found.exported_at} by {found.exported_by}, "
        f"{found.events:,} events, {found.filter}; manifest SHA-256 {found.own_hash}"
    )
    return 0


def _repair(options: argparse.Namespace) -> int:
    from audit_store.engines.duckdb.repair import repair

    report = repair(options.store)
    print(report.words())
    return report.status


def _say(options: argparse.Namespace, words: str) -> None:
    print(f"audit_store {options.command}: {words}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m audit_store", description="Take events out of an audit log.")
    commands = parser.add_subparsers(dest="command", required=True)
    export_ = command(commands, "export", _export, "write the events of a filter to a file or to stdout")
    export_.add_argument("--format", choices=FORMATS, required=True)
    export_.add_argument(
        "--output", type=Path, metavar="FILE", help="and FILE.manifest.json; default: stdout"
    )
    export_.add_argument("--manifest", type=Path, metavar="FILE", help="write the manifest here, too")
    export_.add_argument("--by", metavar="NAME", help="who exports, for the manifest; default: the user")
    for name in SINGLE:
        default = f"; default: {DEFAULT_RANGE}" if name == "range" else ""
        export_.add_argument(f"--{name}", help=f"as in the dashboard's address{default}")
    for name in LISTS:
        option = f"--{name.replace('_', '-')}"
        export_.add_argument(option, dest=name, action="append", help="may be given several times")
    check = command(
        commands, "check-export", _check, "is the file what its manifest says, and if not, where?"
    )
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--manifest", type=Path, metavar="FILE", help="default: FILE.manifest.json")
    repair = command(commands, "repair", _repair, "say what can be read, and save it if the file is damaged")
    add_store(export_)
    add_store(repair)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
