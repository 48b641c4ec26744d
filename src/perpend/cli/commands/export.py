"""``perpend export``: findings sent to where people work on them, the news only."""

from __future__ import annotations

from contextlib import ExitStack

import click

from perpend.cli.actions.security_hub import lines_in, push, record_path
from perpend.cli.app import USAGE_ERROR
from perpend.cli.commands.check import command as check
from perpend.cli.config.command import Configured, configuration_of
from perpend.collectors.protocol import CannotPush
from perpend.collectors.registry import connect
from perpend.core.diagnostics.escape import visible
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.reports.formats.asff import LEVELS

EPILOG = """\b
Examples:
  perpend export security-hub --store inventory --unrated medium --region eu-west-1
  perpend check --store inventory --format asff --all --unrated medium --out findings.json
  perpend export security-hub findings.json --region eu-west-1
  perpend export security-hub findings.json --dry-run

\b
Exit codes: 0 all that is news was sent, 1 some of it was refused, 2 usage or input error, or Security Hub
cannot be asked; what was sent until then is remembered."""


@click.group("export", epilog="\b\nExamples:\n  perpend export security-hub --store inventory --unrated medium --dry-run")
def command() -> None:
    """Send findings to where people work on them."""


@command.command("security-hub", cls=Configured, yields={"store": ("file",)}, epilog=EPILOG)
@click.argument("file", required=False, type=click.Path())
@click.option("--store", metavar="DIR", type=click.Path(), help="Judge this store and send its findings, instead of a file's.")
@click.option("--unrated", type=click.Choice(LEVELS), help="With --store: the severity of findings, which nobody rated.")
@click.option("--repo", metavar="DIR", type=click.Path(), help="With --store: the policy repository; else Perpend's library.")
@click.option("--sent", metavar="FILE", type=click.Path(), help="Remember here what was sent; else beside the store or file.")
@click.option("--region", metavar="REGION", help="The region whose Security Hub is told; else that of the profile.")
@click.option("--profile", metavar="NAME", help="The profile of the AWS configuration.")
@click.option("--endpoint-url", metavar="URL", help="Ask another server than AWS, such as one for tests.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.pass_context
def security_hub(
    context: click.Context,
    /,
    file: str | None,
    store: str | None,
    unrated: str | None,
    repo: str | None,
    sent: str | None,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    *,
    dry_run: bool,
) -> int:
    """Send AWS Security Hub what is new or changed in FILE, which `perpend check --format asff` wrote, or in a store.

    What was sent is remembered, so that the next time only changes go out, and what did not change for 60 days. Findings of
    other accounts than that of the credentials are left out: Security Hub takes none of them.
    """
    if bool(file) is (store is not None):
        raise click.UsageError("name either a FILE or a --store")
    if (store is None) is (unrated is not None):
        raise click.UsageError("--unrated LEVEL goes with --store, and --store with --unrated")
    service = connect("aws", "perpend export security-hub").findings_service(profile, endpoint_url, region or "")
    record = record_path(sent, store or file or "", f"{service.account}-{service.region}")
    with ExitStack() as stack:
        name = file if file is not None else _judged(context, stack, store or "", unrated or "", repo)
        lines = stack.enter_context(lines_in(name))
        stack.callback(service.close)
        return push(service, lines, visible(name), record, dry_run=dry_run)


def _judged(context: click.Context, stack: ExitStack, store: str, unrated: str, repo: str | None) -> str:
    """Judge a store, and return the file with its findings, those that pass included."""
    path = str(stack.enter_context(scratch()) / "findings.json")
    words = [
        "--store",
        store,
        "--no-history",
        "--format",
        "asff",
        "--all",
        "--unrated",
        unrated,
        "--out",
        path,
        "--fail-on",
        "never",
    ]
    words += ["--repo", repo] if repo is not None else []
    configuration = configuration_of(context)
    words += ["--config", str(configuration.file.path)] if configuration.file else ["--no-config"]
    # A root of its own: what options have said to this command is not what they say to the other one.
    root = click.Context(context.find_root().command, info_name="perpend")
    with check.make_context("check", words, parent=root) as judging:
        if check.invoke(judging) == USAGE_ERROR:
            raise CannotPush("the store was not judged in full: nothing was sent")
    return path
