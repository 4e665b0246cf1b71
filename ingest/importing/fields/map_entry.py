"""What a caller says of a field of an event: `agent=Sender|Author|'nobody'`, `outcome=result:OK=success,*=failure`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from audit_store.errors import InvalidFormat
from ingest.formats.paths import first_key, is_path, path_of

# The parts between bars; those in quotes or brackets may hold bars themselves.
_ALTERNATIVE = re.compile(r"""(?:'[^']*'|"[^"]*"|\[[^\]]*\]|[^|'"\[]|['"\[])+?(?=\||$)""")
_VALUES = re.compile(r"(?P<input>.*?):(?P<values>[^:=]+=[^=,]*(?:,[^=,]+=[^=,]*)*)")
_CONSTANT = re.compile(r"'(?P<text>[^']*)'")


@dataclass(frozen=True, slots=True)
class MapEntry:
    """Where a field comes from: keys, paths or templates in order, what their values become, and else a text."""

    candidates: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    constant: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a record with which the candidates begin; none if one of them begins with no single key."""
        keys = tuple(first_key(candidate) for candidate in self.candidates)
        return keys if all(keys) and self.constant is None else ()


def map_entry(name: str, text: str) -> MapEntry:
    """The entry in `text`, for the field `name`: alternatives with `|` between them, the last perhaps in quotes.

    After `:` stand values, as FROM=TO with commas between them; `*` is any other value. An empty text is for a field
    that comes from nowhere. Raises InvalidFormat.
    """
    if not text:
        return MapEntry()
    values: dict[str, str] = {}
    if not _CONSTANT.fullmatch(text) and (match := _VALUES.fullmatch(text)):
        text = match["input"]
        values = dict(_pair(part) for part in match["values"].split(","))
    candidates = [match[0] for match in _ALTERNATIVE.finditer(text)]
    constant = _CONSTANT.fullmatch(candidates[-1]) if candidates else None
    candidates = candidates[:-1] if constant else candidates
    for candidate in candidates:
        if _CONSTANT.fullmatch(candidate):
            raise InvalidFormat(f"--map {name}={text}: a text in quotes must come last")
        if is_path(candidate):
            path_of(candidate)
    return MapEntry(tuple(candidates), values, constant["text"] if constant else None)


def _pair(text: str) -> tuple[str, str]:
    before, _, after = text.partition("=")
    return before.strip(), after.strip()
