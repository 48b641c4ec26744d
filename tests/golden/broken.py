"""The broken variant of the golden repository: each entry replaces one text of a file, so that something is wrong there."""

from __future__ import annotations

from typing import Final

_COMPUTE: Final = "ce/acme/compute"
SERVER: Final = f"{_COMPUTE}/server-has-unencrypted-disks"
DISK: Final = f"{_COMPUTE}/disk-is-attached-to-open-server"
TYPES: Final = "types/CA10__CaAcme"

REPLACEMENTS: Final[tuple[tuple[str, str, str], ...]] = (
    (f"{SERVER}/policy.yaml", "COMPLIANCE_POLICY", "COMPLIANCE"),
    (f"{SERVER}/policy.yaml", "/acme-baseline/01", "/acme-baseline/02"),
    (f"{SERVER}/prod.logic.yaml", "EXTRACT: labels", "EXTRACT: lables"),
    (
        f"{SERVER}/prod.logic.yaml",
        "status: UNDETERMINED, relationshipName: CA10__Disks__r",
        "status: UNDETERMINED, relationshipName: CA10__Disk__r",
    ),
    (f"{SERVER}/wip.logic.yaml", "offsetDays: 90", "ofsetDays: 90"),
    (f"{SERVER}/wip.logic.yaml", "path: CA10__created__c", "path: CA10__name__c"),
    (f"{SERVER}/test-data.json", '"INAPPLICABLE"', '"UNAPPLICABLE"'),
    (f"{DISK}/prod.logic.yaml", 'substring: {TEXT: "0.0.0.0/0"}', "substring: {NUMBER: 0}"),
    (f"{DISK}/prod.logic.yaml", "    remediationMessage: Close the server, or encrypt the disk.\n", ""),
    (f"{TYPES}Disk__c/object.extracts.yaml", "encryption.enabled\n", "encryption.[enabled\n"),
    (f"{TYPES}Server__c/object.extracts.yaml", "name: ports", "name: labels"),
    (f"{TYPES}Server__c/type.yaml", "type: datetime, label: Created", "type: instant, label: Created"),
    ("ce/acme/folder.yaml", "names:", "naems:"),
)
