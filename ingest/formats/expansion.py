"""One record of a file → the records of its events: what is written within it is decoded, and its arrays opened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from audit_store.errors import InvalidEvent
from ingest.formats.conditions import Skip, all_hold
from ingest.formats.decoding import Decoding
from ingest.formats.paths import Record, first_key, path_of

NOTHING_IN_IT = "records with an empty list of events"


class Skipped(Exception):
    """A record that is no event by the rules of its format; the text says why, of such records in general."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """What is done to a record before the fields of an event are read.

    `spellings` gives the format's spelling of keys, by that and in lower case; keys in another case get it.
    `decode` names the keys whose text is taken apart. `events` gives the paths of the arrays that hold events, from
    the outside to the inside: each element becomes a record with the keys of the records around it, where it has not
    the same ones. A record without such an array is an event itself.
    """

    decode: Mapping[str, Decoding] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    skip: tuple[Skip, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)

    def records(self, record: Mapping[str, Any]) -> list[Mapping[str, Any] | Skipped]:
        """The records of the events. Raises InvalidEvent where a part cannot be decoded or is no object."""
        opened = self.opened(record)
        if not self.skip:
            return [*opened] or [Skipped(NOTHING_IN_IT)]
        return [self._checked(part) for part in opened] or [Skipped(NOTHING_IN_IT)]

    def opened(self, record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The same without a word about those that are no events."""
        record = self._in_spelling(record)
        for key, decoding in self.decode.items():
            record = self._in_spelling(decoding.apply(record, key))
        return [*_opened(record, self.events)] if self.events else [record]

    def _in_spelling(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        # Where the keys of the record itself are as they should be, so are those within it.
        is_other = self.spellings and any(self._spelling(key) != key for key in record)
        return self._spelled(record) if is_other else record

    def _spelled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._spelling(key): self._spelled(below) for key, below in value.items()}
        return [self._spelled(below) for below in value] if isinstance(value, list) else value

    def _spelling(self, key: str) -> str:
        return self.spellings.get(key) or self.spellings.get(key.lower(), key)

    def _checked(self, record: Mapping[str, Any]) -> Mapping[str, Any] | Skipped:
        for skip in self.skip:
            if all_hold(skip.conditions, record):
                return Skipped(skip.reason)
        return record


def _opened(record: Mapping[str, Any], arrays: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    elements = path_of(arrays[0]).within(record) if arrays else None
    if not isinstance(elements, list):
        yield record
        return
    around = {name: value for name, value in record.items() if name != first_key(arrays[0])}
    before = f"{ordinal}." if (ordinal := getattr(record, "ordinal", "")) else ""
    for number, element in enumerate(elements, start=1):
        if not isinstance(element, dict):
            raise InvalidEvent("record", element, f"each element of {arrays[0]} must be a JSON object, {{…}}")
        yield from _opened(Record({**around, **element}, record, f"{before}{number}"), arrays[1:])
