"""Terraform's language read by a parser of others: blocks and attributes of a text."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

import hcl2

_OPTIONS = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


def read_hcl(text: str) -> dict[str, list[Any]]:
    """Return the blocks of a text by their kind. Raises where it is no HCL."""
    found: dict[str, list[Any]] = hcl2.loads(text, serialization_options=_OPTIONS)
    return found


def heredoc_of(value: str) -> str:
    """Return the text of an indented heredoc (``<<-MARK``) without its marks and its indentation."""
    found = re.fullmatch(r"<<-(\w+)\n(.*)\n\s*\1\s*", value, re.DOTALL)
    assert found is not None, value
    return dedent(found[2])
