"""The page of a policy, in the order in which people read it."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from perpend.authoring.testing.remediation import find_remediation
from perpend.core.dataclass import dataclass
from perpend.core.objects.ids import framework_of, is_production
from perpend.findings.remediation.read import has_commands
from perpend.language.program.parameters import value_text
from perpend.language.syntax.documents import DocumentNames, Policy
from perpend.language.syntax.tools import TOOLS
from perpend.reports.site.content.frameworks import AnswerRow, answer_rows
from perpend.reports.site.content.links import PageKind, Ref, WebLink
from perpend.reports.site.content.logic import folder_crumbs, place_facets, problem_from
from perpend.reports.site.content.page import Changes, Head, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.authoring.testing.remediation import RemediationTest
    from perpend.findings.severity.levels import FindingSeverity
    from perpend.language.syntax.documents import NamedLink
    from perpend.reports.site.content.links import EntityFlag
    from perpend.reports.site.content.logic import LogicCard, Logics, LogicView
    from perpend.reports.site.content.site_model import SiteModel

_LONGEST_LEAD = 600
_CATEGORIES = {"SECURITY": "Security", "RELIABILITY": "Reliability", "PERFORMANCE": "Performance", "COST": "Cost"}
_POLICY_TYPES = {"COMPLIANCE_POLICY": "Compliance policy", "BEST_PRACTICE": "Best practice"}


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter with its value in use. ``looser`` names the requirements whose value accepts less."""

    name: str
    description: str
    kind: str
    default: str
    bounds: str
    value: str
    looser: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """The page of a policy. ``view`` is its production logic in full, else its first logic, else None.

    ``past`` has days, and authors only if they are requested.
    """

    head: Head
    full_name: str
    contextual_name: str
    flags: tuple[EntityFlag, ...]
    policy_type: str
    categories: tuple[str, ...]
    severity: FindingSeverity | None
    tags: tuple[str, ...]
    logics: tuple[LogicCard, ...]
    similar: tuple[tuple[str, tuple[WebLink, ...]], ...]
    internal_ids: tuple[Ref, ...]
    rules: tuple[tuple[Ref, int], ...]
    lead: str
    summary: str
    description: str
    remediation: str
    remediation_test: RemediationTest | None
    sections: tuple[AnswerRow, ...]
    view: LogicView | None
    commands: tuple[tuple[str, str], ...]
    past: Changes | None
    problems: tuple[Problem, ...]
    parameters: tuple[ParameterRow, ...] = ()


def policy_page(site_model: SiteModel, logics: Logics, entity: str) -> PolicyPage:
    """Return the page of a policy. If its file cannot be read, the page has the errors and the files next to it."""
    policy = site_model.policies.get(entity) or _unread(site_model, entity)
    ref = site_model.policy_ref(entity)
    main = next(filter(is_production, policy.logics), next(iter(policy.logics), None))
    folder = entity[1:]
    description = site_model.text(f"{folder}/description.md")
    return PolicyPage(
        _head(site_model, policy, ref, description),
        policy.names.full,
        policy.names.contextual,
        ref.flags,
        _POLICY_TYPES.get(policy.kind or "", policy.kind or ""),
        tuple(_CATEGORIES.get(category, category) for category in policy.categories),
        site_model.severities.of(entity),
        policy.tags,
        tuple(map(logics.card, policy.logics)),
        _similar(policy),
        tuple(site_model.rule_ref(rule) for rule in policy.similar_internal),
        tuple((site_model.rule_ref(rule), len(site_model.mappings.rules().get(rule, ()))) for rule in policy.similar_internal),
        _lead(policy, description),
        policy.description,
        description,
        site_model.text(f"{folder}/remediation.md"),
        find_remediation(site_model.analyzer, entity, main, site_model.executions_of(main))
        if main and is_production(main)
        else None,
        answer_rows(site_model, entity),
        logics.view(main) if main else None,
        _commands(policy, main, site_model),
        _past(site_model, folder),
        _problems(site_model, entity),
        tuple(_parameters(policy)),
    )


def _parameters(policy: Policy) -> Iterator[ParameterRow]:
    sections = [mapping.value for mapping in policy.mappings]
    for parameter, value in zip(policy.parameters, policy.values, strict=True):
        looser = [section for section in sections if parameter.is_looser(value.value, parameter.benchmark_of(section))]
        yield ParameterRow(
            parameter.name,
            parameter.description,
            parameter.kind.in_words,
            value_text(parameter.default),
            parameter.bounds or "any",
            value_text(value.value),
            tuple(f"{section[len('/frameworks/') :]} has {value_text(parameter.benchmark_of(section))}" for section in looser),
        )


