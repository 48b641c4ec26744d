"""Claims of completeness: a missing object counts as absent only if a source claims to list everything in its scope."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from perpend.core.clouds import registry
from perpend.core.clouds.aws import AWS
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import suggestion
from perpend.core.diagnostics.phrases import shorten

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping


ALL: Final = "all"
"""The written form of the scope of everything."""

NOT_IN_FULL: Final = "is not known in full: "
"""The beginning of each reason why a list is not complete."""


def is_incomplete(reason: str) -> bool:
    """Whether a child list is unknown only because it may hold more objects. The known ones do belong to it."""
    return reason.startswith(NOT_IN_FULL)


NOT_ASKED: Final = "not asked for:"
"""The beginning of a claim's reason if the collection left something out on purpose."""

_TRAILING_PREPOSITION: Final = re.compile("( here| for)?:$| (for|of)$")
_HYPHENATED_ACCOUNT: Final = re.compile("[0-9]{4}-[0-9]{4}-[0-9]{4}")
"""An AWS account as consoles show it."""
_SIMILARITY: Final = 0.8
"""How near a word must be to `all` to be taken for it misspelt: a letter too many, too few or too large."""
_INVISIBLE: Final = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs"))
_QUOTES: Final = frozenset(("Pi", "Pf"))
_DASH: Final = "Pd"
_ALPHANUMERIC: Final = re.compile(r"[^\W_]")
"""A letter or a digit."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A region of an account, all of an account, or everything. None means all, or not known."""

    account: str | None = None
    region: str | None = None

    def covers(self, other: Scope) -> bool:
        """Whether the other scope lies within this one."""
        return self.account in (None, other.account) and self.region in (None, other.region)

    def meets(self, other: Scope) -> bool:
        """Whether the two scopes overlap."""
        pairs = ((self.account, other.account), (self.region, other.region))
        return all(None in pair or pair[0] == pair[1] for pair in pairs)

    def __str__(self) -> str:
        if self.account is None:
            return ALL
        return self.account if self.region is None else f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A source read all objects of a type, or of one child list, within a scope; ``lacking`` is the reason if it did not.

    ``type_name`` is empty if nothing of any type was read. ``relation`` limits the claim to the list of that name.
    """

    type_name: str
    scope: Scope = Scope()
    lacking: str | None = None
    relation: str = ""

    def is_about(self, type_name: str, relation: str) -> bool:
        """Whether the claim concerns the objects of a type in a child list."""
        return self.type_name in ("", type_name) and self.relation in ("", relation)


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call to a cloud that failed: its account, region and operation, the ``kind`` of failure and the error ``code``.

    ``label`` is the call's permission, or its operation if it has none. ``objects`` is the number of objects that it concerned,
    0 for a listing.
    """

    account: str
    region: str
    service: str
    operation: str
    label: str
    kind: str
    code: str = ""
    objects: int = 0

    @property
    def refusal(self) -> str:
        """The kind of failure as a phrase, such as ``denied``, ``throttled out``, ``region closed``, ``not asked``."""
        return _TRAILING_PREPOSITION.sub("", self.kind)

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code else ""
        return f"{self.kind} {self.label}{code} in {f'{self.account}/{self.region}' if self.region else self.account}"


@dataclass(frozen=True, slots=True)
class Claims:
    """All claims of one inventory. Claims on all its regions are not a claim on the account."""

    claims: tuple[Claim, ...] = ()

    def complete(self, type_name: str, relation: str = "") -> list[Scope]:
        """Return the scopes in which a type, or one of its child lists, was read in full."""
        return [claim.scope for claim in self.claims if claim.lacking is None and claim.is_about(type_name, relation)]

    def lacking(self, type_name: str, relation: str = "") -> list[tuple[Scope, str]]:
        """Return the scopes in which objects of a type may be missing, with reasons. They override claims of completeness."""
        lacking = [
            (claim.scope, claim.lacking) for claim in self.claims if claim.lacking and claim.is_about(type_name, relation)
        ]
        return list(dict.fromkeys(lacking))

    def reason(self, type_name: str, relation: str, scope: Scope) -> str | None:
        """Return why a scope may hold more objects of a type, None if all are known."""
        for where, why in self.lacking(type_name, relation):
            if where.meets(scope):
                return NOT_IN_FULL + why
        if any(where.covers(scope) for where in self.complete(type_name, relation)):
            return None
        return unclaimed(type_name, str(scope))


@dataclass(frozen=True, slots=True)
class ListClaim:
    """A claim on the child list ``relation``, valid if every ``owner`` in its scope states its own list.

    It is made for a file that holds all owners. An owner in another source without its list contradicts it.
    """

    owner: str
    relation: str
    claim: Claim

    def is_open(self, claims: Claims) -> bool:
        """Whether some input says that not every owner was read, despite other claims."""
        return any(scope.meets(self.claim.scope) for scope, _ in claims.lacking(self.owner))


