"""Search a repository for words: policies, types, frameworks, sections and operations."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.objects.ids import framework_of
from perpend.language.operations import OPERATIONS
from perpend.reports.terminal.explanation import hang
from perpend.reports.terminal.repository.listing import companion, print_tabbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from perpend.language.syntax.repository import Repository

_NAME: Final = 8
_LONGEST_NAME: Final = 120
_POLICY_FIRST: Final = 4
_ID: Final = 6
_NEAR: Final = 3
_PROSE: Final = 1
MOST_ON_TERMINAL: Final = 20
"""The default number of hits on a terminal."""

_LIKE: Final = 0.75
_LONG: Final = 7
_STEM: Final = 4
_ENDINGS: Final = ("ations", "ation", "ions", "ion", "ings", "ing", "ies", "ed", "es", "e", "y", "s")
_MEANINGS: Final = (
    ("open", "public", "unrestricted", "everybody", "anybody", "internet", "world", "anonymous", "exposed"),
    ("delete", "remove", "destroy"),
    ("log", "trail", "audit"),
    ("backup", "snapshot", "recovery"),
    ("mfa", "2fa", "multi-factor", "multifactor", "two-factor"),
    ("admin", "administrator", "privilege"),
    ("old", "stale", "rotate", "unused"),
    ("tls", "ssl", "https", "certificate"),
    ("machine", "instance", "server", "vm"),
    ("firewall", "security group"),
    ("disk", "volume"),
)
"""Words of which people may say one and mean another."""
_WORD: Final = re.compile(r"\w+")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_KIND_WIDTH: Final = 11
_AROUND: Final = 60


@dataclass(frozen=True, slots=True)
class SearchedText:
    """A text of a searchable entity, with its label and the weight of a word in it."""

    label: str
    text: str
    weight: int


@dataclass(frozen=True, slots=True)
class Searchable:
    """A searchable entity: its id for `perpend show`, its name, and its texts, names first."""

    kind: str
    id: str
    name: str
    parts: tuple[SearchedText, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A hit. ``part`` is the text with a word that is neither in the name nor in the id; None if there is no such word."""

    entry: Searchable
    score: int
    part: SearchedText | None


def search(repository: Repository, words: Sequence[str]) -> list[Hit]:
    """Return the entities that contain every word, in any case, the best first.

    If none does, words with the same stem or meaning count as well (`unencrypted`: `encryption`).

    The score of a word depends on its place (a name counts more than a description), and on whether it is a whole word or
    begins one. With equal scores, policies come first, and new versions of a framework come before old ones.
    """
    wanted = [word.casefold() for word in words]
    entries = list(_everything(repository))
    return _hits(entries, [(word,) for word in wanted]) or _hits(entries, list(map(spellings, wanted)))


def spellings(word: str) -> tuple[str, ...]:
    """Return a word, the beginning that it shares with words of its family, and words of the same meaning."""
    stem = _stem(word)
    synonyms = {other for group in _MEANINGS if stem in map(_stem, group) for other in group}
    return tuple(dict.fromkeys((word, stem, *sorted(map(_stem, synonyms)))))


def _stem(word: str) -> str:
    bare = word.removeprefix("un") if len(word) >= _LONG else word
    ending = next((ending for ending in _ENDINGS if bare.endswith(ending) and len(bare) - len(ending) >= _STEM), "")
    return bare.removesuffix(ending)


def _hits(entries: Iterable[Searchable], words: Sequence[tuple[str, ...]]) -> list[Hit]:
    """Return the entities that contain a spelling of every word, the best first."""
    hits = filter(None, (_hit(entry, words) for entry in entries))
    return sorted(hits, key=lambda hit: (-hit.score, _rank(hit.entry)))


def nearest_word(repository: Repository, words: Sequence[str]) -> str | None:
    """Return a word of a name that is similar to one of the words, if no name contains that one."""
    known = {word.casefold() for entry in _everything(repository) for word in _WORD.findall(entry.name)}
    missing = (word.casefold() for word in words if word.casefold() not in known)
    near = (difflib.get_close_matches(word, known, n=1, cutoff=_LIKE) for word in missing)
    return next((match[0] for match in near if match), None)


def _hit(candidate: Searchable, words: Sequence[tuple[str, ...]]) -> Hit | None:
    score, elsewhere = 0, None
    named = f"{candidate.name}\n{candidate.id}".casefold()
    for spelt in words:
        best, where = max(
            (
                (part.weight * max(_closeness(text, word) for word in spelt), part)
                for part in candidate.parts
                for text in (part.text.casefold(),)
            ),
            key=lambda pair: pair[0],
            default=(0, None),
        )
        if best == 0:
            return None
        score += best
        if where is not None and where.weight < _ID and not any(word in named for word in spelt):
            elsewhere = elsewhere or where
    whole = " ".join(word for word, *_ in words)
    score += candidate.parts[0].weight * (whole in candidate.name.casefold()) + _POLICY_FIRST * (candidate.kind == "policy")
    return Hit(candidate, score, elsewhere)


def _closeness(text: str, word: str) -> int:
    """Return 3 if a text contains the word as a whole word, 2 if a word begins with it, 1 inside a word, 0 otherwise."""
    closeness, at = 0, text.find(word)
    while at >= 0 and closeness < 3:
        begins = at == 0 or not text[at - 1].isalnum()
        is_word_end = at + len(word) == len(text) or not text[at + len(word)].isalnum()
        closeness = max(closeness, 3 if begins and is_word_end else 2 if begins else 1)
        at = text.find(word, at + 1)
    return closeness


