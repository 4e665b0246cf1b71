"""The folder that benchmarks write to, which Git ignores."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

BENCH = Path(".bench")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder (an absolute path) on the disk of the checkout, removed at the end."""
    BENCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BENCH) as folder:
        yield Path(folder).absolute()
