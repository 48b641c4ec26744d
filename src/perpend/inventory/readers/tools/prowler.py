"""Read the credential report rows that are embedded in Prowler's OCSF findings.

Source: OCSF 1.5, Detection Finding; Prowler writes the row that a check used to ``resources[].data.metadata``. Prowler's
verdicts are ignored. The file lacks users without a check, so it claims nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.objects.inventory import Origin
from perpend.inventory.readers.errors import UnusableContent
from perpend.inventory.readers.json_text import described, read_array
from perpend.inventory.readers.tools.report_rows import is_report_row, reading_of
from perpend.inventory.readers.tools.values import moment, seconds, time_of_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from perpend.inventory.readers.credential_report import Reading
    from perpend.inventory.readers.files import InputText
    from perpend.inventory.readers.tools.contents import Contents


def read_prowler(text: InputText, source: str, contents: Contents) -> Iterator[None]:
    """Read the rows in findings into ``contents``. Raises UnusableContent if there are none, or one cannot be used."""
    times: set[datetime | None] = set()
    readings: dict[str, Reading] = {}
    for place, finding in read_array(text.pieces()):
        if not isinstance(finding, dict):
            raise UnusableContent(f"finding {place} is {described(finding)} where an object is expected")
        time = _time_of(finding)
        for row in _rows_of(finding):
            reading = reading_of(row, Origin(source, place, "finding"), time, raw=True)
            if isinstance(reading, str):
                raise UnusableContent(f"finding {place}: the row under `data.metadata` cannot be used: {reading}")
            known = readings.setdefault(reading.row, reading)
            readings[reading.row] = known._replace(observed_at=max(filter(None, (known.observed_at, time)), default=None))
            times.add(time)
    if not readings:
        raise UnusableContent(
            "findings of Prowler without a row of a credential report in them; checks of IAM users hold one, such as "
            "`prowler aws -M json-ocsf -c iam_user_two_active_access_key`"
        )
    for reading in readings.values():
        contents.add_reading(reading)
        yield
    # A row is as new as its newest finding; a finding without a time leaves the age unknown.
    contents.observed_at = None if None in times else time_of_all(one.observed_at for one in readings.values())


def _rows_of(finding: dict[str, Any]) -> list[dict[str, Any]]:
    resources = finding.get("resources")
    rows = []
    for resource in resources if isinstance(resources, list) else ():
        data = resource.get("data") if isinstance(resource, dict) else None
        row = data.get("metadata") if isinstance(data, dict) else None
        if isinstance(row, dict) and is_report_row(row):
            rows.append(row)
    return rows


def _time_of(finding: dict[str, Any]) -> datetime | None:
    return moment(finding.get("time_dt")) or seconds(finding.get("time"))
