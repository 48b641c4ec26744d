"""A blank cell of a table of texts does not say that there is nothing, on any road; a mapping can say so, and so can null."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perpend.language.syntax.repository import open_repository
from tests.cli.conftest import TIME, RunWriter

pytestmark = pytest.mark.usefixtures("shared_database")

QUEUE, POLICY = "CA10__CaAwsSqsQueue__c", "queue-policy-open-to-everybody"
FIELDS = ("CA10__policyDocument__c", "CA10__policyDocumentExt__c")
REASON = "is blank in its table, which does not say that there is none (`blank: none` in a mapping does)"
TABLES = {
    "csv": f"Id,{FIELDS[0]},{FIELDS[1]}\nq,,\n",
    "quotes": f'Id,{FIELDS[0]},{FIELDS[1]}\nq,"",""\n',
    "white space": f'Id,{FIELDS[0]},{FIELDS[1]}\r\nq, ,"\t\n"\r\n',
    "tsv": f"Id\t{FIELDS[0]}\t{FIELDS[1]}\nq\t\t\n",
}


def verdicts(run: RunWriter, directory: Path, *named: object) -> list[tuple[str, str]]:
    """Return status and message of the only object, by each road: a file, a store, and the interpreter that explains."""
    store, asked = directory / "store", ("--policy", POLICY, *TIME, "--format", "ndjson")
    assert 0 == run("import", *named, "--store", store).code
    roads = (run("check", *named, *asked), run("check", "--store", store, *asked, "--no-history"))
    explained = run("explain", POLICY, "q", "--store", store, *TIME, "--format", "json")
    told = [*(json.loads(road.out.splitlines()[0]) for road in roads), json.loads(explained.out)]
    return [(one["status"], one["currentStateMessage"]) for one in told]


@pytest.mark.parametrize("table", TABLES)
def test_a_blank_cell_that_a_policy_reads_is_not_known(run: RunWriter, tmp_path: Path, table: str) -> None:
    (tmp_path / "q.csv").write_text(TABLES[table])
    told = verdicts(run, tmp_path, tmp_path / "q.csv", "--type", QUEUE)
    assert [("UNDETERMINED", f"{FIELDS[0]} {REASON}")] * 3 == told


@pytest.mark.parametrize("blank", ["none", f"{{{FIELDS[0]}: none, {FIELDS[1]}: none}}"])
def test_a_mapping_says_that_blank_cells_mean_null(run: RunWriter, tmp_path: Path, blank: str) -> None:
    (tmp_path / "q.csv").write_text(TABLES["csv"])
    (tmp_path / "m.yaml").write_text(f"blank: {blank}\n")
    told = verdicts(run, tmp_path, tmp_path / "q.csv", "--type", QUEUE, "--mapping", tmp_path / "m.yaml")
    assert ["COMPLIANT"] * 3 == [status for status, _ in told]


def test_a_mapping_says_it_by_the_names_of_the_tables_columns(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("arn,policy,ext\nq,,\n")
    columns = f"columns: {{arn: Id, policy: {FIELDS[0]}, ext: {FIELDS[1]}}}\n"
    for blank, status in (("policy", "UNDETERMINED"), ("ext", "UNDETERMINED"), ("policy: none, ext", "COMPLIANT")):
        (tmp_path / "m.yaml").write_text(f"{columns}blank: {{{blank}: none}}\n")
        named = (tmp_path / "q.csv", "--type", QUEUE, "--mapping", tmp_path / "m.yaml")
        ran = run("check", *named, "--policy", POLICY, *TIME, "--format", "ndjson")
        assert status == json.loads(ran.out.splitlines()[0])["status"], blank


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ("blank: null\n", "m.yaml:1:8: `null` is not allowed here"),
        ("blank: {x: nothing}\n", "m.yaml:1:12: `nothing` is not allowed here"),
        ("blank: {x: none}\n", "q.csv: no column `x` is taken, of which the mapping says `blank: none`"),
    ],
)
def test_what_a_mapping_cannot_say_of_blank_cells_is_told(run: RunWriter, tmp_path: Path, mapping: str, reason: str) -> None:
    (tmp_path / "q.csv").write_text(TABLES["csv"])
    (tmp_path / "m.yaml").write_text(mapping)
    ran = run("check", tmp_path / "q.csv", "--type", QUEUE, "--mapping", tmp_path / "m.yaml", "--policy", POLICY)
    assert (2, "") == (ran.code, ran.out)
    assert reason in ran.err


def test_null_is_a_fact_where_a_format_can_say_it(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "q.ndjson").write_text(json.dumps({"Id": "q", **dict.fromkeys(FIELDS)}) + "\n")
    told = verdicts(run, tmp_path, tmp_path / "q.ndjson", "--type", QUEUE)
    assert ["COMPLIANT"] * 3 == [status for status, _ in told]


def test_a_blank_cell_under_a_deletion_field_says_that_the_object_is_there(run: RunWriter, tmp_path: Path) -> None:
    document = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]})
    rows = json.dumps(document)[1:-1].replace('\\"', '""')
    (tmp_path / "q.csv").write_text(f'Id,CA10__disappearanceTime__c,{FIELDS[0]},{FIELDS[1]}\nq,,"{rows}","{rows}"\n')
    told = verdicts(run, tmp_path, tmp_path / "q.csv", "--type", QUEUE)
    assert ["COMPLIANT"] * 3 == [status for status, _ in told]


@pytest.mark.slow
def test_no_policy_of_the_library_knows_anything_of_an_object_whose_cells_are_blank(run: RunWriter, tmp_path: Path) -> None:
    named: list[object] = []
    library = open_repository(None)
    for place, type_name in enumerate(library.type_names):
        declared = library.declared_type(type_name)
        assert declared is not None
        header = [name for name in declared.fields if name != "Id"]
        (tmp_path / f"{place}.csv").write_text(f"Id,{','.join(header)}\nx{',' * len(header)}\n")
        named += [tmp_path / f"{place}.csv", "--type", type_name]
    ran = run("check", *named, *TIME, "--format", "ndjson")
    assert ran.out, ran.err
    said = [(one["policyId"], one["status"]) for one in map(json.loads, ran.out.splitlines())]
    assert [] == [one for one in said if one[1] != "UNDETERMINED"]
