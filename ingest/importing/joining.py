"""Frames whose records are parts of events → frames with one record for all parts of each event."""

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from audit_store.errors import InvalidEvent
from audit_store.event import parse_object
from ingest.formats import Format
from ingest.formats.expansion import Expansion
from ingest.formats.format import Join
from ingest.formats.paths import scalar, value_at
from ingest.importing.sources.frames import Frame, Reject

JOINED = "joined"
"""The key of the other parts, in a record that has the keys of one."""

OPEN_AT_ONCE = 4096
"""How many records may begin between the first and the last part of one."""

_MOST_PARTS = 256
_MOST_CHARACTERS = 64 << 20


@dataclass
class _Group:
    """The parts of one record, its first line, and their texts."""

    line: int
    raws: list[str] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)


def joined(frames: Iterator[Frame], fmt: Format, join: Join) -> Iterator[Frame]:
    """Frames with a column `record`, the JSON text of all parts of a record; `raw` has their lines.

    Records with the same values of the keys of `join` are one, as long as not more than OPEN_AT_ONCE others begin
    between two of them. A record without one of the keys stays as it is.
    """
    joiner = _Joiner(fmt, join)
    for frame in frames:
        yield joiner.frame(frame, [])
    yield joiner.rest()


class _Joiner:
    def __init__(self, fmt: Format, join: Join) -> None:
        self._join, self._pattern = join, fmt.line_pattern
        self._decoding = Expansion(fmt.expansion.decode)
        self._open: OrderedDict[object, _Group] = OrderedDict()
        self._characters = 0

    def frame(self, frame: Frame, complete: list[_Group]) -> Frame:
        """A frame of the records that are complete once this one is read."""
        for line, raw in zip(*(frame.table[name].to_pylist() for name in ("line", "raw")), strict=True):
            part = self._part(raw)
            key = self._key(part) if part is not None else None
            if part is None or key is None:
                self._open[line] = group = _Group(line)
            else:
                group = self._open.setdefault(key, _Group(line))
            group.raws.append(raw)
            self._characters += len(raw)
            group.parts += [] if part is None else [part]
            if len(group.parts) >= _MOST_PARTS and key is not None:
                complete.append(self._closed(key))
            while len(self._open) > OPEN_AT_ONCE or self._characters > _MOST_CHARACTERS:
                complete.append(self._closed(next(iter(self._open))))
        return self._frame(complete, frame.rejects)

    def _closed(self, key: object) -> _Group:
        group = self._open.pop(key)
        self._characters -= sum(map(len, group.raws))
        return group

    def rest(self) -> Frame:
        """A frame of the records that are open at the end."""
        groups, self._open = [*self._open.values()], OrderedDict()
        return self._frame(groups, [])

    def _part(self, raw: str) -> dict[str, Any] | None:
        try:
            if self._pattern is None:
                return dict(self._decoding.opened(parse_object("record", raw))[0])
            match = self._pattern.search(raw.strip())
            groups = {name: text for name, text in match.groupdict().items() if text} if match else {}
            return dict(self._decoding.opened(groups)[0]) if match else None
        except InvalidEvent:
            return None

    def _key(self, part: Mapping[str, Any]) -> tuple[str, ...] | None:
        values = [scalar(value_at(part, key)) for key in self._join.by]
        # A part of the key may be missing, but not all of it.
        return tuple(value or "" for value in values) if values[0] else None

    def _frame(self, groups: list[_Group], rejects: list[Reject]) -> Frame:
        groups = sorted(groups, key=lambda group: group.line)
        lines = pa.array([group.line for group in groups], pa.int64())
        texts = ["\n".join(raw.rstrip("\r\n") for raw in group.raws) for group in groups]
        records = pa.array([self._record(group) for group in groups], pa.string())
        columns: dict[str, pa.Array[Any]] = {
            "line": lines,
            "raw": pa.array(texts, pa.string()),
            "record": records,
        }
        return Frame(pa.table(columns), rejects)

    def _record(self, group: _Group) -> str | None:
        if not group.parts:
            # JSON that is not valid is rejected with what is wrong with it.
            return group.raws[0] if self._pattern is None else None
        if self._join.keep == "last":
            return _text(group.parts[-1])
        first, *others = group.parts
        keys = set(self._join.by)
        others = [{key: value for key, value in part.items() if key not in keys} for part in others]
        return _text({**first, JOINED: others} if others else first)


def _text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
