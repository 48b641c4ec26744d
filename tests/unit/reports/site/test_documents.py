"""A directory of Markdown, as pages on shelves."""

from __future__ import annotations

import pytest

from perpend.reports.site.documents import Documents, NotDocuments
from tests.repositories import write

pytestmark = pytest.mark.medium


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


def test_documents_come_in_the_order_in_which_readmes_name_them(tmp_path):
    write(
        tmp_path,
        {
            "README.md": "# Read\n\n- [two](how-to/b.md)\n- [one](<how-to/a.md>)\n- [out](../elsewhere.md)\n",
            "how-to/a.md": "# A\n",
            "how-to/b.md": "# B\n",
            "how-to/0.md": "# Unnamed\n",
            "adr/README.md": "# Decisions\n\n[last](2.md) [first](1.md)\n",
            "adr/1.md": "# 1\n",
            "adr/2.md": "# 2\n",
            "tour.md": "# Tour\n",
        },
    )
    documents = Documents(tmp_path)
    assert [
        "tour.md",
        "how-to/b.md",
        "how-to/a.md",
        "how-to/0.md",
        "adr/README.md",
        "adr/2.md",
        "adr/1.md",
    ] == documents.shelf()
    index, pages = documents.index(), documents.pages()
    assert (True, "/docs") == (index.markdown.startswith("# Read"), documents.ref("README.md").id)
    assert {index.side} == {page.side for page in pages}
    assert [("Start here", 1), ("How to", 3), ("Decisions", 3)] == [(name, len(refs)) for name, refs in index.side]
