"""References between pages: a kind, an ID and a name."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Final

from perpend.core.dataclass import dataclass


class PageKind(StrEnum):
    """The kinds of pages."""

    HOME = "home"
    POLICY = "policy"
    FOLDER = "folder"
    LOGIC = "logic file"
    TEST_DATA = "test data"
    FRAMEWORK = "framework"
    SECTION = "section"
    TYPE = "object type"
    EXTRACTS = "extracts file"
    RULE = "internal rule"
    LIST = "list"
    INDEX = "index"
    OPERATION = "operation"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class EntityFlag:
    """A state of an entity that has a symbol and a list. Its ``slug`` is its identity, the other fields are for display.

    ``tone`` is one of good, bad, warn, note and calm.
    """

    slug: str
    label: str = field(compare=False)
    icon: str = field(compare=False)
    tone: str = field(compare=False)
    about: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Ref:
    """A link to a page, or to an ``anchor`` in it.

    ``there`` is false if the repository does not have the entity.
    """

    kind: PageKind
    id: str
    name: str
    flags: tuple[EntityFlag, ...] = ()
    there: bool = True
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class WebLink:
    """A link to another site, as a repository gives it."""

    name: str
    url: str
    id: str = ""


HOME = Ref(PageKind.HOME, "", "Home")
"""The first page."""

POLICIES = Ref(PageKind.FOLDER, "/ce", "Policies")
FRAMEWORKS = Ref(PageKind.INDEX, "/frameworks", "Frameworks")
TYPES = Ref(PageKind.INDEX, "/types", "Object types")
RULES = Ref(PageKind.INDEX, "/rules", "Internal rules")
LISTS = Ref(PageKind.INDEX, "/lists", "Lists")
HEALTH = Ref(PageKind.INDEX, "/health", "Health")
OPERATIONS = Ref(PageKind.INDEX, "/operations", "Operations")
DOCUMENTS = Ref(PageKind.INDEX, "/docs", "Documentation")
SEARCH = Ref(PageKind.INDEX, "/search", "Search")


LONGEST_NAME: Final = 300
"""The maximum length of a name in a reference. Pages repeat it in every link."""


def short_name(name: str) -> str:
    """Return a name for references, cut to the maximum length."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def list_ref(flag: EntityFlag) -> Ref:
    """Return the reference to a flag's list."""
    return Ref(PageKind.LIST, flag.slug, flag.label)
