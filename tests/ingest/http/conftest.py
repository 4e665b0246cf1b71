"""One server for the tests that only send events."""

from collections.abc import Iterator

import pytest

from tests.ingest.http.servers import Server, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("http") / "audit.duckdb") as running:
        yield running
