"""The shape of ``remedy.yaml``, a file with commands next to a policy's ``remediation.md``."""

from __future__ import annotations

from typing import Final

from perpend.language.syntax.shapes import Items, Key, Record, ScalarMap, Text

FILE: Final = "remedy.yaml"
"""The file's name in a policy's directory."""

_SAID, _WORDS = Text(filled=True), Items(Text(filled=True), filled=True)

_VALUE: Final = Record(
    "value",
    "A name that commands take from the object.",
    (
        Key("name", _SAID, "What it is called in commands, as `<name>`.", required=True),
        Key("field", _SAID, "The field that holds it, lookups in front.", required=True),
        Key("kind", _SAID, "What a name of its kind looks like, such as s3-bucket.", required=True),
    ),
)
_LOOK: Final = Record(
    "look",
    "What to check before.",
    (
        Key("say", _SAID, "What to look for, and what would stop you.", required=True),
        Key("run", _WORDS, "The command that shows it, a list item per word."),
    ),
)
_STEP: Final = Record(
    "step",
    "One change.",
    (
        Key("say", _SAID, "What it does.", required=True),
        Key("run", _WORDS, "The command, a list item per word.", required=True),
        Key("undo", _WORDS, "The command that undoes it."),
        Key("noUndo", _SAID, "Why no command undoes it, and what does."),
    ),
)
_RESOURCE: Final = Record(
    "resource",
    "Attributes of one resource.",
    (
        Key("type", _SAID, "The resource's type, such as aws_s3_bucket_versioning.", required=True),
        Key("set", ScalarMap(), "Values by attribute; a point leads into a block.", required=True),
    ),
)

SHAPE: Final = Record(
    "remedy",
    "How objects that a policy finds incompliant are mended, as commands with places for their names.",
    (
        Key("values", Items(_VALUE), "The names that commands take from the object.", required=True),
        Key("before", Items(_LOOK, filled=True), "What to check before.", required=True),
        Key("steps", Items(_STEP, filled=True), "The changes, in order.", required=True),
        Key("terraform", Items(_RESOURCE), "The same as attributes of Terraform's resources."),
    ),
)
