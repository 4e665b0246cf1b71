"""What a format file may say: a struct for each table of the TOML, validated by msgspec.

Every file in this folder is an example, and docs/formats.md explains each key. Where a field of an event may come from
is a text or a list of texts, tried in order: a key of the record (a column, a named group of `line`), a path
(`$.userIdentity.arn`, `$.resources[0].ARN`, `^.actor.email` in the record around it), or a text with such keys or
paths in braces, which counts if all of them have a value.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import inspect

from audit_store.event import FIELDS
from ingest.formats.line_shape import LINE_FIELDS

SPOOL_FIELDS = ("fresh_id", "appended_at", "crc32")
"""What the lines of a spool carry beside the fields of an event."""

_MESSAGE = re.compile(r"(?P<problem>.+?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_KEY = re.compile(r"Object (?:contains )?(unknown|missing required) field `(.+)`", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")


class InvalidDeclaration(Exception):
    """What is wrong with a declaration: the key, and what is allowed."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"key {key!r}: {problem}" if key else problem)
        self.key = key


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a format file; a key that it does not know is an error."""


class Detection(Table, frozen=True):
    """`[detect]`: what files of this format look like: the extension, and the first 64 KiB.

    `keys` are keys, paths or PATH=VALUE that most records have, or several lists of such, of which one fits.
    `contains` are texts of which every line has one: a format of lines is looked for only where one of them is.
    """

    extensions: tuple[str, ...] = ()
    pattern: str | None = None
    keys: tuple[str | tuple[str, ...], ...] = ()
    contains: tuple[str, ...] = ()


if TYPE_CHECKING:
    Candidates = Any
    Values = Any
    ValueMaps = Any
    LineRule = Any
else:
    _candidates = str | tuple[str, ...] | None
    Candidates = msgspec.defstruct(
        "Candidates",
        [(name, _candidates, None) for name in (*FIELDS, *SPOOL_FIELDS)],
        bases=(Table,),
        frozen=True,
    )
    Candidates.__doc__ = "`[fields]`: where each field of an event comes from."
    Values = msgspec.defstruct(
        "Values", [(name, str | None, None) for name in FIELDS], bases=(Table,), frozen=True
    )
    Values.__doc__ = "`[constants]` and `set`: a fixed value for each of some fields of an event."
    ValueMaps = msgspec.defstruct(
        "ValueMaps", [(name, dict[str, str] | None, None) for name in FIELDS], bases=(Table,), frozen=True
    )
    ValueMaps.__doc__ = "`[values.FIELD]`: what a value of the record becomes; `*` is any other value."
    LineRule = msgspec.defstruct(
        "LineRule",
        [("pattern", str), *((name, str | None, None) for name in LINE_FIELDS)],
        bases=(Table,),
        frozen=True,
    )
    LineRule.__doc__ = "`[[rules]]`: a pattern with groups named like fields of an event, and fixed values."


class Condition(Table, frozen=True):
    """A test of the value at `path`: that it exists, and whatever else is given."""

    path: str
    equals: str | tuple[str, ...] | None = None
    not_equals: str | tuple[str, ...] | None = None
    prefix: str | tuple[str, ...] | None = None
    matches: str | None = None
    at_least: float | None = None
    below: float | None = None
    missing: bool = False


class When(Condition, frozen=True, kw_only=True):
    """`[[when]]`: where the condition, and those in `also`, hold, fields are set; the first rule of a field wins.

    What is set is a fixed text, or one with keys or paths in braces.
    """

    set: Values
    also: tuple[Condition, ...] = ()


class Skip(Condition, frozen=True, kw_only=True):
    """`[[skip]]`: where the condition, and those in `also`, hold, a record is no event; `reason` says what they are."""

    reason: str
    also: tuple[Condition, ...] = ()


class Decode(Table, frozen=True):
    """`[decode.KEY]`: how the text of a key is taken apart."""

    notation: Literal["json", "pairs", "cef", "leef", "patterns"]
    merge: bool = False
    hex: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class Join(Table, frozen=True):
    """`[join]`: records with the same values of these keys or paths are one record."""

    by: tuple[str, ...]
    keep: Literal["first", "last"] = "first"


class Declaration(Table, frozen=True):
    """A format file."""

    kind: Literal["jsonl", "json-records", "csv", "csv-export", "parquet", "lines"]
    title: str = ""
    detect: Detection = Detection()
    source: str = ""
    timezone: str | None = None
    time_format: str | tuple[str, ...] = ()
    time_unit: Literal["s", "ms", "us", "ns"] | None = None
    metadata: Literal["rest", "none"] = "rest"
    trim: bool = False
    ignore_case: bool = False
    records: str | tuple[str, ...] = "$"
    decode: dict[str, Literal["json", "pairs", "cef", "leef"] | Decode] = {}
    join: Join | None = None
    skip: tuple[Skip, ...] = ()
    fields: Candidates | None = None
    values: ValueMaps | None = None
    constants: Values | None = None
    when: tuple[When, ...] = ()
    columns: tuple[str, ...] = ()
    line: str = ""
    continuation: str = ""
    message: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    repeats: str = ""
    rules: tuple[LineRule, ...] = ()


def read(data: Mapping[str, Any]) -> Declaration:
    """The declaration that parsed TOML holds. Raises InvalidDeclaration."""
    try:
        return msgspec.convert(data, Declaration)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from error


def filled_keys(table: Any) -> dict[str, Any]:
    """The keys of a table that the file gives, with their values."""
    return (
        {}
        if table is None
        else {key: value for key, value in msgspec.structs.asdict(table).items() if value is not None}
    )


def _explained(message: str) -> InvalidDeclaration:
    """An error of msgspec in words that say what is allowed."""
    parts = _MESSAGE.fullmatch(message)
    problem, path = (parts["problem"], parts["path"] or "") if parts else (message, "")
    allowed = ", ".join(_allowed(path))
    key = _INDEX.sub(lambda index: f"[{int(index[1]) + 1}]", path)
    if named := _KEY.fullmatch(problem):
        unknown = f"it is not one of the keys {allowed}"
        return InvalidDeclaration(
            f"{key}.{named[2]}".lstrip("."), unknown if named[1] == "unknown" else "it is required"
        )
    if problem.startswith("Invalid enum value "):
        return InvalidDeclaration(
            key, f"{problem.removeprefix('Invalid enum value ')} is not one of {allowed}"
        )
    return InvalidDeclaration(key, (problem[0].lower() + problem[1:]).replace(" | null", ""))


def _allowed(path: str) -> Sequence[str]:
    """The keys of the table at a path of msgspec such as `when[0].set`, or the values of the key there."""
    kinds: Sequence[Any] = (inspect.type_info(Declaration),)
    for step in re.findall(r"\w+", path.replace("[...]", "[0]")):
        kinds = [
            option
            for kind in kinds
            for below in _below(kind, step)
            for option in getattr(below, "types", (below,))  # a union is one of its options
        ]
    keys = [field.name for kind in kinds for field in getattr(kind, "fields", ())]
    return keys or [value for kind in kinds for value in getattr(kind, "values", ())]


def _below(kind: Any, step: str) -> Sequence[Any]:
    """The types of a key of a table, or of an item of an array or of a table with any keys."""
    if step.isdigit():
        return [getattr(kind, name) for name in ("item_type", "value_type") if hasattr(kind, name)]
    return [field.type for field in getattr(kind, "fields", ()) if field.name == step]
