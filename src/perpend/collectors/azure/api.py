"""Azure's API as the rest of Perpend uses it: its subscriptions, each with tokens. Imports azure-identity and requests."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.azure.calls import MANAGEMENT
from perpend.collectors.azure.cloud import LISTS_GROUP, LISTS_SUBSCRIPTIONS, TABLES
from perpend.collectors.azure.identity import NO_CONNECTION, NO_CREDENTIALS, UNGRANTED, AzureTokens
from perpend.collectors.azure.options import GROUP_OPTION, TENANT_OPTION
from perpend.collectors.failures import FailureKind
from perpend.collectors.protocol import ACCOUNTS_OPTION, NothingCollected
from perpend.collectors.rest.api import RestAccount, RestApi
from perpend.collectors.rest.errors import CallRefused
from perpend.collectors.rest.pages import member, pages_of
from perpend.collectors.rest.rows import RestCall
from perpend.collectors.rest.transport import Transport
from perpend.collectors.tables import failed_call
from perpend.core.clouds.azure import AZURE
from perpend.core.clouds.cloud import matches
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import nearest_name
from perpend.core.diagnostics.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perpend.collectors.azure.options import AzureOptions
    from perpend.collectors.rest.rows import RestPlan

SUBSCRIPTIONS: Final = RestCall(
    "arm.subscriptions",
    "Microsoft.Resources",
    "subscriptions",
    f"{MANAGEMENT}/subscriptions",
    LISTS_SUBSCRIPTIONS.name,
    {"api-version": "2022-12-01"},
    items="value",
    next_link="nextLink",
)
"""The call that lists the subscriptions in which the credentials have a role."""

DESCENDANTS: Final = RestCall(
    "mg.descendants",
    "Microsoft.Management",
    "managementGroups/descendants",
    f"{MANAGEMENT}/providers/Microsoft.Management/managementGroups/{{group}}/descendants",
    LISTS_GROUP.name,
    {"api-version": "2023-04-01"},
    items="value",
    next_link="nextLink",
)
"""The call that lists all that is below a management group: the subscriptions without a role, too."""

_ACTIVE: Final = frozenset(("Enabled", "Warned", "PastDue"))
"""The states of subscriptions whose lists are whole."""

_NOT_LISTED: Final = "NotListed"
"""The code for a subscription that a management group shows and the list of subscriptions does not."""

_NOT_AZURE: Final = "the server that answers is not Azure: check the proxy and --endpoint-url"
_SIGN_IN: Final = "sign in again (`az login`)"
_APPLICATION: Final = "check AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
_FEDERATED: Final = "check the federated credential of the workload identity"
_HINTS: Final = {
    NO_CREDENTIALS: "no credentials found: sign in (`az login`), or set AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret",
    UNGRANTED: "the credentials get no token: check the tenant, the application and its secret",
    NO_CONNECTION: "no server answers: check the network and the proxy",
    "AADSTS50034": "the tenant does not know the account: name the tenant with --tenant",
    "AADSTS50057": "the account is disabled",
    "AADSTS50076": f"the tenant asks for a second factor: {_SIGN_IN}",
    "AADSTS50079": f"the tenant asks for a second factor: {_SIGN_IN}",
    "AADSTS50173": f"the session has expired: {_SIGN_IN}",
    "AADSTS53003": "conditional access of the tenant refuses the sign-in",
    "AADSTS70021": f"no federated credential matches the token: {_FEDERATED}",
    "AADSTS70043": f"the session has expired: {_SIGN_IN}",
    "AADSTS700016": "the tenant does not know the application: check AZURE_CLIENT_ID and the tenant",
    "AADSTS700024": f"the token of the workload identity is too old or too new: {_FEDERATED}, and this machine's clock",
    "AADSTS700027": "the certificate is not that of the application: check AZURE_CLIENT_CERTIFICATE_PATH",
    "AADSTS700082": f"the session has expired: {_SIGN_IN}",
    "AADSTS700211": f"no federated credential matches the token's issuer: {_FEDERATED}",
    "AADSTS700213": f"no federated credential matches the token's subject: {_FEDERATED}",
    "AADSTS7000215": f"the client secret is wrong: {_APPLICATION}",
    "AADSTS7000222": f"the client secret has expired: make a new one, and {_APPLICATION}",
    "AADSTS90002": "there is no such tenant: check --tenant and AZURE_TENANT_ID",
    "AADSTS900023": "there is no such tenant: check --tenant and AZURE_TENANT_ID",
    "ExpiredAuthenticationToken": f"the token has expired: {_SIGN_IN}, and check this machine's clock",
    "InvalidAuthenticationToken": f"Azure does not accept the token: {_SIGN_IN}",
    "InvalidAuthenticationTokenTenant": "the token is of another tenant: name the right one with --tenant",
    "AuthenticationFailed": f"Azure does not accept the token: {_SIGN_IN}",
    "ShortenedAnswer": "Azure says that the list is not whole: collect management group by management group",
    **dict.fromkeys(("NotJson", "NoItems", "NoId", "AnotherPlace", "RepeatedPage"), _NOT_AZURE),
}
_NO_ROLE: Final = "give them the role Reader on a subscription or a management group"


class UnknownSubscription(NothingCollected):
    """A subscription, management group or tenant that an option names is not visible to the credentials."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as a list shows it. The state is empty if it is only known from a management group."""

    id: str
    name: str = ""
    state: str = ""
    tenants: frozenset[str] = frozenset()

    def is_named(self, glob: str) -> bool:
        """Whether its id or its name matches a glob."""
        return fnmatchcase(self.id, glob.lower()) or fnmatchcase(self.name, glob)


