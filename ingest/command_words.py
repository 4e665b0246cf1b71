"""What the command lines share about events: their formats and fields, and whether they are stored, in words."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from audit_store.cli import DONE, NOT_FOLDED, NOTHING_DONE, SOME_REJECTED, describe, discard_output, say, show
from audit_store.errors import NOT_STORED, UNKNOWN, AuditStoreError, reason
from audit_store.event import FIELDS

_FIELD_HELP = {
    "agent": "Who acted: a person, a service, an API key.",
    "activity": "What they did, such as Login.",
    "description": "One sentence about it.",
    "occurred_at": "When, such as 2026-03-14T09:26:53Z; default: now.",
    "outcome": "success or failure.",
    "source_ip": "The address that the request came from.",
    "target": "What it was done to.",
    "source": "The system that reports the event.",
    "event_id": "A key of your own: events with the same source and key are stored once.",
    "metadata": "Anything else, as a JSON object.",
}


def format_names() -> list[str]:
    """The names of the formats that files may have, without the cost of loading them."""
    return sorted(path.stem for path in (Path(__file__).parent / "formats").glob("*.toml"))


def mappings_of(_: click.Context, param: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """FIELD=INPUT, each a member."""
    mappings = {}
    for value in values:
        field, equals, source = value.partition("=")
        if not equals or field not in FIELDS:
            fields = ", ".join(FIELDS)
            raise click.BadParameter(
                f"{value!r}: give FIELD=INPUT, where FIELD is one of {fields}", param=param
            )
        mappings[field] = source
    return mappings


def complete_field(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """The fields that `--map` may begin with."""
    return [f"{field}=" for field in FIELDS if field.startswith(incomplete)]


def complete_format(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """The formats that begin with a text."""
    return [name for name in ("auto", *format_names()) if name.startswith(incomplete)]


def field_options(command: Callable[..., int]) -> Callable[..., int]:
    """An option for each field of an event."""
    for name in reversed(FIELDS):
        option = f"--{name.replace('_', '-')}"
        required = name in ("agent", "activity")
        command = click.option(option, name, required=required, metavar="TEXT", help=_FIELD_HELP[name])(
            command
        )
    return command


def says_what_is_stored(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose errors end with what became of its events: "not stored" or "unknown" and what to do."""

    @functools.wraps(command)
    def with_word(*arguments: Any, **settings: Any) -> int:
        try:
            return command(*arguments, **settings)
        except BrokenPipeError:
            raise
        except (AuditStoreError, OSError) as error:
            say(click.get_current_context(), f"{describe(error)} ({_word(error)})")
            return NOTHING_DONE

    return with_word


def exit_status(rejected: int, *, is_left: bool) -> int:
    """The exit status of a command that rejected some events, or left some in the spool."""
    return NOT_FOLDED if is_left else SOME_REJECTED if rejected else DONE


def print_stored(event_id: str) -> None:
    """Print the id of a stored event; that it cannot be printed is no error, because the event is stored."""
    try:
        show(event_id)
    except BrokenPipeError:
        raise
    except OSError as error:
        say(click.get_current_context(), f"standard output: {reason(error)} (stored: {event_id})")
        discard_output()


def _word(error: Exception) -> str:
    if not isinstance(error, AuditStoreError) or error.stored == NOT_STORED:
        return NOT_STORED
    if error.event_ids:
        return f"{error.stored}: {', '.join(error.event_ids)}"
    return (
        "unknown: import the files again, which stores nothing twice"
        if error.stored == UNKNOWN
        else error.stored
    )
