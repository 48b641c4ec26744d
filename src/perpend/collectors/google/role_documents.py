"""Write permissions as custom roles of Google Cloud: as YAML for gcloud, and for Terraform.

The roles of Google that hold them are ``roles/cloudasset.viewer`` and a few viewers more. A custom role holds no other
permission than the derived ones.
"""

from __future__ import annotations

import re
from typing import Final

from perpend.collectors.protocol import PermissionDocument, PermissionFormat, WantedPermissions

_ID: Final = "perpendCollect"
_ADDED_ID: Final = "perpendCollectMissing"
_TITLE: Final = "perpend-collect"
_ADDED_TITLE: Final = "perpend-collect-missing"
_ABOUT: Final = "Lets perpend list and read resources. Grants no changes."
_PERMISSION: Final = re.compile(r"[a-z]+(?:\.[A-Za-z]+){2}")
_QUOTA: Final = "roles/serviceusage.serviceUsageConsumer"

_HOLDERS: Final = (
    ("cloudasset.", "roles/cloudasset.viewer"),
    ("serviceusage.", "roles/serviceusage.serviceUsageViewer"),
    ("accessapproval.", "roles/accessapproval.viewer"),
    ("essentialcontacts.", "roles/essentialcontacts.viewer"),
    ("bigquery.", "roles/bigquery.metadataViewer"),
    ("resourcemanager.", "roles/browser"),
)
"""The role of Google that holds the permissions with a prefix."""


def gcloud_role(wanted: WantedPermissions) -> PermissionDocument:
    """Return the YAML that ``gcloud iam roles create --file`` reads."""
    names = _permissions_of(wanted)
    lines = (
        f"title: {_ADDED_TITLE if wanted.accounts else _TITLE}",
        f"description: {_ABOUT}",
        "stage: GA",
        *(["includedPermissions:", *(f"- {name}" for name in names)] if names else ["includedPermissions: []"]),
    )
    role = _ADDED_ID if wanted.accounts else _ID
    create = f"gcloud iam roles create {role} --organization ORGANIZATION_ID --file FILE makes the role"
    return PermissionDocument("\n".join(lines) + "\n", (create, *_notes(wanted)))


def terraform(wanted: WantedPermissions) -> PermissionDocument:
    """Return a Terraform file that makes the role in an organization and grants it there."""
    text = _TERRAFORM.replace(_PERMISSIONS, "\n".join(f'    "{name}",' for name in _permissions_of(wanted)))
    return PermissionDocument(text, _notes(wanted))


def _permissions_of(wanted: WantedPermissions) -> list[str]:
    """Return the permissions that a role can hold. A call of the directory of people, such as users.list, has none."""
    return [name for name in wanted.names if _PERMISSION.fullmatch(name)]


def _notes(wanted: WantedPermissions) -> tuple[str, ...]:
    names = _permissions_of(wanted)
    others = [name for name in wanted.names if name not in names]
    holders = [role for prefix, role in _HOLDERS if any(name.startswith(prefix) for name in names)]
    notes = [f"the roles of Google that hold these: {', '.join(holders)}"] if holders else []
    notes.append(f"grant {_QUOTA} on the quota project, in which the Cloud Asset API is enabled")
    if others:
        notes.append(f"no role can hold {', '.join(others)}: an administrator of the directory allows it")
    return tuple(notes)


_PERMISSIONS: Final = "    PERMISSIONS"

_TERRAFORM: Final = f"""variable "organization_id" {{
  type        = string
  description = "The number of the organization in which the role holds."
}}

variable "quota_project" {{
  type        = string
  description = "The id of the project for which requests are counted."
}}

variable "member" {{
  type        = string
  description = "The principal that perpend collects as, such as serviceAccount:auditor@audit-tools.iam.gserviceaccount.com."
}}

# For a single project: google_project_iam_custom_role and google_project_iam_member, with project for org_id.
resource "google_organization_iam_custom_role" "perpend" {{
  org_id      = var.organization_id
  role_id     = "{_ID}"
  title       = "{_TITLE}"
  description = "{_ABOUT}"
  permissions = [
{_PERMISSIONS}
  ]
}}

resource "google_organization_iam_member" "perpend" {{
  org_id = var.organization_id
  role   = google_organization_iam_custom_role.perpend.id
  member = var.member
}}

resource "google_project_iam_member" "perpend_quota" {{
  project = var.quota_project
  role    = "{_QUOTA}"
  member  = var.member
}}
"""

FORMATS: Final = (
    PermissionFormat("gcloud-role", gcloud_role, adds=True),
    PermissionFormat("terraform", terraform),
)
"""The formats in which Google Cloud takes permissions."""