def azure_accounts(plan: RestPlan, options: AzureOptions) -> tuple[Sequence[RestAccount], int]:
    """Return the subscriptions that options ask for, and how many others are not active. Raises NothingCollected.

    A subscription that only the management group shows cannot be entered: nothing is known of it, and that is told.
    """
    tenant = options.tenant.lower() if options.tenant else None
    tokens = AzureTokens(tenant)
    transport = Transport(TABLES, "", tokens, options.endpoint_url)
    try:
        known = listed = _of_tenant(_listed_subscriptions(transport), tenant)
        if options.management_group is not None:
            below = _below_group(transport, options.management_group)
            known = {key: listed.get(key, of_group) for key, of_group in below.items()}
    finally:
        transport.close()
    wanted = _wanted(known, options.wanted_accounts)
    entered = [RestAccount(one.id, one.name, tokens) for one in wanted if one.state in _ACTIVE]
    refused = [_refused(one) for one in wanted if not one.state]
    inactive = len(wanted) - len(entered) - len(refused)
    if not entered:
        raise NothingCollected(_why_none(len(refused), [one for one in wanted if one.state], options))
    return [*entered, *refused], inactive


def _listed_subscriptions(transport: Transport) -> dict[str, Subscription]:
    """Return the subscriptions in which the credentials have a role, by id. Raises NothingCollected."""
    try:
        items = _items(transport, SUBSCRIPTIONS, {})
    except CallRefused as error:
        raise NothingCollected(_why("Azure did not list the subscriptions", error)) from None
    subscriptions: dict[str, Subscription] = {}
    for item in items:
        key = str(item.get("subscriptionId")).lower()
        if not matches(AZURE.account, key):
            raise NothingCollected("Azure did not list the subscriptions: one has no id")
        managers = item.get("managedByTenants")
        tenants = [item, *managers] if isinstance(managers, list) else [item]
        of = frozenset(str(member(tenant, "tenantId")).lower() for tenant in tenants)
        subscriptions[key] = Subscription(key, _text(item.get("displayName")), _text(item.get("state")) or "unknown", of)
    if not subscriptions:
        message = "no subscription is visible to the credentials"
        raise NothingCollected(f"{message}: {_NO_ROLE}, or name another tenant with {TENANT_OPTION}")
    return subscriptions


