"""Write the text of new files from names, fields and checks. Comments mark the parts to fill in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from perpend.authoring.scaffold.starts import SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from perpend.authoring.scaffold.starts import Start
    from perpend.language.program.parameters import ParameterValue

ROOT_MARK_TEXT: Final = """\
# This file marks the root of a policy repository: commands below it find it. What it holds is not read.
"""

_PLAIN: Final = re.compile(r"[A-Za-z][\w (),./'-]*[\w).]", re.ASCII)
_WORDS: Final = {"true", "false", "null", "yes", "no", "on", "off"}

_FOLDER: Final = """\
names:
  full: {full}
  contextual: {contextual}
"""

_POLICY: Final = """\
names:
  # What the policy finds, where it stands alone, and where its folder is visible.
  full: {full}
  contextual: {contextual}
# Fill in: the rule, and why it matters, in a sentence or two. Longer texts go into description.md and remediation.md.
description: {description}
type: BEST_PRACTICE   # or COMPLIANCE_POLICY
categories:           # SECURITY, RELIABILITY, PERFORMANCE, COST
  - SECURITY
# frameworkMappings:  # the sections that this policy covers
#   - /frameworks/…
"""

_WAIVERS: Final = """\
# What people answer for. Findings that are waived stay what they are; reports say how many are waived, and by whom, and only
# what is not waived makes a build fail. `perpend waivers try` says what a file would cover before it holds.
waivers:
  - id: {name}                # unique for ever; shown in every output
    policies:
      - {policy}
    # Every key must hold, a list means any of it: accounts, regions, types, objects and names (`*` is anything).
    scope:
      objects: {objects}
    # accepted-risk, false-positive, compensating-control or planned-fix
    kind: planned-fix
    # Fill in: why, and who answers for it.
    reason: {reason}
    owner: {owner}
    until: {until}   # the last day on which it holds (UTC)
    limit: 1            # over so many findings, it covers none
"""

_VALUES: Final = """\
    # The values in use. If a project sets another one, `perpend waivers lint` asks for a review.
    parameters:
"""

_LOGIC: Final = """\
# How this policy decides. Conditions are evaluated in order, and the first true one decides. A check that fires ends the
# evaluation as UNDETERMINED. `perpend list operations` lists operations, `perpend show {type_name}` lists fields.
inputType: {type_name}
testData:
  - file: test-data.json
{imports}conditions:
  # First the fault. Fill in your own check, and the remediation.
  - status: INCOMPLIANT
    currentStateMessage: {faulty_message}
    remediationMessage: {remediation}
    check:
      {faulty}
  # Then what proves that there is none. Add conditions with INAPPLICABLE for objects that the question does not concern.
  - status: COMPLIANT
    currentStateMessage: {sound_message}
    check:
      {sound}
# Any other value is unknown, so that it never passes.
otherwise:
  status: UNDETERMINED
  currentStateMessage: {open_message}
"""

_IMPORTS: Final = """\
importExtracts:
  - file: {path}
"""

_DOCUMENT_EXTRACT: Final = """\
# Values of objects of the type {type_name}, to be used as `EXTRACT: {name}` by logic files that import this file.
# When a check (undeterminedIf) fires, the object is UNDETERMINED with its message: say how to collect the value again.
extracts:
  - name: {name}
    value:
      JSON_QUERY_TEXT:
        arg:
          JSON_FROM:
            arg: {{FIELD: {{path: {path}, returnType: BYTES}}}}
            undeterminedIf:
              isEmpty: {empty}
              isInvalid: {invalid}
        expression: {expression}
        undeterminedIf:
          resultTypeMismatch: {mismatch}
          evaluationError: {failed}
"""

_FIELD_EXTRACT: Final = """\
# Values of objects of the type {type_name}, to be used as `EXTRACT: {name}` by logic files that import this file.
# When a check (undeterminedIf) fires, the object is UNDETERMINED with its message: say how to collect the value again.
extracts:
  - name: {name}
    value:
      FIELD:
        path: {path}
        undeterminedIf:
          isEmpty: {last} is empty.
"""

_TYPE: Final = """\
# The object type {type_name}: its fields. Without a declaration the types of fields follow from their use;
# with one, `perpend lint` finds misspelt fields, and reports show labels.
label: {label}
# Fill in: what the object is, and which API call of the provider lists it.
description: {description}
nameField: {prefix}name__c
externalIdField: {prefix}externalId__c
deletionField: {deletion}   # set once an object has disappeared; none for types whose objects never do
fields:
  - name: Id
    type: id
    label: ID
  - name: {prefix}name__c
    type: text
    label: Name
  - name: {prefix}externalId__c
    type: text
    label: External ID
    description: The ID of the object at its provider.
{deletion_declared}  # Add fields: text, json, number, checkbox, date, datetime, picklist, url …
  - name: {prefix}enabled__c
    type: checkbox
    label: Enabled
