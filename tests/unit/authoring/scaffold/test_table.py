"""Tables of policies: what an entry must be, and the line of each error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perpend.authoring.scaffold.table import Table, read_table
from perpend.authoring.scaffold.table_files import policies_from_table
from perpend.language.syntax.repository import Repository, open_repository
from tests.repositories import write

ROW = """\
policies:
  - id: /ce/acme/volume
    names: {full: Volume is not encrypted, contextual: Volume}
    description: Whoever gets the disk reads it.
    type: CA10__CaAwsVolume__c
    field: CA10__encrypted__c
    form: is-true
    messages:
      compliant: The volume is encrypted.
      incompliant: The volume is in clear text.
      undetermined: Whether it is encrypted is not known.
    remediation: Copy it.
    categories: [SECURITY]
"""
TEXT = ROW.replace("CA10__encrypted__c", "CA10__volumeType__c").replace(
    "is-true", "one-of\n    passes: [gp3, io2]\n    fails: [gp2]"
)
NUMBER = ROW.replace("CA10__encrypted__c", "CA10__size__c").replace("is-true", "at-least\n    limit: 7")
GUARD = """\
    guards:
      - field: CA10__volumeType__c
        values: [gp2, gp3]
        others: [io2]
        inapplicable: It is of another kind.
        undetermined: Its kind is not known.
"""
ENTRY = """\
policies:
  - id: /ce/acme/flag
    names: {full: Instance does not log connections, contextual: No log of connections}
    description: Logs show who connects.
    type: CA10__CaGoogleSqlInstance__c
    guards:
      - field: CA10__databaseVersion__c
        prefixes: true
        closed: true
        values: [POSTGRES_]
        others: [MYSQL_]
        inapplicable: It runs another engine.
        undetermined: Its engine is not known.
    field: CA10__databaseFlagsJson__c
    entry: log_connections
    unset:
      field: CA10__databaseVersion__c
      passes: [POSTGRES_99]
      fails: [POSTGRES_9_6, POSTGRES_17]
    form: one-of
    passes: ["on"]
    fails: ["off"]
    messages:
      compliant: Connections are in the log.
      incompliant: No log has the connections.
      undetermined: The flag or its default is not known.
    remediation: Turn it on.
    categories: [SECURITY]
