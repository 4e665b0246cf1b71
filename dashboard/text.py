"""Escaping of text from the log for the screen.

Text of the log may be written by attackers. It is shown only through calls that draw plain text: cells of
`st.dataframe`, `st.text`, `st.code`, options of `st.multiselect`, and labels of charts. Every other call that
takes text (labels, captions, metrics, notices, `help`) renders it as Markdown and never gets text of the log.
Escaped text cannot reverse, hide or break a line.
"""

import re
import unicodedata
from collections.abc import Iterator

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
# Letters and marks that are invisible (Unicode: Default_Ignorable_Code_Point, U+2800), and the bracket of the
# escapes, so that no text can imitate an escape.
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0⟨") | {
    chr(selector) for selector in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+')


def shown(text: str, most: int | None = None) -> str:
    """The text on one line, with control, bidirectional and invisible characters escaped as ⟨U+202E⟩.

    Leading and trailing spaces are escaped, too, and different texts stay different. A text of more than `most`
    characters is cut there and ends in "…".

    >>> shown("invoice\u202efdp.exe")
    'invoice⟨U+202E⟩fdp.exe'
    """
    kept = text if most is None or len(text) <= most else text[:most]
    escaped = kept if _PLAIN.fullmatch(kept) else "".join(_escaped(kept))
    return escaped if len(kept) == len(text) else escaped + "…"


def heading(text: str) -> str:
    """The escaped text with a capital first letter."""
    return shown(text[:1].upper() + text[1:])


def pretty_json(text: str) -> str:
    """JSON text indented by two spaces, with numbers and escapes exactly as in the original."""
    pretty, depth, before = "", 0, ""
    for piece in _JSON_TOKEN.findall(text):
        closes = piece in "]}"
        depth -= closes
        if before == "," or (before in ("[", "{") and not closes) or (closes and before not in ("[", "{")):
            pretty += "\n" + "  " * depth
        pretty += shown(piece) + (" " if piece == ":" else "")
        depth += piece in "[{"
        before = piece
    return pretty


def _escaped(text: str) -> Iterator[str]:
    last = len(text) - 1
    for index, character in enumerate(text):
        at_edge = character == " " and index in (0, last)
        yield f"⟨U+{ord(character):04X}⟩" if at_edge or _is_hidden(character) else character


def _is_hidden(character: str) -> bool:
    if character == " ":
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _HIDDEN_LETTERS
