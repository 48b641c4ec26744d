"""Turn a question into conditions on the table of findings: those of the declared filters, and the reader's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import InvalidOption
from perpend.core.objects.account import Account
from perpend.findings.filters import ACCOUNT, OF_FINDINGS, REGION, UNUSED, WAIVED, WAIVED_CONDITIONS
from perpend.findings.filters import OBJECT as OBJECT_FILTER
from perpend.findings.history.queries.findings import UnknownPolicy
from perpend.findings.list_findings import names_of_history
from perpend.inventory.snapshots.database import text
from perpend.language.compiler.names import UnknownName, did_you_mean, printable
from perpend.server.index.build import OBJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from perpend.findings.filters import Filter
    from perpend.language.syntax.repository import Repository
    from perpend.server.index.facts import IndexFacts
    from perpend.server.question import Question
    from perpend.server.scope import ReaderScope

WAIVED_NAME: Final = "waived"
"""The name of the condition on waivers."""


_MOST_OBJECTS: Final = 200
"""How many objects with one name are listed at most."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a question: for the accounts that its reader may see, and by the names of filters."""

    scope: str
    filters: Mapping[str, str]

    @property
    def of_unused(self) -> Conditions:
        """The same conditions, for findings of unused objects."""
        return Conditions(self.scope, {**self.filters, UNUSED: UNUSED})

    def where(self, without: Container[str] = ()) -> str:
        """Return the condition, without those of some filters. The scope always counts."""
        return " AND ".join((self.scope, *(one for name, one in self.filters.items() if name not in without)))


def in_scope(scope: ReaderScope) -> str:
    """Return the condition for rows whose account a reader may see."""
    return "true" if scope.is_all else f"account IN ({', '.join(map(text, sorted(scope.accounts))) or 'NULL'})"


@dataclass(frozen=True, slots=True)
class Questions:
    """Chooses findings of one index. ``ask`` returns the rows of a query."""

    facts: IndexFacts
    repository: Repository
    ask: Callable[[str], list[tuple[Any, ...]]]

    def conditions(self, question: Question) -> Conditions:
        """Return the conditions of a question. Raises InvalidOption for a name that the reader's accounts do not have."""
        scope, waived = question.scope, question.waived
        if waived not in WAIVED:
            raise InvalidOption(f"waived '{waived}' is not one of {', '.join(WAIVED)}", "--waived")
        # A reader must not learn the number of an account by its name.
        names = {number: Account(name) for number, name in self.facts.account_names.items() if scope.sees(number)}
        try:
            filter = names_of_history(question.filter.with_account_numbers(names), self.repository, self.facts.head)
        except (UnknownName, UnknownPolicy) as error:
            raise InvalidOption(str(error)) from None
        self._refuse_unknown(filter, scope)
        of_findings = {one.name for one in OF_FINDINGS}
        conditions = {}
        for name in filter.values:
            if name not in of_findings:
                raise InvalidOption(f"findings are not filtered by {name}")
            conditions[name] = filter.condition(name)
        if waived != WAIVED[0]:
            conditions[WAIVED_NAME] = WAIVED_CONDITIONS[waived]
        return Conditions(in_scope(scope), conditions)

    def accounts(self) -> frozenset[str]:
        """Return the accounts of all objects, also of those without findings."""
        return frozenset(account for (account,) in self.ask(f"SELECT DISTINCT account FROM {OBJECT}") if account is not None)

    def objects(self, name: str, scope: ReaderScope) -> list[tuple[Any, ...]]:
        """Return type and id of the first objects with an id, external id or name that a reader may see."""
        where = f"{in_scope(scope)} AND {OBJECT_FILTER.condition((name,))}"
        return self.ask(f"SELECT DISTINCT type, object_id FROM {OBJECT} WHERE {where} ORDER BY ALL LIMIT {_MOST_OBJECTS}")

    def _refuse_unknown(self, filter: Filter, scope: ReaderScope) -> None:
        """Raise InvalidOption for an account or a region without objects, as far as the reader sees them."""
        for declared, belongs in ((ACCOUNT, "belongs to account"), (REGION, "is in region")):
            if not filter.of(declared.name):
                continue
            rows = self.ask(f"SELECT DISTINCT {declared.name} FROM {OBJECT} WHERE {in_scope(scope)}")
            known = sorted(name for (name,) in rows if name is not None)
            for name in filter.of(declared.name):
                if name not in known:
                    near = did_you_mean(name, known)
                    raise InvalidOption(f"no object in the history {belongs} '{printable(name)}'{near}", declared.option)
