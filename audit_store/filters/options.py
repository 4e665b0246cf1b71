"""The filter as options of a command line."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from audit_store.cli import say
from audit_store.errors import AuditStoreError, InvalidFilter
from audit_store.filters.event_filter import EventFilter
from audit_store.filters.fields import LISTS, SINGLE, is_parameter
from audit_store.ranges import DEFAULT_RANGE, RANGES

_PATTERNS = ", or one that matches a pattern such as 'support-*'; may be repeated."
_HELP = {
    "range": f"{', '.join(RANGES)}; default: {DEFAULT_RANGE}.",
    "from": "Local date or time at which a custom range starts, such as 2026-03-14T09:26.",
    "to": "Local date or time before which a custom range ends.",
    "tz": "IANA time zone of dates and hours; default: UTC.",
    "q": "Only events that contain this text, ignoring case.",
    "hours": "Only events in this hour of the week, such as Tue-14, or off: outside Monday to Friday, 8 to 18.",
    "source_ip": "Only events from this address or network, such as 203.0.113.0/24; may be repeated.",
    "not_source_ip": "Leave out events from this address or network; may be repeated.",
    "outcome": "Only events with this outcome: success, failure or none; may be repeated.",
}


def filter_options(command: Callable[..., int]) -> Callable[..., int]:
    """An option for each parameter of the dashboard's URL; those of metadata are `--meta PATH=VALUE`."""
    for name in ("not_meta", "meta"):
        which = "Leave out events" if name == "not_meta" else "Only events"
        command = click.option(
            f"--{name.replace('_', '-')}",
            name,
            multiple=True,
            metavar="PATH=VALUE",
            help=f"{which} with this value in the metadata, such as user.role=admin; may be repeated.",
        )(command)
    for name in reversed((*SINGLE, *LISTS)):
        which = "Leave out events with" if name.startswith("not_") else "Only events with"
        command = click.option(
            f"--{name.replace('_', '-')}",
            name,
            multiple=name in LISTS,
            metavar="VALUE",
            help=_HELP.get(name, f"{which} this {name.removeprefix('not_')}{_PATTERNS}"),
        )(command)
    return command


def filter_of(ctx: click.Context, parameters: dict[str, Any]) -> EventFilter:
    """The filter of the options. Raises AuditStoreError, which names the values that cannot be used."""
    values = {name: _values(parameters[name]) for name in (*SINGLE, *LISTS)} | _of_metadata(parameters)
    for name, texts in values.items():
        if "" in texts:
            raise AuditStoreError(_text(InvalidFilter(name, "", "give a value, or leave the option out")))
    if values["from"] or values["to"]:
        if values["range"] not in ([], ["custom"]):
            wrong = InvalidFilter("range", values["range"][0], "with --from or --to it must be custom")
            raise AuditStoreError(_text(wrong))
        values["range"] = ["custom"]
    if not values["range"]:
        say(ctx, f"exporting the {RANGES[DEFAULT_RANGE].lower()}; --range all exports every event")
    where, notices = EventFilter.parse(values)
    if notices:
        raise AuditStoreError("; ".join(map(_text, notices)))
    return where


def _of_metadata(parameters: dict[str, Any]) -> dict[str, list[str]]:
    """The parameters of `--meta` and `--not-meta`. Raises AuditStoreError for a text that is not PATH=VALUE."""
    values: dict[str, list[str]] = {}
    for name in ("meta", "not_meta"):
        for text in parameters[name]:
            path, _, value = text.partition("=")
            parameter = f"{name}.{path}"
            if not value or not path or not is_parameter(parameter):
                wrong = InvalidFilter(name, text, "give a path and a value such as user.role=admin")
                raise AuditStoreError(_text(wrong))
            values.setdefault(parameter, []).append(value)
    return values


def _values(value: str | Sequence[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _text(notice: InvalidFilter) -> str:
    """What is wrong with the value of an option."""
    return f"--{notice.parameter.replace('_', '-')} {notice.value!r} cannot be used: {notice.allowed}"
