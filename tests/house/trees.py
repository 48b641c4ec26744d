"""What files of Python hold, read and parsed once for all that look at them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@cache
def text(path: str) -> str:
    """Return the text of a file of the repository."""
    return (ROOT / path).read_text("utf-8")


@cache
def tree(path: str) -> ast.Module:
    """Return what a file of Python is parsed as."""
    return ast.parse(text(path), path)


@cache
def nodes(path: str) -> tuple[Any, ...]:
    """Return all that stands in a file of Python."""
    return tuple(ast.walk(tree(path)))
