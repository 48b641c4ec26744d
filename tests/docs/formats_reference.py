"""``python -m tests.docs.formats_reference PATH``: writes the page of what files of other tools become, of the field maps."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from perpend.inventory.readers.tools import authorization_details, config_items, table_maps
from perpend.inventory.readers.tools.field_map import TypeFrom

HEAD = """# Files of other tools

<!-- Written by `make reference`; edit `src/perpend/inventory/readers/tools/` instead. -->

This page lists the part of a file that each field comes from. A field is *unknown*, with the reason, if its part is missing, is null, or
has another form. These formats write null both for absent values and for values that could not be read. A field without a row here is
unknown, too. A child list is complete for its object if its part exists, empty or not.

In all formats, `Id` is the ARN, or `account|ARN` for objects with one ARN in several accounts (managed policies, trails). The `Id` of a
group is `account/group/name`. The account is that of the row, else that of the ARN. `CA10__disappearanceTime__c` is null.
[Inputs](inputs.md#files-of-other-tools) describes how files are recognised, their times and their claims.
"""

PARTS: tuple[tuple[str, str, Iterable[TypeFrom]], ...] = (
    (
        "Account authorization details",
        "The lists of `aws iam get-account-authorization-details`.",
        authorization_details.MAP,
    ),
    (
        "AWS Config",
        "Items by resource type. The newest item of a resource counts. A deleted resource disappeared at the time of its capture.",
        config_items.MAP,
    ),
    ("Steampipe", "Tables, recognised by their columns.", table_maps.STEAMPIPE),
    ("CloudQuery", "Tables, recognised by their columns.", table_maps.CLOUDQUERY),
)

REPORTS = """
## Credential reports in other tools

Prowler's findings (`resources[].data.metadata`), and the tables of credential reports of Steampipe and CloudQuery, have rows of the
report. They become users like rows of a report: `CA10__credReportAttributesJson__c` has the existing columns. In tables, true and false
become the words of the report, and null values are left out. Steampipe's `password_enabled` of the root user is left out, because it is
always true. These columns have other names:

| table | report |
| --- | --- |
"""


def page() -> str:
    """Return the whole page."""
    lines = [HEAD]
    for title, about, maps in PARTS:
        lines += [f"## {title}", "", about, "", *_table(maps)]
    rows = (f"| `{theirs}` | `{ours}` |" for theirs, ours in table_maps.REPORT_COLUMNS.items())
    return "\n".join(lines) + REPORTS + "\n".join(rows) + "\n"


def _table(maps: Iterable[TypeFrom]) -> Iterator[str]:
    for kind in maps:
        yield from (f"### `{kind.source}`: `{kind.type_name}`", "")
        if kind.marks:
            yield from (f"Has the columns {', '.join(f'`{one}`' for one in sorted(kind.marks))}.", "")
        yield from ("| field | part |", "| --- | --- |")
        yield from (f"| `{one.name}` | `{one.path}` |" for one in kind.fields)
        yield from (f"| `{one.name}` (`{one.type_name}`) | `{one.path}` |" for one in kind.lists)
        yield from (f"| `{name}` | {reason} |" for name, reason in kind.lacking.items())
        yield ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
