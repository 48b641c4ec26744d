"""The shape of ``remedy.yaml``, a file with commands next to a policy's ``remediation.md``."""

from __future__ import annotations

from typing import Final

from perpend.language.syntax.shapes import Items, Key, Record, ScalarMap, Text

FILE: Final = "remedy.yaml"
"""The file's name in a policy's directory."""

_NAME, _TEXT = Text(filled=True), Text(filled=True, inserts=True)
_WORDS = Items(_TEXT, filled=True)

_VALUE: Final = Record(
    "value",
    "A name that commands take from the object.",
    (
        Key("name", _NAME, "The placeholder in commands, as `<name>`.", required=True),
        Key("field", _NAME, "The field with the name, after any lookups.", required=True),
        Key("kind", _NAME, "The format of the name, such as s3-bucket.", required=True),
    ),
)
_LOOK: Final = Record(
    "look",
    "A check before the changes.",
    (
        Key("say", _TEXT, "What to look for, and when to stop.", required=True),
        Key("run", _WORDS, "The command that shows it, one list item per word."),
    ),
)
_STEP: Final = Record(
    "step",
    "One change.",
    (
        Key("say", _TEXT, "The effect of the change.", required=True),
        Key("run", _WORDS, "The command, one list item per word.", required=True),
        Key("undo", _WORDS, "The command that undoes it."),
        Key("noUndo", _TEXT, "Why no command undoes it, and how to undo it."),
    ),
)
_RESOURCE: Final = Record(
    "resource",
    "Attributes of one resource.",
    (
        Key("type", _NAME, "The resource's type, such as aws_s3_bucket_versioning.", required=True),
        Key("set", ScalarMap(), "Values by attribute; a dot leads into a block.", required=True),
    ),
)

SHAPE: Final = Record(
    "remedy",
    "Commands that fix incompliant objects of a policy, with placeholders for their names.",
    (
        Key("values", Items(_VALUE), "The names that the commands take from the object."),
        Key("before", Items(_LOOK, filled=True), "A check before the changes."),
        Key("steps", Items(_STEP, filled=True), "The changes, in order."),
        Key("terraform", Items(_RESOURCE), "The same change as attributes of Terraform resources."),
        Key("noCommands", _TEXT, "Instead of all other keys: why no command fixes the object."),
    ),
)
