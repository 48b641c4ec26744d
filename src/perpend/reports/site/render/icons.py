"""The symbols of the site, drawn with lines in a square of 16. A page has only the symbols that it shows."""

from __future__ import annotations

from functools import cache
from typing import Final

from markupsafe import Markup

from perpend.evaluation.verdicts.requirements import RequirementStatus
from perpend.reports.site.content.links import PageKind

_PATHS: Final = {
    "shield": (
        '<path d="M8 1.8 13.2 4v3.6c0 3-2 5.4-5.2 6.6-3.2-1.2-5.2-3.6-5.2-6.6V4z"/><path d="m5.5 7.9 1.9 1.9 3.3-3.5"/>'
    ),
    "pencil": '<path d="m10.7 2.5 2.8 2.8L5.6 13.2l-3.4.6.6-3.4z"/><path d="m9 4.2 2.8 2.8"/>',
    "ban": '<circle cx="8" cy="8" r="5.8"/><path d="m3.9 3.9 8.2 8.2"/>',
    "dashed": '<circle cx="8" cy="8" r="5.8" stroke-dasharray="2.6 2"/>',
    "cross": '<circle cx="8" cy="8" r="6"/><path d="m5.7 5.7 4.6 4.6m0-4.6-4.6 4.6"/>',
    "alert": '<path d="M8 2 14.3 13.4H1.7z"/><path d="M8 6.2v3.4m0 1.7v.2"/>',
    "check": '<circle cx="8" cy="8" r="6"/><path d="m5.2 8.2 2 2 3.7-4.1"/>',
    "minus": '<circle cx="8" cy="8" r="6"/><path d="M5.2 8h5.6"/>',
    "question": '<circle cx="8" cy="8" r="6"/><path d="M6.2 6.3a1.850 1.850 0 1 1 2.6 1.7c-.6.3-.8.7-.8 1.3M8 11.2v.2"/>',
    "empty": '<circle cx="8" cy="8" r="5.2"/><path d="M3 13 13 3"/>',
    "tag": '<path d="M2.2 2.2h5.4l6.2 6.2-5.4 5.4-6.2-6.2z"/><circle cx="5.3" cy="5.3" r=".9"/>',
    "note": '<path d="M3 2h7l3 3v9H3z"/><path d="M5.5 8h5M5.5 10.8h5"/>',
    "todo": '<rect x="2.2" y="2.2" width="11.6" height="11.6" rx="1.5"/><path d="m5 8.2 2 2 4-4.4"/>',
    "flask": '<path d="M6 2h4M6.7 2v4.3L3 12.6c-.4.8 0 1.4.9 1.4h8.2c.9 0 1.3-.6.9-1.4L9.3 6.3V2"/><path d="M4.7 10.2h6.6"/>',
    "flask-full": (
        '<path d="M6 2h4M6.7 2v4.3L3 12.6c-.4.8 0 1.4.9 1.4h8.2c.9 0 1.3-.6.9-1.4L9.3 6.3V2"/>'
        '<path d="M5.6 8.2h4.8l2.4 4.6c.2.5 0 .8-.6.8H3.8c-.6 0-.8-.3-.6-.8z" fill="currentColor"/>'
    ),
    "flask-none": (
        '<path d="M6 2h4M6.7 2v4.3L3 12.6c-.4.8 0 1.4.9 1.4h8.2c.9 0 1.3-.6.9-1.4L9.3 6.3V2"/><path d="m2 3 12 11"/>'
    ),
    "stop": '<path d="M5.5 1.9h5l3.6 3.6v5l-3.6 3.6h-5l-3.6-3.6v-5z"/><path d="M8 4.8v3.9m0 2v.2"/>',
    "hand": '<circle cx="8" cy="4.6" r="2.6"/><path d="M2.6 14c.3-3.2 2.5-5 5.4-5s5.1 1.8 5.4 5"/>',
    "policy": '<path d="M3 1.8h10v12.4H3z"/><path d="M5.5 5h5M5.5 8h5M5.5 11h2.5"/>',
    "folder": '<path d="M1.8 3.5h4.5l1.5 1.7h6.4v7.6H1.8z"/>',
    "framework": '<path d="M2 6 8 2.2 14 6M3 13.8h10M4 6.5v6m4-6v6m4-6v6"/>',
    "section": '<path d="M3 3h10M3 6.3h10M3 9.7h6.5M3 13h6.5"/>',
    "type": '<path d="m8 1.8 5.5 3.1v6.2L8 14.2l-5.5-3.1V4.9z"/><path d="M2.5 4.9 8 8m0 0 5.5-3.1M8 8v6.2"/>',
    "logic": (
        '<circle cx="4" cy="3.6" r="1.8"/>'
        '<circle cx="4" cy="12.4" r="1.8"/>'
        '<circle cx="12" cy="8" r="1.8"/>'
        '<path d="M4 5.4v5.2M5.8 4c3 .6 4 1.8 4.8 2.8M5.8 12c3-.6 4-1.8 4.8-2.8"/>'
    ),
    "extracts": '<path d="M6 3c-2 0-1 4.2-3.2 5C5 8.8 4 13 6 13m4-10c2 0 1 4.2 3.2 5C11 8.8 12 13 10 13"/>',
    "rule": '<path d="M8 2v12M4.5 14h7M3 5h10M3 5 1.6 9h2.8zm10 0-1.4 4h2.8z"/>',
    "list": '<path d="M6 4h8M6 8h8M6 12h8M2.5 4h.2m-.2 4h.2m-.2 4h.2"/>',
    "book": (
        '<path d="M8 4C6.5 2.8 4.5 2.4 2 2.5v10c2.5-.1 4.5.3 6 1.5 1.5-1.2 3.5-1.6 6-1.5v-10c-2.5-.1-4.5.3-6 1.5zm0 0v10"/>'
    ),
    "copy": '<rect x="5.2" y="5.2" width="8.6" height="8.6" rx="1.3"/><path d="M10.8 5.2V2.2H2.2v8.6h3"/>',
    "sideways": '<path d="M2 8h12M5 5 2 8l3 3m6-6 3 3-3 3"/>',
    "search": '<circle cx="7" cy="7" r="4.6"/><path d="m10.5 10.5 3.5 3.5"/>',
    "theme": '<circle cx="8" cy="8" r="5.8"/><path d="M8 2.2a5.8 5.8 0 0 1 0 11.6z" fill="currentColor"/>',
    "out": '<path d="M6.5 3H3v10h10V9.5M9.5 2.8h3.7v3.7M13 3 7.5 8.5"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.4V8l2.5 1.7"/>',
    "key": '<circle cx="5" cy="8" r="3"/><path d="M8 8h6v2.5M11.5 8v2"/>',
}

