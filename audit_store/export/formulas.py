"""Texts of events as cells that no spreadsheet reads as a formula."""

import re

# Explicit characters in place of \s, which RE2 and Python understand differently.
_BLANK = r"\x00-\x20" + "\x85\xa0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
FORMULA = rf"""["'`‘’“”{_BLANK}]*[=+\-@\t\r\n＝＋－＠]"""
"""A pattern for Python and RE2: what a formula begins with (OWASP, CSV Injection), also after blanks and quotes."""
_FORMULA = re.compile(FORMULA)


def neutral(text: str) -> str:
    """The text as a cell that no spreadsheet reads as a formula: with an apostrophe before it where needed.

    To restore the text, remove the first apostrophe of a cell whose remaining text would again get one.

    >>> neutral("=1+2"), neutral("5 = 5")
    ("'=1+2", '5 = 5')
    """
    return "'" + text if _FORMULA.match(text) else text
