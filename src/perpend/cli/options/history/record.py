"""Options and messages of commands that write or read the history of a store."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from perpend.cli.options.store import StoreOption

if TYPE_CHECKING:
    from perpend.inventory.snapshots.queries.views import MoreViews

store_option = click.option("--store", "directory", cls=StoreOption, is_needed=True, help="The store whose history to read.")


def history_views_for(directory: str, question: str, repo: str | None) -> MoreViews:
    """Return the views of a store's history for a question in SQL; none if the question names no such view."""
    from perpend.cli.options.repository import open_repository_here
    from perpend.findings.history.queries.views import history_views
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.queries.labels import BESIDE
    from perpend.inventory.snapshots.queries.views import MoreViews

    words = set(re.findall(r"\w+", question.casefold()))
    if not words & BESIDE:
        return MoreViews()
    place = HistoryStorage(directory)
    views = history_views(place)
    if not views.statements:
        return views
    more: list[str] = []
    if "scorecard" in words:
        from perpend.findings.history.compliance import scorecard_view

        more.append(scorecard_view(place, open_repository_here(repo)))
    if words & {"waiver", "waived"}:
        from perpend.cli.options.waivers import waiver_views

        more += waiver_views(place, open_repository_here(repo))
    if "policy_output" in words:
        from perpend.findings.history.queries.latest_verdicts import policy_output_statement

        more.append(policy_output_statement(place))
    return replace(views, statements=(*views.statements, *more))
