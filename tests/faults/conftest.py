"""A laboratory for the tests of this folder, which need a C compiler and Linux."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import shim
from tests.faults.client import Client

MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A laboratory in memory, because its faults replace those of a disk."""
    if shim.COMPILER is None or sys.platform != "linux":
        pytest.skip("the shim needs a C compiler and Linux")
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        with Client(folder, shim.build(folder)) as client:
            yield client
