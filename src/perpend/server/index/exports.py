"""Write the findings of a question to a file, with the columns of ``perpend findings``, by the same functions."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING, Final

from perpend.core.errors import InvalidOption
from perpend.findings.filters import ORDERS
from perpend.findings.history.model import STATUSES
from perpend.findings.history.queries.findings import FINDING_COLUMNS, FindingList
from perpend.findings.history.queries.views import TEXTS_VIEW, key_of
from perpend.findings.list_findings import SORTING
from perpend.findings.severity.groups import finding_groups, in_groups
from perpend.findings.severity.levels import LEVELS
from perpend.findings.severity.priority import PRIORITY_COLUMNS, RATING_COLUMNS, RATING_JOINS, with_priority
from perpend.findings.waivers.match_history import WAIVER_COLUMNS
from perpend.inventory.snapshots.database import text_list
from perpend.reports.terminal.history.finding_lines import write_finding_lines
from perpend.server.index.build import TIMES, copied, relation, table_of
from perpend.server.index.database import EXPORT_SECONDS
from perpend.server.index.facts import LIVES
from perpend.server.index.questions import ACCOUNTS, OBJECTS, POLICIES, REGIONS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from perpend.server.index.database import IndexDatabase
    from perpend.server.index.facts import IndexFacts
    from perpend.server.index.files import IndexFiles
    from perpend.server.index.questions import Chosen

FORMATS: Final = ("csv", "ndjson", "parquet")
"""The formats of an export."""

_WAIVERS: Final = "served_waivers"


def export_statements(facts: IndexFacts, files: IndexFiles) -> list[str]:
    """Return the statements that create what an export reads beside the files: texts, waivers and ratings."""
    names = ("policy_no", "code", "text", "message", "remediation")
    kinds = dict(zip(names, ("INTEGER", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR"), strict=True))
    texts = [dict(zip(names, (*condition, *said), strict=True)) for condition, said in facts.texts.items()]
    waivers = [
        {"waiver_no": place, "waiver": one.id, "waived_until": one.until.isoformat() if one.until else None}
        for place, one in enumerate(facts.waivers, 1)
    ]
    of_waivers = {"waiver_no": "INTEGER", "waiver": "VARCHAR", "waived_until": "VARCHAR"}
    return [
        f"CREATE TABLE {TEXTS_VIEW} AS {table_of(texts, kinds)}",
        f"CREATE TABLE {_WAIVERS} AS {table_of(waivers, of_waivers)}",
        f"CREATE TABLE perpend_rating AS FROM {relation(files.ratings)}",
        f"CREATE VIEW perpend_rating_moved AS FROM {relation(files.shifts)}",
    ]


def write_export(
    database: IndexDatabase,
    facts: IndexFacts,
    files: IndexFiles,
    chosen: Chosen,
    form: str,
    path: Path,
    order: str = ORDERS[0],
) -> None:
    """Write all chosen findings in an order of ``perpend findings``. Raises InvalidOption for another format, TooSlow."""
    for name, value, known in (("format", form, FORMATS), ("order", order, ORDERS)):
        if value not in known:
            raise InvalidOption(f"{name} '{value}' is not one of {', '.join(known)}", f"--{name}")
    titles = {policy.policy_id: policy.title for policy in facts.policies.values()}
    rows, columns = _findings(chosen, files), tuple[str, ...]((*FINDING_COLUMNS, *WAIVER_COLUMNS))
    with database.asking(EXPORT_SECONDS) as cursor:
        rows = in_groups(cursor, rows, finding_groups(cursor, (rows, []), titles.__getitem__))
        if facts.rated or order == "priority":
            rated = f"SELECT f.* EXCLUDE (severity), {RATING_COLUMNS} FROM ({rows}) AS f {RATING_JOINS}"
            rows, columns = with_priority(rated, facts.head.time), (*columns, *PRIORITY_COLUMNS)
        listed = FindingList(rows, [], columns, SORTING[order])
        if form != "parquet":
            with path.open("w", encoding="utf-8", newline="") as stream:
                write_finding_lines(cursor, listed, form, stream)
            return
        written = files.spill / f"{secrets.token_hex(8)}.parquet"
        try:
            query, _ = listed.query()
            cursor.execute(copied(query, written))
            shutil.copyfile(written, path)
        finally:
            written.unlink(missing_ok=True)


def _findings(chosen: Chosen, files: IndexFiles) -> str:
    """Return the query for the chosen findings, with the columns of the view of findings of a history and their waivers."""
    rows = f"SELECT *, waiver_no > 0 AS is_waived FROM {relation(chosen.source(files))}"
    return (
        f"SELECT {key_of('r.policy_no', 'o.object_no')} AS key, r.policy_no, p.lineage, p.policy_id, o.object_id, "
        "o.object_name, o.external_id, a.account, g.region, p.type, o.incarnation, "
        f"{_name('r.status_no', STATUSES)} AS status, r.condition_index, {_name('r.life_no', LIVES)} AS life, "
        f"{', '.join(f'r.{time}' for time in TIMES)}, r.episodes, r.changed_in_run, w.waiver, w.waived_until, "
        f"nullif({_name('r.level', ('', *LEVELS))}, '') AS severity, NULL::VARCHAR AS tags "
        f"FROM (SELECT * FROM ({rows}) WHERE {chosen.where()}) AS r JOIN {POLICIES} AS p ON p.policy_no = r.policy_no "
        f"JOIN {OBJECTS} AS o ON o.object = r.object JOIN {ACCOUNTS} AS a ON a.account_no = r.account_no "
        f"JOIN {REGIONS} AS g ON g.region_no = r.region_no LEFT JOIN {_WAIVERS} AS w ON w.waiver_no = r.waiver_no"
    )


def _name(column: str, names: Iterable[str]) -> str:
    """Return the SQL expression for the text that a number stands for."""
    return f"{text_list(names)}[{column} + 1]"
