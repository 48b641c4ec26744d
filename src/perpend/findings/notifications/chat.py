"""Make text from outside safe for chats: no mention, command, link or HTML works in it.

Chats differ in what they interpret and how to escape it, so an invisible space follows each sign that begins it.
"""

from __future__ import annotations

import re
from typing import Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.markdown import span

_PARTED: Final = re.compile(r"[<@]|:(?=/)|\](?=[(\[:])")
"""What begins a command (`<!channel>`), a mention (`@channel`), a link (`https://…`, `[…](…)`) or a tag of HTML."""


def shown_in_chat(text: str) -> str:
    """Return text from outside on one line, with an invisible space after each sign that a chat could interpret."""
    return _PARTED.sub("\\g<0>\u200b", visible(" ".join(text.split())))


def code_in_chat(text: str) -> str:
    """Return a name from outside as code, in which most chats interpret nothing."""
    return _PARTED.sub("\\g<0>\u200b", span(text))
