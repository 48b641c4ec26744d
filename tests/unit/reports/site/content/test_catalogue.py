"""Object types and extracts with their uses."""

from __future__ import annotations

from perpend.reports.site.content.catalogue import Catalogue
from tests.sites import OWNER, TYPE, book_of, files, slugs


def test_types_know_their_uses_and_relationships(book):
    catalogue = Catalogue(book)
    page = catalogue.page(TYPE)
    assert [("lookup", "CA10__owner__r", "Acme Owner")] == [(one.way, one.name, one.type.name) for one in page.relations]
    assert [("open__c", 1), ("kept__c", 1), ("used__c", 1)] == [(one.name, one.readers) for one in page.fields]
    assert [("from", "Acme Thing")] == [(one.way, one.type.name) for one in catalogue.page(OWNER).relations]
    assert [("open", 1)] == [
        (row.name, len(row.users)) for row in catalogue.extracts(f"/types/{TYPE}/object.extracts.yaml").rows
    ]
    assert ["type-declared", "type-unused"] == slugs(book.type_ref(OWNER).flags)


def test_types_say_what_they_are(tmp_path):
    found = files()
    found[f"types/{TYPE}/type.yaml"]["description"] = "A thing\n  of Acme."
    assert "A thing of Acme." == Catalogue(book_of(tmp_path, found)).page(TYPE).description
