"""Two revisions of the policies and one snapshot in, what the change does to the estate out: its blast radius."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from perpend.cli.options.history.revisions import WORKING, written_revision
from perpend.cli.options.repository import repository_here, store_named
from perpend.cli.options.streams import output_stream, terminal
from perpend.cli.options.waivers import waivers_here
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.findings.history.transitions import StatusColumn
    from perpend.findings.waivers.read import WaiverFiles
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository
    from perpend.reports.terminal.history.policy_diff import PolicyDiff, PolicyMoved, RequirementMoved, WaiverMoved

_MOST_NAMED = 100


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
    """Judge a snapshot by two revisions of a repository, and write what is otherwise; return the exit code of ``diff``.

    Each revision has its own waivers, unless ``waivers_dir`` names those that hold for both.
    """
    from perpend.reports.terminal.history.policy_diff import print_radius, write_radius_json, write_radius_markdown

    with ExitStack() as stack:
        before, after = (stack.enter_context(_opened(repo, revision)) for revision in revisions)
        snapshot = stack.enter_context(store_named(directory).reading(run))
        waivers = tuple(waivers_here(repository, waivers_dir, none=no_waivers) for repository in (before, after))
        radius = _radius(before, after, snapshot, revisions, waivers)
    if form == "text":
        with terminal(out) as console:
            print_radius(radius, console, limit=limit)
    else:
        with output_stream(out) as stream:
            if form == "json":
                write_radius_json(radius, stream)
            else:
                write_radius_markdown(radius, stream, limit=limit)
    if radius.newly_incompliant:
        return 1
    return 3 if radius.lost_sight else 0


@contextmanager
def _opened(repo: str | None, revision: str) -> Iterator[Repository]:
    """Yield the repository as it is in a revision; as it lies there for ``.``."""
    from perpend.inventory.snapshots.temporary_store import scratch

    here = repository_here(repo)
    if revision == WORKING:
        yield here
        return
    with scratch() as directory:
        root = directory / "revision"
        root.mkdir(mode=0o700)
        yield open_repository(written_revision(Path(here.files.root), revision, root))


def _radius(
    before: Repository, after: Repository, snapshot: Snapshot, revisions: tuple[str, ...], waivers: tuple[WaiverFiles, ...]
) -> PolicyDiff:
    from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
    from perpend.language.syntax.renames import Renames
    from perpend.reports.terminal.history.policy_diff import PolicyDiff

    renames = (after.renames.value or Renames()).former
    selections = [select_policies(Analyzer(repository), over=snapshot) for repository in (before, after)]
    with ExitStack() as stack:
        old, new = (stack.enter_context(evaluate_snapshot(snapshot, selection)) for selection in selections)
        same = _unchanged(selections, renames)
        policies = list(_policies(old, new, renames, same, snapshot))
        requirements = tuple(_requirements((before, old), (after, new)))
        covers = tuple(_waivers((before, old, waivers[0]), (after, new, waivers[1])))
    return PolicyDiff(
        revisions[0],
        revisions[1],
        snapshot.id,
        tuple(policy for policy in policies if policy.moved.is_otherwise),
        len(same),
        sum(not policy.moved.is_otherwise for policy in policies),
        tuple(sorted(selections[1].refused)),
        requirements,
        covers,
    )


def _unchanged(selections: list[Selection], renames: Mapping[str, str]) -> set[str]:
    """Return the lineages of policies that mean the same in both revisions."""
    from perpend.findings.history.identity import lineage_of, program_hash

    old, new = (
        {lineage_of(program.policy_id, renames): program_hash(program) for program in selection.programs}
        for selection in selections
    )
    return {lineage for lineage, meaning in old.items() if new.get(lineage) == meaning}


def _policies(
    old: Evaluation, new: Evaluation, renames: Mapping[str, str], same: set[str], snapshot: Snapshot
) -> Iterator[PolicyMoved]:
    """Yield what is otherwise by each policy that is new, gone, or means something else."""
    from perpend.evaluation.verdicts.evaluation import objects_at
    from perpend.findings.history.transitions import Moved, moved
    from perpend.reports.terminal.history.policy_diff import PolicyMoved

    before, after = _columns(old, renames), _columns(new, renames)
    for lineage in sorted((before.keys() | after.keys()) - same):
        old_column, new_column = before.get(lineage), after.get(lineage)
        kind = "changed" if old_column and new_column else "added" if new_column else "removed"
        if old_column and new_column and old_column.program.input_type != new_column.program.input_type:
            gone = moved(old_column, None, limit=0, place=snapshot.directory)
            there = moved(None, new_column, limit=_MOST_NAMED, place=snapshot.directory)
            move = Moved({**gone.counts, **there.counts}, there.failing)
        else:
            move = moved(old_column, new_column, limit=_MOST_NAMED, place=snapshot.directory)
        failing: tuple[str, ...] = ()
        if new_column is not None and move.failing:
            objects = objects_at(new, new_column.program.input_type, move.failing)
            failing = tuple(objects[row].name or objects[row].id for row in move.failing)
        named = new_column or old_column
        assert named is not None
        yield PolicyMoved(named.program.policy_id, kind, move, failing)


def _columns(evaluation: Evaluation, renames: Mapping[str, str]) -> dict[str, StatusColumn]:
    from perpend.evaluation.verdicts.stores.parquet_verdicts import ParquetVerdicts
    from perpend.findings.history.identity import lineage_of
    from perpend.findings.history.transitions import StatusColumn

    return {
        lineage_of(column.program.policy_id, renames): StatusColumn(column.program, column.files, column.number)
        for column in evaluation.verdicts
        if isinstance(column, ParquetVerdicts)
    }


def _waivers(*sides: tuple[Repository, Evaluation, WaiverFiles]) -> Iterator[WaiverMoved]:
    """Yield the waivers that cover something of one judgement, and not as much of the other."""
    from perpend.findings.waivers.match_results import waived
    from perpend.reports.terminal.history.policy_diff import WaiverMoved

    before, after = (
        waived(evaluation, files, repository.policy_ids, replayed=False).covering for repository, evaluation, files in sides
    )
    forces = [{standing.waiver.id: standing.force.value for standing in covering.standings} for covering in (before, after)]
    shown = [Counter[str](), Counter[str]()]
    for numbers, covering in zip(shown, (before, after), strict=True):
        for (name, _), number in covering.by_waiver.items():
            numbers[name] += number
    for name in sorted({*shown[0], *shown[1]}):
        if shown[0][name] != shown[1][name]:
            yield WaiverMoved(name, forces[0].get(name), forces[1].get(name), shown[0][name], shown[1][name])


def _requirements(*sides: tuple[Repository, Evaluation]) -> Iterator[RequirementMoved]:
    """Yield the requirements of all frameworks that stand otherwise by one judgement than by the other."""
    from perpend.cli.options.history.compliance import standings
    from perpend.evaluation.verdicts.evaluation import counts_of
    from perpend.reports.terminal.history.policy_diff import RequirementMoved

    before, after = (
        standings(
            repository,
            {column.program.policy_id: counts_of(column) for column in evaluation.verdicts},
            evaluation.in_part(),
        )
        for repository, evaluation in sides
    )
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield RequirementMoved(name, before.get(name), after.get(name))