def _rank(candidate: Searchable) -> tuple[int, list[int], str]:
    kinds = ("policy", "type", "framework", "section", "operation")
    framework = framework_of(candidate.id) if candidate.id.startswith("/frameworks/") else ""
    return kinds.index(candidate.kind), [-int(number) for number in _NUMBER.findall(framework)], candidate.id


def _everything(repository: Repository) -> Iterator[Searchable]:
    yield from (_policy(repository, policy_id) for policy_id in repository.policy_ids)
    for name in repository.type_names:
        declared = repository.object_type(name).value
        label = declared.label if declared else ""
        fields = "\n".join(field.label or field.name for field in declared.fields.values()) if declared else ""
        yield _searchable("type", name, label or name, SearchedText("fields", fields, _PROSE))
    for section_id in repository.section_ids:
        section = repository.section(section_id).value
        kind = "framework" if section_id.count("/") == 2 else "section"
        name, description = (section.name, section.description) if section else (section_id, "")
        yield _searchable(kind, section_id, name, SearchedText("description", description, _PROSE))
    for operation in OPERATIONS.values():
        yield _searchable("operation", operation.name, operation.name, SearchedText("description", operation.doc, _NEAR))


def _policy(repository: Repository, policy_id: str) -> Searchable:
    policy = repository.policy(policy_id).value
    if policy is None:
        return _searchable("policy", policy_id, policy_id)
    links = (*policy.similar_conformity, *policy.similar_trusted_advisor, *policy.similar_security_hub)
    checks = [check.name for check in policy.similar_checks]
    known = (repository.section(item.value).value for item in policy.mappings if item.value in repository.section_ids)
    return _searchable(
        "policy",
        policy_id,
        policy.names.full,
        SearchedText("name", policy.names.contextual, _ID),
        SearchedText("rules", "\n".join([*policy.similar_internal, *(link.name for link in links), *checks]), _NEAR),
        SearchedText("sections", "\n".join(section.name for section in known if section), _NEAR),
        SearchedText("tags", "\n".join([*policy.categories, *policy.tags]), _NEAR),
        SearchedText("description", policy.description, _PROSE),
        SearchedText("description", companion(repository, f"{policy_id}/description.md".lstrip("/")), _PROSE),
    )


def _searchable(kind: str, entity: str, name: str, *parts: SearchedText) -> Searchable:
    weight = _NAME if len(name) <= _LONGEST_NAME else _PROSE  # some frameworks have whole paragraphs as names
    own = (
        SearchedText("name", name, weight),
        SearchedText("id", entity.rpartition("/")[2], _ID),
        SearchedText("id", entity, _NEAR),
    )
    return Searchable(kind, entity, name, (*own, *parts))


def rows_of(hits: Iterable[Hit]) -> list[dict[str, Any]]:
    """Return hits for JSON."""
    return [
        {
            "kind": hit.entry.kind,
            "id": hit.entry.id,
            "name": hit.entry.name,
            "score": hit.score,
            "foundIn": hit.part.label if hit.part else "name",
        }
        for hit in hits
    ]


def print_hits(hits: Sequence[Hit], words: Sequence[str], console: Console, *, limit: int | None, near: str | None) -> None:
    """Print hits with the text that contains a word; without a terminal, each as a line with tabs.

    Without a limit, a terminal gets the first hits, and other outputs get all. ``near`` is a suggested word.
    """
    most = limit or (MOST_ON_TERMINAL if console.is_terminal else len(hits))
    shown = {spelt for word in words for spelt in spellings(word.casefold())}
    pattern = re.compile("|".join(map(re.escape, sorted(shown, key=len, reverse=True))), re.IGNORECASE)
    if not hits:
        console.print(Text(f"none{f' (did you mean {near!r}?)' if near else ''}", style="dim"))
    for hit in hits[:most]:
        _print_hit(hit, pattern, console)
    if len(hits) > most and console.is_terminal:
        hang(console, Text(), Text(f"{most:,} of {len(hits):,}: use --limit for more", style="dim"))


def _print_hit(hit: Hit, pattern: re.Pattern[str], console: Console) -> None:
    entry = hit.entry
    if not console.is_terminal:
        print_tabbed((entry.kind, entry.id, entry.name), console)
        return
    hang(console, Text(f"{entry.kind:<{_KIND_WIDTH}}", style="dim"), _marked(entry.name, pattern))
    below = Text(" " * _KIND_WIDTH)
    if entry.id != entry.name:
        hang(console, below, Text(visible(entry.id), style="dim"))
    if hit.part:
        hang(console, below, Text.assemble((f"{hit.part.label}: ", "dim"), _marked(_around(hit.part.text, pattern), pattern)))


def _around(text: str, pattern: re.Pattern[str]) -> str:
    """Return the words around the first match."""
    words = " ".join(text.split())
    match = pattern.search(words)
    at = match.start() if match else 0
    start = words.rfind(" ", 0, max(0, at - _AROUND)) + 1 if at > _AROUND else 0
    end = words.find(" ", at + _AROUND)
    return ("… " if start else "") + words[start : end if end > 0 else len(words)][: 4 * _AROUND] + (" …" if end > 0 else "")


def _marked(text: str, pattern: re.Pattern[str]) -> Text:
    shown = Text(visible(text))
    shown.highlight_regex(pattern, "bold")
    return shown
