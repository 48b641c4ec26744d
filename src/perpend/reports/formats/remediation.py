"""Write remediation plans as a POSIX shell script, JSON, Terraform or Markdown.

Perpend runs no command of a plan.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.registry import clouds
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.markdown import fenced, message, prose, span
from perpend.reports.formats.json_text import json_of, write_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from perpend.findings.remediation.model import Remedy, Scalar, Settings, Words
    from perpend.findings.remediation.plans import RemediationPlan

RAN_NOTHING: Final = "Perpend has run none of this. Read it, check what is to be checked, and run what you agree with."

_MOST_LINES: Final = 400


class UnquotableWord(ValueError):
    """A word that cannot be part of a line of a script."""


def command_line(words: Sequence[str]) -> str:
    """Return a command as one line of a POSIX shell, with each word quoted.

    Raises UnquotableWord for a word with invisible characters, which would end the line or mislead a reader, or with `##[`,
    which CI runners obey anywhere in a line.
    """
    for word in words:
        if not word.isprintable() or word != visible(word):
            raise UnquotableWord(f"`{visible(word)}` cannot be part of a line of a script")
    return shlex.join(words)


def object_line(plan: RemediationPlan) -> str:
    """Return the type, name, id and account of the object, on one line."""
    object_ = plan.object
    identity = object_.external_id or object_.id
    named = f"{object_.name} ({identity})" if identity and identity != object_.name else object_.name or "without a name"
    return visible(f"{plan.type_label} {named}, account {plan.account or 'not known'}")


def not_filled_line(plan: RemediationPlan) -> str:
    """Return the reason why an object has no commands, on one line."""
    return f"not filled in: {visible('; '.join(plan.why_not))}"


def comment(text: str, first: str = "# ", rest: str | None = None) -> Iterator[str]:
    """Yield a text as lines of a comment. No part of the text can leave the comment."""
    lines = text.splitlines()[:_MOST_LINES] or [""]
    for number, line in enumerate(lines):
        yield f"{(rest if rest is not None else first) if number else first}{visible(line)}".rstrip() + "\n"


def write_sh(plans: Iterable[RemediationPlan], stream: TextIO) -> None:
    """Write a script that stops at the first command that fails, and if the credentials are those of another account."""
    stream.write(f"#!/bin/sh\n# {RAN_NOTHING}\n# The script stops at the first command that fails.\nset -eu\n")
    policy_id = ""
    for plan in plans:
        if plan.policy.id != policy_id:
            policy_id = plan.policy.id
            stream.writelines(("\n", *comment(f"{plan.policy.full_name} ({policy_id})", "## ")))
        stream.writelines(_lines(plan))


def _lines(plan: RemediationPlan) -> Iterator[str]:
    yield "\n"
    yield from comment(object_line(plan))
    yield from comment(plan.message, "# found: ", "#   ")
    if plan.remedy is None:
        yield from comment(not_filled_line(plan))
        yield from comment(plan.guide, "#   ")
        return
    yield from remedy_lines(plan.remedy, plan.account)


def remedy_lines(remedy: Remedy, account: str = "") -> Iterator[str]:
    """Yield the lines of one remedy: checks before it, commands, and how to undo them. Raises UnquotableWord."""
    for look in remedy.before:
        yield from comment(look.say, "# before: ", "#   ")
        if look.run and account and look.run in {cloud.credentials for cloud in clouds()}:
            yield f'test "$({command_line(look.run)})" = {shlex.quote(account)}\n'
        elif look.run:
            yield from comment(command_line(look.run), "#   ")
    for step in remedy.steps:
        yield from comment(step.say, "# step: ", "#   ")
        yield f"{command_line(step.run)}\n"
        yield from comment(command_line(step.undo) if step.undo else step.no_undo, "# undo: ", "#   ")


def write_remedies_json(plans: Iterable[RemediationPlan], stream: TextIO) -> None:
    """Write an array with a line for each cloud object. Keys may be added, and are never renamed."""
    stream.write("[")
    write_items((json_of(_document(plan)) for plan in plans), stream)
    stream.write("\n]\n")


def _document(plan: RemediationPlan) -> dict[str, Any]:
    object_, remedy = plan.object, plan.remedy
    return {
        "policyId": plan.policy.id,
        "policyName": plan.policy.full_name,
        "object": {
            "type": object_.type_name,
            "id": object_.id,
            "externalId": object_.external_id,
            "name": object_.name,
            "account": plan.account or None,
        },
        "currentStateMessage": plan.message,
        "filledIn": remedy is not None,
        "notKnown": list(plan.why_not),
        "guide": plan.guide,
        **(_remedy(remedy) if remedy else {"before": [], "steps": [], "terraform": []}),
    }


def remediation_row(plan: RemediationPlan) -> dict[str, str | bool | None]:
    """Return the plan for one object as a row. ``commands`` are lines of a POSIX shell, null if a name is not known."""
    object_, remedy = plan.object, plan.remedy
    return {
        "policyId": plan.policy.id,
        "policyName": plan.policy.full_name,
        "type": object_.type_name,
        "objectId": object_.id,
        "externalId": object_.external_id or None,
        "objectName": object_.name or None,
        "account": plan.account or None,
        "currentStateMessage": plan.message,
        "filledIn": remedy is not None,
        "notKnown": "; ".join(plan.why_not) or None,
        "guide": plan.guide or None,
        "commands": "".join(remedy_lines(remedy, plan.account)) if remedy else None,
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {
        "before": [{"say": look.say, "run": list(look.run) or None} for look in remedy.before],
        "steps": [
            {"say": step.say, "run": list(step.run), "undo": list(step.undo) or None, "noUndo": step.no_undo or None}
            for step in remedy.steps
        ],
        "terraform": [{"type": one.resource, "set": dict(one.values)} for one in remedy.terraform],
    }


def write_terraform(plans: Iterable[RemediationPlan], stream: TextIO) -> None:
    """Write a block for each object, which the user merges into the resource that manages it."""
    stream.write(
        f"# {RAN_NOTHING}\n# Merge each block into the resource that manages the object; keep what is there already.\n"
    )
    number = 0
    for plan in plans:
        stream.writelines(("\n", *comment(object_line(plan)), *comment(plan.policy.full_name), *_comments(plan)))
        for settings in plan.remedy.terraform if plan.remedy else ():
            number += 1
            stream.writelines(_block(settings, number))


def _comments(plan: RemediationPlan) -> Iterator[str]:
    if plan.remedy is None:
        yield from comment(not_filled_line(plan))
        yield from comment(plan.guide, "#   ")
        return
    for look in plan.remedy.before:
        yield from comment(look.say, "# before: ", "#   ")
    if not plan.remedy.terraform:
        yield from comment("the remedy names no Terraform attribute: use --format sh")


def _block(settings: Settings, number: int) -> Iterator[str]:
    yield f'resource "{settings.resource}" "mended_{number}" {{\n'
    yield from _inside(_nested(settings.values), 1)
    yield "}\n"


def _nested(values: Mapping[str, Scalar]) -> dict[str, Any]:
    """Return dotted attributes as nested blocks."""
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
    """Return a value in Terraform syntax. Texts cannot become templates."""
    if isinstance(value, str):
        return json.dumps(visible(value), ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    return json.dumps(value)


def write_remedies_markdown(plans: Iterable[RemediationPlan], stream: TextIO) -> None:
    """Write a section for each policy, with a section for each object."""
    stream.write(f"{RAN_NOTHING}\n")
    policy_id = ""
    for plan in plans:
        if plan.policy.id != policy_id:
            policy_id = plan.policy.id
            stream.write(f"\n## {prose(plan.policy.full_name)}\n\n{span(policy_id)}\n")
        stream.writelines(_section(plan))


def _section(plan: RemediationPlan) -> Iterator[str]:
    object_ = plan.object
    yield f"\n### {span(object_.name or object_.id)}\n\n"
    yield f"{prose(plan.type_label)} {span(object_.external_id or object_.id)}, account {plan.account or 'not known'}. "
    yield f"{message(plan.message)}\n"
    if plan.remedy is not None:
        yield from _commands(plan.remedy)
        return
    yield f"\n**Not filled in:** {message('; '.join(plan.why_not))}\n\n"
    yield from fenced("".join(comment(plan.guide, "")))


def _commands(remedy: Remedy) -> Iterator[str]:
    yield "\n**Before**\n"
    for look in remedy.before:
        yield f"\n- {message(look.say)}\n"
        yield from _command(look.run)
    yield "\n**Steps**\n"
    for number, step in enumerate(remedy.steps, 1):
        yield f"\n{number}. {message(step.say)}\n"
        yield from _command(step.run)
        yield f"\n   Undo: {message(step.no_undo)}\n" if step.no_undo else "\n   Undo:\n"
        yield from _command(step.undo)


def _command(words: Words) -> Iterator[str]:
    if words:
        yield "\n"
        yield from (f"   {line}" for line in fenced(f"{command_line(words)}\n", "sh"))