"""
NUMBER_ENTRY = ENTRY.replace('one-of\n    passes: ["on"]\n    fails: ["off"]', "at-most\n    limit: -1")


def repository(root: Path) -> Repository:
    return open_repository(write(root / "own", {"ce/folder.yaml": {"names": {"full": "All", "contextual": "All"}}}))


def read(root: Path, text: str) -> Table:
    (root / "table.yaml").write_text(text, "utf-8")
    return read_table(root / "table.yaml", repository(root))


def test_a_row_is_read(tmp_path: Path) -> None:
    table = read(tmp_path, TEXT + GUARD)
    assert () == table.diagnostics
    (row,) = table.rows
    assert ("/ce/acme/volume", ("gp3", "io2"), ("gp2",)) == (row.id, row.passes, row.fails)
    assert (("gp2", "gp3"), ("io2",)) == (row.guards[0].values, row.guards[0].others)


@pytest.mark.parametrize(
    ("form", "more", "passes", "fails"),
    [
        ("at-least", "passes: [30]\n    fails: [1]", (7, 8, 30), (6, 1)),
        ("at-most", "passes: [7]\n    fails: [9, 8]", (7, 6), (8, 9)),
    ],
)
def test_a_limit_has_values_at_both_sides(
    tmp_path: Path, form: str, more: str, passes: tuple[int, ...], fails: tuple[int, ...]
) -> None:
    text = NUMBER.replace("at-least", form).replace("limit: 7", f"limit: 7\n    {more}")
    (row,) = read(tmp_path, text).rows
    assert (passes, fails) == (row.passes, row.fails)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (ROW.replace("CA10__encrypted__c", "CA10__encryptd__c"), 6, "declares no field 'CA10__encryptd__c' (did you mean"),
        (ROW.replace("CA10__CaAwsVolume__c", "CA10__CaAwsVolum__c"), 5, "unknown type 'CA10__CaAwsVolum__c' (did you mean"),
        (ROW.replace("CA10__encrypted__c", "CA10__disappearanceTime__c"), 6, "marks disappeared objects"),
        (ROW.replace("CA10__encrypted__c", "CA10__tagsJson__c"), 6, "the field holds a JSON document"),
        (ROW.replace("is-true", "is-tru"), 7, "`is-tru` is not allowed here"),
        (ROW.replace("is-true", "at-least\n    limit: 7"), 7, "`at-least` checks Number, and the field holds Boolean"),
        (ROW.replace("is-true", "is-true\n    passes: [true]"), 8, "`passes` does not go with `is-true`"),
        (ROW.replace("      undetermined: Whether it is encrypted is not known.\n", ""), 8, "needs a message `undetermined`"),
        (ROW.replace("/ce/acme/volume", "/ce/../../volume"), 2, "is outside /ce: an ID cannot go up"),
        (ROW.replace("/ce/acme/volume", "/ce/acme/a b"), 2, "is not safe for every file system"),
        (ROW + ROW.removeprefix("policies:\n"), 14, "`/ce/acme/volume` and `/ce/acme/volume` cannot both be policies"),
        (ROW + ROW.removeprefix("policies:\n").replace("volume\n", "volume/x\n", 1), 14, "cannot both be policies"),
        (ROW.replace("/ce/acme/volume", "/ce/acme/volume/x") + ROW.removeprefix("policies:\n"), 14, "cannot both be policies"),
        (ROW.replace("categories:", "frameworkMappings: [/frameworks/none]\n    categories:"), 13, "there is no section `/fra"),
        (ROW.replace("Copy it.", "|\n      one\n      two"), 12, "`remediation` has several lines"),
        (ROW.replace("Copy it.", "x" * 2_001), 12, "more than 2,000 characters"),
        (ROW.replace("categories", "colour"), 13, "unknown key `colour`"),
        (TEXT.replace("[gp3, io2]", "[gp3, ' GP3 ']"), 8, "` GP3 ` is in `passes` twice"),
        (TEXT.replace("fails: [gp2]", "fails: [gp2, gp3]"), 9, "`gp3` is in `passes` and in `fails`"),
        (TEXT.replace("fails: [gp2]", "fails: [2]"), 9, "`2` is not Text"),
        (TEXT.replace("fails: [gp2]", "fails: ['']"), 9, "expected a text, a number, `true` or `false`"),
        (TEXT.replace("    fails: [gp2]\n", ""), 7, "`one-of` needs `fails`"),
        (TEXT.replace("[gp3, io2]", str([f"v{number}" for number in range(101)])), 8, "`passes` has more than 100 values"),
        (NUMBER.replace("limit: 7", "limit: true"), 8, "`True` is not Number"),
        (NUMBER.replace("limit: 7", "limit: 7\n    fails: [9]"), 9, "`9` passes by the limit 7"),
        (NUMBER.replace("limit: 7", "limit: 7\n    passes: [2]"), 9, "`2` fails by the limit 7"),
        (ROW + GUARD.replace("        others: [io2]\n", ""), 15, "`others` names no value"),
        (ROW + GUARD.replace("[io2]", "[GP2]"), 17, "`GP2` is in `values` and in `others`"),
        (
            ROW
            + GUARD.replace("volumeType", "encrypted").replace("[gp2, gp3]", "[true]").replace("others: [io2]", "closed: true"),
            15,
            "never `closed`",
        ),
        (ROW + GUARD.replace("volumeType", "size"), 15, "a guard reads text or a checkbox"),
        ("policies: []\n---\n", 2, "several YAML documents"),
        (ROW.replace("is-true", "empty"), 7, "`empty` checks Text or Number"),
        (ROW.replace("is-true", "contains\n    items: [x]"), 7, "`contains` checks Text"),
        (TEXT.replace("one-of", "lacks"), 7, "`lacks` needs `items`"),
        (ROW.replace("is-true", "is-true\n    items: [x]"), 8, "`items` does not go with `is-true`"),
        (TEXT.replace("one-of", "empty"), 8, "`passes` does not go with `empty`"),
        (ENTRY.replace("databaseFlagsJson", "sslMode"), 14, "`entry` reads a JSON document, and the field holds Text"),
        (ENTRY.replace("one-of", "none-of"), 20, "`entry` goes with `one-of`, `at-least`, `at-most` only"),
        (ENTRY.replace("    entry: log_connections\n", ""), 14, "the field holds a JSON document"),
        (TEXT.replace("form:", "entry: x\n    form:"), 6, "`entry` reads a JSON document"),
        (ENTRY.replace("      passes: [POSTGRES_99]\n      fails: [POSTGRES_9_6, POSTGRES_17]\n", ""), 14, "go together"),
        (ENTRY.replace("POSTGRES_99", "POSTGRES_17"), 19, "`POSTGRES_17` is in `passes` and in `fails`"),
        (
            ENTRY.replace("      field: CA10__databaseVersion__c\n      p", "      field: CA10__ipv4Enabled__c\n      p"),
            17,
            "reads text",
        ),
        (ENTRY.replace("        closed: true\n", ""), 7, "a guard with `prefixes` is `closed`"),
    ],
)
def test_an_error_names_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    found = read(tmp_path, text).diagnostics
    assert any(line == one.span.line and message in one.message for one in found), found


@pytest.mark.parametrize("text", [ENTRY, NUMBER_ENTRY])
def test_an_entry_has_a_test_for_each_value_each_default_and_each_way_not_to_be_known(tmp_path: Path, text: str) -> None:
    (tmp_path / "table.yaml").write_text(text, "utf-8")
    made = policies_from_table(tmp_path / "table.yaml", repository(tmp_path))
    assert () == made.diagnostics
    objects = {one["Id"]: one for one in json.loads(made.files["ce/acme/flag/test-data.json"])}
    statuses = {name: one["expectedResult"]["status"] for name, one in objects.items()}
    expected = {
        "beside-another": "COMPLIANT",
        "without-value": "UNDETERMINED",
        "without-name": "UNDETERMINED",
        "not-a-list": "UNDETERMINED",
        "not-valid": "UNDETERMINED",
        "not-known": "UNDETERMINED",
        "unset-passes-1": "COMPLIANT",
        "unset-fails-1": "INCOMPLIANT",
        "unset-fails-2": "INCOMPLIANT",
        "unset-not-listed": "UNDETERMINED",
        "guard-1-prefix-1-cut": "UNDETERMINED",
        "guard-1-prefix-2-inside": "UNDETERMINED",
        "guard-1-other-1": "INAPPLICABLE",
    }
    assert expected == {name: statuses[name] for name in expected}
    assert (
        "POSTGRES_17",
        '[{"name": "another", "value": "off"}]' if text is ENTRY else '[{"name": "another", "value": "0"}]',
    ) == (
        objects["unset-fails-2"]["CA10__databaseVersion__c"],
        objects["unset-fails-2"]["CA10__databaseFlagsJson__c"],
    )


def test_the_name_of_an_entry_may_hold_a_quote(tmp_path: Path) -> None:
    (tmp_path / "table.yaml").write_text(ENTRY.replace("entry: log_connections", 'entry: "it\'s"'), "utf-8")
    made = policies_from_table(tmp_path / "table.yaml", repository(tmp_path))
    assert () == made.diagnostics


def test_a_table_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert ["L101"] == [one.code for one in read_table(tmp_path / "none.yaml", repository(tmp_path)).diagnostics]


def test_too_many_rows_are_an_error(tmp_path: Path) -> None:
    row = ROW.removeprefix("policies:\n")
    rows = "".join(row.replace("/volume\n", f"/volume-{number}\n", 1) for number in range(1_001))
    assert ["the table has more than 1,000 entries"] == [
        one.message for one in read(tmp_path, f"policies:\n{rows}").diagnostics
    ]


def test_a_value_with_a_comma_stays_one_value(tmp_path: Path) -> None:
    text = TEXT.replace("[gp3, io2]", "['gp3, io2']").replace("[gp2]", "[gp2, 'io1, gp2']")
    (tmp_path / "table.yaml").write_text(text, "utf-8")
    made = policies_from_table(tmp_path / "table.yaml", repository(tmp_path))
    assert () == made.diagnostics
    logic = made.files["ce/acme/volume/prod.logic.yaml"]
    assert 'items: [gp2, "io1, gp2"]' in logic
    assert 'right: {TEXT: "gp3, io2"}' in logic


def test_a_closed_guard_leaves_out_what_it_names_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "table.yaml").write_text(ROW + GUARD + "        closed: true\n", "utf-8")
    made = policies_from_table(tmp_path / "table.yaml", repository(tmp_path))
    assert () == made.diagnostics
    data = json.loads(made.files["ce/acme/volume/test-data.json"])
    statuses = {test["Id"]: test["expectedResult"]["status"] for test in data}
    assert {"guard-1-other-1": "INAPPLICABLE", "guard-1-not-listed": "UNDETERMINED", "guard-1-not-known": "UNDETERMINED"} == {
        name: status for name, status in statuses.items() if status != "INCOMPLIANT" and name.startswith("guard")
    }


def test_logic_that_differs_is_refused_and_texts_are_kept(tmp_path: Path) -> None:
    (tmp_path / "table.yaml").write_text(ROW, "utf-8")
    own = repository(tmp_path)
    made = policies_from_table(tmp_path / "table.yaml", own)
    for path, text in made.files.items():
        (own.files.root / path).parent.mkdir(parents=True, exist_ok=True)
        (own.files.root / path).write_text(text, "utf-8")
    folder = own.files.root / "ce/acme/volume"
    (folder / "description.md").write_text("Mine.", "utf-8")
    again = policies_from_table(tmp_path / "table.yaml", repository(tmp_path))
    assert ({}, ("ce/acme/volume/description.md",), ()) == (again.files, again.kept, again.diagnostics)
    (folder / "prod.logic.yaml").write_text("mine", "utf-8")
    (differs,) = policies_from_table(tmp_path / "table.yaml", repository(tmp_path)).diagnostics
    assert (2, True) == (differs.span.line, "prod.logic.yaml` is there and differs" in differs.message)
