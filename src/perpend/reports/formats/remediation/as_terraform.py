"""What would mend objects in, attributes to set in Terraform's resources out; which resource manages one it cannot know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.escape import visible
from perpend.reports.formats.remediation.texts import RAN_NOTHING, comment, not_filled_line, object_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from perpend.findings.remediation.model import Scalar, Settings
    from perpend.findings.remediation.plans import RemediationPlan


def write_terraform(mendings: Iterable[RemediationPlan], stream: TextIO) -> None:
    """Write a block for each object, to be merged into the resource that manages it."""
    stream.write(
        f"# {RAN_NOTHING}\n# Merge each block into the resource that manages the object; keep what is there already.\n"
    )
    number = 0
    for mending in mendings:
        stream.writelines(("\n", *comment(object_line(mending)), *comment(mending.policy.full_name), *_told(mending)))
        for settings in mending.remedy.terraform if mending.remedy else ():
            number += 1
            stream.writelines(_block(settings, number))


def _told(mending: RemediationPlan) -> Iterator[str]:
    if mending.remedy is None:
        yield from comment(not_filled_line(mending))
        yield from comment(mending.guide, "#   ")
        return
    for look in mending.remedy.before:
        yield from comment(look.say, "# before: ", "#   ")
    if not mending.remedy.terraform:
        yield from comment("the remedy names no attribute of Terraform's: take --format sh")


def _block(settings: Settings, number: int) -> Iterator[str]:
    yield f'resource "{settings.resource}" "mended_{number}" {{\n'
    yield from _inside(_nested(settings.values), 1)
    yield "}\n"


def _nested(values: Mapping[str, Scalar]) -> dict[str, Any]:
    """Return attributes by block."""
    attributes: dict[str, Any] = {}
    for name, value in values.items():
        *blocks, last = name.split(".")
        inside = attributes
        for block in blocks:
            inside = inside.setdefault(block, {})
        inside[last] = value
    return attributes


def _inside(values: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}{name} {{\n"
            yield from _inside(value, depth + 1)
            yield f"{indent}}}\n"
        else:
            yield f"{indent}{name} = {hcl_of(value)}\n"


def hcl_of(value: Scalar) -> str:
    """Return a value as Terraform reads it: no text is a template, and none ends before its end."""
    if isinstance(value, str):
        return json.dumps(visible(value), ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    return json.dumps(value)
