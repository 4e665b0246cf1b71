"""Charts are validated in their own tests; the dashboard draws them without."""

from collections.abc import Iterator

import pytest
from altair.utils import schemapi


@pytest.fixture(autouse=True)
def _validated() -> Iterator[None]:
    with schemapi.debug_mode(True):
        yield
