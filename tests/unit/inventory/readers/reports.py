"""Credential reports and wrappers for the tests of this room, and one way to read them."""

import base64
import json
from pathlib import Path

from perpend.core.objects.inventory import CloudObject, Inventory
from perpend.core.objects.object_types import ObjectType
from perpend.inventory.readers import UnusableInput, collect_files

USER = "CA10__CaAwsUser__c"
ACCOUNT = "CA10__CaAwsAccount__c"
ARN = "arn:aws:iam::111122223333:user/"
TWO_USERS = f"user,arn,mfa_active\nann,{ARN}ann,true\nbob,{ARN}bob,N/A\n"


def collect(
    directory: Path, *contents: str | bytes, type_name: str | None = None, declared: ObjectType | None = None
) -> Inventory:
    """Return the estate that files of these contents show, without root users that only follow from others' rows."""
    return shown(collect_files(write(directory, *contents), type_name=type_name, object_type=declared).inventory)


def shown(inventory: Inventory) -> Inventory:
    """Return an estate without root users of whom no file has a row."""
    users = tuple(user for user in inventory.objects.get(USER, ()) if user.origin.row is not None)
    return Inventory(inventory.sources, {**inventory.objects, USER: users} if USER in inventory.objects else inventory.objects)


def write(directory: Path, *contents: str | bytes) -> list[str]:
    """Write each content to a file of its own and return the paths."""
    paths = []
    for number, content in enumerate(contents, 1):
        path = directory / f"{number}.in"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(str(path))
    return paths


def reason_of(directory: Path, content: str | bytes, *, type_name: str | None = None) -> str:
    """Return why the content cannot be used; fails when it can."""
    try:
        collect(directory, content, type_name=type_name)
    except UnusableInput as error:
        return error.reason
    raise AssertionError("the content was accepted")


def rows_of(inventory: Inventory) -> list[dict[str, str]]:
    """Return the report's row of each user."""
    return [row_of(user) for user in inventory.objects[USER]]


def row_of(user: CloudObject) -> dict[str, str]:
    """Return the report's row that a user carries."""
    return json.loads(user.fields["CA10__credReportAttributesJson__c"])


def answer(content: str | bytes | None = TWO_USERS, **others: object) -> str:
    """Return the AWS CLI's answer that wraps a report; a value of None leaves its key out."""
    raw = content.encode() if isinstance(content, str) else content
    wrapped = None if raw is None else base64.b64encode(raw).decode()
    document = {"Content": wrapped, "ReportFormat": "text/csv", "GeneratedTime": "2026-11-20T08:15:00+00:00"} | others
    return json.dumps({key: value for key, value in document.items() if value is not None})
