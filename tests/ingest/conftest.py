"""Imports of one process share a database in memory."""

import contextlib
import os
from collections.abc import Iterator

import pytest

from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.duckdb.error_translation import explain_input, translated
from audit_store.engines.duckdb.store import scratch
from ingest.importing import record_reader


@pytest.fixture(scope="session", autouse=True)
def _scratch_databases_are_one() -> Iterator[None]:
    """To open a database takes 0.03 s; the one in which records become rows holds temporary tables only."""
    databases: dict[int, Connection] = {}  # of each process: a fork cannot use that of its parent
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:

        @contextlib.contextmanager
        def reused() -> Iterator[Connection]:
            if os.getpid() not in databases:
                databases[os.getpid()] = stack.enter_context(scratch())
            with contextlib.closing(databases[os.getpid()].cursor()) as connection, translated(explain_input):
                yield connection

        patch.setattr(record_reader, "scratch", reused)
        yield
