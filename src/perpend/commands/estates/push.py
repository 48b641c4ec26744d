"""``perpend push``: findings sent to where people work on them, the news only."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.configured import Configured, configuration_of
from perpend.cli.extra_packages import extra_packages
from perpend.commands.estates.check import command as check
from perpend.config.configuration import is_address
from perpend.diagnostics.escape import visible
from perpend.errors import PerpendError
from perpend.outputs.formats.asff import LEVELS
from perpend.store.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TextIO

    from perpend.clouds.aws.client import CloudClient
    from perpend.clouds.aws.findings import Pushed

REFUSED: Final = 1
"""Exit code where Security Hub refused some findings."""

_MOST_TOLD: Final = 5

EPILOG = """\b
Examples:
  perpend push asff --store inventory --unrated medium --region eu-west-1
  perpend check --store inventory --format asff --all --unrated medium --out findings.json
  perpend push asff findings.json --region eu-west-1
  perpend push asff findings.json --dry-run

\b
Exit codes: 0 all that is news was sent, 1 some of it was refused, 2 usage or input error, or Security Hub
cannot be asked; what was sent until then is remembered."""


class CannotPush(PerpendError):
    """Findings that cannot be sent."""


@click.group("push", epilog="\b\nExamples:\n  perpend push asff --store inventory --unrated medium --dry-run")
def command() -> None:
    """Send findings to where people work on them."""


@command.command("asff", cls=Configured, yields={"store": ("file",)}, epilog=EPILOG)
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
def asff(
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
    with extra_packages("aws", "perpend push asff"):
        from perpend.clouds.aws.client import CloudClient
    client = CloudClient(profile, endpoint_url, region or "")
    account = _account(client)
    record = _record_path(sent, store or file or "", f"{account}-{client.region}")
    with ExitStack() as stack:
        name = file if file is not None else _judged(context, stack, store or "", unrated or "", repo)
        lines = stack.enter_context(_opened(name))
        stack.callback(client.close)
        return _push(client, lines, visible(name), record, account, dry_run=dry_run)


def _push(client: CloudClient, lines: TextIO, name: str, record: Path, account: str, *, dry_run: bool) -> int:
    from perpend.clouds.aws.client import Refused
    from perpend.clouds.aws.findings import SentRecord, findings_in, push_findings
    from perpend.clouds.aws.model import CloudCall

    foreign = 0
    call = CloudCall("BatchImportFindings", "securityhub", "BatchImportFindings")

    def own() -> Iterator[dict[str, Any]]:
        nonlocal foreign
        for finding in findings_in(lines, name):
            if finding["AwsAccountId"] == account:
                yield finding
            else:
                foreign += 1

    def send(batch: list[dict[str, Any]]) -> Mapping[str, Any]:
        return next(iter(client.pages(call, client.region, {"Findings": batch})))

    try:
        pushed = push_findings(own(), SentRecord(record), None if dry_run else send, region=client.region)
    except Refused as error:
        told = f"{error.refusal.code}: {error.refusal.message}"
        raise CannotPush(
            f"Security Hub in {client.region} does not take findings: {told}; what it took before is kept"
        ) from None
    _tell(pushed, foreign, f"{account} in {client.region}", dry_run=dry_run)
    return REFUSED if pushed.refused else 0


def _tell(pushed: Pushed, foreign: int, where: str, *, dry_run: bool) -> None:
    verb = "would be sent" if dry_run else "sent"
    click.echo(
        f"Security Hub of {where}: {pushed.sent:,} {verb} in {pushed.calls:,} calls ({pushed.new:,} new, {pushed.changed:,} "
        f"changed, {pushed.refreshed:,} refreshed), {pushed.same:,} unchanged, {pushed.no_news:,} that pass and were never sent"
    )
    if pushed.unmentioned:
        click.echo(f"perpend: {pushed.unmentioned:,} findings sent before are not mentioned now: left as they are", err=True)
    if foreign:
        click.echo(f"perpend: {foreign:,} findings belong to other accounts: not sent", err=True)
    for name, reason in list(pushed.refused.items())[:_MOST_TOLD]:
        click.echo(f"perpend: refused: {visible(name)}: {visible(reason)}", err=True)
    if len(pushed.refused) > _MOST_TOLD:
        click.echo(f"perpend: {len(pushed.refused):,} refused in all", err=True)


def _account(client: CloudClient) -> str:
    """Return the account of the credentials."""
    from perpend.clouds.aws.client import Refused
    from perpend.clouds.aws.model import CloudCall

    call = CloudCall("GetCallerIdentity", "sts", "GetCallerIdentity")
    try:
        return str(next(iter(client.pages(call, client.region, {}))).get("Account"))
    except Refused as error:
        raise CannotPush(f"AWS does not say whose credentials these are: {error.refusal.code}") from None


def _record_path(sent: str | None, place: str, where: str) -> Path:
    """Return where what was sent is remembered: for each account and region by itself."""
    if sent is not None:
        return Path(sent)
    if place == "-" or is_address(place):
        raise click.UsageError("name a file with --sent: there is no place beside this to remember what was sent")
    return Path(f"{place.rstrip('/' + os.sep)}.asff-sent-{where}.ndjson")


def _judged(context: click.Context, stack: ExitStack, store: str, unrated: str, repo: str | None) -> str:
    """Judge a store, and return the file with its findings, those that pass included."""
    path = str(stack.enter_context(scratch()) / "findings.json")
    words = ["--store", store, "--no-history", "--format", "asff", "--all", "--unrated", unrated, "--out", path]
    words += ["--repo", repo] if repo is not None else []
    configuration = configuration_of(context)
    words += ["--config", str(configuration.file.path)] if configuration.file else ["--no-config"]
    # A root of its own: what options have said to this command is not what they say to the other one.
    root = click.Context(context.find_root().command, info_name="perpend")
    with check.make_context("check", words, parent=root) as judging:
        if check.invoke(judging) == USAGE_ERROR:
            raise CannotPush("the store was not judged in full: nothing was sent")
    return path


@contextmanager
def _opened(name: str) -> Iterator[TextIO]:
    if name == "-":
        yield sys.stdin
        return
    try:
        with open(name, encoding="utf-8", newline="\n") as stream:
            yield stream
    except OSError as error:
        raise CannotPush(f"{visible(name)}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise CannotPush(f"{visible(name)}: not text in UTF-8") from None
