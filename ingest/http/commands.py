"""The commands serve and token."""

import importlib.util
from datetime import timedelta
from pathlib import Path

import click

from audit_store.cli import (
    DONE,
    NOTHING_DONE,
    Commands,
    Length,
    say,
    say_plainly,
    show,
    show_json,
    store_option,
)
from audit_store.errors import one_line
from audit_store.local_time import now, utc_text

_LIBRARIES = ("starlette", "uvicorn", "opentelemetry.proto", "google.protobuf")
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", default=8502, show_default=True, type=click.IntRange(0, 65535), help="On which port.")
@click.option("--tls-cert", type=_file, metavar="FILE", help="The certificate and those that signed it, PEM.")
@click.option("--tls-key", type=_file, metavar="FILE", help="Its key, PEM.")
@click.option("--behind-proxy", is_flag=True, help="A proxy on this machine or network does TLS.")
@store_option
@click.pass_context
def serve_command(
    ctx: click.Context,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    store: Path,
) -> int:
    """Receive events over HTTP until Ctrl-C.

    POST /v1/events takes one JSON event, an array of them or NDJSON, and POST /v1/logs logs of OpenTelemetry; each
    request needs a token (see token create). An address that other machines can reach needs TLS or --behind-proxy.
    """
    if missing := [name for name in _LIBRARIES if not _is_installed(name)]:
        say(ctx, f"{', '.join(missing)} missing: pip install 'audit-log-explorer[serve]'")
        return NOTHING_DONE
    from audit_store.engines.registry import refuse_foreign
    from ingest.http.serving import Address, listening, serve
    from ingest.http.tokens import tokens

    address = Address(host, port, tls_cert, tls_key)
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together", ctx)
    if not (address.is_local or tls_cert or behind_proxy):
        raise click.UsageError(
            f"--host {host} is reached from other machines, which would send tokens in clear: "
            "give --tls-cert and --tls-key, or --behind-proxy where a proxy does TLS",
            ctx,
        )
    address.check()
    refuse_foreign(store)
    is_open = any(token.state(now()) == "valid" for token in tokens(store))
    with listening(address) as bound:
        say_plainly(f"listening on {address.url(bound.getsockname()[1])}, storing in {store}")
        if not is_open:
            say_plainly(f"no token is valid: python -m ingest token create --source NAME --store {store}")
        serve(store, bound, address)
    return DONE


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package that it is in
        return False


@click.group("token", cls=Commands)
def token_commands() -> None:
    """Let programs send events over HTTP: create, list and revoke their tokens."""


@token_commands.command("create")
@click.option(
    "--source", required=True, metavar="NAME", help="The source of the events that are sent with it."
)
@click.option(
    "--expires",
    type=Length(),
    metavar="LENGTH",
    help="For how long it holds, such as 90d; default: it never expires.",
)
@store_option
def create_command(source: str, expires: timedelta | None, store: Path) -> int:
    """Print a new token. It is shown this once: the store keeps a hash of it."""
    from ingest.http.tokens import create

    token, text = create(store, source, expires)
    until = "" if token.expires_at is None else f", expires {utc_text(token.expires_at, 'seconds')}"
    say_plainly(f"token {token.id} of the source {source}{until}; it is not shown again")
    show(text)
    return DONE


@token_commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@store_option
def list_command(as_json: bool, store: Path) -> int:
    """Show the tokens, without their text."""
    from ingest.http.tokens import tokens

    rows = [
        {
            "id": token.id,
            "state": token.state(now()),
            "source": token.source,
            "created_at": utc_text(token.created_at, "seconds"),
            "expires_at": token.expires_at and utc_text(token.expires_at, "seconds"),
        }
        for token in tokens(store)
    ]
    if as_json:
        show_json(rows)
    for row in () if as_json else rows:
        until = f", expires {row['expires_at']}" if row["expires_at"] else ""
        show(
            f"{row['id']}  {row['state']:<8} {one_line(str(row['source']))}, created {row['created_at']}{until}"
        )
    return DONE


@token_commands.command("revoke")
@click.argument("token_id", metavar="ID")
@store_option
@click.pass_context
def revoke_command(ctx: click.Context, token_id: str, store: Path) -> int:
    """Let a token not be accepted any more. A running server knows it within a second."""
    from ingest.http.tokens import revoke

    if revoke(store, token_id):
        return DONE
    say(ctx, f"there is no token with the id {token_id} that can be revoked; see token list")
    return NOTHING_DONE


def add_to(commands: click.Group) -> None:
    """Make them commands of a command line."""
    commands.add_command(serve_command)
    commands.add_command(token_commands)
