"""The kinds of values that options of the command line take."""

from datetime import timedelta
from typing import Any

import click

from audit_store import ranges
from audit_store.errors import InvalidFilter

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
        raise click.BadParameter(f"{value!r} is not a length of time; give 90m, 24h, 7d or 2w", ctx, param)


class Zone(click.ParamType[str]):
    """The name of a time zone."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as the database of time zones has it. Raises click.BadParameter."""
        try:
            return ranges.zone(str(value)).key
        except InvalidFilter as error:
            raise click.BadParameter(f"{value!r} is unknown; {error.allowed}", ctx, param) from error
