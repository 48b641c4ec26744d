"""Find the accounts behind profiles or an organization, each with its credentials."""

from __future__ import annotations

import difflib
import json
import re
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import CallRefused, CloudClient
from perpend.collectors.aws.error_classification import Refusal, kind_of, unread
from perpend.collectors.aws.model import CloudCall
from perpend.collectors.aws.parse import CloudPlace, NoResult, items_of
from perpend.collectors.protocol import NothingCollected
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perpend.collectors.aws.session.sdk_clients import SdkClients
    from perpend.collectors.aws.tables import AwsPlan
    from perpend.core.objects.claims import FailedCall

ACCOUNTS: Final = CloudCall(
    "organizations.accounts", "organizations", "ListAccounts", "organizations:ListAccounts", "Accounts", regional=False
)
"""The call that lists an organization's accounts."""

ASSUME: Final = CloudCall("sts.assume", "sts", "AssumeRole", "sts:AssumeRole", "Credentials", regional=False)
"""The call that opens one of them."""

LONGEST_POLICY: Final = 2_048
"""The maximum length of a session policy, in characters."""

_SESSION: Final = "perpend"
_SECONDS: Final = 3_600
_HINTS: Final = {
    "NoCredentialsError": "no credentials found: name a profile with --profile, or sign in (`aws sso login`)",
    "PartialCredentialsError": "the credentials are incomplete",
    "CredentialRetrievalError": "the profile's credentials cannot be fetched: sign in again",
    "ExpiredToken": "the credentials have expired: sign in again",
    "ExpiredTokenException": "the credentials have expired: sign in again",
    "UnauthorizedSSOTokenError": "the session has expired: `aws sso login`",
    "SSOTokenLoadError": "no session: `aws sso login`",
    "TokenRetrievalError": "the session has expired: `aws sso login`",
    "InvalidClientTokenId": "AWS does not know these credentials",
    "UnrecognizedClientException": "AWS does not know these credentials",
    "AuthFailure": "AWS does not know these credentials",
    "OptInRequired": "the account is not active, or not subscribed to the service: see its billing page",
    "SignatureDoesNotMatch": "AWS rejects the signature: check the secret key and this machine's clock",
    "InvalidSignatureException": "AWS rejects the signature: check the secret key and this machine's clock",
    "RequestExpired": "AWS rejects the request as too old: check this machine's clock",
    "RequestTimeTooSkewed": "AWS rejects the request as too old or too new: check this machine's clock",
    "InvalidRegionError": "the configured region is not a region of AWS",
    "EndpointConnectionError": "no server answers: check the configured region and the network",
    "ConnectionClosedError": "the server closed the connection before it answered",
    "ConnectTimeoutError": "no connection to the server in time",
    "ReadTimeoutError": "the server did not answer in time",
    "DeadlineExceeded": "the server did not answer in time",
    "ResponseParserError": "the server that answers is not AWS",
    "UnparsableAnswer": "the server that answers is not AWS",
    "NoResult": "the server that answers is not AWS",
    "AWSOrganizationsNotInUseException": "the account is not in an organization: omit --org",
    "AccessDeniedException": "only the organization's management account or a delegated administrator may do this",
    "AccessDenied": "the credentials do not allow this",
}


class UnknownAccount(NothingCollected):
    """An account that an option names does not exist in the organization."""


@dataclass(slots=True)
class SdkAccountCredentials:
    """The credentials of an account. ``account`` is empty if only opening it shows its id; ``place`` is set if it is open.

    ``client`` makes the client when the account is opened: hundreds of open clients would take memory for nothing. ``sdk`` are
    the SDK's clients that it shares with other accounts: they stay open when the account is closed.
    """

    client: Callable[[], CloudClient]
    account: str = ""
    label: str = ""
    partition: str = ""
    place: CloudPlace | None = None
    sdk: SdkClients | None = None

    def open(self, client: CloudClient) -> CloudPlace:
        """Return the account that the credentials open. Raises CallRefused."""
        return self.place or who_is(client)

    def unread(self, error: CallRefused) -> FailedCall:
        """Return the cause why the account could not be opened."""
        where = CloudPlace(self.account or self.label, self.partition)
        return unread(error.call, kind_of(error.refusal, where), where, error.refusal.code)


def account_of(client: CloudClient) -> CloudPlace:
    """Return the account that a client's credentials open. Raises NothingCollected with the reason in a sentence."""
    try:
        return who_is(client)
    except CallRefused as error:
        raise NothingCollected(why_not("AWS did not return the account of the credentials", error)) from None


def who_is(client: CloudClient) -> CloudPlace:
    """Return the account that a client's credentials open. Raises CallRefused."""
    call = CALLS["sts.identity"]
    answer = next(iter(client.pages(call, "", {})))
    account, arn = str(answer.get("Account")), str(answer.get("Arn"))
    if not re.fullmatch("[0-9]{12}", account) or not re.match("arn:aws[a-z-]*:", arn):
        raise CallRefused(call, Refusal("NoResult"))
    return CloudPlace(account, arn.split(":")[1])


