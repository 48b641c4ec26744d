"""Elements in, JUnit XML out. Refuses to know what a case is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from typing import TextIO


def write_xml(root: ElementTree.Element, stream: TextIO) -> None:
    """Write a document, indented."""
    ElementTree.indent(root)
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n")


def xml_text(text: str) -> str:
    """Return a text that XML can hold: what it cannot hold is written out."""
    return "".join(sign if _is_xml(sign) else f"\\u{ord(sign):04x}" for sign in text)


def _is_xml(sign: str) -> bool:
    code = ord(sign)
    return sign in "\t\n" or (code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code & 0xFFFE != 0xFFFE)
