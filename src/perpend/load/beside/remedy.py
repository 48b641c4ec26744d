"""The shape of ``remedy.yaml``, which stands beside a policy's ``remediation.md``: commands with places for names."""

from __future__ import annotations

from typing import Final

from perpend.load.shapes import Items, Key, Record, ScalarMap, Text

FILE: Final = "remedy.yaml"
"""The file's name in a policy's directory."""

_WORDS: Final = Items(Text(filled=True), filled=True)

SHAPE: Final = Record(
    "remedy",
    "How objects that a policy finds incompliant are mended, as commands with places for their names.",
    (
        Key(
            "values",
            Items(
                Record(
                    "value",
                    "A name that commands take from the object.",
                    (
                        Key("name", Text(filled=True), "What it is called in commands, as `<name>`.", required=True),
                        Key("field", Text(filled=True), "The field that holds it, lookups in front.", required=True),
                        Key("kind", Text(filled=True), "What a name of its kind looks like, such as s3-bucket.", required=True),
                    ),
                )
            ),
            "The names that commands take from the object.",
            required=True,
        ),
        Key(
            "before",
            Items(
                Record(
                    "look",
                    "What to check before.",
                    (
                        Key("say", Text(filled=True), "What to look for, and what would stop you.", required=True),
                        Key("run", _WORDS, "The command that shows it, a list item per word."),
                    ),
                ),
                filled=True,
            ),
            "What to check before.",
            required=True,
        ),
        Key(
            "steps",
            Items(
                Record(
                    "step",
                    "One change.",
                    (
                        Key("say", Text(filled=True), "What it does.", required=True),
                        Key("run", _WORDS, "The command, a list item per word.", required=True),
                        Key("undo", _WORDS, "The command that undoes it."),
                        Key("noUndo", Text(filled=True), "Why no command undoes it, and what does."),
                    ),
                ),
                filled=True,
            ),
            "The changes, in order.",
            required=True,
        ),
        Key(
            "terraform",
            Items(
                Record(
                    "resource",
                    "Attributes of one resource.",
                    (
                        Key("type", Text(filled=True), "The resource's type, such as aws_s3_bucket_versioning.", required=True),
                        Key("set", ScalarMap(), "Values by attribute; a point leads into a block.", required=True),
                    ),
                )
            ),
            "The same as attributes of Terraform's resources.",
        ),
    ),
)
