"""``python -m tests.docs.formats_reference PATH``: writes the page of what files of other tools become, of the field maps."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from perpend.inventory.readers.tools import authorization_details, config_items, table_maps
from perpend.inventory.readers.tools.field_map import TypeFrom

HEAD = """# What other tools' files become

<!-- Written by `make reference`; edit `src/perpend/inventory/readers/tools/` instead. -->

Which part of a file becomes which field. A part that is not there, that is null, or that has another form than the field
is *not known*, with that as the reason: these formats write null for what is not there as for what could not be read. So are
fields that stand in no row here. A child list in the tables is complete for its object where its part is there, empty or not.

Common to all: `Id` is the ARN, or `account|ARN` of what has one ARN in several accounts (managed policies, trails);
a group's is `account/group/name`. The account is the one that the row names, else the one in the ARN; `CA10__disappearanceTime__c` is null. How files are recognised, which time
they state and what they claim: [inputs](inputs.md#files-of-other-tools).
"""

PARTS: tuple[tuple[str, str, Iterable[TypeFrom]], ...] = (
    (
        "Account authorization details",
        "The lists of `aws iam get-account-authorization-details`.",
        authorization_details.MAP,
    ),
    (
        "AWS Config",
        "Items by resource type. Of several of one resource the newest counts; a deleted one disappeared when it was captured.",
        config_items.MAP,
    ),
    ("Steampipe", "Tables, told by their columns.", table_maps.STEAMPIPE),
    ("CloudQuery", "Tables, told by their columns.", table_maps.CLOUDQUERY),
)

REPORTS = """
## Credential reports in other tools

Prowler's findings (`resources[].data.metadata`), and Steampipe's and CloudQuery's tables of credential reports hold rows of the
report. They become users as a report's own rows do: `CA10__credReportAttributesJson__c` has the columns that are there. Of tables,
true and false become the report's words, and what is null is left out; Steampipe's `password_enabled` of the root user is left
out, since it is always true there. These columns are called otherwise:

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
