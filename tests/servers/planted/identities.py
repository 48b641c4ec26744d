"""Faults of IAM: the root user, users, groups, roles, certificates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tests.servers.planted.account import (
    ACCOUNT,
    FOREIGN,
    HOME,
    IAM,
    SECRET,
    TRUST,
    Account,
    Thing,
    certificate,
    document,
    with_root,
    with_rows,
)
from tests.servers.planted.faults import Fault, RemediationPlan, calls

_ROW = (
    "not_supported,{used},not_supported,not_supported,{mfa},{key},2023-03-14T11:20:08+00:00,N/A,N/A,N/A,"
    "false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)
AS_AWS = "policies of AWS, which are policies of the account here and renamed"
_AWS = f"{IAM}policy/aws-managed/"


def root(aws: Account) -> str:
    """The root user, who used a password today and has a key and no MFA device."""
    today = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    aws.mended["GetCredentialReport"] = with_root(_ROW.format(used=today, mfa="false", key="true"))
    return f"{IAM}root"


def guarded(aws: Account) -> None:
    """The root user, with an MFA device and without a key."""
    aws.mended["GetCredentialReport"] = with_root(_ROW.format(used="2024-01-01T00:00:00+00:00", mfa="true", key="false"))


def _summary(**values: int) -> Callable[[bytes], bytes]:
    """Return what says in an account's summary what the root user has."""
    entries = "".join(f"<entry><key>{name}</key><value>{value}</value></entry>" for name, value in values.items()).encode()
    known = "|".join(values).encode()

    def mend(content: bytes) -> bytes:
        without = re.sub(rb"<entry>\s*<key>(?:%b)</key>\s*<value>[^<]*</value>\s*</entry>" % known, b"", content)
        return without.replace(b"<SummaryMap>", b"<SummaryMap>" + entries, 1)

    return mend


def root_of_account(aws: Account) -> str:
    """The account, whose root user has a password and no MFA device."""
    aws.mended["GetAccountSummary"] = _summary(AccountPasswordPresent=1, AccountMFAEnabled=0)
    return ACCOUNT


def hardware(aws: Account) -> None:
    aws.mended["GetAccountSummary"] = _summary(AccountPasswordPresent=1, AccountMFAEnabled=1)


def key_used(aws: Account) -> None:
    """Have the key used that was made along with its user."""
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")

    def used(row: str) -> str:
        cells = row.split(",")
        return ",".join((*cells[:10], when, HOME, "s3", *cells[13:])) if cells[0] == "along" else row

    aws.mended["GetCredentialReport"] = with_rows(used, aws.mended.get("GetCredentialReport"))


def user(name: str, *, keys: int = 0, password: bool = False) -> Thing:
    """Return a user."""

    def thing(aws: Account) -> str:
        iam = aws.client("iam")
        iam.create_user(UserName=name)
        for number in range(keys):
            aws.ids[f"{name}{number}"] = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        if password:
            iam.create_login_profile(UserName=name, Password=SECRET)
        return f"{IAM}user/{name}"

    return thing


def along(aws: Account) -> str:
    """A key that was made along with its user."""
    user("along", keys=1, password=True)(aws)
    return aws.ids["along0"]


TWO_KEYS, OLD_KEY, NO_MFA, LONE = user("two", keys=2), user("old", keys=1), user("plain", password=True), user("lone")


def one_key(aws: Account) -> None:
    aws.client("iam").delete_access_key(UserName="two", AccessKeyId=aws.ids["two1"])


def rotated(aws: Account) -> None:
    iam = aws.client("iam")
    iam.delete_access_key(UserName="old", AccessKeyId=aws.ids["old0"])
    iam.create_access_key(UserName="old")


