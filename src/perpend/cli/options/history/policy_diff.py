"""Print the differences between two revisions of a policy repository: ``perpend diff --policies``."""

from __future__ import annotations

from contextlib import ExitStack

from perpend.cli.options.repository import open_repository_here
from perpend.findings.policy_diff import policy_diff
from perpend.findings.policy_revisions import repository_at
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.snapshots.open_store import open_store
from perpend.reports.streams import output_stream, terminal
from perpend.reports.terminal.history.policy_diff import print_policy_diff, write_policy_diff_json, write_policy_diff_markdown


def compare_revisions(
    revisions: tuple[str, ...],
    directory: str,
    repo: str | None,
    run: str | None,
    form: str,
    limit: int,
    out: str | None,
    *,
    waivers_dir: str | None = None,
    no_waivers: bool = False,
) -> int:
    """Evaluate a snapshot by two revisions of a repository, and print the differences; return the exit code of ``diff``.

    Each revision has its own waivers, unless ``waivers_dir`` names the waivers of both.
    """
    with ExitStack() as stack:
        before, after = (stack.enter_context(repository_at(open_repository_here(repo), revision)) for revision in revisions)
        snapshot = stack.enter_context(open_store(directory).reading(run))
        waivers = tuple(ActiveWaivers.here(repository, waivers_dir, none=no_waivers).files for repository in (before, after))
        radius = policy_diff(before, after, snapshot, revisions, waivers)
    if form == "text":
        with terminal(out) as console:
            print_policy_diff(radius, console, limit=limit)
    else:
        with output_stream(out) as stream:
            if form == "json":
                write_policy_diff_json(radius, stream)
            else:
                write_policy_diff_markdown(radius, stream, limit=limit)
    if radius.newly_incompliant:
        return 1
    return 3 if radius.lost_sight else 0
