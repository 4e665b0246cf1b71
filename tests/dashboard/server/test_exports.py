"""Exports over HTTP: who gets one, that it is whole or fails, and that the server's memory stays small."""

import contextlib
import http.client
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.export import verify
from audit_store.export.export import export_to
from audit_store.filters import EventFilter
from dashboard.server import exports
from dashboard.server.download_sessions import COOKIE as COOKIE_NAME
from tests import ROOT, forked
from tests.browser.conftest import crowd
from tests.dashboard.server.export_server import COOKIE, TICKET
from tests.dashboard.server.serving import within

pytestmark = pytest.mark.processes

EVENTS = 20_000
OWN = {"Cookie": f"{COOKIE_NAME}={COOKIE}"}
Serve = Callable[..., "Server"]


@dataclass
class Server:
    """A running server of exports."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    responses: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def ask(
        self, fmt: str = "csv", ticket: str = TICKET, method: str = "GET", **headers: str
    ) -> http.client.HTTPResponse:
        """The response to a request, of which nothing but the headers has been read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(
            method, exports.url("", ticket, fmt), headers={"Connection": "close"} | (headers or OWN)
        )
        response = connection.getresponse()
        self.responses.callback(response.close)
        return response

    def memory(self) -> int:
        """The most memory that the process has used, in megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return crowd(tmp_path_factory.mktemp("exports") / "audit.duckdb", EVENTS)


@pytest.fixture(scope="module")
def long_texts(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """75,000 events, two thirds of 1.3 kB that cannot be compressed much."""
    store = crowd(tmp_path_factory.mktemp("long") / "audit.duckdb", 25_000)
    with store.write() as connection:
        connection.execute(
            "INSERT INTO events SELECT events.* REPLACE (seq + (copy + 1) * 25_000 AS seq, "
            "gen_random_uuid() AS event_id, "
            "list_aggregate(list_transform(range(40), lambda number: md5((seq * 40 + number + copy)::VARCHAR)), "
            "'string_agg', '') AS description) FROM events, range(2) AS copies(copy)"
        )
    return store


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(store: Store, **environment: str) -> Server:
            return stack.enter_context(serving(store, tmp_path / "server.log", environment))

        yield start


@contextlib.contextmanager
def serving(store: Store, log: Path, environment: dict[str, str]) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.dashboard.server.export_server", str(store.path), str(port)]
    with (
        log.open("wb") as output,
        forked.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=output, stderr=output
        ) as process,
    ):
        server = Server(port, process, log)
        within(lambda: answers(server))
        with server.responses:
            yield server
        process.kill()


def answers(server: Server) -> bool:
    try:
        return server.ask(ticket="x").status == 404
    except OSError:
        return False


def unzip(content: bytes, folder: Path) -> Path:
    """The file of events in a download, beside its manifest."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(folder)
        return folder / packed.namelist()[0]


@pytest.mark.parametrize(("fmt", "ending"), [("csv", "csv"), ("ocsf", "ocsf.jsonl")])
def test_a_download_is_the_file_of_the_command_line(
    store: Store, serve: Serve, tmp_path: Path, fmt: str, ending: str
) -> None:
    response = serve(store).ask(fmt)
    assert (response.status, response.headers["Content-Type"]) == (200, "application/zip")
    assert response.headers["Content-Disposition"] == f'attachment; filename="audit-log.{ending}.zip"'
    assert response.headers["Cache-Control"] == "no-store"
    file = unzip(response.read(), tmp_path)
    assert (file.name, verify.check(file)) == (f"audit-log.{ending}", [])
    export_to(tmp_path / "shell", EventFilter(), fmt, store)
    assert file.read_bytes() == (tmp_path / "shell").read_bytes()


def test_only_the_browser_of_a_ticket_gets_its_export(store: Store, serve: Serve) -> None:
    server = serve(store)
    refused = [
        server.ask(ticket="x" * 43),
        server.ask(fmt="xml"),
        server.ask(Cookie=f"{COOKIE_NAME}={'d' * 43}"),
        server.ask(Cookie="other=1"),
    ]
    assert [(response.status, response.read().decode()) for response in refused] == [
        (404, exports.UNKNOWN)
    ] * 4
    assert server.ask(method="HEAD").status == 405
    assert server.ask(method="POST").status == 405


def test_exports_beyond_the_limit_are_refused_until_one_has_ended(store: Store, serve: Serve) -> None:
    server = serve(store, AUDIT_EXPORTS="1")
    first = server.ask("ocsf")
    second = server.ask("csv")
    assert (second.status, second.headers["Retry-After"]) == (503, "30")
    assert (
        second.read().decode().startswith("1 export is being downloaded, the most that AUDIT_EXPORTS allows")
    )
    assert zipfile.is_zipfile(io.BytesIO(first.read()))
    within(lambda: server.ask("csv").status == 200)


def test_two_exports_at_once_are_both_whole(store: Store, serve: Serve, tmp_path: Path) -> None:
    server = serve(store)
    contents: dict[str, bytes] = {}
    threads = [
        threading.Thread(target=lambda fmt=fmt: contents.update({fmt: server.ask(fmt).read()}))
        for fmt in ("csv", "jsonl")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [verify.check(unzip(contents[fmt], tmp_path)) for fmt in ("csv", "jsonl")] == [[], []]


def test_a_browser_that_leaves_frees_its_place(store: Store, serve: Serve) -> None:
    server = serve(store, AUDIT_EXPORTS="1")
    response = server.ask("ocsf")
    response.read(1000)
    response.close()
    within(lambda: server.ask("csv").status == 200)
    assert "was broken off after" in server.log.read_text()
    assert "the browser ended the download" in server.log.read_text()


def test_a_store_that_vanishes_breaks_the_download_off(serve: Serve, tmp_path: Path) -> None:
    store = crowd(tmp_path / "audit.duckdb", 250_000)  # more than one read of the store
    server = serve(store)
    response = server.ask("jsonl")
    content = response.read(1000)
    store.path.unlink()
    with pytest.raises(http.client.IncompleteRead) as broken:
        content += response.read()
    assert not zipfile.is_zipfile(io.BytesIO(content + broken.value.partial))
    assert f"was broken off after 99840 events: {store.path}" in server.log.read_text()
    refused = server.ask("jsonl")
    assert (refused.status, refused.read().decode()[:26]) == (503, "The export could not begin")


def test_a_server_that_is_killed_leaves_no_valid_file(store: Store, serve: Serve) -> None:
    server = serve(store)
    response = server.ask("ocsf")
    content = response.read(1000)
    server.process.send_signal(signal.SIGKILL)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        content += response.read()
    assert not zipfile.is_zipfile(io.BytesIO(content))


def test_a_file_is_never_whole_in_the_memory_of_the_server(long_texts: Store, serve: Serve) -> None:
    server = serve(long_texts)
    response = server.ask("jsonl")
    peaks = [server.memory() for part in iter(lambda: response.read(1_000_000), b"")]
    at_half, at_end = peaks[len(peaks) // 2], peaks[-1]
    print(len(peaks), peaks[0], at_half, at_end)
    assert len(peaks) > 40
    assert at_end - at_half < len(peaks) / 4


def test_a_setting_that_is_no_number_ends_the_server_with_a_message(store: Store, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.dashboard.server.export_server", str(store.path), "0"]
    ended = forked.run(
        command,
        cwd=ROOT,
        env=os.environ | {"AUDIT_EXPORTS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "AUDIT_EXPORTS: '0' cannot be used: give how many exports may be downloaded at once, such as 2\n"
    )
