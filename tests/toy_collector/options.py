"""The formats of the cloud of tests: a list of names that a role may get besides, and a whole role."""

from __future__ import annotations

from perpend.collectors.protocol import (
    CloudCommands,
    CollectOptions,
    PermissionDocument,
    PermissionFormat,
    WantedPermissions,
)


def names(wanted: WantedPermissions) -> PermissionDocument:
    lines = [f"# {' '.join(wanted.accounts)}".rstrip(), *wanted.names]
    return PermissionDocument("".join(f"{line}\n" for line in lines), ("give the list to the toy",))


def role(wanted: WantedPermissions) -> PermissionDocument:
    return PermissionDocument(f"role: {' '.join(wanted.names)}\n")


COMMANDS = CloudCommands(
    CollectOptions,
    permission_formats=(PermissionFormat("toy-role", role), PermissionFormat("toy-list", names, adds=True)),
)
