"""A directory of Markdown, as pages on shelves."""

from __future__ import annotations

import pytest

from perpend.site.documents import Documents, NotDocuments


def test_documents_stand_on_shelves_and_lead_to_operations(tmp_path):
    (tmp_path / "how-to").mkdir()
    (tmp_path / "how-to" / "x.md").write_text("# How to x\n\nDo it.\n", "utf-8")
    (tmp_path / "tour.md").write_text("# A tour\n\nGo.\n", "utf-8")
    documents = Documents(tmp_path)
    assert [("Start here", ["A tour"]), ("How to", ["How to x"])] == [
        (name, [ref.name for ref, _ in rows]) for name, rows in documents.index().shelves
    ]
    assert ("is-equal", None) == (documents.ref("reference/operations/is-equal.md").id, documents.ref("absent.md"))
    with pytest.raises(NotDocuments):
        Documents(tmp_path / "absent")
