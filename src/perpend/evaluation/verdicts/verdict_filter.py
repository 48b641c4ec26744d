"""Filter the verdicts that a report shows, by status, category and account.

Verdicts and totals do not change. Verdicts are filtered in SQL.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import suggestion
from perpend.core.objects.status import Status
from perpend.evaluation.engines.verdicts import CodeFilter
from perpend.evaluation.verdicts.evaluation import FilteredEvaluation
from perpend.language.compiler.names import UnknownName, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from perpend.core.objects.account import Account
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts

_MAX_LISTED: Final = 5
"""The number of known accounts in a message about an unknown one."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Statuses, categories of policies, and accounts of objects to show. Empty means all.

    An account is a number, a name from the configuration, or the name of an owner.
    """

    statuses: tuple[Status, ...] = ()
    categories: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.statuses or self.categories or self.accounts)

    @property
    def words(self) -> str:
        """The filter as command-line options."""
        options = (("status", self.statuses), ("category", self.categories), ("account", self.accounts))
        return " ".join(f"--{option} {shlex.quote(value)}" for option, values in options for value in values)


def filter_verdicts(evaluation: Evaluation, requested: Filter, accounts: Mapping[str, Account]) -> Evaluation:
    """Return an evaluation whose reports show only the requested verdicts.

    ``accounts`` are those of the configuration. Raises UnknownName for a category that no evaluated policy has, and for an
    account that owns no object.
    """
    if not requested:
        return evaluation
    columns = _of_categories(evaluation, requested.categories)
    owners = {account: _account_names(account, accounts) for account in requested.accounts}
    in_accounts = _AccountFilter(evaluation, owners)
    _reject_unknown(in_accounts, accounts)
    statuses = tuple(status for status in Status if not requested.statuses or status in requested.statuses)
    by_type: dict[str, list[Verdicts]] = {}
    for column in columns:
        by_type.setdefault(column.program.input_type, []).append(column)
    shown: dict[int, Verdicts] = {}
    for type_name, of_type in by_type.items():
        shown |= zip(map(id, of_type), _filter_columns(of_type, statuses, in_accounts.of(type_name)), strict=True)
    verdicts = tuple(shown[id(column)] for column in columns)
    return replace(evaluation, filter_verdicts=FilteredEvaluation(verdicts, statuses, requested.words))


def _of_categories(evaluation: Evaluation, categories: Collection[str]) -> list[Verdicts]:
    known = {category for view in evaluation.selection.policies.values() for category in view.categories}
    for category in categories:
        if category.upper() not in {one.upper() for one in known}:
            listed = ", ".join(sorted(known)) or "none"
            raise UnknownName(f"no evaluated policy has the category '{printable(category)}': the categories are {listed}")
    requested = {category.upper() for category in categories}

    def is_requested(policy_id: str) -> bool:
        view = evaluation.selection.policies.get(policy_id)
        return not requested or (view is not None and any(one.upper() in requested for one in view.categories))

    return [column for column in evaluation.verdicts if is_requested(column.program.policy_id)]


def _account_names(account: str, accounts: Mapping[str, Account]) -> frozenset[str]:
    """Return the names of owners that match an account's name or number."""
    named = (number for number, one in accounts.items() if one.name and one.name.casefold() == account.casefold())
    return frozenset({account, *named})


class _AccountFilter:
    """The objects of some accounts: for each type, a file of row numbers."""

    def __init__(self, evaluation: Evaluation, owners: Mapping[str, frozenset[str]]) -> None:
        self.evaluation = evaluation
        self.owners = owners
        every = frozenset().union(*owners.values()) if owners else frozenset()
        self._rows: dict[str, Path] = {}
        self.seen: set[str] = set()
        by_type = {column.program.input_type: column.objects for column in evaluation.verdicts} if owners else {}
        for type_name, objects in by_type.items():
            self._rows[type_name] = objects.in_accounts(every)
            self.seen |= {name for name in every if name not in self.seen and objects.any_in_account(name)}

    def of(self, type_name: str) -> Path | None:
        """Return the file with the rows of a type in the accounts; None for all."""
        return self._rows.get(type_name)


def _reject_unknown(in_accounts: _AccountFilter, accounts: Mapping[str, Account]) -> None:
    """Raise for an account that owns nothing and that neither the configuration nor an input names."""
    stated = {number for source in in_accounts.evaluation.inventory.sources for number in source.accounts}
    for account, names_of_account in in_accounts.owners.items():
        if names_of_account & (in_accounts.seen | stated | accounts.keys()):
            continue
        numbers = sorted({*stated, *accounts})
        known = [(accounts[number].name if number in accounts else None) or number for number in numbers]
        near = suggestion(account, [*known, *numbers])
        listed = f"{', '.join(known[:_MAX_LISTED])}{', …' if known[_MAX_LISTED:] else ''}"
        hint = f" ({near})".replace("`", "'") if near else f": known accounts are {printable(listed)}" if known else ""
        raise UnknownName(f"no object belongs to the account '{printable(account)}'{hint}")


def _filter_columns(columns: Sequence[Verdicts], statuses: Collection[Status], rows: Path | None) -> list[Verdicts]:
    """Return the columns of one type with all other verdicts hidden."""
    by_number = {
        column.number: frozenset(index for index, verdict in column.program.verdicts.items() if verdict.status in statuses)
        for column in columns
    }
    codes = CodeFilter(tuple(by_number.get(number, frozenset()) for number in range(max(by_number) + 1)), rows)
    return [replace(column, files=replace(column.files, shown=codes)) for column in columns]
