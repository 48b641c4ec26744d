"""Messages about interrupted and unfinished collections, and about policies that do not evaluate."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from perpend.cli.collect_summary import print_collected, print_policy_filter
from perpend.cli.progress import TerminalProgress
from perpend.collectors.protocol import CallCounts, Completeness, OthersListed, WorkUnit, WorkUnitResult
from perpend.collectors.runs.checkpoint import Checkpoint
from perpend.collectors.runs.request import PolicyFilter
from perpend.inventory.snapshots.store import Store
from perpend.inventory.snapshots.unfinished_collections import new_unfinished, unfinished
from perpend.language.syntax.repository import open_repository
from perpend.runs.scan import collection_request

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_interrupted_collection_counts_its_listings_and_is_unfinished_once_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "store")
    directory = new_unfinished(store.directory)
    checkpoint, progress = Checkpoint(directory, "a plan"), TerminalProgress()
    for region in ("eu-west-1", "eu-west-2"):
        checkpoint.end(WorkUnitResult(WorkUnit("111122223333", region, "ec2.instances"), NOON, NOON))
        progress.interrupted(store, len(checkpoint.results))
    assert [] == unfinished(store.directory)  # the checkpoint is open
    checkpoint.close()
    one, two = capsys.readouterr().err.splitlines()
    assert f"1 listing is done and stored in {store.directory}: the same command with --resume continues" == one
    assert two.startswith("2 listings are done and stored in ")
    progress.unfinished_collections(store, unfinished(store.directory))
    assert (
        f"perpend: the store has an unfinished collection of {directory.name[:15]} UTC: --resume with its options resumes it, "
        "`perpend inventory prune --keep N` removes it\n"
    ) == capsys.readouterr().err


@pytest.mark.medium
def test_policies_that_read_other_types_are_printed_with_these_types(capsys: pytest.CaptureFixture[str]) -> None:
    request = collection_request(open_repository(), (), (), (), cloud="aws")
    lacking = {f"/ce/p{number:02}": ("Account", "Trail\x1b[2J") for number in range(23)}
    for policies in (PolicyFilter(request), PolicyFilter(request, ("/ce/p",), skipped_types=lacking, others=1)):
        print_policy_filter(policies)
    first, *others = capsys.readouterr().err.splitlines()
    assert "1 policy reads only the types of --types; 1 policy over other types skipped" == first
    assert "  skipped, because it also reads Account, Trail\\x1b[2J: /ce/p00" == others[0]
    assert (21, "  and 3 more that also read other types") == (len(others), others[-1])
    print_policy_filter(PolicyFilter(request, ("/ce/p",), skipped_types=lacking, others=1), in_short=True)
    assert [first] == capsys.readouterr().err.splitlines()


def test_a_summary_says_in_one_sentence_how_many_objects_other_accounts_own(capsys: pytest.CaptureFixture[str]) -> None:
    request = collection_request(open_repository(), (), (), (), cloud="aws")

    def printed(*others: OthersListed) -> str:
        result: Any = SimpleNamespace(
            counts=CallCounts(3),
            carried_over=SimpleNamespace(as_before={}),
            problems=(),
            completeness=Completeness(others=others),
        )
        print_collected(result, request, err=True, in_short=True)
        return capsys.readouterr().err

    assert "" == printed()
    snapshots = [OthersListed("ec2:DescribeSnapshots", f"111122223333/{region}", 1_301, 1_303) for region in ("a", "b")]
    said = printed(*snapshots, OthersListed("ec2:DescribeImages", "111122223333/a", 1, 1))
    calls = "ec2:DescribeImages, ec2:DescribeSnapshots"
    assert f"perpend: 2,603 listed objects left out, because other accounts own them ({calls})\n" == said
