"""``python -m tests.docs.aws_reference PATH``: writes the page of what is collected from AWS, of the collector's tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from perpend.collectors.aws.catalog import CALLS, TYPES, UNPAGED, UNSERVED
from perpend.collectors.aws.model import MOST_MEASURED, NAMED_POLICIES, CloudCall, TypeRow

HEAD = """# Data collected from AWS

<!-- Written by `make reference`; edit `src/perpend/collectors/aws/services/` instead. -->

This page lists the calls of `perpend collect aws`, and the member of an answer that each field comes from. A collection makes only the
calls that a selected policy needs ([collect an account](../how-to/collect-an-account.md)).

## Calls

| call | operation | permission | asked for | pages |
| --- | --- | --- | --- | --- |"""

END = (
    "",
    "A user or object is in doubt if the credential report and the list of virtual devices do not decide the answer",
    "([decisions](../adr/0059-calls-per-user.md)).",
    "",
    "No answer has the time of disappearance (`CA10__disappearanceTime__c`). A collection sets it ([collect an",
    "account](../how-to/collect-an-account.md#track-disappeared-objects)).",
    "",
    "ECS has no types, because no policy of the library or of a known public repository reads one. Task definitions are listed by",
    "revision, and each needs its own call.",
    "",
    "CloudWatch charges for each metric of each instance (`cloudwatch:GetMetricData`). A collection asks for the seven whole days, UTC,",
    "before its own. A week without one of these days is unknown.",
)


def page() -> str:
    """Return the whole page."""
    rows = [one for row in TYPES.values() for one in row.rows]
    details = {name: "each object" for row in rows for one in row.details for name in one.each_object if CALLS[name].of_an_item}
    details |= {row.each: "each object" for row in rows}
    details |= {NAMED_POLICIES: "each policy of AWS that is asked for by its ARN"}
    details |= {one.call: "each object in doubt" for row in rows for one in row.details if one.decided}
    details |= {row.each: "each user in doubt" for row in rows if row.decided}
    details |= {one.call: f"{MOST_MEASURED} objects" for row in rows for one in row.details if one.metric}
    lines = [HEAD, *(_call(call, details) for call in CALLS.values()), "", "## Types"]
    for row in TYPES.values():
        lines += ["", f"### {row.type_name}", *(line for one in row.rows for line in ("", *_type(one)))]
    lines += ["", "## Not collected", "", "| field | why |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| `{name}` | {reason} |" for name, reason in UNSERVED.items()), *END]) + "\n"


def _call(call: CloudCall, details: dict[str, str]) -> str:
    each = details.get(call.name) or ("each region" if call.regional else "the account")
    pages = UNPAGED.get(call.name, "yes") if call.result else "one answer"
    return f"| `{call.name}` | {call.service} {call.operation} | {_code(call.permission) or 'none'} | {each} | {pages} |"


def _type(row: TypeRow) -> Iterator[str]:
    inside = f", each `{row.inside}`" if row.inside else f", for each of these by `{row.each}`" if row.each else ""
    yield f"Listed by `{row.listed}`{inside}; its Id is `{row.id}`."
    yield from ("", "| field | call | member | form |", "| --- | --- | --- | --- |")
    for name, source in row.fields.items():
        form = source.transform.replace("_", " ") + (", null where it is missing" if source.optional else "")
        member = f"`{source.path}`" if source.path else "none: null"
        yield f"| `{name}` | `{source.call or row.listed}` | {member} | {form.removeprefix(', ')} |"


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
