"""Charts are validated in their own tests; the dashboard draws them without."""

from collections.abc import Iterator

import pytest
from altair.utils import schemapi

_VALIDATE = schemapi.SchemaBase.__dict__["validate"]


@pytest.fixture(autouse=True)
def _validated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(schemapi.SchemaBase, "validate", _VALIDATE)
    with schemapi.debug_mode(True):
        yield
