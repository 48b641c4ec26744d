"""Filter the verdicts that a report shows, by status, category and account.

Verdicts and totals do not change. Verdicts of a store are filtered in SQL.
"""

from __future__ import annotations

import shlex
from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import suggestion
from perpend.core.objects.account import account_names
from perpend.core.objects.status import Status
from perpend.evaluation.engines.verdicts import CodeFilter
from perpend.evaluation.verdicts.evaluation import FilteredEvaluation
from perpend.evaluation.verdicts.stores.parquet_verdicts import ParquetVerdicts, StoredObjects
from perpend.evaluation.verdicts.verdicts import HIDDEN, InMemoryVerdicts
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
    """The objects of some accounts: for each type, a mark per object or a file of row numbers."""

    def __init__(self, evaluation: Evaluation, owners: Mapping[str, frozenset[str]]) -> None:
        self.evaluation = evaluation
        self.owners = owners
        every = frozenset().union(*owners.values()) if owners else frozenset()
        self._marks: dict[str, bytearray | Path] = {}
        self.seen: set[str] = set()
        for type_name in evaluation.selection.by_type() if owners else ():
            objects = evaluation.objects_of(type_name)
            if isinstance(objects, StoredObjects):
                self._marks[type_name] = objects.in_accounts(every)
                self.seen |= {name for name in every if name not in self.seen and objects.any_in_account(name)}
                continue
            names = [every.intersection(account_names(object_)) for object_ in objects]
            self.seen.update(*names)
            self._marks[type_name] = bytearray(map(bool, names))

    def of(self, type_name: str) -> bytearray | Path | None:
        """Return the objects of a type in the accounts; None for all."""
        return self._marks.get(type_name)


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


def _filter_columns(
    columns: Sequence[Verdicts], statuses: Collection[Status], selected_rows: bytearray | Path | None
) -> list[Verdicts]:
    """Return the columns of one type with all other verdicts hidden."""
    requested = [
        frozenset(index for index, verdict in column.program.verdicts.items() if verdict.status in statuses)
        for column in columns
    ]
    shown: list[Verdicts] = []
    for column, indexes in zip(columns, requested, strict=True):
        if isinstance(column, InMemoryVerdicts):
            marks = selected_rows if isinstance(selected_rows, bytearray) else b"\1" * len(column.indexes)
            visible = (
                index if index in indexes and mark else HIDDEN for index, mark in zip(column.indexes, marks, strict=True)
            )
            shown.append(replace(column, indexes=array("i", visible)))
        elif isinstance(column, ParquetVerdicts):
            by_number = {
                other.number: codes
                for other, codes in zip(columns, requested, strict=True)
                if isinstance(other, ParquetVerdicts)
            }
            everything = (by_number.get(number, frozenset()) for number in range(max(by_number) + 1))
            rows = selected_rows if not isinstance(selected_rows, bytearray) else None
            shown.append(replace(column, files=replace(column.files, shown=CodeFilter(tuple(everything), rows))))
    return shown
