"""What the command lines share: one-line errors on standard error, exit statuses, the option --store."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from audit_store.errors import AuditStoreError
from audit_store.store_files import default_store

DONE = 0
NOTHING_DONE = 2
"""The exit status where nothing could be done."""
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

    `prog` is the name of the program in its texts; an installed script, such as `audit-store`, has its own. Wrong
    arguments are one line on standard error and status NOTHING_DONE.
    """
    script = Path(sys.argv[0]).name
    program = script if script.startswith("audit-") else prog
    try:
        status = commands.main(arguments, prog_name=program, standalone_mode=False)
    except click.UsageError as error:
        name = error.ctx.command_path if error.ctx else program
        message = " ".join(error.format_message().split()).rstrip(".")
        click.echo(f"{name}: {message}; see {name} --help", err=True)
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
    click.echo(f"{name}: {text}", err=True)


def describe(error: Exception) -> str:
    """The text of an error."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fspath(error.filename)}: {error.strerror}"
    return str(error)


def _store_path(_ctx: click.Context, _parameter: click.Parameter, path: Path) -> Path:
    if not path.name:
        raise click.BadParameter("name a file")
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
