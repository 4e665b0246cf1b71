"""What the URL says about the list besides its filter: its columns, its rows on a page, and the page."""

import re
from dataclasses import dataclass

from audit_store.errors import InvalidFilter
from dashboard.filters import url_state
from dashboard.log.event_list import columns, folding

COLUMNS, ROWS, FOLD, PAGE = "columns", "rows", "fold", url_state.PAGE
ROWS_CHOICES = (50, 100, 250)
DEFAULT_ROWS = 100
_COLUMNS_ALLOWED = f"give some of {', '.join(columns.LABELS)}, or meta.<path>"
_PAGE = re.compile(r"([1-9]\d{0,8})@(\d{1,18})", re.ASCII)
_PAGE_ALLOWED = "give a page and the seq that the log ended before, such as 3@12000"


@dataclass(frozen=True, slots=True)
class View:
    """The columns of the list, how many rows a page has, the page (from 1), and values that were ignored.

    `fold` is what rows are folded by, one of `folding.FOLDS`, or "".
    `below` is the `seq` that the log ended before when its pages were numbered; None on the first page of the newest
    log. With it, a page holds the same events whatever is appended later.
    """

    columns: tuple[str, ...]
    rows: int
    fold: str
    page: int
    below: int | None
    ignored: tuple[InvalidFilter, ...]


def current(end: int) -> View:
    """The view that the URL asks for, of a log that ends before the seq `end`."""
    names, unknown = columns.parse(url_state.own(COLUMNS))
    ignored = []
    if unknown:
        ignored.append(InvalidFilter(COLUMNS, ", ".join(unknown), _COLUMNS_ALLOWED))
    rows = DEFAULT_ROWS
    for text in url_state.own(ROWS)[-1:]:
        if text in map(str, ROWS_CHOICES):
            rows = int(text)
        else:
            ignored.append(InvalidFilter(ROWS, text, f"give one of {', '.join(map(str, ROWS_CHOICES))}"))
    fold = ""
    for text in url_state.own(FOLD)[-1:]:
        if text in folding.FOLDS:
            fold = text
        else:
            ignored.append(InvalidFilter(FOLD, text, f"give one of {', '.join(folding.FOLDS)}"))
    page, below = 1, None
    for text in url_state.own(PAGE)[-1:]:
        numbers = _PAGE.fullmatch(text)
        if numbers and int(numbers[2]) <= end:
            page, below = int(numbers[1]), int(numbers[2])
        else:
            ignored.append(InvalidFilter(PAGE, text, _PAGE_ALLOWED))
    return View(tuple(names), rows, fold, page, below, tuple(ignored))


def put_columns(names: list[str]) -> None:
    """Put the columns of the list into the URL."""
    url_state.put(COLUMNS, [] if names == list(columns.DEFAULT) else names)


def put_rows(rows: int) -> None:
    """Put the number of rows of a page into the URL; the list begins with its first page again."""
    url_state.put(ROWS, [] if rows == DEFAULT_ROWS else [str(rows)])
    url_state.put(PAGE, [])


def put_fold(fold: str | None) -> None:
    """Put into the URL what rows are folded by; None for nothing."""
    url_state.put(FOLD, [fold] if fold else [])


def put_page(page: int, below: int) -> None:
    """Put a page into the URL, of the log as it was when it ended before the seq `below`."""
    url_state.put(PAGE, [] if page == 1 else [f"{page}@{below}"])


def remove_page() -> None:
    """Go to the first page of the newest log."""
    url_state.put(PAGE, [])
