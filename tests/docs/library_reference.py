"""``python -m tests.docs.library_reference PATH``: writes the page of what the library asks, and of what it answers."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from perpend.language.compiler.frameworks import FrameworkMappings, RequirementAnswer
from perpend.language.compiler.names import printed_number
from perpend.language.syntax.repository import Repository, open_repository
from tests.conformance.defects import DEFECTS
from tests.docs.dated_tables import MOST_DAYS, dated_tables

HEAD = """# The library

<!-- Written by `make reference`; edit `tests/docs/library_reference.py` or the library instead. -->

"""

POLICIES = """## Policies by service

*Automated*: has production logic. *Manual*: describes a check for a person, and has no logic.

The library has a policy with the name of each of the 61 AWS policies of `cloudaware/compliance-policies` that have logic.

| cloud | service | automated | manual |
| --- | --- | ---: | ---: |
"""

FRAMEWORKS = """
## Requirements by framework

*Requirements* are the sections of the framework that the library lists. *Automated*: a policy with logic covers it. *Manual*: only
policies without logic cover it. *None*: no policy covers it. A policy covers a part of a requirement, rarely all of it.

| framework | listed requirements |
| --- | --- |
| AWS FSBP | all: the 336 controls in the user guide of Security Hub at the end of 2025. AWS adds and retires controls all year. Most controls without a policy are about services that the library does not collect |
| Security Hub outside FSBP | only controls that a policy covers or another framework names |
| NIST SP 800-53, PCI DSS | only some of those that AWS maps to controls of Security Hub, so the counts do not describe the catalogues |
| ISO/IEC 27001, SOC 2, NIST CSF | all: the 93 controls of Annex A, the 33 common criteria, 106 subcategories. Most are about people and organizations, not cloud accounts |
| CIS AWS Foundations, CIS Microsoft Azure Foundations, CIS Google Cloud Platform Foundation | all, with the numbers and kinds that Prowler publishes |

| framework | requirements | automated | manual | none |
| --- | ---: | ---: | ---: | ---: |
"""

CIS = """
### CIS Foundations: automated and manual recommendations

The benchmark marks each recommendation as automated or manual. *Covered* is the number with a library policy that has logic.

| framework | automated, covered / all | manual, covered / all |
| --- | ---: | ---: |
"""

DIFFERENCES = """
## Intended differences

In every policy, a blank, missing, denied or contradictory value is UNDETERMINED, never a pass and never left out. These policies also differ
from a requirement or another tool. Test objects show each difference:

| policy | than | | the library | shown by |
| --- | --- | --- | --- | --- |
"""

DEFECTS_OF_OTHERS = """
## Defects of other tools

These objects reproduce reports of users of other tools. `pytest tests/conformance/test_defects_of_others.py` evaluates them with the
interpreter and DuckDB, and tests that unreadable data are UNDETERMINED. Reports about speed, memory and outputs have no object.

| thread | defect | policy | here |
| --- | --- | --- | --- |
"""

DATED = f"""
## Tables with a date

Some policies and lists copy facts of AWS that change. Each was right on the day on which it was read. `make dates`, a part of `make
test`, warns of tables older than {MOST_DAYS} days.

| table | read | source |
| --- | --- | --- |
"""

LEFT_OUT = """
## Left out on purpose

- *Accounts outside an organization* (Account.2 of Security Hub): no fact of an account shows whether a company with one account needs an
  organization. Policies on organizations are INAPPLICABLE to it.
- *Equal contacts for security, billing and operations*: one address that several people read may be the best choice. A policy checks that a
  security contact exists.
"""

TESTS = """
## Tests of the library

`perpend test --coverage --fail-under 100`: a test object reaches each condition and check of these policies. `perpend test --mutate` makes
more than 13,000 small changes to the policies, one at a time, and none survives. A test object detects each change, or the change provably
gives the same verdict for every object. None is listed as equivalent by hand. The run takes about a minute of CPU time
(`time perpend test --mutate --jobs 1`).
"""

DIFFERENT = Path(__file__).with_name("library_differences.yaml")


def page() -> str:
    """Return the whole page."""
    repository = open_repository()
    mappings = FrameworkMappings(repository)
    parts = [HEAD, POLICIES, *_policies(repository, mappings), TESTS, FRAMEWORKS, *_frameworks(repository, mappings)]
    parts += [CIS, *_cis(repository, mappings), DIFFERENCES, *_differences(), DEFECTS_OF_OTHERS, *_defects()]
    parts += [DATED, *_dated(), LEFT_OUT]
    return "".join(parts)


def _policies(repository: Repository, mappings: FrameworkMappings) -> Iterator[str]:
    judging = Counter(_service(one) for one in repository.policy_ids if mappings.judges(one))
    others = Counter(_service(one) for one in repository.policy_ids if not mappings.judges(one))
    for cloud, service in sorted({*judging, *others}):
        yield f"| {cloud} | {service} | {judging[cloud, service]} | {others[cloud, service]} |\n"
    yield f"| all | all | {judging.total()} | {others.total()} |\n"


def _service(policy: str) -> tuple[str, str]:
    """Return the cloud of a policy, and its service."""
    _, _, _, cloud, service, *_ = policy.split("/")
    return cloud, service


def differences() -> list[dict[str, Any]]:
    """Return where a policy differs from what it answers: `policy`, `than`, `is`, `ours`, and test objects with their status.

    The `cloud` is AWS unless a row names another one.
    """
    return yaml.safe_load(DIFFERENT.read_text("utf-8"))


def _differences() -> Iterator[str]:
    for one in differences():
        shown = ", ".join(f"`{name}` {status}" for name, status in one["shows"].items())
        cloud = f"{one['cloud']}/" if "cloud" in one else ""
        yield f"| `{cloud}{one['policy']}` | {one['than']} | {one['is']} | {one['ours']} | {shown} |\n"


def _defects() -> Iterator[str]:
    for one in sorted(DEFECTS, key=lambda defect: defect.thread.casefold()):
        yield f"| {one.thread} | {one.name} | `{one.policy.removeprefix('/ce/ca/aws/')}` | {one.expected} |\n"


def _dated() -> Iterator[str]:
    for one in dated_tables():
        yield f"| {one.what} (`{one.where}`) | {one.read} | {one.source} |\n"


def _answer(mappings: FrameworkMappings, section: str) -> RequirementAnswer:
    return mappings.answer(found.policy_id for found in mappings.of_section(section))


def _frameworks(repository: Repository, mappings: FrameworkMappings) -> Iterator[str]:
    for framework in (one for one in repository.section_ids if one.count("/") == 2):
        section = repository.section(framework).value
        found = Counter(_answer(mappings, one) for one in mappings.requirements_below(framework))
        counts = (found.total(), *(found[answer] for answer in RequirementAnswer))
        yield f"| {section.name if section else framework} | {' | '.join(map(str, counts))} |\n"


def _cis(repository: Repository, mappings: FrameworkMappings) -> Iterator[str]:
    manual = yaml.safe_load(Path(__file__).with_name("cis_manual.yaml").read_text("utf-8"))
    for framework, numbers in manual.items():
        section = repository.section(f"/frameworks/{framework}").value
        counts: Counter[tuple[bool, bool]] = Counter()
        for one in mappings.requirements_below(f"/frameworks/{framework}"):
            judged = _answer(mappings, one) is RequirementAnswer.AUTOMATED
            counts[printed_number(one, repository) in numbers, judged] += 1
        columns = (f"{counts[kind, True]} / {counts[kind, True] + counts[kind, False]}" for kind in (False, True))
        yield f"| {section.name if section else framework} | {' | '.join(columns)} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
