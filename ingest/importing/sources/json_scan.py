"""The end of a JSON value, by its brackets and quotes alone."""

import re
from dataclasses import dataclass

_OUTSIDE = re.compile(r'[^"\[\]{}]*+')
_IN_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SCALAR = re.compile(r'[^\s,\[\]{}"]+|[\]}]')


@dataclass
class Scan:
    """Looks for the end of a value by its brackets and quotes alone."""

    depth: int = 0
    in_string: bool = False
    is_done: bool = False

    def run(self, text: str, position: int) -> int:
        """Scan a text from a position on; gives where it is done, or where to go on when there is more text."""
        if self.depth == 0 and not self.in_string and (scalar := _SCALAR.match(text, position)):
            # More characters may follow it.
            self.is_done = scalar.end() < len(text)
            return scalar.end() if self.is_done else position
        while not self.is_done:
            within = _IN_STRING if self.in_string else _OUTSIDE
            match = within.match(text, position)
            position = match.end() if match else position
            if position == len(text) or text[position] == "\\":
                break
            if text[position] == '"':
                self.in_string = not self.in_string
            else:
                self.depth += 1 if text[position] in "[{" else -1
            position += 1
            self.is_done = self.depth <= 0 and not self.in_string
        return position