def _unread(site_model: SiteModel, entity: str) -> Policy:
    names = DocumentNames(entity.rpartition("/")[2], entity.rpartition("/")[2])
    logics = tuple(logic_id for logic_id in site_model.repository.logic_ids if logic_id.rpartition("/")[0] == entity)
    return Policy(entity, names, "", False, None, (), (), (), (), (), (), (), (), (), logics)


def policy_facets(site_model: SiteModel, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return the facets of a policy for the search: kind, place, categories, frameworks, state, types."""
    ref = site_model.policy_ref(policy.id)
    frameworks = {framework_of(route.section_id) for route in site_model.mappings.of_policy(policy.id)}
    types = {
        site_model.type_ref(name).name for name, logics in site_model.input_types.items() if set(logics) & set(policy.logics)
    }
    state = next((flag.label for flag in ref.flags if flag.slug in _STATES), "")
    return (
        ("kind", PageKind.POLICY.value),
        *place_facets(site_model, policy.id),
        *(("category", _CATEGORIES.get(category, category)) for category in policy.categories),
        *(("type", name) for name in sorted(types)),
        *(("framework", name) for name in sorted(site_model.section_ref(entity).name for entity in frameworks)),
        *((("state", state),) if state else ()),
    )


_STATES = ("production-policy", "work-in-progress", "impossible-policy", "policy-without-logic")


def _head(site_model: SiteModel, policy: Policy, ref: Ref, description: str) -> Head:
    words = [*policy.similar_internal]
    for links in (policy.similar_conformity, policy.similar_trusted_advisor, policy.similar_security_hub):
        words += [link.name for link in links]
    words += [check.id for check in policy.similar_checks]
    words += [
        site_model.section_ref(route.section_id).name
        for route in site_model.mappings.of_policy(policy.id)
        if route.how == "direct"
    ]
    return Head(
        ref,
        policy.names.full,
        folder_crumbs(site_model, policy.id),
        policy_facets(site_model, policy),
        tuple(dict.fromkeys(words)),
        policy.description or description,
    )


def _similar(policy: Policy) -> tuple[tuple[str, tuple[WebLink, ...]], ...]:
    named = (
        ("Trend Micro Conformity", policy.similar_conformity),
        ("AWS Trusted Advisor", policy.similar_trusted_advisor),
        ("AWS Security Hub", policy.similar_security_hub),
    )
    checks = (
        (tool.name, tuple(WebLink(check.id, check.url, "") for check in policy.similar_checks if check.tool == tool))
        for tool in TOOLS
    )
    return (
        *((name, tuple(_links(links))) for name, links in named if links),
        *((name, links) for name, links in checks if links),
    )


def _links(links: Iterable[NamedLink]) -> Iterable[WebLink]:
    return (WebLink(link.name or link.url, link.url if _is_web(link.url) else "", link.id) for link in links)


def _is_web(url: str) -> bool:
    return url.lower().startswith(("https://", "http://"))


def _commands(policy: Policy, main: str | None, site_model: SiteModel) -> tuple[tuple[str, str], ...]:
    if main is None:
        return ()
    commands = [("Run its tests", f"perpend test {quote(policy.id)} --coverage")]
    if is_production(main):
        commands = [
            ("Judge an estate by it", f"perpend check INPUT… --policy {quote(policy.id)}"),
            ("Explain the verdict of an object", f"perpend explain {quote(policy.id)} OBJECT INPUT…"),
            *commands,
        ]
        if has_commands(site_model.repository, policy.id):
            commands.append(("Print commands that fix its findings", f"perpend remediate {quote(policy.id)} --store DIR"))
    return (*commands, ("Read it in a terminal", f"perpend show {quote(policy.id)}"))


def _lead(policy: Policy, description: str) -> str:
    """Return a short description of a policy: its own, else the first paragraph of its description."""
    if policy.description.strip():
        return policy.description
    paragraphs = (part.strip() for part in description.replace("\r\n", "\n").split("\n\n"))
    return next((part for part in paragraphs if part[:1].isalpha() and len(part) <= _LONGEST_LEAD), "")


def _problems(site_model: SiteModel, entity: str) -> tuple[Problem, ...]:
    """Return the problems of a policy's file and of its references."""
    path = f"{entity[1:]}/policy.yaml"
    problems = [*site_model.repository.policy(entity).diagnostics, *site_model.problems_at.get(path, ())]
    return tuple(problem_from(site_model, one) for one in dict.fromkeys(problems))


def _past(site_model: SiteModel, folder: str) -> Changes | None:
    changes = site_model.history(folder)
    if changes is None:
        return None
    return replace(
        changes, first=changes.first[:10], last=changes.last[:10], authors=changes.authors if site_model.authors else ()
    )