def _of_tenant(subscriptions: dict[str, Subscription], tenant: str | None) -> dict[str, Subscription]:
    """Return the subscriptions that a tenant has or manages. Raises UnknownSubscription if there is none.

    A managed identity signs in to its own tenant, whichever is asked for.
    """
    own = {key: one for key, one in subscriptions.items() if tenant is None or tenant in one.tenants}
    if not own:
        others = ", ".join(sorted({tenant for one in subscriptions.values() for tenant in one.tenants})[:3])
        message = f"{TENANT_OPTION}: no subscription of the tenant {tenant} is visible to the credentials"
        raise UnknownSubscription(visible(f"{message}, only some of {others}"))
    return own


def _below_group(transport: Transport, group: str) -> dict[str, Subscription]:
    """Return the subscriptions below a management group by id. Raises NothingCollected."""
    try:
        items = _items(transport, DESCENDANTS, {"group": group})
    except CallRefused as error:
        message = f"{GROUP_OPTION}: Azure did not list the subscriptions below `{visible(group)}`"
        if error.kind is FailureKind.DENIED or error.code.endswith("NotFound"):
            next_step = "check the id, which may differ from the display name, and give the credentials the role Reader there"
            raise UnknownSubscription(f"{message} ({error.code}): {next_step}") from None
        raise NothingCollected(_why(message, error)) from None
    below: dict[str, Subscription] = {}
    for item in items:
        if str(item.get("type")).casefold().endswith("/subscriptions"):
            key = str(item.get("name")).lower()
            if not matches(AZURE.account, key):
                raise NothingCollected(f"{GROUP_OPTION}: Azure did not list the subscriptions: one has no id")
            below[key] = Subscription(key, _text(member(item, "properties.displayName")))
    if not below:
        raise UnknownSubscription(f"{GROUP_OPTION}: no subscription is below `{visible(group)}`")
    return below


def _items(transport: Transport, call: RestCall, places: Mapping[str, str]) -> list[dict[str, Any]]:
    address = transport.address(call, places.__getitem__)
    pages = pages_of(call, address, partial(transport.get, call.service))
    return [item for page in pages for item in page]


def _wanted(known: Mapping[str, Subscription], globs: Sequence[str]) -> list[Subscription]:
    """Return the subscriptions whose id or name matches a glob; all if there is no glob. Raises UnknownSubscription."""
    for glob in globs:
        if not any(one.is_named(glob) for one in known.values()):
            near = nearest_name(glob, [*known, *(one.name for one in known.values() if one.name)])
            hint = f"; did you mean {visible(near)}?" if near else ""
            raise UnknownSubscription(f"{ACCOUNTS_OPTION}: the credentials show no subscription `{visible(glob)}`{hint}")
    return [one for one in known.values() if not globs or any(map(one.is_named, globs))]


def _refused(subscription: Subscription) -> RestAccount:
    """Return a subscription that a management group shows, and that the credentials do not open."""
    why = failed_call(SUBSCRIPTIONS, subscription.id, FailureKind.DENIED, _NOT_LISTED)
    return RestAccount(subscription.id, subscription.name, why=why)


def _why_none(refused: int, inactive: Iterable[Subscription], options: AzureOptions) -> str:
    """Return why no subscription can be collected."""
    states = {one.id: one.state for one in inactive}
    if refused:
        below = f" below `{visible(options.management_group or '')}`"
        return f"none of {counted(refused, 'subscription')}{below} is visible to the credentials: {_NO_ROLE}"
    first, state = next(iter(states.items()))
    more = f" and {len(states) - 1} more are not active" if len(states) > 1 else ""
    return visible(f"the subscription {first} is {state}{more}: only {', '.join(sorted(_ACTIVE))} ones can be collected")


def _why(what: str, error: CallRefused) -> str:
    """Return a sentence that explains why a request failed."""
    usual = "give the credentials the role Reader" if error.kind is FailureKind.DENIED else "see the guide to Azure scans"
    return f"{what} ({error.code}): {_HINTS.get(error.code, usual)}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


API: Final = RestApi(azure_accounts)
