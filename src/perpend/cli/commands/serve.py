"""``perpend serve``: serve a store to people and programs."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.config.command import Configured, configuration_of, named_by, warn_outside
from perpend.cli.options.history.record import store_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.serving import address_of, is_loopback, serve_until_interrupted
from perpend.cli.options.severity import ratings_options
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import waivers_option
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import InvalidOption, PerpendError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from ipaddress import IPv4Network, IPv6Network

    from perpend.cli.config.configuration import Configuration
    from perpend.server.settings import BearerToken, ServerSettings

EPILOG = """\b
Examples:
  perpend serve --store inventory
  perpend serve --store inventory --bind 127.0.0.1:9000
  perpend serve --store inventory --bind 0.0.0.0:8080 --token-file token --host perpend.example
  perpend serve --store inventory --trust-header X-Forwarded-User --trust-from 127.0.0.1/32
  perpend serve --store inventory --bind 10.0.0.5:8080 --host perpend.example --trust-header X-Forwarded-User
    --trust-from 10.0.0.4/32 --scope-by-header X-Accounts

\b
Exit codes: 0 ended by Ctrl-C or SIGTERM, 2 usage error, unreadable tokens, or the address is in use."""

_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]")


@click.command("serve", cls=Configured, epilog=EPILOG)
@store_option
@click.option(
    "--bind",
    metavar="ADDRESS:PORT",
    default="127.0.0.1:8080",
    show_default=True,
    help="Listen at this address; port 0 takes any free port. Other machines need --token-file or --trust-header.",
)
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="Answer to this name, too; may be repeated.")
@click.option("--token-file", metavar="FILE", type=click.Path(), help="Accept the Bearer tokens in this file, one a line.")
@click.option("--trust-header", metavar="NAME", help="Take the reader's name from this header of a proxy.")
@click.option(
    "--trust-from", multiple=True, metavar="CIDR", help="Believe the headers of a proxy at these addresses; may be repeated."
)
@click.option(
    "--scope-by-header", metavar="NAME", help="Show a reader only the accounts in this header of the proxy, with commas."
)
@click.option(
    "--repository-url", metavar="URL", help="Link findings to the form for a new waiver in this repository at GitHub or GitLab."
)
@click.option("--jobs", is_flag=True, help="Let readers start the runs in the table [serve.runs] of perpend.toml.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Log each request as a line for people, or as a JSON object.",
)
@repository_option
@waivers_option
@ratings_options
@click.pass_context
def command(
    context: click.Context,
    /,
    directory: str,
    repo: str | None,
    waivers_dir: str | None,
    ratings_dir: str | None,
    default_ratings: bool,
    log_format: str,
    **given: Any,
) -> int:
    """Serve a store as a web application: pages for people, an API and MCP for programs. Ctrl-C ends it.

    Nothing is edited there. By default only this machine can ask, and the first reader logs in by the link that is printed:
    its token works once. Scripts send a token of --token-file. Behind a proxy that logs people in, --trust-header takes their
    names from it. The server follows the store: it shows each new run as soon as it is recorded.
    """
    from perpend.server.served_store import ServedStore

    address, port = address_of(given["bind"])
    runs = _runs(context, directory) if given["jobs"] else {}
    settings = _settings(directory, address, runs, _limited_tokens(configuration_of(context)), log_format, **given)
    if named_by(context) is not None and (file := configuration_of(context).file) is not None:
        os.environ["PERPEND_CONFIG"] = str(file.path)  # runs read the file that the user has named for the server
    repository = open_repository_here(repo)
    names = {number: account.name for number, account in configuration_of(context).accounts.items() if account.name}
    store = ServedStore(
        directory,
        repository,
        waivers=waivers_dir,
        ratings=ratings_dir,
        default_ratings=default_ratings,
        account_names=names,
    )
    serve_until_interrupted(store, settings, address, port)
    return 0


def _settings(
    directory: str,
    address: str,
    runs: Mapping[str, tuple[str, ...]],
    limited: Sequence[BearerToken],
    log_format: str,
    *,
    hosts: Sequence[str],
    token_file: str | None,
    trust_header: str | None,
    trust_from: Sequence[str],
    scope_by_header: str | None,
    repository_url: str | None,
    **_: object,
) -> ServerSettings:
    """Return the settings of the server. Raises InvalidOption for options that would let in too many, or nobody."""
    from perpend.server.proposal import new_file_address
    from perpend.server.scope import ALL_ACCOUNTS
    from perpend.server.settings import LOOPBACK_NAMES, BearerToken, ServerSettings
    from perpend.server.token_file import tokens_of

    for option, header in (("--trust-header", trust_header), ("--scope-by-header", scope_by_header)):
        if header is not None and not _HEADER.fullmatch(header):
            raise InvalidOption(f"'{visible(header)}' is not the name of a header", option)
    for name in hosts:
        if not _HOST.fullmatch(name):
            raise InvalidOption(f"'{visible(name)}' is not a host: give a name without scheme and port", "--host")
    if (trust_header is None) != (not trust_from):
        raise InvalidOption("--trust-header and --trust-from go together", "--trust-header", "--trust-from")
    if scope_by_header is not None and trust_header is None:
        raise InvalidOption("--scope-by-header needs --trust-header", "--scope-by-header")
    if scope_by_header is not None and trust_header is not None and scope_by_header.lower() == trust_header.lower():
        raise InvalidOption("--scope-by-header and --trust-header are the same header", "--scope-by-header")
    if repository_url is not None:
        new_file_address(repository_url, "", "")
    is_local = is_loopback(address)
    if not is_local and token_file is None and trust_header is None and not limited:
        raise InvalidOption(
            f"other machines can reach {visible(address)}: give --token-file, or --trust-header with --trust-from", "--bind"
        )
    tokens = [BearerToken(text, ALL_ACCOUNTS) for text in (tokens_of(token_file) if token_file is not None else ())]
    _refuse_repeated([*tokens, *limited])
    own_name = f"[{address}]" if ":" in address else address
    return ServerSettings(
        place=directory,
        hosts=frozenset({*LOOPBACK_NAMES, *(() if _is_any(address) else (own_name.lower(),)), *map(str.lower, hosts)}),
        one_time_token=secrets.token_urlsafe(24) if is_local and token_file is None and trust_header is None else None,
        tokens=(*tokens, *limited),
        trust_header=trust_header,
        trust_from=tuple(map(_network, trust_from)),
        scope_header=scope_by_header,
        runs=runs,
        repository_url=repository_url,
        log_format=log_format,
    )


def _runs(context: click.Context, directory: str) -> Mapping[str, tuple[str, ...]]:
    """Return the configured runs. Raises PerpendError if there are none, or if one does not write to the store."""
    from perpend.server.jobs.jobs import why_not_startable

    configuration = configuration_of(context)
    if not configuration.runs:
        raise InvalidOption("--jobs: the configuration has no table [serve.runs.NAME]", "--jobs")
    for name, words in configuration.runs.items():
        if reason := why_not_startable(directory, words):
            place = configuration.place(f"serve.runs.{name}.command")
            raise PerpendError(f"{place}: the run `{name}` cannot be started: {reason}")
    return configuration.runs


def _limited_tokens(configuration: Configuration) -> list[BearerToken]:
    """Return the tokens that show some accounts only. Raises PerpendError for a file that cannot be used."""
    from perpend.server.credentials import listed_accounts
    from perpend.server.scope import ReaderScope
    from perpend.server.settings import BearerToken
    from perpend.server.token_file import UnusableTokens, tokens_of

    tokens = []
    for name, token in configuration.tokens.items():
        key = f"serve.tokens.{name}.token-file"
        warn_outside(configuration, key, token.token_file)
        try:
            texts = tokens_of(configuration.resolved(token.token_file))
        except UnusableTokens as error:
            raise PerpendError(f"{configuration.place(key)}: {error}") from None
        origin = (
            f"The token {name} is for {listed_accounts(token.accounts)}, and this store has no such account; ask the person "
            "who runs this server."
        )
        tokens += [BearerToken(text, ReaderScope(frozenset(token.accounts), origin=origin), name) for text in texts]
    return tokens


def _refuse_repeated(tokens: Sequence[BearerToken]) -> None:
    """Raise PerpendError for a token of two files: it would be open to what its reader may see."""
    names: dict[str, str] = {}
    for token in tokens:
        other = names.setdefault(token.text, token.name)
        if other != token.name:
            also = f"[serve.tokens.{other}]" if other else "--token-file"
            raise PerpendError(f"[serve.tokens.{token.name}]: a token of its file is one of {also}, too: write another one")


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise InvalidOption(f"'{visible(text)}' is not a CIDR: {visible(str(error))}", "--trust-from") from None
    if network.prefixlen == 0:
        raise InvalidOption(f"{network} is every address: name those of the proxy", "--trust-from")
    return network


def _is_any(address: str) -> bool:
    return address != "localhost" and ipaddress.ip_address(address).is_unspecified
