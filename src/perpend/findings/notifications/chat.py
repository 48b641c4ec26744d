"""Foreign text in, text that chats show and do not obey out: no mention, no command, no link, no HTML.

Chats differ in what they obey, and in how it could be escaped: so the signs that begin it are parted from what follows.
"""

from __future__ import annotations

import re
from typing import Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.markdown import span

_PARTED: Final = re.compile(r"[<@]|:(?=/)|\](?=[(\[:])")
"""What begins a command (`<!channel>`), a mention (`@channel`), a link (`https://…`, `[…](…)`) or a tag of HTML."""


def shown_in_chat(text: str) -> str:
    """Return words from outside on one line, with signs that no chat obeys, since none stands beside the next one."""
    return _PARTED.sub("\\g<0>\u200b", visible(" ".join(text.split())))


def code_in_chat(text: str) -> str:
    """Return a name from outside as code, in which most chats obey nothing anyway."""
    return _PARTED.sub("\\g<0>\u200b", span(text))
