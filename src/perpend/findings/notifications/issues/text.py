"""Write issues and comments, once as Markdown for GitHub and GitLab, once as a document for Jira.

Names from outside are code. Prose, which comes from policies, is escaped. Both mention nobody, refer to nothing, and are no
image, HTML or quick action.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.markdown import message, span
from perpend.core.diagnostics.phrases import counted, shorten
from perpend.findings.history.model import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.findings.history.manifest import Run
    from perpend.findings.notifications.issues.groups import FindingCounts, GroupDetails, IssueObject

_INVISIBLE: Final = "\u200b"
_LONGEST_TITLE: Final = 250
_LONGEST_PART: Final = 150
_BEGINS_A_REFERENCE: Final = re.compile(r"[@#!~%$&^*/:<\[`_]")
_CODE_OR_REFERENCE: Final = re.compile(
    r"((?<!\\)(?P<fence>`+)(?!`).+?(?<!`)(?P=fence)(?!`))|\bGH(?=\\-)|(?!&lt;)[#!~%$&^](?=[^\s])"
)
"""Code, or the beginning of a reference. Trackers look for references after they have removed backslashes."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of a line: own words, prose or a name from outside, or a link of ours. ``kind`` says which."""

    text: str
    kind: str = "own"
    url: str = ""


def name(text: str) -> TextPart:
    """Return a name from outside."""
    return TextPart(text, "code")


