"""The first records in the beginning of a file, as far as they are complete there."""

import contextlib
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ingest.formats.paths import value_at

MOST = 50
_CSV_BYTES = 1 << 16
_BETWEEN = re.compile(r"[\s,]*")
_ARRAY_OF_OBJECTS = re.compile(r"\[\s*(?=\{)")
_LINE_OF_OBJECT = re.compile(r"\n\s*(?=\{)")
_decode = json.JSONDecoder().raw_decode

Object = dict[str, Any]


def json_documents(text: str) -> list[Object]:
    """The first JSON objects: documents, and elements of arrays that are documents or were cut off."""
    documents = (
        element for value in _values(text) for element in (value if isinstance(value, list) else [value])
    )
    objects = (document for document in documents if isinstance(document, dict))
    return [document for document, _ in zip(objects, range(MOST), strict=False)]


def json_records(documents: Sequence[Object], envelopes: Sequence[str]) -> list[Object]:
    """The records in documents: the elements of the array at one of these paths, or the document itself."""
    records: list[Object] = []
    for document in documents:
        values = (value_at(document, f"$.{path}") for path in envelopes)
        arrays = [value for value in values if isinstance(value, list)]
        records += [element for element in arrays[0] if isinstance(element, dict)] if arrays else [document]
    return records[:MOST]


def csv_records(text: str, columns: Sequence[str] = ()) -> list[Object]:
    """The first rows of a CSV, without the empty cells; it has a header unless its `columns` are named."""
    complete = text[: text.rfind("\n") + 1] or text
    header = complete.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    if delimiter not in header:
        return []
    rows = csv.DictReader(complete.splitlines(keepends=True), columns or None, delimiter=delimiter)
    try:
        sample = [row for row, _ in zip(rows, range(MOST), strict=False)]
    except csv.Error:
        return []
    return [
        {key: cell for key, cell in row.items() if key and isinstance(cell, str) and cell} for row in sample
    ]


def named_columns(data: bytes, columns: Sequence[str]) -> tuple[str, ...]:
    """As many of the names as most of the first rows of a CSV have cells."""
    widths = Counter(map(len, _rows(data[:_CSV_BYTES].decode(errors="replace")))).most_common(1)
    return tuple(columns[: widths[0][0]] if widths else columns)


def _rows(text: str) -> list[list[str]]:
    """The first rows of a CSV that are not blank, up to one that is not valid."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        for row in csv.reader(io.StringIO(text, newline="")):
            rows += [row] if row else []
            if len(rows) == MOST:
                break
    return rows


def lines(text: str, continuation: str = "") -> list[str]:
    """The first lines that are complete and not blank, without those that begin with a character of `continuation`."""
    complete = text[: text.rfind("\n") + 1] or text
    return [line for line in complete.splitlines() if line.strip() and line[0] not in continuation][:MOST]


def _values(text: str) -> Iterator[Any]:
    position, is_first = 0, True
    while position < len(text):
        position = match.end() if (match := _BETWEEN.match(text, position)) else position
        try:
            value, position = _decode(text, position)
        except (ValueError, RecursionError):
            following = _ARRAY_OF_OBJECTS.search(text, position) if is_first else None
            following = following or _LINE_OF_OBJECT.search(text, position)
            if not following:
                return
            position = following.end()
        else:
            yield value
        is_first = False