def incomplete_by_type(claims: Iterable[Claim], *, most: int | None = None) -> dict[str, list[tuple[str, str]]]:
    """Return by type the accounts of which objects may be missing, with the reason; account "" is any, type "" is all types.

    An account keeps its first reason; a reason that the type was not asked for gives way to any other. More than ``most``
    accounts of a type become one entry for any account.
    """
    by_type: dict[str, dict[str, str]] = {}
    for claim in claims:
        if claim.lacking is None or claim.relation:
            continue
        of_type, account = by_type.setdefault(claim.type_name, {}), claim.scope.account or ""
        if of_type.get(account, NOT_ASKED).startswith(NOT_ASKED):
            of_type[account] = claim.lacking
    return {
        name: [("", min(of_type.items())[1])] if most is not None and len(of_type) > most else sorted(of_type.items())
        for name, of_type in by_type.items()
    }


def unclaimed(type_name: str, scope: str) -> str:
    """Return the reason if no claim covers a scope. ``scope`` is the written form of one that a user can claim."""
    return f"{NOT_IN_FULL}no input claims every `{type_name}` there is (--complete {scope})"


def partition_claims(partitions: Mapping[str, Collection[str]]) -> Iterator[Claim]:
    """Yield for each account in several partitions a claim that none of its lists is complete.

    AWS, AWS in China and GovCloud number accounts independently, so a claim on an account number means only one of them.
    """
    for account, several in sorted(partitions.items()):
        if len(several) > 1:
            why = f"account {account} is one in each of the partitions {' and '.join(sorted(several))}"
            yield Claim("", Scope(account), why)


def unread_input(shown: str) -> Claim:
    """Return the claim of an input that could not be read: any list may lack objects."""
    return Claim("", lacking=f"{shown} could not be read")


def not_imported(type_name: str) -> str:
    """Return the reason if no input holds a type at all."""
    return f"was not collected: import `{type_name}` as well, with --complete for what was read in full"


def reject_other_scopes(scopes: Iterable[object]) -> None:
    """Raise TypeError for a value that is not a Scope."""
    for given in scopes:
        if not isinstance(given, Scope):
            raise TypeError(f"{given!r} is not a Scope: write Scope() for all, or Scope('111122223333')")


def scopes_from(words: str) -> tuple[Scope, ...]:
    """Return the scopes in a text: ``all``, accounts and ``account/region``, separated by commas.

    Raises ValueError with the reason.
    """
    return tuple(map(_scope_from, words.split(",")))


def _scope_from(word: str) -> Scope:
    if word.strip() == ALL:
        return Scope()
    account, slash, region = (part.strip() for part in word.partition("/"))
    if not account or (slash and not region) or re.search(r"[\s/]", account + region):
        raise ValueError(f"`{word.strip()}` is not a scope: write `all`, an account ID, or `account/region`")
    if near := suggestion(word.strip(), [ALL], cutoff=_SIMILARITY):
        raise ValueError(f"`{word.strip()}` is not a scope ({near})")
    if refusal := account_refusal(account):
        raise ValueError(refusal)
    return Scope(account, region or None)


def account_refusal(key: str) -> str | None:
    """Return why a key names no account, with the forms of accounts; None if it has the form of one."""
    shown = visible(shorten(key))
    if registry.is_region(key, AWS):
        return f"`{shown}` is a region: write an account ID and `/` before it"
    if registry.is_account(key):
        return None
    if _HYPHENATED_ACCOUNT.fullmatch(key):
        return f"`{shown}` is not an account ID (did you mean `{key.replace('-', '')}`?)"
    digits = f" has {len(key)} digits and" if key.isdecimal() else ""
    return f"`{shown}`{digits} is no account: {registry.account_forms()}"


def claims_of(type_name: str, scopes: Iterable[Scope]) -> tuple[Claim, ...]:
    """Return one claim per scope that a type was read in full."""
    return tuple(Claim(type_name, scope) for scope in scopes)


def is_blank_key(key: str) -> bool:
    """Whether a key has no visible character."""
    return all(unicodedata.category(character) in _INVISIBLE for character in key)


def normalized_key(key: str) -> str:
    """Return a key without the parts that typing and spreadsheets change: blanks, quotes, dashes, case and leading zeros."""
    kinds = ((character, unicodedata.category(character)) for character in key if character not in "'\"`")
    seen = "".join("-" if kind == _DASH else character for character, kind in kinds if kind not in _INVISIBLE | _QUOTES)
    # Character by character, as the SQL engines do: lower case of a letter does not depend on its neighbours.
    return "".join(character.lower()[0] for character in unicodedata.normalize("NFC", seen)).lstrip("0")


def unmatched_keys(type_name: str, key: str, owner: str) -> str:
    """Return the reason why a child list is not known if a key of some children matches no owner.

    The key may name an owner that was not collected, or be a damaged key of one that was. If all keys and owners' Ids are
    numbers of accounts, the key is another account's and leaves nothing open.
    """
    return f"may hold more: `{key}` of some `{type_name}` matches no `{owner}`"


def is_another_key(key: str, former: str) -> bool:
    """Whether a key surely names another object than a former key: both have one form, and neither begins with the other.

    Two keys have one form if they hold digits, and their letters, digits and other characters are in the same places.
    """
    near, near_former = normalized_key(key), normalized_key(former)
    if near.startswith(near_former) or near_former.startswith(near):
        return False
    forms = {_ALPHANUMERIC.sub("0", one) if any(map(str.isdecimal, one)) else None for one in (key, former)}
    return len(forms) == 1 and None not in forms