def why_not(what: str, error: CallRefused) -> str:
    """Return a sentence that explains why a request failed."""
    code = error.refusal.code
    usual = "the server that answers is not AWS, or does not work" if code.isdecimal() else "see the AWS guide"
    return f"{what} ({code}): {_HINTS.get(code, usual)}"


def credentials_of_profiles(profiles: Sequence[str | None], endpoint_url: str | None) -> list[SdkAccountCredentials]:
    """Return the credentials of profiles, None for the default one. Raises NothingCollected if a profile does not exist."""
    clients = [CloudClient(name, endpoint_url) for name in profiles]
    if len(clients) == 1:  # the only account: if it cannot be opened, nothing can be collected
        own = account_of(clients[0])
        return [SdkAccountCredentials(lambda: clients[0], own.account, partition=own.partition, place=own)]
    return [
        SdkAccountCredentials(partial(CloudClient, name, endpoint_url), label=f"profile {name}" if name else "")
        for name in profiles
    ]


def credentials_of_organization(
    client: CloudClient, plan: AwsPlan, *, role_name: str, external_id: str | None, wanted: Sequence[str] = ()
) -> tuple[list[SdkAccountCredentials], int]:
    """Return the wanted active accounts of an organization, and the number of inactive ones. No ``wanted`` means all.

    The caller's own account is opened with its own credentials, each other account with its role. Raises NothingCollected.
    """
    own = account_of(client)
    try:
        accounts = [one for page in client.pages(ACCOUNTS, "", {}) for one in items_of(ACCOUNTS, page)]
    except CallRefused as error:
        raise NothingCollected(why_not("AWS did not list the organization's accounts", error)) from None
    except NoResult:
        raise NothingCollected("AWS did not list the organization's accounts: the server that answers is not AWS") from None
    active = {_id_of(account): visible(str(account.get("Name") or "")) for account in accounts if _is_active(account)}
    if not active:
        raise NothingCollected("the organization has no active account")
    policy = session_policy(plan)
    credentials = []
    for account in sorted(_matching(active, wanted)):
        arn = f"arn:{own.partition}:iam::{account}:role/{role_name}"
        parameters = {"RoleArn": arn, "RoleSessionName": _SESSION, "DurationSeconds": _SECONDS}
        parameters |= ({"ExternalId": external_id} if external_id else {}) | ({"Policy": policy} if policy else {})
        role = None if account == own.account else _Assumed(client, parameters)
        there = partial(CloudClient, region=client.region, role=role, sdk=client.sdk) if role else lambda: client
        credentials.append(
            SdkAccountCredentials(there, account, active[account], own.partition, None if role else own, client.sdk)
        )
    return credentials, len(accounts) - len(active)


def session_policy(plan: AwsPlan) -> str | None:
    """Return the session policy that allows the calls of a plan and no others, None if it would be too long."""
    actions = sorted({call.permission for call in plan.calls if call.permission})
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    return text if len(text) <= LONGEST_POLICY else None


@dataclass(frozen=True, slots=True)
class _Assumed:
    """Fetches the credentials of a role. Only the SDK gets them."""

    client: CloudClient
    parameters: Mapping[str, Any]

    def __call__(self) -> Mapping[str, str]:
        try:
            credentials = self._fetch(self.parameters)
        except CallRefused as error:
            if error.refusal.code != "PackedPolicyTooLarge" or "Policy" not in self.parameters:
                raise
            credentials = self._fetch({name: value for name, value in self.parameters.items() if name != "Policy"})
        names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}
        expires = credentials.get("Expiration")
        if not isinstance(expires, datetime) or not all(isinstance(credentials.get(name), str) for name in names.values()):
            raise CallRefused(ASSUME, Refusal("NoResult"))
        return {name: credentials[other] for name, other in names.items()} | {"expiry_time": expires.isoformat()}

    def _fetch(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = next(iter(self.client.pages(ASSUME, "", parameters)))
        credentials: Any = answer.get(ASSUME.result)
        return credentials if isinstance(credentials, dict) else {}


def _id_of(account: Mapping[str, Any]) -> str:
    number = str(account.get("Id"))
    if not re.fullmatch("[0-9]{12}", number):
        raise NothingCollected("AWS did not list the organization's accounts: an account has no id")
    return number


def _is_active(account: Mapping[str, Any]) -> bool:
    """Whether an account can be opened: by its state, or by its status if the server does not return the state yet."""
    return "ACTIVE" in (account.get("State"), account.get("Status")) and account.get("State") in (None, "ACTIVE")


def _matching(accounts: Mapping[str, str], wanted: Sequence[str]) -> Iterable[str]:
    """Return the accounts whose id or name matches a glob. Raises UnknownAccount."""
    if not wanted:
        return accounts
    for glob in wanted:
        if not any(_matches(glob, *one) for one in accounts.items()):
            near = difflib.get_close_matches(glob, [*accounts, *accounts.values()], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UnknownAccount(f"--accounts: the organization has no active account `{visible(glob)}`{hint}")
    return [account for account, name in accounts.items() if any(_matches(glob, account, name) for glob in wanted)]


def _matches(glob: str, account: str, name: str) -> bool:
    return fnmatchcase(account, glob) or fnmatchcase(name, glob)
