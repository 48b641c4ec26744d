"""The page of the library says what is declared, and of a difference to what others ask, what test objects show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perpend.language.syntax.repository import LIBRARY, open_repository
from tests.docs import library_reference

DOCS = Path(__file__).parents[2] / "docs"


def unproven(row: dict[str, Any]) -> Iterator[str]:
    """Yield what of a row is not so: what the policy answers, and how test objects end."""
    repository, folder = open_repository(), f"ce/ca/{row.get('cloud', 'aws')}/{row['policy']}"
    policy = repository.policy(f"/{folder}").value
    assert policy is not None, row
    sections = {mapping.value: repository.section(mapping.value).value for mapping in policy.mappings}
    answered = {"CIS" if "/cis-" in section else found.name.split("]")[0][1:] for section, found in sections.items() if found}
    if row["than"] not in answered:
        yield f"{row['policy']} does not answer {row['than']}"
    tests = json.loads((LIBRARY / folder / "test-data.json").read_text("utf-8"))
    ends = {test["Id"]: test["expectedResult"]["status"] for test in tests}
    yield from (f"{row['policy']} {name}: {status}" for name, status in row["shows"].items() if ends.get(name) != status)


def test_the_page_of_the_library_is_up_to_date() -> None:
    assert (DOCS / "library.md").read_text("utf-8") == library_reference.page(), "run `make reference`"


def test_differences_are_shown_by_test_objects() -> None:
    rows = library_reference.differences()
    assert [] == [one for row in rows for one in unproven(row)]
    places = [(row.get("cloud", "aws"), row["policy"]) for row in rows]
    assert places == sorted(places)
    assert {"stricter", "laxer"} == {row["is"] for row in rows}
