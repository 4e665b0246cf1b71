"""The beginning of a file, its format, and what an import would make of its first records."""

import io
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from audit_store.errors import InvalidEvent, InvalidFormat
from audit_store.event import BODY
from ingest import formats
from ingest.formats import Format, samples
from ingest.formats.detection import envelopes, text_of
from ingest.formats.paths import value_at
from ingest.importing.fields import time_samples
from ingest.importing.fields.time_samples import TimeSample
from ingest.importing.mapping import ReadOptions, recipe_of
from ingest.importing.record_reader import read
from ingest.importing.sources.byte_source import HEAD_BYTES, Content
from ingest.preview.suggestion import suggested

SHOWN = 3
"""How many events of a sample are shown."""
_MOST = 1000
_WITHOUT_YEAR = re.compile(r"[A-Z][a-z]{2} +\d")


@dataclass(frozen=True, slots=True)
class Preview:
    """What the beginning of a file is like.

    `why` says how the format was found, or why none was: then `format` is that of any such records, or None. `mapping`
    and `timezone` are suggestions for `--map` and `--timezone` that the rest is based on; empty and None if none is
    needed. Of the first `read` records `fitting` can be stored, and `problem` says what is wrong with the first that
    cannot. `events` are the first ones as they would be stored, `first` and `last` the times (naive, in UTC) of all
    that fit, `times` how they are written, where known. With `guesses_year`, they have no year, and the latest that is
    not in the future is taken.
    """

    file: str
    format: Format | None
    why: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    read: int = 0
    fitting: int = 0
    skipped: int = 0
    problem: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None
    times: TimeSample | None = None
    guesses_year: bool = False


def preview(content: Content, file: str, format_name: str, options: ReadOptions) -> Preview:
    """What an import would make of the first records of a file; closes the content.

    Raises InvalidFormat for options that make no sense, and OSError.
    """
    with closing(content):
        if content.damage:
            return Preview(file, None, content.damage)
        text = text_of(content.head)
        fmt, why = _format(content.head, text, file, format_name)
        if fmt is None:
            return Preview(file, None, why)
        source = content.seekable() if fmt.kind == "parquet" else _whole_records(content.head)
        plain = _read(Preview(file, fmt, why), fmt, source, options)
        if plain.fitting == plain.read or fmt.keys or fmt.columns or fmt.lines is not None:
            return _with_times(plain, text, options)
        mapping = {**suggested(_records(text)), **(options.map or {})}
        tries = [plain]
        for zone in dict.fromkeys((options.timezone, options.timezone or "UTC")):
            begun = Preview(file, fmt, why, mapping, zone if zone != options.timezone else None)
            tries.append(_read(begun, fmt, source, replace(options, map=mapping, timezone=zone)))
        return _with_times(max(tries, key=lambda result: result.fitting), text, options)


def _format(head: bytes, text: str, file: str, format_name: str) -> tuple[Format | None, str]:
    if format_name != "auto":
        return formats.load(format_name), "it was named"
    try:
        guess = formats.guess(head, file)
    except InvalidFormat as error:
        if text[:1] in ("{", "["):
            return formats.load("json"), f"records of JSON; {error}"
        if samples.csv_records(text):
            return formats.load("csv"), f"rows with a header; {error}"
        return None, str(error)
    return guess.format, guess.reason


def _whole_records(head: bytes) -> bytes:
    """The head without the line that it cuts off."""
    end = head.rfind(b"\n") + 1
    return head[:end] if len(head) >= HEAD_BYTES and end else head


def _read(begun: Preview, fmt: Format, source: bytes | Path | BinaryIO, options: ReadOptions) -> Preview:
    """The preview with what the format makes of the source."""
    content = Content(io.BytesIO(source) if isinstance(source, bytes) else source)
    is_cut = isinstance(source, bytes) and len(source) >= HEAD_BYTES
    rows, rejects, count, skipped = [], [], 0, 0
    try:
        with closing(read(content, fmt, options, in_threads=False)) as chunks:
            for chunk in chunks:
                rows.append(chunk.rows)
                rejects += chunk.rejects
                count, skipped = count + chunk.read, skipped + sum(chunk.skipped.values())
                if count >= _MOST:
                    break
    except InvalidFormat as error:
        return replace(begun, read=1, problem=str(error))
    if is_cut and rejects:  # the record at which the sample ends
        rejects, count = sorted(rejects)[:-1], count - 1
    events = [event for table in rows for event in table.select([*BODY, "occurred_at"]).to_pylist()]
    for event in events:
        event["occurred_at"] = event["occurred_at"].replace(tzinfo=None)
    moments = [event["occurred_at"] for event in events]
    return replace(
        begun,
        read=count,
        fitting=len(events),
        skipped=skipped,
        problem=f"line {rejects[0].line}: {rejects[0].reason}" if rejects else "",
        events=events[:SHOWN],
        first=min(moments, default=None),
        last=max(moments, default=None),
    )


def _with_times(begun: Preview, text: str, options: ReadOptions) -> Preview:
    """The preview with how times are written, where that can be seen in the text."""
    if begun.format is None:
        return begun
    zone = begun.timezone or options.timezone
    recipe = recipe_of(begun.format, replace(options, map=begun.mapping or options.map, timezone=zone))
    if begun.format.lines is None:
        keys = recipe.fields.get("occurred_at", ())
        return replace(
            begun, times=time_samples.sample(_values(_records(text, begun.format), keys), recipe.times)
        )
    values = _times_of_lines(text, begun.format)
    without_year = [value for value in values if _WITHOUT_YEAR.match(value)]
    year = options.year or (begun.last.year if begun.last else None)
    dated = [f"{value} {year}" if value in without_year else value for value in values]
    return replace(
        begun,
        times=time_samples.sample(dated, recipe.times),
        guesses_year=bool(without_year) and options.year is None,
    )


def _times_of_lines(text: str, fmt: Format) -> list[str]:
    """The times of the first lines, for a format whose lines have a time."""
    pattern, lines = fmt.line_pattern, fmt.lines
    if pattern is None or lines is None or "time" not in pattern.groupindex:
        return []
    matches = [pattern.search(line) for line in samples.lines(text, lines.continuation)]
    return [match["time"] for match in matches if match and match["time"]]


def _values(records: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> list[Any]:
    found = ([value_at(record, key) for key in keys] for record in records)
    return [value for values in found for value in values[:1] if value is not None]


def _records(text: str, fmt: Format | None = None) -> list[Mapping[str, Any]]:
    """The first records in a text, as the format opens them."""
    if fmt is None:
        return [*(samples.json_records(samples.json_documents(text), ()) or samples.csv_records(text))]
    documents = samples.json_documents(text)
    records = samples.json_records(documents, envelopes(fmt)) or samples.csv_records(text, fmt.columns)
    return [part for record in records for part in _opened(record, fmt)]


def _opened(record: Mapping[str, Any], fmt: Format) -> list[Mapping[str, Any]]:
    try:
        return fmt.expansion.opened(record)
    except InvalidEvent:
        return []
