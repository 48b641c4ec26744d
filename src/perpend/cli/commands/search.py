"""``perpend search``: find the entities of a repository by words, the best match first."""

from __future__ import annotations

import json

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.values import repository_option
from perpend.reports.streams import output_stream, terminal
from perpend.reports.terminal.repository.search import nearest_word, print_hits, rows_of, search


@click.command(
    "search",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend search mfa\n  perpend search access key rotated\n  perpend search '[IAM.9]'\n"
    "  perpend search prowler:ec2_ami_public\n"
    "  perpend search cloudtrail --repo ~/policies --format json",
)
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show this many. Default: 20 on a terminal, else all.")
@repository_option
@format_option("search")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(words: tuple[str, ...], limit: int | None, repo: str | None, form: str, out: str | None) -> int:
    """Search policies, object types, frameworks, sections and operations that contain every WORD; the best match comes first.

    If nothing does, words of the same family or meaning count, such as `encryption` for `unencrypted`.

    Names count most, then ids, sections and similar rules, then descriptions. Whole words count more than parts of words.
    The id of a check of Prowler, AWS Config or Trivy finds the policies that look at the same. `perpend show ID` shows one.
    """
    wanted = [part for word in words for part in word.split()]
    if not wanted:
        raise click.UsageError("WORD is blank")
    repository = open_repository_here(repo)
    hits = search(repository, wanted)
    if form == "json":
        with output_stream(out) as stream:
            stream.write(json.dumps(rows_of(hits[:limit]), indent=2) + "\n")
    else:
        near = None if hits else nearest_word(repository, wanted)
        with terminal(out) as console:
            print_hits(hits, wanted, console, limit=limit, near=near)
    return 0
