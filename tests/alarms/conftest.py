"""Fixtures that the tests of alarms share: a store with attacks, and a receiver of alarms."""

from collections.abc import Iterator

import pytest

from audit_store.engines.duckdb.store import Store
from tests.alarms.attack import attack_log
from tests.alarms.delivery.receiver import Receiver, serving
from tests.alarms.login_logs import store_of


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with the two attacks of `attack_log`, to be read only."""
    return store_of(Store(tmp_path_factory.mktemp("attacked") / "audit.duckdb"), attack_log())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook on 127.0.0.1."""
    with serving() as receiver:
        yield receiver