def foreign(text: str) -> TextPart:
    """Return prose from outside."""
    return TextPart(text, "prose")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph, a heading, or a list of lines. ``kind`` says which."""

    kind: str
    lines: Sequence[Sequence[TextPart]]


@dataclass(frozen=True, slots=True)
class IssueText:
    """The title of an issue as plain text, and its body."""

    title: str
    body: Sequence[TextBlock]

    @property
    def name(self) -> str:
        """The title for messages, without the invisible spaces."""
        return self.title.replace(_INVISIBLE, "")


@dataclass(frozen=True, slots=True)
class IssueSubject:
    """The names that an issue shows of its policy and account; ``link`` is the address of its findings, empty for none."""

    severity: str | None
    title: str
    policy_id: str
    account: str
    link: str = ""


def issue_text(subject: IssueSubject, counts: FindingCounts, details: GroupDetails, run: Run) -> IssueText:
    """Return the text of an issue after a run."""
    blocks = [_paragraph(*_state(counts)), _paragraph(TextPart("Policy: "), name(subject.policy_id))]
    if subject.link:
        blocks.append(_paragraph(TextPart("The findings in Perpend", "link", subject.link)))
    if details.objects:
        more = counts.open + counts.unconfirmed - len(details.objects)
        lines = [_object(listed) for listed in details.objects] + ([[TextPart(f"and {more:,} more")]] if more > 0 else [])
        blocks += [_heading("Objects"), TextBlock("list", lines)]
    if details.remedies:
        blocks += [_heading("How to fix"), TextBlock("list", [[foreign(text)] for text in details.remedies])]
    blocks.append(
        _paragraph(
            TextPart(f"As of run {run.number} ({run.time[:10]}). Perpend rewrites this text: write comments, they stay.")
        )
    )
    severity = (subject.severity or "not rated").capitalize()
    title = f"{severity}: {shown_in_title(subject.title)} ({shown_in_title(subject.account)})"
    return IssueText(shorten(title, _LONGEST_TITLE), blocks)


def comment_on_update(counts: FindingCounts, details: GroupDetails, run: Run) -> Sequence[TextBlock]:
    """Return the comment on findings that were opened or have ended, empty if there are none."""
    changes = _changes(details)
    return [_paragraph(TextPart(f"Run {run.number} ({run.time[:10]}): {changes}. "), *_state(counts))] if changes else []


def comment_on_close(details: GroupDetails, run: Run) -> Sequence[TextBlock]:
    """Return the comment that says why an issue is closed."""
    last = _changes(details, closed=True) or "no finding is open"
    return [_paragraph(TextPart(f"Closed: all findings have ended as of run {run.number} ({run.time[:10]}): {last}."))]


def comment_on_lost_group(run: Run) -> Sequence[TextBlock]:
    """Return the comment on closing an issue to whose policy and account no finding belongs any more."""
    changes = f"Closed: as of run {run.number} ({run.time[:10]}), no finding has this policy and account any more. "
    return [
        _paragraph(
            TextPart(changes + "The account of its objects is another one now, say. Nobody is known to have fixed them.")
        )
    ]


def comment_on_reopening(counts: FindingCounts, run: Run) -> Sequence[TextBlock]:
    """Return the comment that says why an issue is open again."""
    return [_paragraph(TextPart(f"Reopened: run {run.number} ({run.time[:10]}) has findings again. "), *_state(counts))]


def comment_on_leaving(counts: FindingCounts) -> Sequence[TextBlock]:
    """Return the only comment on an issue that somebody closed by hand while findings are open."""
    changes = (
        "Somebody closed this issue. Perpend leaves it closed, and opens it again only if all findings end and some come back. "
    )
    return [_paragraph(TextPart(changes), *_state(counts))]


def shown_in_title(text: str) -> str:
    """Return text from outside for a title, with an invisible space after each sign that could begin a reference."""
    return _BEGINS_A_REFERENCE.sub(f"\\g<0>{_INVISIBLE}", shorten(visible(" ".join(text.split())), _LONGEST_PART))


def markdown(blocks: Sequence[TextBlock]) -> str:
    """Return blocks as Markdown of GitHub and GitLab. No text from outside begins a line."""
    return "\n\n".join("\n".join(_markdown_lines(block)) for block in blocks) + "\n"


def _markdown_lines(block: TextBlock) -> list[str]:
    lead = {"list": "- ", "heading": "### "}.get(block.kind, "")
    return [lead + "".join(map(_markdown_part, line)) for line in block.lines]


def _markdown_part(part: TextPart) -> str:
    if part.kind == "code":
        return span(part.text)
    if part.kind == "prose":
        return _CODE_OR_REFERENCE.sub(lambda match: match[1] or f"{match[0]}{_INVISIBLE}", message(part.text))
    return f"[{part.text}](<{part.url}>)" if part.kind == "link" else part.text


def jira_document(blocks: Sequence[TextBlock]) -> dict[str, Any]:
    """Return blocks in Atlassian Document Format, in which text is never markup."""
    return {"type": "doc", "version": 1, "content": [_jira_block(block) for block in blocks]}


def _jira_block(block: TextBlock) -> dict[str, Any]:
    if block.kind == "list":
        items = ({"type": "paragraph", "content": [_jira_part(part) for part in line]} for line in block.lines)
        return {"type": "bulletList", "content": [{"type": "listItem", "content": [item]} for item in items]}
    content = [_jira_part(part) for line in block.lines for part in line]
    if block.kind == "heading":
        return {"type": "heading", "attrs": {"level": 3}, "content": content}
    return {"type": "paragraph", "content": content}


def _jira_part(part: TextPart) -> dict[str, Any]:
    text = part.text if part.kind in ("own", "link") else shorten(visible(" ".join(part.text.split())) or "–", 1_000)
    marks: dict[str, list[dict[str, Any]]] = {
        "code": [{"type": "code"}],
        "link": [{"type": "link", "attrs": {"href": part.url}}],
    }
    return {"type": "text", "text": text, **({"marks": marks[part.kind]} if part.kind in marks else {})}


def _paragraph(*parts: TextPart) -> TextBlock:
    return TextBlock("paragraph", [parts])


def _heading(text: str) -> TextBlock:
    return TextBlock("heading", [[TextPart(text)]])


def _state(counts: FindingCounts) -> list[TextPart]:
    """Return the counts in words. What is not known is never left out."""
    changes = [f"{counts.open:,} open"]
    changes += [f"{counts.unconfirmed:,} unconfirmed (not known to be fixed)"] if counts.unconfirmed else []
    changes += [f"{counts.unknown:,} that had ended cannot be evaluated now"] if counts.unknown else []
    since = f", since {counts.since:%Y-%m-%d}" if counts.since else ""
    waived = f" {counted(counts.waived, 'finding')} with a waiver not counted." if counts.waived else ""
    return [TextPart(f"{', '.join(changes)}{since}.{waived}")]


def _changes(details: GroupDetails, *, closed: bool = False) -> str:
    words = {
        Event.OPENED: "opened",
        Event.REOPENED: "reopened",
        Event.RESOLVED: "resolved",
        Event.RESOURCE_DELETED: "of a deleted object",
        Event.POLICY_REMOVED: "of a removed policy (nobody has fixed them)",
    }
    events = list(words)[2:] if closed else words
    changes = [f"{details.number(event):,} {words[event]}" for event in events if details.number(event)]
    by_policy = sum(details.by_policy.get(event.value, 0) for event in events)
    changes += [f"{by_policy:,} of these because the policy, a parameter or the engine changed"] if by_policy else []
    return ", ".join(changes)


def _object(listed: IssueObject) -> list[TextPart]:
    parts = [name(listed.name)]
    parts += [TextPart(" "), name(listed.object_id)] if listed.object_id != listed.name else []
    parts += [TextPart(" in "), name(listed.region)] if listed.region else []
    parts += [TextPart(f", since {listed.since:%Y-%m-%d}")] if listed.since else []
    parts += [TextPart(", unconfirmed")] if listed.is_unconfirmed else []
    return parts
