"""Render source text as HTML with an anchor for each line."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_LONGEST: Final = 120_000
_MOST: Final = 400_000
_MOST_LINES: Final = 4_000
_FORMATTER: Final = HtmlFormatter[str](nowrap=True)
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def source_html(text: str, language: str) -> Markup:
    """Return highlighted source text with the IDs ``L1``, ``L2``, … for its lines. Hidden characters are written out."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    whole = "\n".join(lines[:_MOST_LINES])
    cut = _HIDDEN.sub(lambda sign: visible(sign[0]), whole[:_MOST]).split("\n")
    shown = "\n".join(cut)
    is_coloured = len(shown) <= _LONGEST
    if is_coloured:
        rows = str(highlight(shown, _lexer(language), _FORMATTER)).rstrip("\n").split("\n")
    else:
        rows = [str(escape(line)) for line in cut]
    rows += [""] * (len(cut) - len(rows))
    body = "".join(f'<span class="line" id="L{number}">{row}\n</span>' for number, row in enumerate(rows, 1))
    notes = [
        *([f"… {len(whole) - _MOST:,} more characters"] if len(whole) > _MOST else []),
        *([f"… {len(lines) - len(cut):,} more lines"] if len(lines) > len(cut) else []),
        *([] if is_coloured else [f"Without colours, as it is longer than {_LONGEST:,} characters"]),
    ]
    more = "".join(f'<span class="line quiet">{note}\n</span>' for note in notes)
    return Markup(f'<pre class="src" tabindex="0"><code class="language-{language}">{body}{more}</code></pre>')  # noqa: S704 escaped by Pygments


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)
