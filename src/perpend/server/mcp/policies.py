"""Return the content of a policy: its description, its logic in the order in which it is tried, its tests and requirements."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perpend.core.objects.object_types import with_api_name
from perpend.evaluation.verdicts.selection import view_of
from perpend.language.compiler.analyzer import Analyzer, logic_errors
from perpend.language.compiler.names import UnknownName, match_ids, printable
from perpend.language.program.numbering import is_check
from perpend.reports.terminal.repository.listing import companion
from perpend.server.mcp.answers import PolicyLogic, PolicyOutcome, PolicyText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.syntax.repository import Repository

_MOST_NAMED: Final = 5
_MOST_PROBLEMS: Final = 10


def read_policy(repository: Repository, name: str) -> PolicyText:
    """Return the policy that an id, its end or a glob means. Raises UnknownName for none, or for several."""
    policies = match_ids([name], repository.policy_ids, "policy")
    if len(policies) > 1:
        listed = ", ".join(map(printable, policies[:_MOST_NAMED]))
        raise UnknownName(f"'{printable(name)}' names {len(policies):,} policies: {listed}; name one by its id")
    (policy_id,) = policies
    analyzer, loaded, view = Analyzer(repository), repository.policy(policy_id), view_of(repository, policy_id)
    policy = loaded.value
    logics = policy.logics if policy else ()
    problems = [*loaded.diagnostics, *(one for logic_id in logics for one in logic_errors(analyzer, logic_id))]
    return PolicyText(
        policy_id,
        view.full_name,
        view.categories,
        tuple(_requirement(repository, one.value) for one in policy.mappings) if policy else (),
        companion(repository, f"{policy_id}/description.md".lstrip("/")) or None,
        companion(repository, f"{policy_id}/remediation.md".lstrip("/")) or None,
        tuple(f"{one.span.path}:{one.span.line}: {one.message}" for one in problems[:_MOST_PROBLEMS]),
        tuple(one for logic_id in logics for one in _logic(analyzer, logic_id)),
    )


def _requirement(repository: Repository, section_id: str) -> str:
    section = repository.section(section_id).value if section_id in repository.section_ids else None
    return f"{section_id}: {section.name}" if section else section_id


def _logic(analyzer: Analyzer, logic_id: str) -> Iterator[PolicyLogic]:
    """Yield a logic file, nothing if it cannot be used."""
    program = analyzer.analyzed(logic_id).program
    logic = analyzer.repository.logic(logic_id).value
    if program is None or logic is None:
        return
    tests = analyzer.repository.test_objects(logic).value or []
    statuses = Counter(str(test.expected.status) for test in tests)
    declared = program.block.type
    outcomes = tuple(
        PolicyOutcome(one.index, one.status.value, one.text, one.message, one.remediation)
        for one in program.verdicts.values()
        if not is_check(one.index)
    )
    yield PolicyLogic(dict(statuses), logic_id.rpartition("/")[2], with_api_name(declared.label, declared.name), outcomes)
