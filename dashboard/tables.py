"""Small tables of texts, in which names are links."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import pandas as pd

from dashboard import components
from dashboard.filters import subject_links

MOST_ROWS = 10
"""How many rows a table shows at once; it scrolls to the others."""


def draw(
    frame: pd.DataFrame,
    label: str,
    *,
    key: str,
    links: Mapping[str, Sequence[str | None]] | None = None,
    warnings: Collection[str] = (),
    most_rows: int = MOST_ROWS,
) -> None:
    """Draw a table whose texts are escaped for the screen.

    `links` has, for a column, the URL of each row (None: no link), as `subject_links.url` gives; what stands in the
    columns `warnings` is a warning.
    """
    kept = links or {}
    components.draw(
        "table",
        {
            "label": label,
            "columns": [
                {
                    "label": str(name),
                    "is_number": pd.api.types.is_numeric_dtype(frame[name]),
                    "is_warning": name in warnings,
                }
                for name in frame
            ],
            "rows": [[_text(value) for value in row] for row in frame.itertuples(index=False)],
            "links": [list(kept.get(str(name), ())) for name in frame],
            "most_rows": most_rows,
        },
        key=key,
        on={subject_links.TRIGGER: partial(subject_links.go, key)},
    )


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
