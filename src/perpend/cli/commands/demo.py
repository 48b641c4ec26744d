"""``perpend demo``: make a store of an invented organisation, to try everything without an account."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path

import click

from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.reports.streams import progress

EPILOG = """\b
Examples:
  perpend demo
  perpend demo ~/meridian
  perpend demo --force

\b
Exit codes: 0 the directory was made, 2 it exists or cannot be made, 130 interrupted, and nothing was made."""


@click.command("demo", epilog=EPILOG)
@click.argument("directory", metavar="[DIR]", default="perpend-demo", type=click.Path(file_okay=False))
@click.option("--force", is_flag=True, help="Replace the directory, if this command has made it.")
def command(directory: str, force: bool) -> int:
    """Make a store of an invented organisation in DIR, by default perpend-demo. Needs no account and no network.

    The store holds ten runs over the last 30 days, with findings that were fixed, came back or could not be confirmed. Next to
    it are waivers and a configuration file, so that commands in the directory need no options. Only AWS is invented: each run
    is collected, checked and recorded as by `perpend scan aws`.
    """
    from perpend.reports.demo.build import NEXT, make_demo
    from perpend.reports.demo.organisation import ORGANISATION
    from perpend.reports.demo.story import RUNS

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with progress("making runs", total=RUNS) as done:
        demo = make_demo(Path(directory), today, force=force, done=done)
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
    return 0
