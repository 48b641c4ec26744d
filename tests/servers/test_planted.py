"""A planted estate, in part: faults are found, mended and, where operations are denied, not known. All of it: `python -m tests.servers.planted`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

from perpend.language.syntax.repository import LIBRARY
from tests.servers.answers import BODIES
from tests.servers.aws import Verdicts
from tests.servers.planted import matrix
from tests.servers.planted.__main__ import RESULTS, wrongs
from tests.servers.planted.rounds import Rounds, account
from tests.servers.planted.tables import FAULTS
from tests.servers.planted.unheld import UNHELD

pytestmark = pytest.mark.slow

LISTED = {one.fault.policy_id for one in UNHELD}
CLASSIC = "elb/classic-listener-acm-certificate"
"""A classic listener is listed with its load balancer: the call that it shares with others would not be made."""

SAMPLE = tuple(
    min(
        (one for one in faults if not one.aged and not one.last and one.policy != CLASSIC), key=lambda one: one.policy_id
    ).policy_id
    for _, faults in groupby(sorted(FAULTS.values(), key=lambda one: one.policy_id), lambda one: one.policy.split("/")[0])
)[::2]
"""A policy of each second service."""

OPTIONS = [word for name in SAMPLE for word in ("--policy", name)]


@pytest.fixture(scope="module")
def rounds(moto_address: str) -> Iterator[Rounds]:
    with account(moto_address, (FAULTS[name] for name in SAMPLE)) as found:
        found.plant()
        yield found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planted") / "store"


@pytest.fixture(scope="module")
def before(rounds: Rounds, store: Path) -> Verdicts:
    """Return the verdicts on all that is planted."""
    ended = rounds.collect(store, *OPTIONS)
    assert (0, "") == (ended.code, ended.err)
    return rounds.evaluate(store, *OPTIONS)


@pytest.mark.parametrize("how", BODIES)
def test_what_is_no_answer_is_not_known_whatever_it_answers(rounds: Rounds, store: Path, before: Verdicts, how: str) -> None:
    """And so no fault passes, and nothing that is right fails."""
    with matrix.impatient():
        for names in matrix.groups(SAMPLE):
            able = tuple(name for name in names if matrix.fails(name, how))
            found = matrix.effects(rounds, store, before, able, how, SAMPLE)
            assert {} == {name: one.wrong for name, one in found.items() if one.wrong}


def test_faults_are_found_are_not_known_where_calls_are_denied_and_are_mended(
    rounds: Rounds, store: Path, before: Verdicts
) -> None:
    assert dict.fromkeys(SAMPLE, "INCOMPLIANT") == rounds.statuses(before, {}, rounds.planted)
    with matrix.impatient():
        names = max(matrix.groups(SAMPLE), key=len)
        found = matrix.effects(rounds, store, before, names, matrix.DENIED, SAMPLE)
    assert {} == {name: one.wrong for name, one in found.items() if one.wrong}
    assert sum(one.verdicts + one.objects > 0 for one in found.values()) > 5
    rounds.mend()
    ended = rounds.collect(store, *OPTIONS)
    assert (0, "") == (ended.code, ended.err)
    assert dict.fromkeys(SAMPLE, "COMPLIANT") == rounds.statuses(rounds.evaluate(store, *OPTIONS), {}, rounds.mended)


def test_each_policy_that_judges_is_planted_or_listed() -> None:
    """The estate is one of AWS: policies for other clouds are not planted in it."""
    judging = {f"/{path.parent.relative_to(LIBRARY).as_posix()}" for path in Path(LIBRARY).glob("ce/ca/aws/**/prod.logic.yaml")}
    assert (judging, set()) == (FAULTS.keys() | LISTED, FAULTS.keys() & LISTED)


def test_the_last_run_of_all_of_it_found_nothing_wrong() -> None:
    found = json.loads(RESULTS.read_text("utf-8"))
    assert (FAULTS.keys() | LISTED, []) == (found["policies"].keys(), list(wrongs(found)))
    assert (set(matrix.JUDGED), set(matrix.ALIKE)) == (found["failing"].keys(), found["alike"].keys())
