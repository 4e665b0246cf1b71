"""The records of JSON documents, of which a file may hold several: the elements of arrays, and objects."""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from audit_store.errors import InvalidFormat
from ingest.importing.sources.frames import RAW_SHOWN, RECORD_BYTES, TOO_LONG, Frame, Readable, Reject, shown
from ingest.importing.sources.json_scan import Scan

_FRAME_CHARACTERS = RECORD_BYTES
_MOST_BEFORE = 16_384  # characters
_BETWEEN = re.compile(r"[\s,]*")
_SPACE = re.compile(r"\s*")
_REST_SKIPPED = "; the rest of the file was skipped"
_SURROGATE = re.compile("[\ud800-\udfff]")
_decode = json.JSONDecoder().raw_decode


def json_records(stream: Readable, path: str, envelopes: Sequence[str] = ()) -> Iterator[Frame]:
    """The records of all documents of a stream, numbered from 1; they may follow each other with or without space.

    With the path $, they are the elements of arrays and the objects that stand for themselves, except that an object
    with an array under one of the names in `envelopes` holds records there; with $.name, the elements of the array
    under that name in each object. What is not valid is a reject, and reading goes on after it.
    Raises InvalidFormat where the first document is none of these.
    """
    texts = iter(lambda: stream.read(RECORD_BYTES), b"")
    # Bytes that are not UTF-8 become lone surrogates, so that only their own record is refused.
    decoded = codecs.iterdecode(texts, "utf-8-sig", errors="surrogateescape")
    name = path.removeprefix("$").removeprefix(".")
    batch = _Batch()
    for text, problem in _records(_Buffer(decoded), name, path, envelopes):
        if not problem and not text.isascii() and _SURROGATE.search(text):
            problem = "it must be UTF-8"
        batch.add(text, problem)
        if batch.size > _FRAME_CHARACTERS:
            yield batch.frame()
    if batch.size:
        yield batch.frame()


@dataclass
class _Batch:
    """Records that go into one frame."""

    number: int = 0
    size: int = 0
    lines: list[int] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    def add(self, text: str, problem: str) -> None:
        """Add a record, or a reject where there is a problem."""
        self.number += 1
        self.size += 1 + len(text)
        if problem:
            self.rejects.append(Reject(self.number, f"record: {problem}", shown(text)))
        else:
            self.lines.append(self.number)
            self.raws.append(text)

    def frame(self) -> Frame:
        """A frame of what was added since the last one."""
        table = pa.table({"line": pa.array(self.lines, pa.int64()), "raw": pa.array(self.raws, pa.string())})
        frame = Frame(table, self.rejects)
        self.size, self.lines, self.raws, self.rejects = 0, [], [], []
        return frame


class _Buffer:
    """The text that is read next, from `position` on; `is_broken` when the file has ended within a value."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts
        self.is_broken = False
        self.text = ""
        self.position = 0

    def more(self) -> bool:
        """Read on, and forget what is before the position; False at the end."""
        following = next(self._texts, "")
        self.text, self.position = self.text[self.position :] + following, 0
        return bool(following)

    def forget(self) -> None:
        """Forget what is before the position."""
        self.text, self.position = self.text[self.position :], 0

    def next_character(self, between: re.Pattern[str] = _SPACE) -> str:
        """The first character that is not of `between`; "" at the end. It is at the position then."""
        while True:
            match = between.match(self.text, self.position)
            self.position = match.end() if match else self.position
            if self.position < len(self.text):
                return self.text[self.position]
            if not self.more():
                return ""

    def take(self, end: int) -> str:
        """The text up to a position, which becomes the next."""
        text, self.position = self.text[self.position : end], end
        return text


def _records(buffer: _Buffer, name: str, path: str, envelopes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The text of each record, and what is wrong with it ("" if nothing)."""
    is_first = True
    while character := buffer.next_character():
        if not name and character == "[":
            buffer.position += 1
            yield from _elements(buffer)
        elif not name and character == "{":
            if envelopes and (steps := _enter_envelope(buffer, envelopes)):
                yield from _elements(buffer)
                yield from _rest_of_objects(buffer, len(steps))
            else:
                yield _value(buffer)
        else:
            beginning = buffer.text[buffer.position : buffer.position + RAW_SHOWN]
            if name and character == "{" and _enter(buffer, name.split(".")):
                yield from _elements(buffer)
                yield from _rest_of_objects(buffer, len(name.split(".")))
            elif is_first:
                break
            else:
                beginning = beginning if character == "{" else _value(buffer)[0]
                yield beginning, f"there is no {_wanted(path)} in this part of the file"
        is_first = False
    if is_first:
        raise InvalidFormat(f"there is no {_wanted(path)} in this file")


