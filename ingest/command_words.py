"""What the command lines say of events, in words and by their exit status: whether they are stored."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from audit_store.cli import DONE, NOT_FOLDED, NOTHING_DONE, SOME_REJECTED, describe, discard_output, say, show
from audit_store.errors import NOT_STORED, UNKNOWN, AuditStoreError, reason


def format_names() -> list[str]:
    """The names of the formats that files may have, without the cost of loading them."""
    return sorted(path.stem for path in (Path(__file__).parent / "formats").glob("*.toml"))


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
