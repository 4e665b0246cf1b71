"""What the command lines of this program share: one line for a wrong argument, status 2, and which store."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from audit_store.store_files import default_store

NOTHING_DONE = 2
"""The exit status where nothing could be done."""
INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it: 128 and the number of the signal."""


class Parser(argparse.ArgumentParser):
    """Refuses wrong arguments in one line on standard error; options are written out in full."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False} | settings)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with NOTHING_DONE."""
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(NOTHING_DONE)


def command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], purpose: str
) -> argparse.ArgumentParser:
    """The parser of one command; `run` becomes an attribute of what it parses."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=purpose, description=purpose)
    parser.set_defaults(run=run)
    return parser


def add_store(parser: argparse.ArgumentParser) -> None:
    """The option --store; its value is a path."""
    parser.add_argument(
        "--store",
        type=Path,
        metavar="FILE",
        default=default_store(),
        help="default: $AUDIT_STORE, else ./audit.duckdb",
    )
