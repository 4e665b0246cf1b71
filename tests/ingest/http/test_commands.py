"""The commands serve and token, a server with TLS, and the description of the interface."""

import json
import re
import socket
import ssl
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from audit_store.local_time import now
from ingest.__main__ import commands
from ingest.http import serving as serving_module
from ingest.http import tokens
from ingest.http.openapi import document
from ingest.http.serving import Address
from ingest.http.tokens import KnownTokens
from tests import ROOT, forked
from tests.fixtures import certificates
from tests.ingest.http.servers import Server, serving
from tests.ingest.http.test_events import EVENT, FULL, INVALID, rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def run(path: Path, *arguments: str) -> tuple[int, str, str]:
    """The exit status, standard output and standard error of a command."""
    done = CliRunner().invoke(commands, [*arguments, "--store", str(path)], standalone_mode=False)
    return int(done.return_value or 0), done.stdout, done.stderr


def test_a_token_is_shown_once_listed_without_its_text_and_revoked(path: Path) -> None:
    status, out, err = run(path, "token", "create", "--source", "web", "--expires", "90d")
    text = out.strip()
    assert status == 0
    assert re.fullmatch(r"audit_[0-9a-f]{8}_[\w-]{43}", text)
    assert "of the source web, expires " in err
    token_id = text[6:14]
    assert KnownTokens(path).source_of(text) == "web"
    [listed] = json.loads(run(path, "token", "list", "--json")[1])
    assert (listed["id"], listed["state"], listed["source"]) == (token_id, "valid", "web")
    assert run(path, "token", "revoke", token_id)[0] == 0
    assert KnownTokens(path).source_of(text) is None
    assert f"{token_id}  revoked  web, created " in run(path, "token", "list")[1]
    status, _, err = run(path, "token", "revoke", token_id)
    assert (status, f"there is no token with the id {token_id} that can be revoked" in err) == (2, True)
    beside = [file for file in path.parent.rglob("*") if file.is_file()]
    assert not any(text[15:].encode() in file.read_bytes() for file in beside)


@pytest.mark.parametrize("source", ["", "x" * 128, "ünal\n\x1b[2J"])
def test_a_source_is_any_text_that_an_event_may_have(path: Path, source: str) -> None:
    token, text = tokens.create(path, source, None)
    assert (KnownTokens(path).source_of(text), tokens.tokens(path)) == (source, [token])
    assert "\x1b" not in run(path, "token", "list")[1]


def test_a_source_that_no_event_may_have_makes_no_token(path: Path) -> None:
    status, out, err = run(path, "token", "create", "--source", "x" * 129)
    assert (status, out) == (2, "")
    assert "source: " in err
    assert tokens.tokens(path) == []


