"""A history's head as text: what goes in comes out, and what is not one is refused with the reason."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from perpend.findings.history.manifest import (
    HistoryManifest,
    PolicySeverity,
    RecordedPolicy,
    RecordedRatings,
    RecordedType,
    Retirement,
    Run,
    history_manifest_from,
    manifest_text,
)
from perpend.inventory.snapshots.manifest import Damaged, StoredFile, sealed

pytestmark = pytest.mark.medium

FILE = StoredFile("known/a.parquet", "ab", 3)
HEAD = HistoryManifest(
    (),
    (),
    (RecordedPolicy(1, "/ce/a", "Thing", "/ce/b", "hash", 1, 1, 1, was_retired=True),),
    {"Thing": RecordedType((FILE,), FILE, None, (FILE,), (), 9, {"seen0": (1,)}, {4: FILE})},
    (FILE,),
).with_run(Run(1, "run", "content", "2026-01-01T00:00:00.000Z", True, "2026-01-02T00:00:00Z", "engine", 0, ("1",)), (1,))


def test_a_head_comes_back_as_it_was() -> None:
    assert HEAD == history_manifest_from(manifest_text(HEAD))
    assert HistoryManifest() == history_manifest_from(manifest_text(HistoryManifest()))


def test_a_head_remembers_ratings() -> None:
    said = RecordedRatings((PolicySeverity("/ce/a", "high", "board", "Why.", "2d"),), ('{"steps":1}',))
    run = HEAD.runs[0]
    head = HEAD.with_run(replace(run, number=2), (1,), said).with_run(replace(run, number=3), (1,), said)
    assert head == history_manifest_from(manifest_text(head))
    assert ([None, said, said], (said,)) == ([head.ratings_of(one) for one in head.runs], head.ratings)


def test_a_head_remembers_when_policies_were_no_more() -> None:
    now = replace(HEAD.policies[0], retired_run=1)
    retired = replace(HEAD, policies=(now,))
    again = replace(HEAD, retirements=(Retirement(1, 2, 5), Retirement(7, 1, 2)))
    assert again == history_manifest_from(manifest_text(again))
    assert [set(), {1}, {1}, set()] == [again.retired_in(run) for run in (0, 2, 4, 5)]
    assert [{7}, {1}, set()] == [again.retired_in(), retired.retired_in(), retired.retired_in(0)]


def test_a_head_says_where_changes_of_objects_stand() -> None:
    other = replace(FILE, path="past/b.parquet")
    known = RecordedType(past=(FILE, other), spans={FILE.path: (1, 4), other.path: (5, 9)}, past_run=7)
    head = replace(HEAD, types={"Thing": known})
    assert head == history_manifest_from(manifest_text(head))
    assert [(FILE,), (other,), ()] == [known.past_of(numbers) for numbers in ([1, 4, 10], [5], [10])]
    with pytest.raises(Damaged, match="something else than a history"):
        history_manifest_from(manifest_text(replace(HEAD, types={"Thing": replace(known, spans={FILE.path: (1, 4)})})))


def test_a_head_remembers_what_a_run_has_not_read() -> None:
    unread = {"Thing": (("", "denied"), ("111122223333", "failed"))}
    head = HEAD.with_run(replace(HEAD.runs[0], number=2, unread=unread), (1,))
    assert head == history_manifest_from(manifest_text(head))
    assert unread == history_manifest_from(manifest_text(head)).run(2).unread
    asked = replace(head, policies=(replace(HEAD.policies[0], last_run=2),))
    assert [{}, {"/ce/b": "denied"}] == [one.in_part(["999999999999"]) for one in (head, asked)]


def test_a_policy_is_stale_if_the_newest_run_did_not_evaluate_it_over_any_type() -> None:
    head = HEAD.with_run(replace(HEAD.runs[0], number=2), ())
    (policy,) = HEAD.policies
    other = replace(policy, number=2, type_name="Other", last_run=2)
    heads = (HEAD, head, replace(head, policies=(policy, other)), replace(head, policies=(replace(policy, retired_run=2),)))
    assert [{}, {policy.policy_id: HEAD.run(1)}, {}, {}] == [one.stale_policies() for one in heads]


def test_a_head_remembers_who_was_looked_at_before_the_day_of_a_run() -> None:
    head = replace(HEAD, types={"Thing": replace(HEAD.types["Thing"], looked=FILE)})
    assert head == history_manifest_from(manifest_text(head))
    assert len(HEAD.files) + 1 == len(head.files)


def test_what_the_head_holds_is_found() -> None:
    assert frozenset({1}) == HEAD.was_evaluated(HEAD.run(1))
    assert {1: "seen0"} == HEAD.types["Thing"].policies
    assert (1, 2) == (HistoryManifest().next_run, HEAD.next_run)
    assert 5 == len(HEAD.files)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        (manifest_text(HEAD)[:-40], "not JSON"),
        (manifest_text(HEAD).replace('"engine"', '"motor"'), "checksum"),
        (sealed({**json.loads(manifest_text(HEAD)), "format": 4}), "earlier version .*: remove the directory `history`"),
        (sealed({"format": 99}), "newer version of Perpend .format 99; this version reads 6.: upgrade Perpend"),
        (sealed({"format": 6}), "something else than a history"),
        (sealed({**json.loads(manifest_text(HEAD)), "runs": [5]}), "checksum|something else"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_head_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Damaged, match=reason):
        history_manifest_from(text)
