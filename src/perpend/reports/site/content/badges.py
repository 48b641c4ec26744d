"""The flags of entities, each with a symbol, a tone and a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.ids import PRODUCTION
from perpend.reports.site.content.links import EntityFlag

if TYPE_CHECKING:
    from perpend.authoring.testing.executions import Executions
    from perpend.language.syntax.documents import Policy

_ALL: Final = (
    EntityFlag(
        "production-policy", "Production policy", "shield", "good", "It has production logic, which `perpend check` uses."
    ),
    EntityFlag("work-in-progress", "Work in progress", "pencil", "warn", "Its logic is in progress, and not in use yet."),
    EntityFlag("impossible-policy", "Impossible policy", "ban", "calm", "A useful rule that cannot be automated."),
    EntityFlag("policy-without-logic", "Policy without logic", "dashed", "note", "An idea without logic so far."),
    EntityFlag("policy-with-tests-failing", "Tests failing", "cross", "bad", "A test of its logic fails."),
    EntityFlag(
        "policy-with-errors",
        "Policy with errors",
        "stop",
        "bad",
        "Its files, or files that they import, have errors.",
    ),
    EntityFlag("policy-with-categories", "Policy with categories", "tag", "calm", "It has categories."),
    EntityFlag("policy-without-categories", "Policy without categories", "dashed", "note", "It has no category."),
    EntityFlag("policy-with-type", "Policy with type", "tag", "calm", "Its type is compliance or best practice."),
    EntityFlag(
        "policy-without-type",
        "Policy without type",
        "dashed",
        "note",
        "It has no type: compliance or best practice.",
    ),
    EntityFlag("policy-with-internal-notes", "With internal notes", "note", "calm", "It has an internal.md."),
    EntityFlag("policy-with-todo", "With to-do notes", "todo", "note", "It has a todo.md."),
    EntityFlag("policy-without-tests", "Policy without tests", "flask-none", "warn", "It has logic, but no test data."),
    EntityFlag(
        "policy-tested-whole",
        "Every branch tested",
        "flask-full",
        "good",
        "Tests reach each of its conditions and checks.",
    ),
    EntityFlag("policy-tested-in-part", "Branches untested", "flask", "note", "A condition or check is not reached by tests."),
    EntityFlag("policy-without-description", "Policy without description", "dashed", "note", "It has no description.md."),
    EntityFlag("policy-without-remediation", "Policy without remediation", "dashed", "note", "It has no remediation.md."),
    EntityFlag("policy-without-section", "Policy without section", "dashed", "note", "It maps to no section of a framework."),
    EntityFlag("logic-with-errors", "Logic with errors", "stop", "bad", "It cannot be used before they are fixed."),
    EntityFlag("logic-with-warnings", "Logic with warnings", "alert", "warn", "It has lint warnings."),
    EntityFlag("logic-with-failing-tests", "Logic with failing tests", "cross", "bad", "A test fails."),
    EntityFlag("logic-with-passing-tests", "Logic with passing tests", "check", "good", "Every test passes."),
    EntityFlag("logic-without-tests", "Logic without tests", "flask-none", "warn", "It has no test data."),
    EntityFlag("logic-production", "Production logic", "shield", "good", "`perpend check` uses it."),
    EntityFlag("logic-in-progress", "Logic in progress", "pencil", "warn", "It is not in use yet."),
    EntityFlag(
        "logic-alternative", "Other logic", "dashed", "calm", "It is not in use: an alternative, an example or a unit test."
    ),
    EntityFlag("section-automated", "Automated section", "shield", "good", "A production policy covers it."),
    EntityFlag("section-manual", "Manual section", "hand", "calm", "Policies cover it, but none has production logic."),
    EntityFlag("section-unanswered", "Unanswered section", "dashed", "note", "No policy covers it."),
    EntityFlag(
        "section-with-several-policies", "Several policies", "alert", "warn", "It allows one policy at most, and has several."
    ),
    EntityFlag("section-with-errors", "Section with errors", "stop", "bad", "Its file has errors."),
    EntityFlag("type-declared", "Declared type", "check", "good", "Its fields are known."),
    EntityFlag("type-undeclared", "Undeclared type", "dashed", "note", "Its fields are known only from their use."),
    EntityFlag("type-unused", "Unused type", "dashed", "calm", "No logic is for its objects."),
    EntityFlag("rule-automated", "Answered rule", "shield", "good", "It has a production policy."),
    EntityFlag(
        "rule-not-automated", "Rule without production policy", "hand", "note", "Its policies have no production logic."
    ),
    EntityFlag("rule-with-several-policies", "Rule of several policies", "alert", "note", "It has several policies."),
    EntityFlag("rule-without-sections", "Rule without sections", "dashed", "calm", "It leads to no section of a framework."),
)

FLAGS: Final = {flag.slug: flag for flag in _ALL}
"""All flags by slug, in the order of the lists."""


def flags(*slugs: str | bool | None) -> tuple[EntityFlag, ...]:
    """Return flags by slug, without empty and false items: ``flags(done and "x")``."""
    return tuple(FLAGS[slug] for slug in slugs if isinstance(slug, str) and slug)


def policy_flags(
    policy: Policy, executions: tuple[Executions, ...], *, files: frozenset[str], broken: bool, mapped: bool
) -> tuple[EntityFlag, ...]:
    """Return the flags of a policy, its state first. ``files`` are the names of the files in its directory."""
    tested = any(execution.outcomes for execution in executions)
    whole = tested and all(not execution.missed for execution in executions)
    return flags(
        broken and "policy-with-errors",
        any(execution.failed for execution in executions) and "policy-with-tests-failing",
        _state(policy),
        "policy-with-categories" if policy.categories else "policy-without-categories",
        "policy-with-type" if policy.kind else "policy-without-type",
        bool(policy.logics) and not tested and "policy-without-tests",
        tested and ("policy-tested-whole" if whole else "policy-tested-in-part"),
        "internal.md" in files and "policy-with-internal-notes",
        "todo.md" in files and "policy-with-todo",
        "description.md" not in files and "policy-without-description",
        "remediation.md" not in files and "policy-without-remediation",
        not mapped and "policy-without-section",
    )


def _state(policy: Policy) -> str:
    names = {logic.rpartition("/")[2] for logic in policy.logics}
    if policy.impossible:
        return "impossible-policy"
    if PRODUCTION in names:
        return "production-policy"
    return "work-in-progress" if names else "policy-without-logic"


def logic_flags(logic_id: str, executions: Executions, *, broken: bool, suspicious: bool) -> tuple[EntityFlag, ...]:
    """Return the flags of a logic file, its role first."""
    name = logic_id.rpartition("/")[2]
    role = {PRODUCTION: "logic-production", "wip.logic.yaml": "logic-in-progress"}.get(name, "logic-alternative")
    tests = "logic-with-failing-tests" if executions.failed else "logic-with-passing-tests"
    return flags(
        broken and "logic-with-errors",
        role,
        tests if executions.outcomes else "logic-without-tests",
        suspicious and "logic-with-warnings",
    )