@pytest.mark.parametrize("length", ["0d", "90", "-1d", "ten"])
def test_a_length_that_is_none_is_named(path: Path, length: str) -> None:
    done = forked.run(
        [sys.executable, "-m", "ingest", "token", "create", "--source", "a", "--expires", length],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 2
    assert b"is not a length of time up to 3660d; give 90m, 24h, 7d or 2w" in done.stderr


def test_a_token_holds_until_it_expires(path: Path) -> None:
    token, text = tokens.create(path, "web", timedelta(hours=1))
    assert token.expires_at is not None
    assert token.state(now()) == "valid"
    assert token.state(token.expires_at) == "expired"
    _, over = tokens.create(path, "web", -timedelta(seconds=1))
    assert (KnownTokens(path).source_of(text), KnownTokens(path).source_of(over)) == ("web", None)


@pytest.mark.parametrize("text", ["", "audit_", "audit_{}_", "{}", "audit_{}_x\ud800", "audit_\x00"])
def test_a_text_that_is_nearly_a_token_is_none(path: Path, text: str) -> None:
    token, _ = tokens.create(path, "web", None)
    assert KnownTokens(path).source_of(text.format(token.id)) is None


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificates.of_localhost(tmp_path_factory.mktemp("certificate"))


@pytest.mark.processes
def test_a_connection_without_a_request_is_closed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "SILENT_SECONDS", 0.2)
    bound = serving_module.listening(Address("127.0.0.1", 0))
    server = serving_module.server(path, Address("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([bound],))
    thread.start()
    with socket.create_connection(bound.getsockname()) as silent:
        silent.settimeout(20)
        silent.sendall(b"POST /v1/ev")
        assert silent.recv(100) == b""
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.processes
def test_a_server_on_ipv6_is_reached(path: Path) -> None:
    with serving(path, "--host", "::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert server.ask("GET", "/readyz").json == {"ready": True}


@pytest.mark.processes
def test_a_server_with_a_certificate_is_reached_with_tls(path: Path, certificate: tuple[Path, Path]) -> None:
    signed, key = certificate
    options = ("--host", "localhost", "--tls-cert", str(signed), "--tls-key", str(key))
    with serving(path, *options) as server:
        assert server.url.startswith("https://localhost:")
        headers = {"Authorization": f"Bearer {server.token}", "Content_Type": "application/json"}
        context = ssl.create_default_context(cafile=str(signed))
        answer = server.ask("POST", "/v1/events", json.dumps(EVENT).encode(), context, **headers)
        assert answer.status == 202
    assert len(rows(path)) == 1


REFUSED = [
    (["--host", "0.0.0.0"], "give --tls-cert and --tls-key, or --behind-proxy"),
    (["--host", "audit.example", "--port", "0"], "give --tls-cert and --tls-key, or --behind-proxy"),
    (["--tls-cert", __file__], "--tls-cert and --tls-key go together"),
    (["--tls-cert", __file__, "--tls-key", __file__], "name files in PEM that this user may read"),
    (["--port", "70000"], "70000 is not in the range"),
]


@pytest.mark.processes
@pytest.mark.parametrize(("options", "words"), REFUSED)
def test_a_server_that_would_not_be_safe_does_not_start(path: Path, options: list[str], words: str) -> None:
    assert words in refused(path, *options)


@pytest.mark.processes
def test_a_server_that_cannot_listen_or_store_does_not_start(server: Server, path: Path) -> None:
    taken = server.url.rpartition(":")[2]
    assert f"127.0.0.1:{taken}" in refused(path, "--port", taken)
    path.write_text("text " * 5000)
    assert f"{path} cannot be read" in refused(path)


def refused(path: Path, *options: str) -> str:
    """What a server says that does not start."""
    command = [sys.executable, "-m", "ingest", "serve", "--store", str(path), *options]
    done = forked.run(command, cwd=ROOT, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    return str(done.stderr.decode())


@pytest.mark.processes
def test_a_server_without_a_token_says_how_to_make_one(path: Path) -> None:
    command = [sys.executable, "-m", "ingest", "serve", "--store", str(path), "--port", "0"]
    with forked.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline().decode() for _ in range(2)]
        process.terminate()
    assert lines[1] == f"no token is valid: python -m ingest token create --source NAME --store {path}\n"


def schema(name: str) -> Draft202012Validator:
    """A schema of the description."""
    described: dict[str, Any] = document()
    return Draft202012Validator({**described["components"]["schemas"][name]})


def test_the_description_says_which_events_are_valid() -> None:
    events = schema("Event")
    Draft202012Validator.check_schema(events.schema)
    assert events.is_valid(EVENT)
    assert events.is_valid(FULL)
    wrong = [
        {"agent": "x"},
        {**EVENT, "agnet": ""},
        {**EVENT, "outcome": "maybe"},
        {**EVENT, "agent": "x" * 257},
    ]
    assert not any(map(events.is_valid, wrong))


@pytest.mark.processes
def test_the_description_is_served_and_answers_are_as_it_says(server: Server) -> None:
    described = server.ask("GET", "/openapi.json").json
    assert described == document()
    content, kind, _ = INVALID[0]
    problems = server.post(content, kind).json
    assert problems
    assert all(map(schema("Problem").is_valid, problems))
    assert schema("Error").is_valid(server.ask("POST", "/v1/events").json)
