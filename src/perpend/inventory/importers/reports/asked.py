"""Find single users in large credential reports by name or ARN.

All rows are read, and only matching rows are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.inventory import ROOT_USER, Origin
from perpend.inventory.importers.reports.in_order import PLACE
from perpend.inventory.readers.credential_report import Reading
from perpend.inventory.readers.merge import merge_readings, with_root_users
from perpend.inventory.snapshots.database import rows_of, text

if TYPE_CHECKING:
    from collections.abc import Collection

    from perpend.core.objects.inventory import CloudObject
    from perpend.inventory.importers.reports.readings import Readings

MOST: Final = 20_000
"""How many users are returned at most."""


def users_called(readings: Readings, names: Collection[str]) -> list[CloudObject]:
    """Return the users who have one of some texts as a name or an ARN, unseen roots among them; perhaps others, too."""
    listed = ", ".join(map(text, sorted(names)))
    called = _found(readings, f"""WHERE "user" IN ({listed}) OR arn IN ({listed})""")
    roots = any(name == ROOT_USER or name.endswith(":root") for name in names)
    users, _ = merge_readings([*called, *(_firsts(readings) if roots else ())], _ranks(readings))
    return with_root_users(users) if roots else users


def first_users(readings: Readings) -> list[CloudObject]:
    """Return the users that come first."""
    first = _found(readings, f"""ORDER BY {PLACE}""")
    return with_root_users(merge_readings(first, _ranks(readings))[0])


def _firsts(readings: Readings) -> list[Reading]:
    """Return the first user of each account of whose root user there is no row."""
    first = f"arg_min({{source: source, line: line, arn: arn}}, {PLACE})"
    bare = "HAVING NOT bool_or(ends_with(arn, ':root'))"
    accounts = f"SELECT {first} AS first FROM {readings.keys} GROUP BY split_part(arn, ':', 5) {bare}"
    return _found(readings, f"WHERE (source, line) IN (SELECT (first.source, first.line) FROM ({accounts}))")


def _found(readings: Readings, which: str) -> list[Reading]:
    names = [report.source for report in readings.reports]
    return [
        Reading(arn.split(":")[4], user, arn, document, Origin(names[source], line), None)
        for source, line, user, arn, document in rows_of(readings.connection, f"FROM ({readings.every}) {which} LIMIT {MOST}")
    ]


def _ranks(readings: Readings) -> dict[str, int]:
    return {report.source: rank for rank, report in enumerate(readings.reports)}
