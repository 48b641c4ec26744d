"""Serve a store until somebody interrupts it: the work of ``perpend serve`` and of ``perpend demo --serve``."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.options.extras import extra_packages
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import InvalidOption, PerpendError

if TYPE_CHECKING:
    from perpend.server.served_store import ServedStore
    from perpend.server.settings import ServerSettings

_ADDRESS: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):(?P<port>[0-9]{1,5})")


def serve_until_interrupted(store: ServedStore, settings: ServerSettings, address: str, port: int) -> None:
    """Serve a store at an address, and close it at the end. Raises PerpendError if the address cannot be used."""
    with extra_packages("serve", "the server"):
        from perpend.server.app import create_app
        from perpend.server.run import listening_socket, run_server

    try:
        with listening_socket(address, port) as bound:
            host = f"[{address}]" if ":" in address else address
            _print_start(store, settings, f"http://{host}:{bound.getsockname()[1]}")
            run_server(create_app(store, settings), settings.limits, bound)
    except KeyboardInterrupt:
        _say("ended", settings.log_format)
    finally:
        store.close()


def address_of(text: str) -> tuple[str, int]:
    """Return the address and the port of a value of ``--bind``. Raises InvalidOption."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65_535:
        raise InvalidOption(f"'{visible(text)}' is not of the form ADDRESS:PORT, such as 127.0.0.1:8080", "--bind")
    host = match["host"].strip("[]")
    if host != "localhost":
        try:
            host = str(ipaddress.ip_address(host))
        except ValueError:
            raise InvalidOption(f"'{visible(host)}' is not an IP address: --host gives the server a name", "--bind") from None
    return host, int(match["port"])


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    return address == "localhost" or ipaddress.ip_address(address).is_loopback


def _print_start(store: ServedStore, settings: ServerSettings, url: str) -> None:
    """Print the address, the run that is shown, how to log in, and what may be started."""
    log_format = settings.log_format
    _say(f"serving {visible(settings.place)} at {url}/ (Ctrl-C ends)", log_format)
    try:
        summary = store.current().summary()
    except PerpendError as error:
        _say(f"not ready: {visible(str(error))}. The server looks again at each request", log_format)
    else:
        counts = f"{counted(summary.accounts, 'account')}, {counted(summary.objects, 'object')}"
        _say(f"shows run {summary.run} of {summary.time:%Y-%m-%d %H:%M} UTC: {counts}", log_format)
    if settings.one_time_token is not None:
        _say(f"log in, once: {url}/login?token={settings.one_time_token}", log_format)
    if settings.tokens:
        _say(f"accepts {counted(len(settings.tokens), 'Bearer token')}, which see all accounts", log_format)
    if settings.trust_header is not None:
        peers = ", ".join(map(str, settings.trust_from))
        scope = f", and accounts by {settings.scope_header}" if settings.scope_header else ""
        _say(f"takes readers by {settings.trust_header}{scope} from {peers}", log_format)
    for name, words in settings.runs.items():
        _say(f"readers may start {name}: perpend {visible(shlex.join(words))}", log_format)


def _say(text: str, log_format: str) -> None:
    if log_format == "json":
        click.echo(json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "message": text}), err=True)
    else:
        click.echo(inert(f"perpend: {text}"), err=True)
