"""``perpend mcp``: answer an assistant's questions about a store, on standard input and output."""

from __future__ import annotations

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.extras import extra_packages
from perpend.cli.options.history.record import store_option
from perpend.cli.options.serving import served_store
from perpend.cli.options.severity import ratings_options
from perpend.cli.options.store import configuration_missing
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import waivers_option
from perpend.findings.history.open_history import open_history

EPILOG = """\b
Examples:
  perpend mcp --store inventory
  perpend mcp --store inventory --repo ~/policies

\b
Exit codes: 0 the client has left, 2 usage error, no history, or the extra mcp is not installed."""


@click.command("mcp", cls=Configured, epilog=EPILOG)
@store_option
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
) -> int:
    """Answer an assistant's questions about the last run of a store, by the Model Context Protocol.

    The assistant starts this command and speaks to it on standard input and output. All tools only read: waivers, ratings and
    policies stay files in git. `perpend serve` answers the same questions over HTTP, at the address /mcp.
    """
    with extra_packages("mcp", "`perpend mcp`"):
        from perpend.server.mcp.server import serve_stdio
    open_history(directory)  # an assistant shows its user no error of the first question
    store = served_store(context, directory, repo, waivers_dir, ratings_dir, default_ratings=default_ratings)
    try:
        serve_stdio(store, lacks_configuration=configuration_missing(context, directory) is not None)
    finally:
        store.close()
    return 0
