"""Values that are written within a text: JSON, key=value pairs, extensions of CEF and LEEF, and what patterns find."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from audit_store.errors import InvalidEvent, reason

Notation = Literal["json", "pairs", "cef", "leef", "patterns"]

# A value in quotes ends at its quote, as " and ' do in logfmt and in the audit log of Linux; any other at a space.
_PAIR = re.compile(
    r"""(?P<key>[^\s=,"']+)=(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<plain>[^\s"']\S*|))"""
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
# In CEF a key begins a line or follows a space, and the value goes up to the next key.
_CEF_KEY = re.compile(r"(?:^|(?<=\s))([\w.\[\]-]+)=")
# The character between the pairs of LEEF 2.0, itself or in hexadecimal digits, stands before them.
_LEEF_DELIMITER = re.compile(r"(?:(?:0?x(?P<code>[0-9A-Fa-f]{2,4}))|(?P<character>.))?\|")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_ENRICHED = "\x1d"


@dataclass(frozen=True, slots=True)
class Decoding:
    """How the text of a key is taken apart.

    With `merge`, the values join the record under their own keys; otherwise they take the place of the text. An object
    is JSON that has been read already. In pairs, the values of the keys in `hex` are hexadecimal digits of UTF-8 where
    they have no quotes, and those of the keys in `nested` are pairs in quotes, which join the others. The named groups
    of the first of the `patterns` that fits join the record, and the text stays.
    """

    notation: Notation
    merge: bool = False
    hex: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()

    def apply(self, record: Mapping[str, Any], key: str) -> dict[str, Any]:
        """The record with what the text holds. Raises InvalidEvent for a text that is not JSON."""
        text = record.get(key)
        if isinstance(text, dict):
            value: Any = text
        elif not isinstance(text, str) or not text:
            return dict(record)
        elif self.notation == "patterns":
            return {**record, **self._groups(text)}
        else:
            value = _json(key, text) if self.notation == "json" else _WRITTEN[self.notation](self, text)
        if self.merge and isinstance(value, dict):
            return {**{name: kept for name, kept in record.items() if name != key}, **value}
        return {**record, key: value}

    def _groups(self, text: str) -> dict[str, str]:
        matches = (pattern.search(text) for pattern in self.patterns)
        match = next((match for match in matches if match), None)
        return {name: group for name, group in match.groupdict().items() if group} if match else {}


def pairs(decoding: Decoding, text: str) -> dict[str, Any]:
    """The values of key=value pairs; of a key that comes twice, the first. What is no pair is not kept."""
    values: dict[str, Any] = {}
    # The audit log of Linux puts the names of ids after this character.
    for match in _PAIR.finditer(text.replace(_ENRICHED, " ")):
        key, double, single, plain = match.group("key", "double", "single", "plain")
        if key in decoding.nested and plain is None:
            values = pairs(decoding, double if double is not None else single) | values
        elif plain is None:
            values.setdefault(key, _unescaped(double if double is not None else single))
        else:
            values.setdefault(key, _of_hex(plain) if key in decoding.hex else plain)
    return values


def _cef(_: Decoding, text: str) -> dict[str, Any]:
    """The extension of CEF: key=value pairs whose values may hold spaces, and = and \\ with a backslash before it."""
    keys = [match for match in _CEF_KEY.finditer(text) if text[match.end() - 2 : match.end() - 1] != "\\"]
    ends = [*(match.start() for match in keys[1:]), len(text)]
    return {
        match[1]: _unescaped(text[match.end() : end].strip()) for match, end in zip(keys, ends, strict=True)
    }


def _leef(decoding: Decoding, text: str) -> dict[str, Any]:
    """The attributes of LEEF: key=value pairs with tabs or a character of the event's own between them."""
    declared = _LEEF_DELIMITER.match(text)
    code, character = declared.group("code", "character") if declared else (None, None)
    delimiter = chr(int(code, 16)) if code else character or "\t"
    attributes = text[declared.end() :] if declared else text
    if delimiter not in attributes:
        return _cef(decoding, attributes)  # some devices write spaces between the pairs
    parts = (part.partition("=") for part in attributes.split(delimiter))
    return {key.strip(): value.strip() for key, equals, value in parts if equals}


_WRITTEN: Mapping[str, Callable[[Decoding, str], dict[str, Any]]] = {
    "pairs": pairs,
    "cef": _cef,
    "leef": _leef,
}


def _json(key: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = reason(error)
        raise InvalidEvent("record", text, f"the value of {key!r} must be JSON, and {problem}") from None


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), text)


def _of_hex(text: str) -> str:
    # The null bytes stand between the words of a command line.
    if not _HEX.fullmatch(text):
        return text
    return bytes.fromhex(text).decode(errors="backslashreplace").replace("\0", " ").strip()
