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

HEAD = """# What the library answers

<!-- Written by `make reference`; edit `tests/docs/library_reference.py` or the library instead. -->

"""

POLICIES = """## Policies by service

*Judges*: has production logic. *Manual*: says what a person has to look at, and judges nothing.

Each of the 61 AWS policies of `cloudaware/compliance-policies` that have logic has one of its name here.

| service | judges | manual |
| --- | ---: | ---: |
"""

FRAMEWORKS = """
## Requirements by framework

*Requirements* are the sections that ask something and are listed here. *Automated*: some policy judges it. *Manual*: policies
exist, none can judge it. *None*: no policy here. An answer is a part of what a requirement asks, rarely all of it.

AWS FSBP is listed whole, as the user guide of Security Hub listed its 336 controls at the end of 2025; AWS adds and retires
some all year. Most of what nobody answers is about services that the library does not collect. What Security Hub asks outside
FSBP is listed only where a policy here answers it or another framework names it, so that its count says nothing about
Security Hub. NIST SP 800-53 and PCI DSS list only what AWS relates to controls of Security Hub, and not all of that: their
counts say nothing about the whole catalogues. ISO/IEC 27001 (the 93 controls of Annex A), SOC 2 (the 33 common criteria) and
NIST CSF (106 subcategories) are listed whole; most of what they ask is about people and organizations, beyond any policy over
a cloud account. CIS AWS Foundations is listed whole, in numbers and kinds as Prowler publishes them.

| framework | requirements | automated | manual | none |
| --- | ---: | ---: | ---: | ---: |
"""

CIS = """
### CIS AWS Foundations: automated and manual as the benchmark has it

The benchmark calls each recommendation automated or manual. *Judged* says how many of each some policy of the library judges.

| framework | automated, judged / all | manual, judged / all |
| --- | ---: | ---: |
"""

DIFFERENCES = """
## Where ours differs on purpose

Everywhere: what is blank, missing, denied or contradictory is UNDETERMINED, never a pass and never left out. Besides, each row with
test objects that show it:

| policy | than | | the library | shown by |
| --- | --- | --- | --- | --- |
"""

DEFECTS_OF_OTHERS = """
## Defects of others

What users of other tools reported, as objects that are judged here; `pytest tests/conformance/test_defects_of_others.py` asks the
interpreter and DuckDB, and that what cannot be read at all is UNDETERMINED. Threads about speed, memory and outputs have no object.

| thread | defect | policy | here |
| --- | --- | --- | --- |
"""

DATED = f"""
## Tables with a date

Some policies and lists copy facts of AWS that change. Each was right on the day on which it was read; `make dates`, which `make
test` runs, warns of one that is older than {MOST_DAYS} days.

| table | read | source |
| --- | --- | --- |
"""

LEFT_OUT = """
## Left out on purpose

- *Accounts outside of an organization* (Account.2 of Security Hub): whether a company of one account needs an organization, no fact of
  the account tells. Policies on organizations are INAPPLICABLE there.
- *Contacts for security, billing and operations that are alike*: one address that several people read may be the best of all. That
  there is one for security is a policy.
"""

TESTS = """
## Tests that would notice

`perpend test --coverage --fail-under 100`: each condition and each check of these policies is reached by a test object.
`perpend test --mutate` changes the policies in every single small way, more than 13,000 in all, and none of the changes survives:
each is noticed by a test object, or proven to end alike on every object; none is listed as equivalent by hand. It takes about a
minute of one processor (`time perpend test --mutate --jobs 1`); `--budget 1m` leaves what does not fit.
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
    judging = Counter(one.split("/")[4] for one in repository.policy_ids if mappings.judges(one))
    others = Counter(one.split("/")[4] for one in repository.policy_ids if not mappings.judges(one))
    for service in sorted({*judging, *others}):
        yield f"| {service} | {judging[service]} | {others[service]} |\n"
    yield f"| all | {judging.total()} | {others.total()} |\n"


def differences() -> list[dict[str, Any]]:
    """Return where a policy differs from what it answers: `policy`, `than`, `is`, `ours`, and test objects with their status."""
    return yaml.safe_load(DIFFERENT.read_text("utf-8"))


def _differences() -> Iterator[str]:
    for one in differences():
        shown = ", ".join(f"`{name}` {status}" for name, status in one["shows"].items())
        yield f"| `{one['policy']}` | {one['than']} | {one['is']} | {one['ours']} | {shown} |\n"


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
