"""Rules for errors in remedies. Each rule is a page of ``perpend rule``."""

from __future__ import annotations

from typing import Final

from perpend.core.diagnostics.model import Rule, Severity


def _error(code: str, name: str, page: str) -> Rule:
    return Rule(code, name, Severity.ERROR, page)


UNKNOWN_FIELD: Final = _error(
    "A230",
    "unknown-remedy-field",
    "A remedy names a field that objects of the policy's type do not have, or one that holds values of another type than the "
    "kind of name takes. No command could ever be filled in.\n\n"
    "Name a field of the type, with lookups in front: `perpend show TYPE` lists them.",
)
UNKNOWN_VALUE: Final = _error(
    "A231",
    "unknown-remedy-value",
    "A command has a place, `<name>`, that no entry of `values` fills; or an entry of `values` fills none, or is there "
    "twice.\n\n"
    "Correct the spelling, or remove the entry.",
)
UNSAFE_COMMAND: Final = _error(
    "A232",
    "unsafe-remedy-command",
    "A command could do something else than it says: it begins with a program that remedies do not name, holds signs that "
    "cannot be seen, or puts a name that may hold commas, quotes or the like into the middle of a word, where it could end "
    "one value and begin another.\n\n"
    "Let the command begin with `aws`, `az` or `gcloud` and a subcommand, one list item per word, and let such a name be a "
    "word of its own.",
)
NO_WAY_BACK: Final = _error(
    "A233",
    "remedy-without-way-back",
    "A step says neither how it is undone nor why it cannot be; or it says both. Or a remedy has commands, and says that there "
    "are none.\n\n"
    "Write the command as `undo`, or the reason as `noUndo`. Write `noCommands` alone.",
)
MISPLACED: Final = _error(
    "A234",
    "misplaced-remedy",
    "A remedy fills in names of the objects that a policy's `prod.logic.yaml` judges. There is none here.\n\n"
    "Move the file beside the policy that it belongs to.",
)

RULES: Final[tuple[Rule, ...]] = (UNKNOWN_FIELD, UNKNOWN_VALUE, UNSAFE_COMMAND, NO_WAY_BACK, MISPLACED)
"""All rules of this package, by code."""
