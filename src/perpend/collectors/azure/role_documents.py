"""Write permissions as custom roles of Azure: as JSON for the Azure CLI, as Bicep, and for Terraform.

A role is enough that holds the derived read actions, and no other. Reader holds them all.
"""

from __future__ import annotations

import json
from typing import Final

from perpend.collectors.protocol import PermissionDocument, PermissionFormat, WantedPermissions

_NAME: Final = "perpend-collect"
_ADDED_NAME: Final = "perpend-collect-missing"
_ABOUT: Final = "Lets perpend list and read resources. Grants no changes."
_ANY_SUBSCRIPTION: Final = "/subscriptions/{subscriptionId}"
_ANY_GROUP: Final = "/providers/Microsoft.Management/managementGroups/{groupId}"


def azure_role(wanted: WantedPermissions) -> PermissionDocument:
    """Return the JSON that ``az role definition create`` reads. Its scopes are the accounts, or a place to fill in."""
    actions, notes = _actions_of(wanted)
    scopes = [f"/subscriptions/{account}" for account in wanted.accounts]
    role = {
        "Name": _ADDED_NAME if wanted.accounts else _NAME,
        "IsCustom": True,
        "Description": _ABOUT,
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": scopes or [_ANY_SUBSCRIPTION],
    }
    if not scopes:
        notes = (f"AssignableScopes: name your subscriptions, or one management group as {_ANY_GROUP}", *notes)
    return PermissionDocument(json.dumps(role, indent=2) + "\n", notes)


def bicep(wanted: WantedPermissions) -> PermissionDocument:
    """Return a Bicep file that makes the role in a subscription and assigns it."""
    actions, notes = _actions_of(wanted)
    return PermissionDocument(_BICEP.replace(_ACTIONS, "\n".join(f"          '{action}'" for action in actions)), notes)


def terraform(wanted: WantedPermissions) -> PermissionDocument:
    """Return a Terraform file that makes the role in a subscription or a management group and assigns it."""
    actions, notes = _actions_of(wanted)
    return PermissionDocument(_TERRAFORM.replace(_ACTIONS, "\n".join(f'      "{action}",' for action in actions)), notes)


def _actions_of(wanted: WantedPermissions) -> tuple[list[str], tuple[str, ...]]:
    """Return the actions that a role can hold, and a note on permissions that it cannot.

    An action has the form ``provider/type/read``. The directory has permissions of its own, such as ``User.Read.All``.
    """
    actions = [name for name in wanted.names if "/" in name]
    others = [name for name in wanted.names if "/" not in name]
    return actions, (f"no role can hold {', '.join(others)}: grant the directory's permissions apart",) if others else ()


_ACTIONS: Final = "          ACTIONS"

_BICEP: Final = f"""// {_ABOUT}
// For a management group, write 'managementGroup' as the target scope, and managementGroup() for subscription().
targetScope = 'subscription'

@description('The object id of the principal that perpend collects as.')
param principalId string

@description('The type of this principal: ServicePrincipal, User or Group.')
param principalType string = 'ServicePrincipal'

var roleScope = subscription().id

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {{
  name: guid(roleScope, '{_NAME}')
  properties: {{
    // The names of custom roles differ within a tenant.
    roleName: '{_NAME}-${{uniqueString(roleScope)}}'
    description: '{_ABOUT}'
    type: 'CustomRole'
    assignableScopes: [
      roleScope
    ]
    permissions: [
      {{
        actions: [
{_ACTIONS}
        ]
      }}
    ]
  }}
}}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {{
  name: guid(roleScope, '{_NAME}', principalId)
  properties: {{
    roleDefinitionId: role.id
    principalId: principalId
    principalType: principalType
  }}
}}
"""

_TERRAFORM: Final = f"""variable "principal_id" {{
  type        = string
  description = "The object id of the principal that perpend collects as."
}}

variable "scope" {{
  type        = string
  description = "Where the role holds: {_ANY_SUBSCRIPTION}, or {_ANY_GROUP}."
}}

variable "role_name" {{
  type        = string
  default     = "{_NAME}"
  description = "The name of the role, which no other custom role of the tenant has."
}}

resource "azurerm_role_definition" "perpend" {{
  name              = var.role_name
  scope             = var.scope
  description       = "{_ABOUT}"
  assignable_scopes = [var.scope]

  permissions {{
    actions = [
{_ACTIONS}
    ]
  }}
}}

resource "azurerm_role_assignment" "perpend" {{
  scope              = var.scope
  role_definition_id = azurerm_role_definition.perpend.role_definition_resource_id
  principal_id       = var.principal_id
}}
"""

FORMATS: Final = (
    PermissionFormat("azure-role", azure_role, adds=True),
    PermissionFormat("bicep", bicep),
    PermissionFormat("terraform", terraform),
)
"""The formats in which Azure takes permissions."""
