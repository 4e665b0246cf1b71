"""How much space of the disk of a store a fold leaves for appends."""

import os
import shutil
from pathlib import Path

from audit_store.engines.settings import number
from audit_store.quantities import size
from audit_store.store_files import real_path

VARIABLE = "AUDIT_RESERVE_MB"
DEFAULT = 64_000_000
"""Bytes of the reserve, where no setting says otherwise, but at most SHARE of the disk."""
SHARE = 0.05
SMALLEST_FOLD = 1 << 20
"""Bytes that the fold of a single event may take: a new block for the events, one for the tables, and the log."""


def needed(rows_bytes: int) -> int:
    """How many bytes of the disk a fold of rows may take for a moment; `rows_bytes` are theirs in memory.

    They are in the write-ahead log and in the file at once, and the last rows before them are written again.
    """
    return SMALLEST_FOLD + 2 * rows_bytes


def spare(store: Path) -> int:
    """How many bytes of rows in memory a fold has room for; not positive if it has room for none.

    Raises InvalidSetting.
    """
    total, free = _disk(store)
    return (free - _reserve(total) - SMALLEST_FOLD) // 2 if total else 1 << 62


def shortage(store: Path, rows_bytes: int) -> str | None:
    """Why a fold of rows, of so many bytes in memory, must not begin; None if there is room. Raises InvalidSetting."""
    total, free = _disk(store)
    need, reserve = needed(rows_bytes), _reserve(total)
    if not total or free - need >= reserve:
        return None
    return (
        f"the disk of {store} has {size(free)} free; a fold takes up to {size(need)} and leaves {size(reserve)} for "
        "appends, which go on: free some space"
    )


def _disk(store: Path) -> tuple[int, int]:
    """The size of the disk and its free space, in bytes; 0 for file systems that do not say it."""
    folders = real_path(store).parents  # the first of them may not exist yet
    total, _, free = shutil.disk_usage(next(folder for folder in folders if folder.is_dir()))
    return total, free


def _reserve(total: int) -> int:
    if not os.environ.get(VARIABLE):
        return min(DEFAULT, int(total * SHARE))
    return number(VARIABLE, 0, "give a number of megabytes, such as 200", least=0) * 1_000_000
