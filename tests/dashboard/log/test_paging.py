"""Pages of the log: found through the index of blocks, and said in words."""

from itertools import groupby

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.log import paging
from dashboard.log.paging import locate, span

BLOCK = 10


def index(seqs: list[int]) -> pd.DataFrame:
    """What `queries.page_index` gives for these seqs, the newest first, in blocks of 10."""
    blocks = [(block, list(found)) for block, found in groupby(seqs, lambda seq: seq // BLOCK)]
    return pd.DataFrame(
        {
            "block": [block for block, _ in blocks],
            "events": [len(found) for _, found in blocks],
            "last_seq": [found[0] for _, found in blocks],
        }
    )


@given(st.sets(st.integers(0, 200), min_size=1), st.integers(1, 40), st.data())
def test_locate_finds_the_rows_after_any_number_of_newer_ones(
    seqs: set[int], rows: int, data: st.DataObject
) -> None:
    newest_first = sorted(seqs, reverse=True)
    skip = data.draw(st.integers(0, len(newest_first) - 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paging, "SEQ_BLOCK", BLOCK)
        found = locate(index(newest_first), skip, rows)
    within = [seq for seq in newest_first if found.since <= seq < found.below]
    assert within[found.skip : found.skip + rows] == newest_first[skip : skip + rows]
    assert found.skip < BLOCK
    assert len(within) < rows + 2 * BLOCK


@pytest.mark.parametrize(
    ("page", "rows", "total", "expected"),
    [
        (1, 100, 120_345, "1–100 of 120,345 events"),
        (1204, 100, 120_345, "120,301–120,345 of 120,345 events"),
        (1, 50, 1, "1–1 of 1 event"),
    ],
)
def test_span_names_what_a_page_holds(page: int, rows: int, total: int, expected: str) -> None:
    assert span(page, rows, total) == expected
