"""Which findings waivers cover: every key must hold, and what is not known holds none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from perpend.findings.waivers.matches import CANDIDATES, COLUMNS, MATCHES, insert_rows, match
from perpend.findings.waivers.status import WaiverStatus
from perpend.inventory.snapshots.database import Connection, opened, rows_of
from tests.unit.findings.waivers.made import standing

NOTHING: dict[str, str | None] = dict.fromkeys(COLUMNS)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with opened() as found:
        yield found


def finding(**more: str | None) -> dict[str, str | None]:
    return {**NOTHING, "policy_id": "/p", "type": "T", "id": "i", "status": "INCOMPLIANT", **more}


def covered(
    connection: Connection, findings: list[dict[str, Any]], standings: list[WaiverStatus], **more: bool
) -> set[tuple[int, int]]:
    insert_rows(connection, CANDIDATES, (tuple(one.values()) for one in findings))
    match(connection, standings, **more)
    return set(rows_of(connection, f"SELECT candidate, waiver FROM {MATCHES}"))


@pytest.mark.parametrize(
    ("scope", "there", "not_there"),
    [
        ({}, {}, {"policy_id": "/q"}),
        ({}, {}, {"status": "UNDETERMINED"}),
        ({"accounts": ("1", "2")}, {"account": "2"}, {"account": "3"}),
        ({"accounts": ("1",)}, {"account": "1"}, {}),
        ({"regions": ("eu-1",)}, {"region": "eu-1"}, {}),
        ({"types": ("T", "S")}, {}, {"type": "U"}),
        ({"objects": ("i",)}, {}, {"id": "ii"}),
        ({"objects": ("arn:x",)}, {"external_id": "arn:x"}, {"external_id": "arn:xy"}),
        ({"objects": ("arn:*",)}, {"external_id": "arn:x\ny"}, {"external_id": "barn:x"}),
        ({"objects": ("a*a",)}, {"id": "aa"}, {"id": "a"}),
        ({"objects": ("*.b*c",)}, {"id": "a.bxc"}, {"id": "axbxc"}),
        ({"names": ("ci-*", "x")}, {"name": "ci-1"}, {"name": "a-ci-1"}),
        ({"names": ("*",)}, {"name": ""}, {}),
        ({"names": ("100%_",)}, {"name": "100%_"}, {"name": "100xx"}),
        ({"accounts": ("1",), "objects": ("i",)}, {"account": "1"}, {"account": "2"}),
        ({"tags": ("team=pay", "team=ops")}, {"tags": '{"env": "prod", "team": "pay"}'}, {"tags": None}),
        ({"tags": ("team=pay",)}, {"tags": '{"team": "pay"}'}, {"tags": '{"team": "Pay"}'}),
        ({"tags": ("a=b=c",)}, {"tags": '{"a": "b=c"}'}, {"tags": '{"a=b": "c"}'}),
        ({"tags": ("team=pay",)}, {"tags": '{"team": "pay"}'}, {"tags": "no JSON"}),
        ({"tags": ("team=pay",)}, {"tags": '{"team": "pay"}'}, {"tags": '["team=pay"]'}),
        ({"tags": ("team=pay",)}, {"tags": '{"team": "pay"}'}, {"tags": "{}"}),
        ({"names": ("\N{BLACK STAR}*",)}, {"name": "\N{BLACK STAR}"}, {"name": "*"}),
    ],
)
def test_every_key_must_hold_and_what_is_not_known_holds_none(
    connection: Connection, scope: dict[str, Any], there: dict[str, str | None], not_there: dict[str, str | None]
) -> None:
    assert {(0, 0)} == covered(connection, [finding(**there), finding(**not_there)], [standing(scope=scope)])


def test_a_finding_is_covered_once_however_many_ways_lead_to_it(connection: Connection) -> None:
    found = covered(connection, [finding(external_id="i")], [standing(scope={"objects": ("i", "*", "i*")}), standing("x")])
    assert {(0, 0), (0, 1)} == found


def test_odd_texts_are_held(connection: Connection) -> None:
    odd = [finding(name="'; DROP TABLE x; --"), finding(name="\0\ud800"), finding(name='"\\')]
    assert {(0, 0), (2, 0)} == covered(connection, odd, [standing(scope={"names": ("'*", '"\\')})])


def test_a_pattern_of_many_stars_takes_no_time_to_fail(connection: Connection) -> None:
    pattern = "*a" * 8 + "*b*"
    many = [finding(name="a" * 4_000) for _ in range(50)]
    assert set() == covered(connection, many, [standing(scope={"names": (pattern,)})])