# lookups:            # references to one object, such as the account that owns it
#   - name: {prefix}account__r
#     target: CA10__CaAwsAccount__c
#     key: {prefix}account__c
# children:           # lists of objects that belong to this one
#   - name: {prefix}parts__r
#     type: {prefix}Part__c
#     key: {prefix}owner__c
"""

_DELETION: Final = """\
  - name: {deletion}
    type: datetime
    label: Disappearance Time
"""

_SECTION: Final = """\
name: {name}
# Fill in: the requirement, in your own words.
description: {description}
# similar:
#   sections:         # sections elsewhere whose policies answer this one, too
#     - /frameworks/…
"""


def folder_text(full: str, contextual: str) -> str:
    """Return a ``folder.yaml``."""
    return _FOLDER.format(full=yaml_text(full), contextual=yaml_text(contextual))


def policy_text(full: str, contextual: str) -> str:
    """Return a ``policy.yaml``."""
    description = yaml_text(f"{contextual}. Describe the rule here, and why it matters.")
    return _POLICY.format(full=yaml_text(full), contextual=yaml_text(contextual), description=description)


def logic_text(type_name: str, subject: str, start: Start, *, value: str, extracts: str | None) -> str:
    """Return a ``prod.logic.yaml`` that checks ``value``, an operation; ``subject`` is its name in messages."""
    return _LOGIC.format(
        type_name=type_name,
        imports=_IMPORTS.format(path=extracts) if extracts else "",
        faulty_message=yaml_text(f"{subject} {start.is_faulty}."),
        remediation=yaml_text(f"Change {subject}, or say here what else to do, with the command that does it."),
        sound_message=yaml_text(f"{subject} {start.is_sound}."),
        open_message=yaml_text(f"{subject} is empty, or holds a value that this policy does not know."),
        faulty=start.faulty.format(value=value),
        sound=start.sound.format(value=value),
    )


def document_extract_text(type_name: str, name: str, path: str, key: str) -> str:
    """Return extracts that read one key of a JSON document in a field."""
    expression = key if re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else json.dumps(key)
    field = path.rpartition(".")[2]
    return _DOCUMENT_EXTRACT.format(
        type_name=type_name,
        name=name,
        path=path,
        empty=yaml_text(f"There is no document ({field})."),
        invalid=yaml_text(f"The document is not valid JSON ({field})."),
        expression=yaml_text(expression),
        mismatch=yaml_text(f"{key} is not text in the document ({field})."),
        failed=yaml_text(f"{key} could not be read from the document ({field})."),
    )


def field_extract_text(type_name: str, name: str, path: str) -> str:
    """Return extracts that read one field."""
    return _FIELD_EXTRACT.format(type_name=type_name, name=name, path=path, last=path.rpartition(".")[2])


def type_text(type_name: str, label: str, deletion: str | None) -> str:
    """Return a ``type.yaml``."""
    prefix = f"{type_name.split('__')[0]}__" if type_name.count("__") >= 2 else ""
    return _TYPE.format(
        type_name=type_name,
        label=yaml_text(label),
        description=yaml_text(f"Describe the object here: what is a {label}?"),
        prefix=prefix,
        deletion=deletion or "none",
        deletion_declared=_DELETION.format(deletion=deletion) if deletion else "",
    )


def section_text(name: str) -> str:
    """Return a ``section.yaml``."""
    return _SECTION.format(name=yaml_text(name), description=yaml_text(f"{name}. Describe the requirement here."))


def test_data_text(objects: Sequence[tuple[str, str, Mapping[str, Any]]]) -> str:
    """Return test data of objects with a name, the status that is expected, and fields."""
    entries = [
        {"expectedResult": {"status": status}, "context": {"snapshotTime": SNAPSHOT}, "Id": name, **fields}
        for name, status, fields in objects
    ]
    return object_lines(json.dumps(entry, ensure_ascii=False) for entry in entries)


def object_lines(objects: Iterable[str]) -> str:
    """Return a JSON array with one object a line."""
    return "[\n" + ",\n".join(f"  {text}" for text in objects) + "\n]\n"


def yaml_text(text: str) -> str:
    """Return a text as a YAML scalar in one line."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def waivers_text(name: str, policy: str, objects: str, until: str, values: Sequence[ParameterValue]) -> str:
    """Return the text of a file with one waiver of a policy's findings on an object, with the values of its parameters."""
    lines = "".join(
        f"      - {{policy: {yaml_text(policy)}, name: {value.name}, value: {json.dumps(value.value)}}}\n" for value in values
    )
    waiver = _WAIVERS.format(
        name=yaml_text(name),
        policy=yaml_text(policy),
        objects=f"[{json.dumps(objects, ensure_ascii=True)}]",
        reason=yaml_text("Fill in why this is so, and what will be done."),
        owner=yaml_text("Fill in who answers for it"),
        until=until,
    )
    return waiver + (_VALUES + lines if lines else "")
