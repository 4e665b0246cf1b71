"""The generated log, built once."""

from typing import Any

import pandas as pd
import pytest

from demo import generate
from tests.demo.demo_log import UNTIL


@pytest.fixture(scope="session")
def events() -> list[dict[str, Any]]:
    return list(generate(until=UNTIL))


@pytest.fixture(scope="session")
def log(events: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(events)


@pytest.fixture(scope="session")
def logins(log: pd.DataFrame) -> pd.DataFrame:
    return log[log["activity"] == "Login"]
