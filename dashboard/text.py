"""The gate through which log text reaches the screen.

Log text is written by attackers. It is shown only through calls that draw plain text: cells of
`st.dataframe`, `st.text`, `st.code`, options of `st.multiselect`, and labels of charts. Every other call that
takes text (labels, captions, metrics, notices, `help`) turns it into Markdown and gets texts of our own only.
What passes here cannot reverse, hide or break a line either.
"""

import re
import unicodedata
from collections.abc import Iterator

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
# Letters and marks that are drawn as nothing or as a blank (Unicode: Default_Ignorable_Code_Point, U+2800),
# and the bracket of the escapes themselves, so that no text can pretend to be an escape.
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0⟨") | {
    chr(selector) for selector in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+')


def shown(text: str, most: int | None = None) -> str:
    """The text on one line, with control, bidirectional and invisible characters as ⟨U+202E⟩.

    Blanks at either end are escaped too, and different texts stay different. With `most`, what is longer ends
    in "…" after that many characters of the original.

    >>> shown("invoice\u202efdp.exe")
    'invoice⟨U+202E⟩fdp.exe'
    """
    kept = text if most is None or len(text) <= most else text[:most]
    escaped = kept if _PLAIN.fullmatch(kept) else "".join(_escaped(kept))
    return escaped if len(kept) == len(text) else escaped + "…"


def heading(text: str) -> str:
    """The text through the gate, beginning with a capital letter."""
    return shown(text[:1].upper() + text[1:])


def pretty_json(text: str) -> str:
    """JSON text, indented by two spaces, its numbers and escapes exactly as they were written."""
    written, depth, before = "", 0, ""
    for piece in _JSON_TOKEN.findall(text):
        closes = piece in "]}"
        depth -= closes
        if before == "," or (before in ("[", "{") and not closes) or (closes and before not in ("[", "{")):
            written += "\n" + "  " * depth
        written += shown(piece) + (" " if piece == ":" else "")
        depth += piece in "[{"
        before = piece
    return written


def count(number: float, noun: str = "") -> str:
    """A whole number with thousands separators, and what it counts: "1,204 events", "1 event"."""
    words = noun if round(number) == 1 else f"{noun}s"
    return f"{number:,.0f} {words}" if noun else f"{number:,.0f}"


def _escaped(text: str) -> Iterator[str]:
    last = len(text) - 1
    for place, character in enumerate(text):
        at_edge = character == " " and place in (0, last)
        yield f"⟨U+{ord(character):04X}⟩" if at_edge or _is_hidden(character) else character


def _is_hidden(character: str) -> bool:
    if character == " ":
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _HIDDEN_LETTERS
