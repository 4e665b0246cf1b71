"""The command line of the way in: python -m ingest append | import | fold | status."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from audit_store.cli import NOTHING_DONE, Parser, add_store, command
from audit_store.errors import UNKNOWN, AuditStoreError, EventConflict
from audit_store.event import FIELDS
from ingest import append
from ingest.status import status, words

_BODY = ("agent", "activity", "description", "outcome", "source_ip", "target", "metadata")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives its exit status: 0 done, 1 some rejected, 2 nothing could be done."""
    options = _parser().parse_args(arguments)
    options.store = options.store.absolute()
    try:
        return int(options.run(options))
    except BrokenPipeError:
        return 0
    except (AuditStoreError, OSError) as error:
        print(f"ingest {options.command}: {error}{_what_became(error)}", file=sys.stderr)
        return NOTHING_DONE


def _what_became(error: Exception) -> str:
    if getattr(error, "stored", "") != UNKNOWN:
        return ""
    return f" ({UNKNOWN}: {', '.join(getattr(error, 'event_ids', ()))})"


def _append(options: argparse.Namespace) -> int:
    event = {name: value for name in FIELDS if (value := getattr(options, name)) is not None}
    event_id = append(store=options.store, fold=False, **event)
    print(event_id)
    if "event_id" in event:
        _report_conflict(options.store, event_id, event)
    else:
        _fold_quietly(options.store)
    return 0


def _report_conflict(store: Path, event_id: str, event: dict[str, str]) -> None:
    from audit_store.engines.registry import open_store

    _fold_quietly(store)
    try:
        opened = open_store(store)
        with opened.read() as reader:
            found = reader.arrow(opened.queries.event(event_id)).to_pylist()
    except AuditStoreError:
        return
    named = {name: event.get(name) for name in _BODY if event.get(name) is not None}
    same = [one for one in found if one["source"] == event.get("source", "")]
    if any(one[name] != value for one in same for name, value in named.items()):
        raise EventConflict(f"event_id {event_id} is in the log already with another body; the first stays")


def _fold_quietly(store: Path) -> None:
    from ingest import fold_scheduler

    fold_scheduler.fold_now(store)


def _import(options: argparse.Namespace) -> int:
    # NumPy's library for matrices, of which nothing here has need, would start threads that spin for a while.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import pyarrow as pa

    from ingest.importing.importer import import_files

    # Arrow's usual allocator gives memory back to the system only to ask for it again: a tenth of an import.
    if "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    counts = import_files(options)
    print(json.dumps(counts.as_dict()) if options.json else counts.words())
    return 1 if counts.rejected or counts.conflicts else 0


def _fold(options: argparse.Namespace) -> int:
    from ingest.fold import fold

    report = fold(options.store)
    print(
        f"stored {report.stored}, duplicate {report.duplicates}, conflict {report.conflicts}, "
        f"rejected {report.rejected}"
    )
    return 1 if report.rejected or report.conflicts else 0


def _status(options: argparse.Namespace) -> int:
    found = status(options.store)
    print(json.dumps(found) if options.json else words(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m ingest", description="Append events to an audit log.")
    commands = parser.add_subparsers(dest="command", required=True)
    append_ = _command(commands, "append", _append, "store one event and print its event_id")
    for name in FIELDS:
        append_.add_argument("--" + name.replace("_", "-"), required=name in ("agent", "activity"))
    import_ = _command(commands, "import", _import, "store the events of files; - is standard input")
    import_.add_argument("files", nargs="+", metavar="FILE")
    import_.add_argument("--format", default="auto", help="auto, a known format, or a format file")
    import_.add_argument("--map", action="append", default=[], metavar="FIELD=INPUT", type=_pair)
    import_.add_argument("--timezone", metavar="ZONE", help="of times that carry no offset")
    import_.add_argument("--year", type=int, help="of dates that carry none")
    import_.add_argument("--source", metavar="NAME", help="of events that name none")
    import_.add_argument("--rejects", type=Path, metavar="FILE", help="list what was not stored here")
    import_.add_argument("--strict", action="store_true", help="store nothing if anything is wrong")
    import_.add_argument("--json", action="store_true", help="end with one JSON object")
    _command(commands, "fold", _fold, "move what waits in the spool into the DuckDB file")
    status_ = _command(
        commands, "status", _status, "events, newest, waiting, rejected, size, who holds the file"
    )
    status_.add_argument("--json", action="store_true")
    return parser


def _command(commands: Any, name: str, run: Any, purpose: str) -> argparse.ArgumentParser:
    parser = command(commands, name, run, purpose)
    add_store(parser)
    return parser


def _pair(text: str) -> tuple[str, str]:
    field, equals, source = text.partition("=")
    if not equals or field not in FIELDS or not source:
        raise argparse.ArgumentTypeError(f"{text!r}: give FIELD=INPUT with one of {', '.join(FIELDS)}")
    return field, source


if __name__ == "__main__":
    # Ctrl-C ends it at once, also while a thread waits for more input: what is stored is as safe as after a crash.
    # A job that was started to ignore it, as in the background of a shell script, goes on ignoring it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise SystemExit(main())
