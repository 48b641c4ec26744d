"""One number of an account in two partitions: nothing of it is known in full, whoever claims it."""

from __future__ import annotations

import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.inventory.importers.scopes import claim_mixed, partitions_of
from perpend.inventory.snapshots.driver import duckdb
from perpend.inventory.snapshots.manifest import StoredSource

A, B = "111122223333", "444455556666"
OURS, THEIRS = f"arn:aws:iam::{A}:user/ann", f"arn:aws-cn:iam::{A}:user/ann"
MANAGED = f"{A}|arn:aws-cn:iam::{A}:policy/p"


@pytest.mark.parametrize(
    ("ids", "known", "found"),
    [
        ([OURS, A, "arn:aws:s3:::b", f"arn:aws:iam::{B}:root"], set(), set()),
        ([OURS, "arn:aws-cn:iam::aws:policy/p"], set(), {(A, "aws")}),
        ([OURS, THEIRS], set(), {(A, "aws"), (A, "aws-cn")}),
        ([OURS, MANAGED], set(), {(A, "aws"), (A, "aws-cn")}),
        ([OURS], {(A, "aws-us-gov")}, {(A, "aws"), (A, "aws-us-gov")}),
        ([], {(B, "aws")}, {(B, "aws")}),
    ],
)
def test_partitions_are_told_by_ids(ids: list[str], known: set[tuple[str, str]], found: set[tuple[str, str]]) -> None:
    rows = ", ".join(f"('{one}')" for one in ids) or "(NULL)"
    with duckdb.connect() as connection:
        assert found == partitions_of(connection, [f'SELECT * FROM (VALUES {rows}) AS held("Id")'], known)


def test_of_a_number_in_several_partitions_nothing_is_known_in_full_and_that_is_said_once() -> None:
    sources = [StoredSource("a", "csv", None, 1, coverage=(Claim("T", Scope(A)),)), StoredSource("b", "csv", None, 1)]
    for _ in range(2):
        claim_mixed(sources, {(A, "aws-cn"), (A, "aws"), (B, "aws")})
    why = f"account {A} is one in each of the partitions aws and aws-cn"
    assert [(Claim("T", Scope(A)), Claim("", Scope(A), why)), ()] == [one.coverage for one in sources]
