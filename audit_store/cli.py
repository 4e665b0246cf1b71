"""What the command lines share: what they write to a terminal, exit statuses, the option --store, lengths of time."""

import io
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from audit_store.errors import AuditStoreError, one_line, os_error_text
from audit_store.store_files import default_store

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PROJECT = Path(__file__).parents[1]
DONE = 0
SOME_REJECTED = 1
"""The exit status where some events were rejected, or differ from an event with the same key."""
NOTHING_DONE = 2
"""The exit status where nothing could be done."""
NOT_FOLDED = 3
"""The exit status where events are on disk in the spool and could not be folded into the store."""
INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it: 128 and the number of the signal."""


class Commands(click.Group):
    """A command line whose failures are one line on standard error and an exit status."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        defaults: dict[str, Any] = {
            "no_args_is_help": False,
            "context_settings": {"help_option_names": ["-h", "--help"]},
        }
        super().__init__(*arguments, **defaults | {name: value for name, value in settings.items() if value})

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named; gives its exit status."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            discard_output()
            return DONE
        except KeyboardInterrupt:
            say(ctx, "interrupted")
            return INTERRUPTED
        except (AuditStoreError, OSError) as error:
            say(ctx, describe(error))
            return NOTHING_DONE


def run(commands: click.Group, arguments: Sequence[str] | None, prog: str) -> int:
    """Run a command line and give its exit status; `arguments` are those of the process unless given.

    `prog` is the name of the program in its texts; an installed script, such as `audit-store`, and another package that
    runs it, such as `analysis`, have their own. Wrong arguments are one line on standard error and status NOTHING_DONE.
    """
    script, program = Path(sys.argv[0]), prog
    if script.name.startswith("audit-"):
        program = script.name
    elif script.name == "__main__.py" and script.resolve().parents[1] == _PROJECT:
        program = f"python -m {script.parent.name}"
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_EscapingFormatter())
    try:
        status = commands.main(arguments, prog_name=program, standalone_mode=False)
    except click.UsageError as error:
        name = error.ctx.command_path if error.ctx else program
        message = " ".join(error.format_message().split()).rstrip(".")
        say_plainly(f"{name}: {message}; see {name} --help")
        return NOTHING_DONE
    except click.Abort:
        return INTERRUPTED
    return DONE if status is None else int(status)


def discard_output() -> None:
    """Send what standard output still holds nowhere: its reader has left, and Python must not fail at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(ctx: click.Context, text: str) -> None:
    """A line on standard error that begins with the name of the command."""
    name = f"{ctx.command_path} {ctx.invoked_subcommand}" if ctx.invoked_subcommand else ctx.command_path
    say_plainly(f"{name}: {text}")


def say_progress(ctx: click.Context, text: str) -> None:
    """The same as `say` on a terminal, and nothing elsewhere: a scheduled job mails what it writes."""
    if sys.stderr.isatty():
        say(ctx, text)


def say_plainly(text: str) -> None:
    """A line on standard error; line breaks, control and invisible characters are written as escapes."""
    click.echo(one_line(text), err=True)


def show(text: str) -> None:
    """Lines on standard output; control and invisible characters are written as escapes."""
    click.echo("\n".join(map(one_line, text.split("\n"))))


def show_json(value: object) -> None:
    """A value on standard output as JSON in ASCII, which a terminal shows as it is."""
    click.echo(json.dumps(value).replace("\x7f", "\\u007f"))


def data_output() -> BinaryIO:
    """Standard output for data in UTF-8: exact for a pipe or file, and with escapes as in `show` on a terminal."""
    return _EscapedOutput() if sys.stdout.isatty() else sys.stdout.buffer


class _EscapedOutput(io.BytesIO):
    """Writes lines of text to a terminal."""

    def write(self, data: "Buffer", /) -> int:
        """Write whole lines."""
        text = bytes(data).decode(errors="backslashreplace").replace("\r\n", "\n")
        click.echo("\n".join(map(one_line, text.split("\n"))), nl=False)
        return memoryview(data).nbytes


class _EscapingFormatter(logging.Formatter):
    """Formats what no handler of the program takes, which Python writes to standard error."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record, with escapes as in `show`."""
        return "\n".join(map(one_line, super().format(record).split("\n")))


def describe(error: Exception) -> str:
    """The text of an error."""
    return os_error_text(error) if isinstance(error, OSError) else str(error)


_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3660)


class Length(click.ParamType[timedelta]):
    """A length of time such as 24h."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length. Raises click.BadParameter."""
        if isinstance(value, timedelta):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if unit in _UNITS and number.isascii() and number.isdigit() and len(number) < 9:
            length = timedelta(**{_UNITS[unit]: int(number)})
            if timedelta() < length <= _LONGEST:
                return length
        raise click.BadParameter(
            f"{value!r} is not a length of time up to 3660d; give 90m, 24h, 7d or 2w", ctx, param
        )


def _store_path(_ctx: click.Context, _parameter: click.Parameter, path: Path) -> Path:
    if not path.name:
        raise click.BadParameter("name a file")
    if path.is_dir():
        raise click.BadParameter(f"{path} is a folder; name a file in it, such as {path / 'audit.duckdb'}")
    return path.absolute()


store_option = click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default=lambda: default_store(),
    show_default="$AUDIT_STORE, else ./audit.duckdb",
    callback=_store_path,
    help="The DuckDB file.",
)
"""The option --store, an absolute path."""
