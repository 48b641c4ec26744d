"""Prowler's findings in OCSF in, the rows of credential reports that are embedded in them out.

Source: OCSF 1.5, Detection Finding; Prowler puts the row that a check read under ``resources[].data.metadata``. The verdicts
are passed over. A user of whom no check was asked is not in the file, so it claims nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from perpend.collect.formats.held import Contents
from perpend.collect.formats.report_rows import is_report_row, reading_of
from perpend.collect.formats.values import moment
from perpend.collect.json_text import described, read_array
from perpend.collect.unusable import UnusableContent
from perpend.ir.estate import Origin

_EPOCHS: Final = 1e11
"""Seconds since 1970 are fewer; more are milliseconds."""


def read_prowler(content: bytes, source: str) -> Contents:
    """Return the rows that findings hold. Raises UnusableContent where none does, or one cannot be used."""
    held = Contents()
    seen: dict[str, datetime | None] = {}
    for place, finding in read_array(content):
        if not isinstance(finding, dict):
            raise UnusableContent(f"finding {place} is {described(finding)} where an object is expected")
        time = _time_of(finding)
        for row in _rows_of(finding):
            reading = reading_of(row, Origin(source, place), time, raw=True)
            if isinstance(reading, str):
                raise UnusableContent(f"finding {place}: the row under `data.metadata` cannot be used: {reading}")
            if reading.row not in seen:
                held.readings.append(reading)
            seen[reading.row] = time
    if not held.readings:
        raise UnusableContent(
            "findings of Prowler without a row of a credential report in them; checks of IAM users hold one, such as "
            "`prowler aws -M json-ocsf -c iam_user_two_active_access_key`"
        )
    held.observed_at = max((time for time in seen.values() if time), default=None)
    return held


def _rows_of(finding: dict[str, Any]) -> list[dict[str, Any]]:
    resources = finding.get("resources")
    found = []
    for resource in resources if isinstance(resources, list) else ():
        data = resource.get("data") if isinstance(resource, dict) else None
        row = data.get("metadata") if isinstance(data, dict) else None
        if isinstance(row, dict) and is_report_row(row):
            found.append(row)
    return found


def _time_of(finding: dict[str, Any]) -> datetime | None:
    stated = moment(finding.get("time_dt"))
    seconds = finding.get("time")
    if stated is None and isinstance(seconds, int) and 0 < seconds < _EPOCHS:
        return datetime.fromtimestamp(seconds, UTC)
    return stated