def with_device(aws: Account) -> None:
    iam = aws.client("iam")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="plain")["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="plain", SerialNumber=serial, **codes)


def grouped(aws: Account) -> None:
    aws.there(EMPTY)
    aws.client("iam").add_user_to_group(GroupName="empty", UserName="lone")


def inlined(aws: Account) -> str:
    """A user with a policy of its own."""
    found = user("inlined")(aws)
    aws.client("iam").put_user_policy(UserName="inlined", PolicyName="own", PolicyDocument=document("s3:GetObject"))
    return found


def no_users(aws: Account) -> None:
    """Remove all users, and what they have."""
    iam = aws.client("iam")
    for one in iam.list_users()["Users"]:
        name = {"UserName": one["UserName"]}
        for key in iam.list_access_keys(**name)["AccessKeyMetadata"]:
            iam.delete_access_key(**name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(**name)["PolicyNames"]:
            iam.delete_user_policy(**name, PolicyName=policy)
        for attached in iam.list_attached_user_policies(**name)["AttachedPolicies"]:
            iam.detach_user_policy(**name, PolicyArn=attached["PolicyArn"])
        for group in iam.list_groups_for_user(**name)["Groups"]:
            iam.remove_user_from_group(**name, GroupName=group["GroupName"])
        for device in iam.list_mfa_devices(**name)["MFADevices"]:
            iam.deactivate_mfa_device(**name, SerialNumber=device["SerialNumber"])
        iam.delete_user(**name)


def account(aws: Account) -> str:
    """The account, with some user."""
    aws.there(LONE)
    return ACCOUNT


def group(name: str) -> Thing:
    """Return a group that nobody is in."""

    def thing(aws: Account) -> str:
        aws.client("iam").create_group(GroupName=name)
        return f"{ACCOUNT}/group/{name}"

    return thing


EMPTY = group("empty")


def filled(aws: Account) -> None:
    aws.there(LONE)
    aws.client("iam").add_user_to_group(GroupName="empty", UserName="lone")


def of_aws(name: str) -> Thing:
    """Return a policy that is to be seen as one of AWS."""

    def thing(aws: Account) -> str:
        text = document("*")
        aws.client("iam").create_policy(PolicyName=name, Path="/aws-managed/", PolicyDocument=text)
        for operation in ("GetAccountAuthorizationDetails", "ListPolicies"):
            aws.mended[operation] = (_AWS.encode(), b"arn:aws:iam::aws:policy/")
        aws.asked_as["GetPolicyVersion"] = (b"arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2F", quote(_AWS, safe="").encode())
        return f"{ACCOUNT}|arn:aws:iam::aws:policy/{name}"

    return thing


ADMIN, SUPPORT, SHELL = of_aws("AdministratorAccess"), of_aws("AWSSupportAccess"), of_aws("AWSCloudShellFullAccess")


def attached(kind: str, whose: Thing, policy: Thing) -> Thing:
    """Return a user, group or role with a policy of AWS."""

    def thing(aws: Account) -> str:
        found = aws.there(whose)
        arn = _AWS + aws.there(policy).rpartition("/")[2]
        name = {f"{kind.title()}Name": found.rpartition("/")[2]}
        getattr(aws.client("iam"), f"attach_{kind}_policy")(PolicyArn=arn, **name)
        return found

    return thing


def detached(kind: str, name: str, policy: str) -> RemediationPlan:
    return calls("iam", f"detach_{kind}_policy", PolicyArn=_AWS + policy, **{f"{kind.title()}Name": name})


def role(name: str, trust: str = TRUST) -> Thing:
    """Return a role."""

    def thing(aws: Account) -> str:
        found: str = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        return found

    return thing


BOSS, USED = role("boss"), role("used")
EVERYBODY, OTHERS = (
    role("everybody", document("sts:AssumeRole", "", "*")),
    role("others", document("sts:AssumeRole", "", {"AWS": FOREIGN})),
)
_EXTERNAL = document("sts:AssumeRole", "", {"AWS": FOREIGN}, Condition={"StringEquals": {"sts:ExternalId": "x-7"}})


def supported(aws: Account) -> None:
    aws.there(SUPPORT)
    aws.there(BOSS)
    aws.client("iam").attach_role_policy(RoleName="boss", PolicyArn=f"{_AWS}AWSSupportAccess")


def used_today(aws: Account) -> None:
    """Use a role; moto notes that only where it checks who may do what, which it does not here."""
    arn = aws.there(USED)
    aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="today")
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    known = aws.mended.get("GetAccountAuthorizationDetails")

    def mend(content: bytes) -> bytes:
        content = content.replace(*known) if isinstance(known, tuple) else content
        new = b"<RoleLastUsed><LastUsedDate>" + when + b"</LastUsedDate></RoleLastUsed>"
        return re.sub(rb"(<RoleName>used</RoleName>)", rb"\1" + new, re.sub(rb"<RoleLastUsed\s*/>", b"", content))

    aws.mended["GetAccountAuthorizationDetails"] = mend


def shell(aws: Account) -> str:
    """The policy that lets use CloudShell, attached to a role."""
    found = aws.there(SHELL)
    aws.there(BOSS)
    aws.client("iam").attach_role_policy(RoleName="boss", PolicyArn=f"{_AWS}AWSCloudShellFullAccess")
    return found


def server_certificate(name: str, days: int) -> Thing:
    """Return a certificate that IAM keeps."""

    def thing(aws: Account) -> str:
        body, own = certificate(days)
        given = {"CertificateBody": body.decode(), "PrivateKey": own.decode()}
        made = aws.client("iam").upload_server_certificate(ServerCertificateName=name, **given)
        return str(made["ServerCertificateMetadata"]["Arn"])

    return thing


def valid(aws: Account) -> str:
    """A certificate that has not ended, as moto's all have."""

    def mend(content: bytes) -> bytes:
        when = (datetime.now(UTC) + timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
        return re.sub(rb"(<ServerCertificateName>valid</.*?<Expiration>)[^<]*", rb"\g<1>" + when, content, flags=re.DOTALL)

    aws.mended["ListServerCertificates"] = mend
    return aws.there(server_certificate("valid", 90))


FAULTS = (
    Fault("iam/root-user-mfa", root, guarded, helped="the row of the root user"),
    Fault("iam/delete-root-user-access-keys", root, guarded, helped="the row of the root user"),
    Fault("iam/root-account-used-recently", root, guarded, helped="the row of the root user"),
    Fault("account/root-user-hardware-mfa", root_of_account, hardware, helped="what the root user has"),
    Fault("iam/access-key-created-with-user", along, key_used, helped="that a key was used, and the end of the list of keys"),
    Fault("iam/user-has-more-than-one-active-access-key", TWO_KEYS, one_key),
    Fault("iam/user-access-keys-are-not-rotated-every-90-days", OLD_KEY, rotated, aged=True),
    Fault("iam/disable-user-with-unused-credentials-45-days-and-more", OLD_KEY, lambda aws: None, aged=True),
    Fault("iam/mfa-for-all-users-with-console-password", NO_MFA, with_device),
    Fault("iam/user-without-group", LONE, filled),
    Fault("iam/group-without-users", EMPTY, lambda aws: None),
    Fault(
        "iam/delete-user-inline-or-directly-attached-policies",
        inlined,
        calls("iam", "delete_user_policy", UserName="inlined", PolicyName="own"),
    ),
    Fault("iam/account-has-no-iam-users", account, no_users, last=True),
    Fault(
        "iam/user-has-administrator-access",
        attached("user", user("chief"), ADMIN),
        detached("user", "chief", "AdministratorAccess"),
        helped=AS_AWS,
    ),
    Fault(
        "iam/group-has-administrator-access",
        attached("group", group("chiefs"), ADMIN),
        detached("group", "chiefs", "AdministratorAccess"),
        helped=AS_AWS,
    ),
    Fault(
        "iam/role-has-administrator-access",
        attached("role", BOSS, ADMIN),
        detached("role", "boss", "AdministratorAccess"),
        helped=AS_AWS,
    ),
    Fault("account/aws-support-role", account, supported, helped=AS_AWS),
    Fault(
        "iam/detach-aws-cloudshell-full-access-policy",
        shell,
        detached("role", "boss", "AWSCloudShellFullAccess"),
        helped=AS_AWS,
    ),
    Fault(
        "iam/role-trusts-everybody",
        EVERYBODY,
        calls("iam", "update_assume_role_policy", RoleName="everybody", PolicyDocument=TRUST),
    ),
    Fault(
        "iam/role-trusts-foreign-account-without-external-id",
        OTHERS,
        calls("iam", "update_assume_role_policy", RoleName="others", PolicyDocument=_EXTERNAL),
    ),
    Fault("iam/role-unused-for-90-days", USED, used_today, aged=True, helped="when a role was used"),
    Fault(
        "iam/delete-expired-server-certificate",
        server_certificate("expired", -9),
        valid,
        helped="when a certificate of IAM ends",
    ),
)
