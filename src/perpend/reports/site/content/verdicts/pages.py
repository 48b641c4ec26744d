"""The page of all verdicts, and for each policy that of the objects that do not comply with it, or of which it is not known."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.ids import production_of
from perpend.language.program.render import OTHERWISE
from perpend.reports.site.content.links import VERDICTS, PageKind, Ref, objects_ref
from perpend.reports.site.content.logic import folder_crumbs
from perpend.reports.site.content.page import Counts, Head
from perpend.reports.site.content.steps import anchor_of
from perpend.reports.site.content.verdicts.tally import LISTED

if TYPE_CHECKING:
    from perpend.reports.site.content.frameworks import Frameworks
    from perpend.reports.site.content.requirements import RequirementResults
    from perpend.reports.site.content.site_model import SiteModel
    from perpend.reports.site.content.verdicts.tally import EvaluatedObject, Observed


@dataclass(frozen=True, slots=True)
class AlikeObjects:
    """Objects with the same result of a policy: the result, its place on the policy's page, and the remediation."""

    index: int
    decided: Ref
    message: str
    remediation: str
    objects: tuple[EvaluatedObject, ...]


@dataclass(frozen=True, slots=True)
class ListedObjects:
    """A policy's objects of one status: the listed ones, grouped by result, and the number of all.

    ``whole``: a file has the lines of all of them.
    """

    status: str
    total: int
    shown: int
    groups: tuple[AlikeObjects, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """The incompliant objects of a policy, then its undetermined ones."""

    head: Head
    policy: Ref
    counts: Counts
    left_out: int
    parts: tuple[ListedObjects, ...]
    observed: Observed
    command: str


@dataclass(frozen=True, slots=True)
class VerdictsPage:
    """All verdicts, by source, framework, policy and account.

    ``strangers`` counts verdicts of policies that the repository does not have, ``unlike`` counts verdicts that its policies
    do not give today.
    """

    head: Head
    total: Counts
    observed: Observed
    frameworks: tuple[tuple[Ref, RequirementResults], ...]
    policies: tuple[tuple[Ref, Counts], ...]
    accounts: tuple[tuple[str, Counts], ...]
    listed: tuple[str, ...]
    strangers: int
    unlike: int


def findings_page(book: SiteModel, entity: str) -> FindingsPage:
    """Return the page of the objects of a policy that something is to be done about."""
    assert book.verdicts is not None
    policy, counts = book.policy_ref(entity), book.verdicts.counts([entity])
    head = Head(
        Ref(objects_ref(entity).kind, entity, f"Objects of: {policy.name}"),
        f"Incompliant and undetermined objects: {policy.name}.",
        (*folder_crumbs(book, entity), policy),
    )
    parts = tuple(
        _listed(book, entity, status, number) for status, number in counts.pairs if (entity, status) in book.verdicts.objects
    )
    command = f"perpend explain {quote(entity)} OBJECT {book.verdicts.inputs}"
    return FindingsPage(head, policy, counts, book.verdicts.unlike.get(entity, 0), parts, book.verdicts.observed, command)


def verdicts_page(book: SiteModel, frameworks: Frameworks) -> VerdictsPage:
    """Return the page of all verdicts."""
    assert book.verdicts is not None
    ids = [entity for entity in book.repository.policy_ids if entity in book.verdicts.by_policy]
    rows = [(book.policy_ref(entity), book.verdicts.counts([entity])) for entity in ids]
    rows.sort(key=lambda row: tuple(-number for number in row[1].numbers[: len(LISTED)]))
    total = book.verdicts.counts(book.verdicts.by_policy)
    asked = f"{counted(total.total, 'verdict')} of {counted(len(ids), 'policy', 'policies')}."
    head = Head(VERDICTS, asked, (), (("kind", "index"),))
    results = [(entity, frameworks.results(entity)) for entity in book.children.get("/frameworks", ())]
    return VerdictsPage(
        head,
        total,
        book.verdicts.observed,
        tuple((book.section_ref(entity), result) for entity, result in results if result.total),
        tuple(rows),
        book.verdicts.accounts(),
        tuple(sorted(book.verdicts.listed() & book.policies.keys())),
        book.verdicts.strangers,
        sum(book.verdicts.unlike.values()),
    )


def _listed(book: SiteModel, entity: str, status: str, total: int) -> ListedObjects:
    """Return the objects of a status, grouped by equal results, the largest groups first."""
    assert book.verdicts is not None
    objects = book.verdicts.objects[entity, status]
    groups: dict[tuple[int, str, str], list[EvaluatedObject]] = {}
    for object_ in objects:
        groups.setdefault((object_.index, object_.message, object_.remediation), []).append(object_)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return ListedObjects(
        status,
        total,
        len(objects),
        tuple(
            AlikeObjects(
                index, _way(book, entity, index), book.labels.text(message), book.labels.text(remediation), tuple(alike)
            )
            for (index, message, remediation), alike in ordered
        ),
        (entity, status) in book.verdicts.places,
    )


def _way(book: SiteModel, entity: str, index: int) -> Ref:
    """Return the place on a policy's page that shows a way to end."""
    program = book.analyzer.analyzed(production_of(entity)).program
    assert program is not None
    anchor = anchor_of(0, index, program.verdicts[index].text == OTHERWISE)
    return Ref(PageKind.POLICY, entity, f"index {index}", anchor=anchor)