def _wanted(path: str) -> str:
    return "JSON object or array" if path == "$" else f"array at {path}"


def _enter(buffer: _Buffer, steps: Sequence[str]) -> bool:
    """Go to the first element of the array at these steps within an object; to the object's end if there is none."""
    buffer.position += 1
    while (character := buffer.next_character(_BETWEEN)) == '"':
        key, _ = _value(buffer)
        if buffer.next_character() == ":":
            buffer.position += 1
        is_on_the_way = key == json.dumps(steps[0])
        opening = buffer.next_character()
        if is_on_the_way and opening == "[" and len(steps) == 1:
            buffer.position += 1
            return True
        if is_on_the_way and opening == "{" and len(steps) > 1:
            if _enter(buffer, steps[1:]):
                return True
        else:
            _skip(buffer, Scan())
    if character == "}":
        buffer.position += 1
    return False


def _enter_envelope(buffer: _Buffer, paths: Sequence[str]) -> Sequence[str]:
    """Go to the first element of the array at one of the paths of an object; gives its steps.

    Stays where there is none, and gives no steps.
    """
    while True:
        end = _end_of_value(buffer.text, buffer.position)
        beginning = buffer.text[buffer.position : end]
        for path in paths:
            steps = path.split(".")
            if json.dumps(steps[-1]) in beginning and (inside := _array_within(beginning, steps)) is not None:
                buffer.position += inside
                return steps
        if end is not None or len(beginning) > RECORD_BYTES or not buffer.more():
            return ()


def _array_within(text: str, steps: Sequence[str]) -> int | None:
    """Where the array at these steps within an object begins, if it begins in this text."""
    copy = _Buffer(iter(()))
    copy.text = text
    if not _enter(copy, steps):
        return None
    return len(text) - len(copy.text) + copy.position


def _elements(buffer: _Buffer) -> Iterator[tuple[str, str]]:
    """The elements of an array up to its end."""
    while character := buffer.next_character(_BETWEEN):
        if character == "]":
            buffer.position += 1
            return
        yield _value(buffer)
    if not buffer.is_broken:
        buffer.is_broken = True
        yield "", "the file ends within an array, whose end is missing"


def _rest_of_objects(buffer: _Buffer, depth: int) -> Iterator[tuple[str, str]]:
    """Skip what stands in the objects around an array after it; a reject where they do not end."""
    if not buffer.is_broken and not _skip(buffer, Scan(depth=depth)):
        yield "", "the file ends within an object, whose end is missing"


def _value(buffer: _Buffer) -> tuple[str, str]:
    """The text of the value at the position, and what is wrong with it."""
    while True:
        if (end := _end_of_value(buffer.text, buffer.position)) is not None:
            return buffer.take(end), ""
        # The error of a decoder counts the lines before it.
        if buffer.position > _MOST_BEFORE:
            buffer.forget()
        scan = Scan()
        end = scan.run(buffer.text, buffer.position)
        if scan.is_done:
            return buffer.take(end), ""  # what is wrong with it is found when it is parsed
        if len(buffer.text) - buffer.position > RECORD_BYTES:
            text = buffer.text[buffer.position : buffer.position + RAW_SHOWN]
            buffer.is_broken = not _skip(buffer, Scan())
            return text, TOO_LONG + (_REST_SKIPPED if buffer.is_broken else "")
        if not buffer.more():
            buffer.is_broken = True
            return buffer.take(len(buffer.text)), f"invalid JSON{_REST_SKIPPED}"


def _end_of_value(text: str, position: int) -> int | None:
    """Where the value at a position ends; None where it is not valid, or perhaps not complete."""
    try:
        end = _decode(text, position)[1]
    except (ValueError, RecursionError):
        return None
    # More digits may follow a number.
    return end if end < len(text) or text[end - 1] in '"]}' else None


def _skip(buffer: _Buffer, scan: Scan) -> bool:
    """Go on to the end of a value, without keeping it; False where the file ends before."""
    while True:
        buffer.position = scan.run(buffer.text, buffer.position)
        if scan.is_done:
            return True
        if not buffer.more():
            return False
