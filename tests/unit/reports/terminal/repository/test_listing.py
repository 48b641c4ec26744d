"""Listings for people: ids whole below their folder, at every width; for programs, lines with tabs."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from perpend.reports.terminal.repository.listing import print_listing

LONG = "a-policy-whose-name-is-much-too-long-to-stand-beside-anything"
POLICIES = [
    {"id": f"/ce/aws/iam/{LONG}", "name": "A policy of many words that say what it asks", "inputType": "Acme__Thing__c"},
    {"id": "/ce/aws/iam/two", "name": "Two", "inputType": None, "categories": ["X"]},
    {"id": "/ce/aws/s3/three", "name": "Three", "inputType": "Acme__Thing__c"},
]
TYPES = [
    {"name": "Acme__Thing__c", "label": "Thing", "fields": 1, "extracts": 0},
    {"name": "Acme__Other__c", "label": "\x1b[1m\t", "fields": 1200, "extracts": 1},
]
SECTIONS = [{"id": "/frameworks/f/01", "name": "1 A section with a long name, longer than a line", "policies": 1}]


def printed(rows: list[dict[str, Any]], width: int, *, terminal: bool = True) -> str:
    stream = io.StringIO()
    print_listing(rows, Console(file=stream, width=width, force_terminal=terminal, color_system=None))
    return stream.getvalue()


@pytest.mark.parametrize("width", [70, 120])
def test_ids_stand_whole_below_their_folder(width: int) -> None:
    assert f"""\
/ce/aws/iam
  {LONG}
      A policy of many words that say what it asks  Acme__Thing__c
  two
      Two  –
/ce/aws/s3
  three
      Three  Acme__Thing__c
3 in total
""" == printed(POLICIES, width)


def test_what_fits_stands_in_columns_and_numbers_say_what_they_count() -> None:
    assert """\
  Acme__Thing__c  Thing      1 field       0 extracts
  Acme__Other__c  \\x1b[1m\\t  1,200 fields  1 extract
2 in total
""" == printed(TYPES, 80)


def test_what_does_not_fit_is_folded_behind_a_short_name() -> None:
    assert """\
/frameworks/f
  01  1 A section with a long name,
      longer than a line  1 policy
1 in total
""" == printed(SECTIONS, 40)


def test_programs_get_lines_with_tabs_and_labelled_numbers() -> None:
    assert "Acme__Thing__c\tThing\t1 field\t0 extracts" == printed(TYPES, 20, terminal=False).splitlines()[0]
    assert "/ce/aws/iam/two\tTwo\t" == printed(POLICIES, 20, terminal=False).splitlines()[1]
    assert "none\n" == printed([], 20)