STATUSES: Final = {
    "INCOMPLIANT": ("cross", "bad"),
    "UNDETERMINED": ("question", "warn"),
    "COMPLIANT": ("check", "good"),
    "INAPPLICABLE": ("minus", "calm"),
    "DISAPPEARED": ("empty", "note"),
}
"""The symbol and the tone of each status."""

RESULTS: Final = {
    RequirementStatus.FAILS: ("cross", "bad"),
    RequirementStatus.UNDETERMINED: ("question", "warn"),
    RequirementStatus.WAIVED: ("alert", "warn"),
    RequirementStatus.MET: ("check", "good"),
    RequirementStatus.NOTHING_TO_JUDGE: ("minus", "calm"),
    RequirementStatus.NOT_ASKED: ("clock", "none"),
    RequirementStatus.ATTESTED: ("pencil", "none"),
    RequirementStatus.MANUAL: ("hand", "none"),
    RequirementStatus.UNANSWERED: ("dashed", "none"),
}
"""The symbol and the tone of each status of a requirement."""

KINDS: Final = {
    PageKind.HOME: "book",
    PageKind.POLICY: "policy",
    PageKind.FOLDER: "folder",
    PageKind.LOGIC: "logic",
    PageKind.TEST_DATA: "flask",
    PageKind.FRAMEWORK: "framework",
    PageKind.SECTION: "section",
    PageKind.TYPE: "type",
    PageKind.EXTRACTS: "extracts",
    PageKind.RULE: "rule",
    PageKind.LIST: "list",
    PageKind.INDEX: "list",
    PageKind.OPERATION: "logic",
    PageKind.DOCUMENT: "book",
}
"""The symbol of each kind of page."""


@cache
def icon(name: str, label: str = "", tone: str = "") -> Markup:
    """Return a symbol. With a label it is an image with an alternative text, without one it is decoration."""
    role = f' role="img" aria-label="{Markup.escape(label)}"' if label else ' aria-hidden="true"'
    look = f"i tone-{tone}" if tone else "i"
    return Markup(f'<svg class="{look}" viewBox="0 0 16 16" focusable="false"{role}>{_PATHS[name]}</svg>')  # noqa: S704 the label is escaped
