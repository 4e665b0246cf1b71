"""A link with more parameters than can be read is refused in words; it never shows another view."""

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from audit_store.engines.duckdb.store import Store
from tests.dashboard.server.serving import served


def test_a_link_is_read_whole_or_refused(store: Store) -> None:
    def link(values: int) -> str:
        return f"{url}/?range=all&" + "&".join(f"agent=a{number}" for number in range(values))

    with served(store) as (url, _):
        assert urlopen(link(999)).status == 200
        with pytest.raises(HTTPError) as refused:
            urlopen(link(1000))
        assert refused.value.code == 414
        assert (
            refused.value.read()
            .decode()
            .startswith("This link has 1,001 parameters, and at most 1,000 can be read;")
        )
