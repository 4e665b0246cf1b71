"""What the command `import` does with previews: it shows them, and asks before a file that mostly does not fit."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from audit_store.cli import DONE, say, show, show_json
from audit_store.errors import InvalidFormat
from ingest.importing.mapping import ReadOptions
from ingest.importing.sources.byte_source import Content
from ingest.preview.sample import preview
from ingest.preview.words import as_dict, words

_STDIN = "-"


def show_previews(files: Sequence[str], format_name: str, options: ReadOptions, *, as_json: bool) -> int:
    """Print what an import would make of each file; gives the exit status."""
    for name in files:
        source = sys.stdin.buffer if name == _STDIN else Path(name)
        result = preview(Content(source, check=False), name, format_name, options)
        show_json(as_dict(result)) if as_json else show(words(result))
    return DONE


def confirm_misfit(ctx: click.Context, name: str, *, format_name: str, options: ReadOptions) -> None:
    """Ask on a terminal whether a file of which most does not fit is to be imported. Raises InvalidFormat if not.

    Without a terminal the answer is no. A file that can be read again is shown as by `--preview`.
    """
    if name != _STDIN and Path(name).is_file():
        for line in words(preview(Content(Path(name), check=False), name, format_name, options)).splitlines():
            say(ctx, line)
    problem = "most of its first records cannot be stored"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidFormat(f"{problem}: name another --format or a --map, or import the others with --yes")
    if not click.confirm(f"{name}: {problem}. Import the others?", err=True):
        raise InvalidFormat(f"{problem}, and the import was not wanted")
