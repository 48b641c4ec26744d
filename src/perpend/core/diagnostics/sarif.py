"""Build SARIF 2.1.0 logs, and write diagnostics as one, for code scanning and editors.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0 with Errata 01; section numbers refer to it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from perpend.core.diagnostics.escape import encodable
from perpend.core.diagnostics.model import prose_from_diagnostic, region_from_span, sorted_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.core.diagnostics.model import Diagnostic, Rule, Span

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT: Final = "codePathMessage/v1"
_FIRST_SENTENCE: Final = re.compile(r".+?[.?!](?=\s|$)")


def sarif_run(driver: Mapping[str, Any], **properties: Any) -> dict[str, Any]:
    """Return a run without results. ``driver`` describes the tool, but for its name."""
    return {"tool": {"driver": {"name": "Perpend", **driver}}, "columnKind": "unicodeCodePoints", **properties}


def sarif_log(run: Mapping[str, Any], results: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return a log with one run. Its results are the last member, so that a writer can stream them."""
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{**run, "results": list(results)}]}


def sarif_message(text: str) -> dict[str, str]:
    """Return a message without placeholders (section 3.11.5) and links (section 3.11.6).

    A space breaks a link. A backslash before the bracket would not, if the text itself ends in one.
    """
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def sarif_location(path: str, base: str, region: Mapping[str, int], **more: Any) -> dict[str, Any]:
    """Return a place in a file, whose path is relative to the directory called ``base``."""
    artifact = {"uri": quote(encodable(path)), "uriBaseId": base}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}, **more}


def render_sarif(diagnostics: Iterable[Diagnostic], *, rules: Mapping[str, Rule], tool_version: str, root: str = "") -> str:
    """Return a SARIF log in ASCII with one run. It describes those ``rules``, by code, that occur.

    Paths are relative to ``%SRCROOT%``; ``root`` is the repository's directory below it. Fingerprints do not change if lines
    or the repository move. Equal problems of one file are numbered.
    """
    ordered = sorted_diagnostics(diagnostics)
    codes = sorted({diagnostic.code for diagnostic in ordered})
    seen: Counter[str] = Counter()
    run = sarif_run({"version": tool_version, "rules": [_descriptor(code, rules.get(code)) for code in codes]})
    results = (_result(diagnostic, codes.index(diagnostic.code), seen, root) for diagnostic in ordered)
    return json.dumps(sarif_log(run, results), indent=2) + "\n"


def _descriptor(code: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": code}
    page = rule.page or rule.name
    summary = _summary(page) or rule.name
    sentence = _FIRST_SENTENCE.match(summary)
    return {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": sentence[0] if sentence else summary},
        "fullDescription": {"text": summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _summary(page: str) -> str:
    """Return the first paragraph of a page that is not a heading, on one line."""
    paragraphs = (paragraph.strip() for paragraph in page.split("\n\n"))
    return " ".join(next((text for text in paragraphs if text and not text.startswith("#")), "").split())


def _result(diagnostic: Diagnostic, rule_index: int, seen: Counter[str], root: str) -> dict[str, Any]:
    fingerprint = _fingerprint(diagnostic)
    seen[fingerprint] += 1
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": diagnostic.severity.value,
        "message": sarif_message(prose_from_diagnostic(diagnostic)),
        "locations": [_location(diagnostic.span, root)],
        "partialFingerprints": {_FINGERPRINT: f"{fingerprint}:{seen[fingerprint]}"},
    }


def _location(span: Span, root: str) -> dict[str, Any]:
    region = region_from_span(span, root)
    lines = {
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }
    return sarif_location(region.path, "%SRCROOT%", lines)


def _fingerprint(diagnostic: Diagnostic) -> str:
    identity = json.dumps([diagnostic.code, diagnostic.span.path, diagnostic.message])
    return hashlib.sha256(identity.encode()).hexdigest()
