"""Serve a store until somebody interrupts it: the work of ``perpend serve`` and of ``perpend demo --serve``."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.config.command import configuration_of
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.repository import open_repository_here
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import InvalidOption, PerpendError
from perpend.language.compiler.names import did_you_mean, printable
from perpend.server.scope import ALL_ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.server.served_store import ServedRun, ServedStore
    from perpend.server.settings import BearerToken, ServerSettings

_ADDRESS: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):(?P<port>[0-9]{1,5})")


def served_store(
    context: click.Context, directory: str, repo: str | None, waivers: str | None, ratings: str | None, *, default_ratings: bool
) -> ServedStore:
    """Return the store that the options of ``perpend serve`` and ``perpend mcp`` name."""
    from perpend.server.served_store import ServedStore

    return ServedStore(
        directory,
        open_repository_here(repo),
        waivers=waivers,
        ratings=ratings,
        default_ratings=default_ratings,
        account_names={number: one.name for number, one in configuration_of(context).accounts.items() if one.name},
    )


def serve_until_interrupted(store: ServedStore, settings: ServerSettings, address: str, port: int) -> None:
    """Serve a store at an address, and close it at the end. Raises PerpendError if the address cannot be used."""
    with extra_packages("serve", "the server"):
        from perpend.server.app import create_app
        from perpend.server.run import listening_socket, run_server

    try:
        with listening_socket(address, port) as bound:
            host = f"[{address}]" if ":" in address else address
            store.follow()
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
    """Print the address, the run that is shown, how to log in, and what may be started.

    Raises PerpendError if a token is for an account that the store does not have.
    """
    log_format, not_ready = settings.log_format, ""
    try:
        run = store.current()
    except PerpendError as error:
        not_ready = f"not ready: {visible(str(error))}. The server looks again at each request"
        store.on_first_run(lambda run: _say_all(_unknown_accounts(settings, run), log_format))
    else:
        if problems := [*_unknown_accounts(settings, run)]:
            raise PerpendError("\nperpend: ".join(problems))
    _say(f"serving {visible(settings.place)} at {url}/ (Ctrl-C ends)", log_format)
    _say(not_ready or _shown(run), log_format)
    if settings.one_time_token is not None:
        _say(f"log in, once: {url}/login?token={settings.one_time_token}", log_format)
    _say_all(_accepted(settings, is_checked=not not_ready), log_format)
    if settings.trust_header is not None:
        peers = ", ".join(map(str, settings.trust_from))
        scope = f", and accounts by {settings.scope_header}" if settings.scope_header else ""
        _say(f"takes readers by {settings.trust_header}{scope} from {peers}", log_format)
    for name, words in settings.runs.items():
        _say(f"readers may start {name}: perpend {visible(shlex.join(words))}", log_format)


def _shown(run: ServedRun) -> str:
    summary = run.summary(ALL_ACCOUNTS)
    counts = f"{counted(summary.accounts, 'account')}, {counted(summary.objects, 'object')}"
    return f"shows run {summary.run} of {summary.time:%Y-%m-%d %H:%M} UTC: {counts}"


def _accepted(settings: ServerSettings, *, is_checked: bool) -> Iterator[str]:
    """Yield the lines about the Bearer tokens of the server. ``is_checked``: the store has their accounts."""
    by_name: dict[str, list[BearerToken]] = {}
    for token in settings.tokens:
        by_name.setdefault(token.name, []).append(token)
    for name, tokens in by_name.items():
        scope, number = tokens[0].scope, counted(len(tokens), "Bearer token")
        if scope.is_all:
            yield f"accepts {number}, which see all accounts"
        else:
            later = "" if is_checked else ", to be checked when the store has a run"
            yield f"accepts {number} for {name}, which see {counted(len(scope.accounts), 'account')}{later}"


def _unknown_accounts(settings: ServerSettings, run: ServedRun) -> Iterator[str]:
    """Yield a sentence for each account of a token that the store does not have, with the nearest that it has."""
    by_name = {name.casefold(): number for number, name in run.views.state.account_names.items()}
    scopes = {token.name: token.scope for token in settings.tokens if not token.scope.is_all}
    for name, scope in sorted(scopes.items()):
        for account in sorted(scope.accounts - run.accounts):
            number = by_name.get(account.casefold())
            near = f" (its number is `{number}`)" if number else did_you_mean(account, sorted(run.accounts))
            yield f"[serve.tokens.{name}]: no object of the store belongs to account '{printable(account)}'{near}"


def _say_all(texts: Iterable[str], log_format: str) -> None:
    for text in texts:
        _say(text, log_format)


def _say(text: str, log_format: str) -> None:
    if log_format == "json":
        click.echo(json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "message": text}), err=True)
    else:
        click.echo(inert(f"perpend: {text}"), err=True)
