"""The shape of ``remedy.yaml``, which stands beside a policy's ``remediation.md``: commands with places for names."""

from __future__ import annotations

from typing import Final

from perpend.load.shapes import Items, Key, Record, ScalarMap, Shape, Text

FILE: Final = "remedy.yaml"
"""The file's name in a policy's directory."""

_WORDS: Final = Items(Text(filled=True), filled=True)


def _needed(name: str, doc: str, shape: Shape | None = None) -> Key:
    """Return a key that has to be there; it holds a text unless told otherwise."""
    return Key(name, shape or Text(filled=True), doc, required=True)


_VALUE: Final = (
    _needed("name", "What it is called in commands, as `<name>`."),
    _needed("field", "The field that holds it, lookups in front."),
    _needed("kind", "What a name of its kind looks like, such as s3-bucket."),
)
_LOOK: Final = (
    _needed("say", "What to look for, and what would stop you."),
    Key("run", _WORDS, "The command that shows it, a list item per word."),
)
_STEP: Final = (
    _needed("say", "What it does."),
    _needed("run", "The command, a list item per word.", _WORDS),
    Key("undo", _WORDS, "The command that undoes it."),
    Key("noUndo", Text(filled=True), "Why no command undoes it, and what does."),
)
_RESOURCE: Final = (
    _needed("type", "The resource's type, such as aws_s3_bucket_versioning."),
    _needed("set", "Values by attribute; a point leads into a block.", ScalarMap()),
)
SHAPE: Final = Record(
    "remedy",
    "How objects that a policy finds incompliant are mended, as commands with places for their names.",
    (
        _needed("values", "The names that commands take.", Items(Record("value", "A name that commands take.", _VALUE))),
        _needed("before", "What to check before.", Items(Record("look", "What to check before.", _LOOK), filled=True)),
        _needed("steps", "The changes, in order.", Items(Record("step", "One change.", _STEP), filled=True)),
        Key("terraform", Items(Record("resource", "Attributes of one resource.", _RESOURCE)), "The same for Terraform."),
    ),
)
