"""What nobody knows is refused with the nearest that somebody knows: nothing found of it would look like nothing open."""

from __future__ import annotations

import pytest

from perpend.findings.history.queries.unknown_names import UnknownOwner, refuse_unknown
from perpend.inventory.snapshots.database import opened

pytestmark = [pytest.mark.medium, pytest.mark.usefixtures("shared_database")]

USERS = "(SELECT 'u1' AS id, 'arn:aws:iam::111122223333:root' AS external_id, 'root' AS name, '111122223333' AS account)"
ACCOUNTS = "(SELECT '444455556666' AS id, NULL AS external_id, 'prod' AS name, NULL AS account)"


@pytest.mark.parametrize(
    ("accounts", "objects", "reason"),
    [
        (["111122223333"], ["u1", "arn:aws:iam::111122223333:root", "<root_account>", "prod"], None),
        ([], [], None),
        (["11112222333"], [], r"belongs to account '11112222333' \(did you mean '111122223333'\?\)"),
        (["111122223333", "None"], [], "belongs to account 'None'"),
        ([], ["u1", "u2"], "has no object 'u2'"),
    ],
)
def test_what_is_in_no_registry_is_refused(accounts: list[str], objects: list[str], reason: str | None) -> None:
    with opened() as connection:
        if reason is None:
            refuse_unknown(connection, [USERS, ACCOUNTS], accounts, objects)
            return
        with pytest.raises(UnknownOwner, match=reason):
            refuse_unknown(connection, [USERS, ACCOUNTS], accounts, objects)
        with pytest.raises(UnknownOwner):
            refuse_unknown(connection, [], accounts, objects)
