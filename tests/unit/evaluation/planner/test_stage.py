"""A stage reads columns by alias and name; only those of its own table are its own."""

from __future__ import annotations

import pytest

from perpend.core.schema.tables import CONTRADICTED, Column, Form, Table
from perpend.evaluation.planner.scalar import Kind, Scalars
from perpend.evaluation.planner.stage import Stage, column_of, columns_read, contradicted


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
