"""Drawn credential reports, tidy and not: bytes as files may hold them."""

from __future__ import annotations

import gzip
from itertools import cycle
from typing import Any

from hypothesis import strategies as st

NAMES = ("ann", "bob", "<root_account>", "cy", "d,e", 'f"g', "é", "", " h", "{i}", "[j")
ACCOUNTS = ("111122223333", "444455556666")
COLUMNS = (
    "password_enabled",
    "mfa_active",
    "access_key_1_active",
    "additional_credentials_info",
    "Owner Team",
    "x.y-Z",
    "Équipe (l'été)",
    "$.a, [0]",
)
VALUES = ("true", "false", "N/A", "", " true", "TRUE", "2026-01-01T00:00:00+00:00", "no_information", "{", "é\u2028")
EDITED = (
    "a,b",
    ",",
    "a,",
    'a "b"',
    '"',
    '","',
    "C:\\d",
    "\\n",
    "true\t",
    "false\n",
    "a\nb",
    "a\r\nb",
    "\n",
    "a\tb",
    "\x1e",
    "\x1f",
)
"""What people write into cells of their own."""

ODD_VALUES = ("a\tb", "\\", '"', "a,b", "\x01", "\x7f", "\x85", "x\x0bz", "a\nb", "a\rb", "\x1e", "'", "NULL", "v" * 3_000)
MARK = b"\xef\xbb\xbf"


def arns() -> st.SearchStrategy[str]:
    """Return ARNs of few users, so that they meet again; now and then one that is odd."""
    users = st.sampled_from(("user/ann", "user/bob", "user/x/y/cy", "user/Z", "root"))
    usual = st.builds(lambda account, user: f"arn:aws:iam::{account}:{user}", st.sampled_from(ACCOUNTS), users)
    odd = st.sampled_from(
        ("arn:aws-cn:iam::111122223333:user/é", "arn:aws:iam::1:user/a", "", "arn:aws:iam::111122223333:user/a ")
    )
    return st.integers(0, 40).flatmap(lambda number: usual if number else odd)


def quoted(value: str, always: bool) -> str:
    """Return a value as a field of CSV."""
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if always or set(value) & set(',"\n\r') else value


@st.composite
def tables(draw: Any, *, odd: bool) -> tuple[list[str], list[list[str]]]:
    """Draw the header and the rows of a report, all as wide as the header."""
    columns = draw(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=4))
    header = draw(st.permutations(["user", "arn", *columns])) if odd else ["user", "arn", *columns]
    values = st.sampled_from((*VALUES, *ODD_VALUES) if odd else (*VALUES, *EDITED))
    cells = {"user": st.sampled_from(NAMES if odd else NAMES[:5]), "arn": arns()}
    rows = draw(st.lists(st.tuples(*(cells.get(column, values) for column in header)), min_size=1, max_size=12))
    return list(header), [list(row) for row in rows]


@st.composite
def reports(draw: Any) -> bytes:
    """Draw a report: most of them tidy but for what rows say, the others with something that readers stumble over.

    Some have quotes around all cells, some around a few, some around those alone that need them.
    """
    odd = draw(st.integers(0, 3)) == 3
    header, rows = draw(tables(odd=odd))
    lines = [header, *rows]
    if odd:
        for _ in range(draw(st.integers(0, 2))):
            line = lines[draw(st.integers(0, len(lines) - 1))]
            draw(
                st.sampled_from(
                    (line.clear, line.pop if len(line) > 1 else line.clear, lambda line=line: line.append(line[-1]))
                )
            )()
            if not line:
                line.append(draw(st.sampled_from(("", " "))))
    quotes = draw(st.sampled_from(([False], [True], [False, False, True])))
    ends = draw(st.sampled_from(("\n", "\r\n") if not odd else ("\n", "\r\n", "\n\n", "\r", "\n\r\n")))
    always = cycle(quotes)
    text = "".join(",".join(quoted(value, next(always)) for value in line) + ends for line in lines)
    text = text if draw(st.booleans()) else text.rstrip("\r\n")
    content = text.encode()
    if odd:
        content = draw(
            st.sampled_from(
                (
                    content,
                    content + b"\n\n",
                    content + b"\n" + content,
                    b"\n" + content,
                    content.replace(b"true", b"tr\xffue", 1),
                )
            )
        )
        content = draw(st.sampled_from((content, content, content, content.replace(b"true", b"tr\0ue", 1), content[:-3])))
        content = draw(st.sampled_from((content, content, content, gzip.compress(content, mtime=0))))
    return draw(st.sampled_from((content, MARK + content)))
