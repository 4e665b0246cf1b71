"""The command line of the watch over logins: python -m analysis spikes."""

import argparse
import contextlib
import json
import os
import sys
from datetime import UTC, datetime, timedelta

from alarms import SENSITIVITIES, USUAL, Report, report, syslog, webhook
from alarms.delivery.webhook import default_syslog, one_line
from alarms.login_alarm import local_text
from audit_store import ranges
from audit_store.cli import INTERRUPTED, NOTHING_DONE, Parser, add_store
from audit_store.errors import AuditStoreError
from ingest.fold_scheduler import fold_now

NONE, NEW = 0, 3
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3660)


def main(arguments: list[str] | None = None) -> int:
    """Look for alarms once; gives the exit status: 0 no new one, 3 new ones, 2 nothing could be done."""
    options = _parser().parse_args(arguments)
    url = options.webhook or os.environ.get("AUDIT_WEBHOOK")
    store = options.store.absolute()
    try:
        sinks = [webhook(url)] if url else []
        sinks += [syslog(options.syslog)] if options.syslog else []
        if store.exists():
            # What scripts appended a moment ago counts, too; where the file is held, it waits for the next run.
            fold_now(store)
        found = report(
            store,
            datetime.now(UTC).replace(tzinfo=None),
            options.since,
            tz=options.tz,
            sensitivity=next(each for each in SENSITIVITIES if each.name == options.sensitivity),
            sinks=sinks,
        )
    except (AuditStoreError, OSError, ValueError) as error:
        print(f"analysis spikes: {error}", file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        print("analysis spikes: interrupted", file=sys.stderr)
        return INTERRUPTED
    with contextlib.suppress(BrokenPipeError):
        _print(found, options)
    if found.new:
        return NEW
    return NOTHING_DONE if found.problems else NONE


def _print(found: Report, options: argparse.Namespace) -> None:
    """Alarms to standard output, words about them to standard error."""
    if options.json:
        print(json.dumps(found.as_dict()))
    else:
        zone = ranges.zone(options.tz)
        for each, verdict in zip(found.told, found.verdicts, strict=True):
            mark = "new" if each in found.new else "sent" if verdict == "open" else verdict
            print(f"{local_text(each.alarm.key.start, zone)}  {mark}  {one_line(each.sentence)}")
    for text in (found.state.sentence, *found.state.notices, *found.problems):
        print(f"analysis spikes: {one_line(text)}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m analysis", description="What the counts of an audit log say.")
    commands = parser.add_subparsers(dest="command", required=True)
    purpose = "login spikes that are new; for cron: exit status 0 none, 3 new ones, 2 nothing could be done"
    spikes = commands.add_parser("spikes", help=purpose, description=purpose)
    spikes.add_argument(
        "--since", type=_length, default="24h", help="how far back: 90m, 24h, 7d, 2w; default 24h"
    )
    spikes.add_argument("--tz", type=_zone, default="UTC", metavar="ZONE", help="whose days and hours count")
    spikes.add_argument("--sensitivity", choices=[each.name for each in SENSITIVITIES], default=USUAL.name)
    spikes.add_argument("--json", action="store_true", help="one JSON object")
    spikes.add_argument(
        "--webhook", metavar="URL", help="post each new alarm here, once; default: $AUDIT_WEBHOOK"
    )
    spikes.add_argument(
        "--syslog",
        nargs="?",
        const=default_syslog(),
        metavar="ADDRESS",
        help="write each new alarm here, once: a socket (default /dev/log) or HOST[:PORT]",
    )
    add_store(spikes)
    return parser


def _length(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS and number.isascii() and number.isdigit() and len(number) < 9:
        length = timedelta(**{_UNITS[unit]: int(number)})
        if timedelta() < length <= _LONGEST:
            return length
    raise argparse.ArgumentTypeError(f"{text!r}: give a length such as 90m, 24h, 7d or 2w")


def _zone(text: str) -> str:
    try:
        return ranges.zone(text).key
    except AuditStoreError:
        raise argparse.ArgumentTypeError(f"{text!r}: give an IANA time zone such as Europe/Berlin") from None


if __name__ == "__main__":
    raise SystemExit(main())
