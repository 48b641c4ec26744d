"""How pages name each other: a reference is a kind, an id and a name. Refuses to know addresses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
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
    FINDINGS = "findings"


@dataclass(frozen=True, slots=True, repr=False)
class Flag:
    """A state of an entity that has a symbol and a list of its own.

    ``tone`` is one of good, bad, warn, note and calm.
    """

    slug: str
    label: str
    icon: str
    tone: str
    about: str

    def __repr__(self) -> str:
        return self.slug


@dataclass(frozen=True, slots=True)
class Ref:
    """A link to a page, or to an ``anchor`` in it.

    ``there`` is false where the repository speaks of something that it does not have.
    """

    kind: Kind
    id: str
    name: str
    flags: tuple[Flag, ...] = ()
    there: bool = True
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class WebLink:
    """A link to another site, as a repository gives it."""

    name: str
    url: str
    id: str = ""


HOME = Ref(Kind.HOME, "", "Home")
"""The first page."""

POLICIES = Ref(Kind.FOLDER, "/ce", "Policies")
FRAMEWORKS = Ref(Kind.INDEX, "/frameworks", "Frameworks")
TYPES = Ref(Kind.INDEX, "/types", "Object types")
RULES = Ref(Kind.INDEX, "/rules", "Internal rules")
LISTS = Ref(Kind.INDEX, "/lists", "Lists")
HEALTH = Ref(Kind.INDEX, "/health", "Health")
OPERATIONS = Ref(Kind.INDEX, "/operations", "Operations")
DOCUMENTS = Ref(Kind.INDEX, "/docs", "Documentation")
VERDICTS = Ref(Kind.INDEX, "/verdicts", "Verdicts")
SEARCH = Ref(Kind.INDEX, "/search", "Search")


def list_ref(flag: Flag) -> Ref:
    """Return the reference to a flag's list."""
    return Ref(Kind.LIST, flag.slug, flag.label)
