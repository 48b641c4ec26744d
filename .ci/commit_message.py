"""Refuse a commit message of another form than CONTRIBUTING asks for: `package: Subject`, a blank line, a body."""

from __future__ import annotations

import re
import sys
from pathlib import Path

MAX_SUBJECT = 72
_SUBJECT = re.compile(r"[\w./*-]+(, [\w./*-]+)*: [A-Z]\S*( \S+)+")
_MADE_BY_GIT = re.compile(r'(Merge |Revert "|(fixup|squash|amend)! )')
_CUT = re.compile(r"^# -+ >8 -+$.*", re.MULTILINE | re.DOTALL)


def faults(message: str) -> list[str]:
    """Return each rule that a message breaks, a line for each. Comments and the part that git cuts off do not count."""
    lines = [line.rstrip() for line in _CUT.sub("", message).splitlines() if not line.startswith("#")]
    subject, *rest = lines or [""]
    if _MADE_BY_GIT.match(subject):
        return []
    told = []
    if len(subject) > MAX_SUBJECT:
        told.append(f"the subject has {len(subject)} characters; {MAX_SUBJECT} are allowed")
    if not _SUBJECT.fullmatch(subject):
        told.append("the subject is not like `clouds/aws: Refuse an answer without a region`: a package, a colon, a capital")
    if subject.endswith("."):
        told.append("the subject ends with a full stop")
    if rest and rest[0]:
        told.append("the second line is not blank")
    if not any(rest):
        told.append("there is no body: say why")
    return told


if __name__ == "__main__":
    sys.exit("\n".join(faults(Path(sys.argv[1]).read_text("utf-8"))) or 0)
