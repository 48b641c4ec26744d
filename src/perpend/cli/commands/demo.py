"""``perpend demo``: make a store of an invented organisation, to try everything without an account."""

from __future__ import annotations

import secrets
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from perpend.cli.options.serving import address_of, is_loopback, serve_until_interrupted
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import InvalidOption

EPILOG = """\b
Examples:
  perpend demo
  perpend demo ~/meridian
  perpend demo --force
  perpend demo --serve

\b
Exit codes: 0 the directory was made or served, 2 it exists or cannot be made, 130 interrupted, and nothing was made."""


@click.command("demo", epilog=EPILOG)
@click.argument("directory", metavar="[DIR]", default="perpend-demo", type=click.Path(file_okay=False))
@click.option("--force", is_flag=True, help="Replace the directory, if this command has made it.")
@click.option(
    "--serve",
    is_flag=True,
    help="Serve the store as a web application; an existing demo is served as it is.",
)
@click.option(
    "--bind", metavar="ADDRESS:PORT", default="127.0.0.1:8080", show_default=True, help="With --serve, listen at this address."
)
def command(directory: str, force: bool, serve: bool, bind: str) -> int:
    """Make a store of an invented organisation in DIR, by default perpend-demo. Needs no account and no network.

    The store holds ten runs over the last 30 days, with findings that were fixed, came back or could not be confirmed. Next to
    it are waivers and a configuration file, so that commands in the directory need no options. Only AWS is invented: each run
    is collected, checked and recorded as by `perpend scan aws`.
    """
    from perpend.reports.demo.build import MARK

    address, port = address_of(bind)
    if serve and not is_loopback(address):
        raise InvalidOption(f"the demo is served to this machine only, not at {visible(address)}", "--bind")
    if force or not (serve and (Path(directory) / MARK).is_file()):
        _make(directory, force=force)
    if serve:
        _serve(Path(directory), address, port)
    return 0


def _make(directory: str, *, force: bool) -> None:
    """Make the directory, and print the next commands."""
    from perpend.reports.demo.build import NEXT, make_demo
    from perpend.reports.demo.organisation import ORGANISATION

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    demo = make_demo(Path(directory), today, force=force, phase=_print_phase)
    first, last = demo.times[0], demo.times[-1]
    counts = f"{demo.accounts} accounts, {demo.objects:,} objects, {counted(len(demo.times), 'run')}"
    lines = [
        f"Made {visible(directory)}: {ORGANISATION}, which is invented.",
        f"{counts} from {first:%Y-%m-%d} to {last:%Y-%m-%d}.",
        "",
        "Next:",
        f"  cd {shlex.quote(directory)}",
        *(f"  {shlex.join(words)}" for words in NEXT),
    ]
    for line in lines:
        click.echo(inert(line))


def _print_phase(work: str) -> None:
    """Print the work that begins, if standard error is a terminal."""
    if sys.stderr.isatty():
        click.echo(f"{work} …", err=True)


def _serve(directory: Path, address: str, port: int) -> None:
    """Serve the store of the directory to this machine."""
    from perpend.language.syntax.repository import open_repository
    from perpend.reports.demo.organisation import ACCOUNTS
    from perpend.server.served_store import ServedStore
    from perpend.server.settings import ServerSettings

    names = {account.number: account.name for account in ACCOUNTS}
    place = str(directory / "store")
    store = ServedStore(place, open_repository(), waivers=str(directory / "waivers"), account_names=names)
    serve_until_interrupted(store, ServerSettings(place, one_time_token=secrets.token_urlsafe(24)), address, port)
