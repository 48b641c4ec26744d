"""Scans add each lookup, list and count once, a built stage does not change, and columns are read by their forms."""

from __future__ import annotations

import pytest

from perpend.core.schema.tables import CONTRADICTED, Column, Form, Join, Table
from perpend.evaluation.planner.scalar import Kind, Scalars
from perpend.evaluation.planner.stage import Scan, Stage, column_of, columns_read, contradicted


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (Form.TEXT, Kind.TEXT),
        (Form.NUMBER, Kind.NUMBER),
        (Form.BOOLEAN, Kind.BOOLEAN),
        (Form.VARIANT, Kind.TEXT),
    ],
)
def test_a_column_is_read_as_what_its_form_is_kept_as(form: Form, kind: Kind) -> None:
    scalars = Scalars()
    assert scalars.column("l1", "name", kind) is column_of(scalars, "l1", Column("name", form))


def test_columns_of_other_rows_are_not_read_of_the_table_itself() -> None:
    made = Scalars()
    own, other = made.column("t", "own", Kind.BOOLEAN), made.column("l1", "other", Kind.BOOLEAN)
    stage = Stage(Table("Thing"), {"v0": made.all(own, other), "v1": made.is_null(made.column("t", "too", Kind.TEXT))})
    assert {"own", "too"} == columns_read(stage)


def test_why_a_row_is_not_to_be_believed_is_a_text_of_the_row() -> None:
    found = contradicted(Scalars(), "l1")
    assert ("column", ("l1", CONTRADICTED), Kind.TEXT) == (found.primitive, found.constants, found.kind)


OWNER = Join("owner__r", "Owner", "owner__c", "Id")
BOSS = Join("boss__r", "Owner", "boss__c", "Id")
PARTS = Join("parts__r", "Part", "Id", "thing__c")
MADE = Scalars()
CODE, OTHER = MADE.literal(1, Kind.WHOLE), MADE.literal(2, Kind.WHOLE)


def test_a_lookup_is_joined_once_for_each_row_that_follows_it() -> None:
    scan = Scan(Table("Thing"))
    owner = scan.lookup("t", OWNER)
    assert owner is scan.lookup("t", OWNER)
    assert ["l1", "l2", "l3"] == [owner.alias, scan.lookup("t", BOSS).alias, scan.lookup("l1", OWNER).alias]
    assert [("t", OWNER), ("t", BOSS), ("l1", OWNER)] == [(one.above, one.join) for one in scan.stage().lookups]


def test_a_child_list_is_scanned_once_for_each_row_that_has_it() -> None:
    scan = Scan(Table("Thing"))
    parts = scan.children("t", PARTS, Table("Part"))
    assert parts is scan.children("t", PARTS, Table("Part"))
    assert ("k2", "l1") == (scan.children("l1", PARTS, Table("Part")).alias, scan.children("l1", PARTS, Table("Part")).above)


def test_equal_codes_of_children_are_one_output() -> None:
    parts = Scan(Table("Thing")).children("t", PARTS, Table("Part"))
    assert ["c0", "c1", "c0"] == [parts.output(one) for one in (CODE, OTHER, CODE)]


def test_the_same_count_is_one_column_and_other_codes_of_a_status_are_another() -> None:
    parts = Scan(Table("Thing")).children("t", PARTS, Table("Part"))
    counted = [parts.count("c0", "compliant", codes) for codes in ((200,), (200,), (199,), (1,), (199,))]
    assert ["c0_compliant", "c0_compliant", "c0_compliant_2", "c0_compliant_3", "c0_compliant_2"] == counted
    assert {"c0_compliant": ("c0", (200,)), "c0_compliant_2": ("c0", (199,)), "c0_compliant_3": ("c0", (1,))} == parts.counts


def test_a_doubt_is_one_column_for_each_output() -> None:
    parts = Scan(Table("Thing")).children("t", PARTS, Table("Part"))
    assert ["c0_doubt", "c0_doubt", "c1_doubt"] == [parts.doubt(one) for one in ("c0", "c0", "c1")]
    assert {"c0_doubt": "c0", "c1_doubt": "c1"} == parts.doubts


def test_a_stage_once_built_stays_as_it_is() -> None:
    scan = Scan(Table("Thing"))
    parts = scan.children("t", PARTS, Table("Part"))
    parts.count(parts.output(CODE), "compliant", (200,))
    scan.outputs["v0"] = CODE
    built = scan.stage()
    scan.outputs["v1"] = OTHER
    parts.count(parts.output(OTHER), "compliant", (200,))
    (counts,) = built.counts
    assert ({"v0": CODE}, {"c0": CODE}) == (built.outputs, counts.stage.outputs)
    assert ("k1", "t", PARTS, {"c0_compliant": ("c0", (200,))}, {}) == (
        *(counts.alias, counts.above, counts.join),
        *(counts.counts, counts.doubts),
    )
