"""``perpend new policies``: a table becomes policies whose tests notice each mutant, and nothing of an author's is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import RunWriter, done
from tests.repositories import write

REGION = {"type": "AWS Account Region", "categories": ["SECURITY"], "remediation": "Change it: `aws ec2 help`."}
MESSAGES = {"compliant": "As it should be.", "incompliant": "It needs a change.", "undetermined": "Nobody knows."}
SEVERITY = {"level": "high", "because": "It matters.", "source": "Acme"}
OPEN = {key: MESSAGES[key] for key in ("compliant", "incompliant")}
STATUS = {
    "field": "CA10__status__c",
    "values": ["opted-in", "opt-in-not-required"],
    "others": ["not-opted-in"],
    "inapplicable": "The region is off.",
    "undetermined": "Whether the region is on is open.",
}
IMDS = {
    "field": "CA10__metadataDefaultHttpTokens__c",
    "values": ["required"],
    "others": ["optional"],
    "inapplicable": "Another default holds.",
    "undetermined": "Which default holds is open.",
}
CONSOLE = {
    "field": "CA10__serialConsoleAccessEnabled__c",
    "values": [True],
    "inapplicable": "The console is off.",
    "undetermined": "Whether the console is on is open.",
}
LINKED = {**STATUS, "field": "CA10__accountRegion__r.CA10__status__c"}
SHARING = "CA10__snapshotBlockPublicAccessState__c"
HOPS = "CA10__metadataDefaultHttpPutResponseHopLimit__c"
FORMS = [
    {"form": "one-of", "field": SHARING, "passes": ["block-all-sharing", "block-new-sharing"], "fails": ["unblocked"]},
    {"form": "none-of", "field": SHARING, "passes": ["block-all-sharing"], "fails": ["unblocked", "off"], "guards": [STATUS]},
    {"form": "is-false", "field": "CA10__serialConsoleAccessEnabled__c", "guards": [STATUS, IMDS]},
    {"form": "is-true", "field": "CA10__serialConsoleAccessEnabled__c", "severity": SEVERITY},
    {"form": "at-least", "field": HOPS, "limit": 2, "guards": [CONSOLE]},
    {"form": "at-most", "field": HOPS, "limit": 1.5, "fails": [64]},
    {"form": "empty", "field": SHARING, "fails": ["unblocked"], "messages": OPEN},
    {"form": "not-empty", "field": HOPS, "passes": [1], "messages": OPEN, "guards": [STATUS]},
    {"form": "contains", "field": SHARING, "items": ["audit"], "messages": OPEN, "guards": [STATUS]},
    {"form": "lacks", "field": SHARING, "items": ["0.0.0.0/0", "::/0"]},
    {"form": "contains", "field": SHARING, "items": ["audit", "error", "slow"], "messages": OPEN},
    {
        "form": "is-false",
        "type": "CA10__CaAwsConfigRecorder__c",
        "field": "CA10__accountRegion__r.CA10__serialConsoleAccessEnabled__c",
        "guards": [LINKED],
    },
]


def row(number: int, form: dict[str, object]) -> dict[str, object]:
    names = {"full": f"Region breaks rule {number}", "contextual": f"Rule {number}"}
    return {"id": f"/ce/acme/rule-{number}", "names": names, "description": "A rule.", "messages": MESSAGES, **REGION, **form}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    done("new", "repository", tmp_path / "policies")
    rows = [row(number, form) for number, form in enumerate(FORMS)]
    return write(tmp_path / "policies", {"tables/regions.yaml": {"policies": rows}})


@pytest.mark.medium
def test_no_mutant_of_a_table_survives(run: RunWriter, root: Path) -> None:
    made = run("new", "policies", root / "tables/regions.yaml", "--repo", root)
    assert (0, "", len(FORMS)) == (made.code, made.err, len(list(root.glob("ce/acme/*/policy.yaml"))))
    tested = run("test", "--repo", root, "--coverage", "--fail-under", "100")
    assert 0 == tested.code, tested.out
    mutated = run("test", "--repo", root, "--mutate", "--jobs", "1", "--format", "json")
    assert (0, "") == (mutated.code, mutated.err), mutated.out
    assert 0 == run("test", "--repo", root, "--engine", "duckdb").code
    assert 0 == run("lint", "--repo", root).code
    assert 0 == run("severity", "lint", "--repo", root).code


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_second_run_writes_nothing_and_a_longer_table_the_rest(run: RunWriter, root: Path) -> None:
    table = root / "tables/regions.yaml"
    assert 0 == run("new", "policies", table, "--repo", root).code
    before = contents(root)
    again = run("new", "policies", table, "--repo", root)
    assert (0, f"nothing new: {len(FORMS)} policies\n", before) == (again.code, again.out, contents(root))
    rows = json.loads(table.read_text("utf-8"))["policies"]
    more = row(90, {**FORMS[0], "severity": SEVERITY})
    write(root, {"tables/regions.yaml": {"policies": [*rows, more]}})
    assert 0 == run("new", "policies", table, "--repo", root).code
    ratings = root / "ratings/regions.yaml"
    assert ratings.read_bytes().startswith(before[ratings])
    assert {path: text for path, text in contents(root).items() if path in before and path not in (table, ratings)} == {
        path: text for path, text in before.items() if path not in (table, ratings)
    }
    assert 0 == run("severity", "lint", "--repo", root).code
    assert "/ce/acme/rule-90" in ratings.read_text("utf-8")


def test_a_refused_table_writes_nothing(run: RunWriter, root: Path) -> None:
    table = root / "tables/regions.yaml"
    rows = [row(1, FORMS[0]), row(2, {**FORMS[0], "field": "CA10__nothing__c"})]
    write(root, {"tables/regions.yaml": {"policies": rows}})
    before = contents(root)
    ran = run("new", "policies", table, "--repo", root)
    assert (2, before) == (ran.code, contents(root))
    assert "T102" in ran.err
    assert "declares no field 'CA10__nothing__c'" in ran.err


def test_a_link_out_of_the_repository_is_never_followed(run: RunWriter, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "ce/acme").symlink_to(tmp_path / "outside")
    assert 2 == run("new", "policies", root / "tables/regions.yaml", "--repo", root).code
    assert [] == list((tmp_path / "outside").iterdir())


def test_texts_of_an_author_are_kept_and_named(run: RunWriter, root: Path) -> None:
    table = root / "tables/regions.yaml"
    run("new", "policies", table, "--repo", root)
    mine = root / "ce/acme/rule-0/description.md"
    mine.write_text("Mine.", "utf-8")
    ran = run("new", "policies", table, "--repo", root)
    assert (0, "Mine.") == (ran.code, mine.read_text("utf-8"))
    assert f"kept  {mine}" in ran.out
