"""Write the facts about an AWS account that some policies of the library read, with read-only calls of the AWS CLI.

The script needs Python and `aws`, but not Perpend. `perpend collect aws` reads all facts; docs/how-to/check-an-account.md
lists the gaps of this script.

    python examples/collect_account.py > account.json
    perpend check account.json --type "AWS Account"

If AWS denies a call, the script omits the facts and prints the call to stderr. Policies that read them are UNDETERMINED.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

Fields = dict[str, Any]


class NotKnown(Exception):
    """A call was refused, for a reason other than that there is nothing."""


def aws(*arguments: str, region: str = "", absent: Iterable[str] = ()) -> Fields | None:
    """Return a call's answer, None where its error is one of those that say that there is nothing."""
    command = ["aws", *arguments, "--output", "json", *(["--region", region] if region else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout)
    if any(f"({code})" in done.stderr for code in absent):
        return None
    raise NotKnown(f"{' '.join(command[:3])} {region}: {' '.join(done.stderr.split())[:300]}")


def put(target: Fields, key: str, ask: Callable[[], Any]) -> None:
    """Set what is asked for, or leave the key out and say why."""
    try:
        target[key] = ask()
    except NotKnown as reason:
        print(f"not known: {key}: {reason}", file=sys.stderr)


def password_policies(account: str) -> list[Fields]:
    found = aws("iam", "get-account-password-policy", absent=["NoSuchEntity"])
    policy = found["PasswordPolicy"] if found else None
    return [
        {
            "Id": account,
            "CA10__minimumPasswordLength__c": policy["MinimumPasswordLength"],
            "CA10__passwordReusePrevention__c": policy.get("PasswordReusePrevention"),
            "CA10__requireUppercaseCharacters__c": policy["RequireUppercaseCharacters"],
            "CA10__requireLowercaseCharacters__c": policy["RequireLowercaseCharacters"],
            "CA10__requireNumbers__c": policy["RequireNumbers"],
            "CA10__requireSymbols__c": policy["RequireSymbols"],
        }
        for policy in ([policy] if policy else [])
    ]


def users() -> list[Fields]:
    found = aws("iam", "list-users")["Users"]
    return [{"Id": one["Arn"], "CA10__arn__c": one["Arn"], "CA10__userName__c": one["UserName"]} for one in found]


def role_attachments() -> list[Fields]:
    roles = aws("iam", "get-account-authorization-details", "--filter", "Role")["RoleDetailList"]
    return [
        {
            "Id": f"{role['Arn']} {policy['PolicyArn']}",
            "CA10__policyArn__c": policy["PolicyArn"],
            "CA10__roleArn__c": role["Arn"],
            "CA10__role__r": {"Id": role["Arn"], "CA10__name__c": role["RoleName"]},
        }
        for role in roles
        for policy in role["AttachedManagedPolicies"]
    ]


def trails(regions: list[str]) -> list[Fields]:
    """All trails that reach some region, those of an organisation among them, each once."""
    found = {
        one["TrailARN"]: one for region in regions for one in aws("cloudtrail", "describe-trails", region=region)["trailList"]
    }
    return [trail(arn, one["HomeRegion"], one) for arn, one in sorted(found.items())]


def trail(arn: str, home: str, told: Fields) -> Fields:
    found: Fields = {"Id": arn, "CA10__name__c": told["Name"], "CA10__multiRegionTrail__c": told["IsMultiRegionTrail"]}
    put(found, "CA10__isLogging__c", lambda: aws("cloudtrail", "get-trail-status", "--name", arn, region=home)["IsLogging"])
    answers: Fields = {}
    put(answers, "event selectors", lambda: aws("cloudtrail", "get-event-selectors", "--trail-name", arn, region=home))
    return {**found, **(selectors(answers["event selectors"]) if answers else {})}


def selectors(answer: Fields) -> Fields:
    """A trail has basic selectors or advanced ones, in a field each; the basic field is not known of one with the others."""
    if advanced := answer.get("AdvancedEventSelectors"):
        return {"CA10__advancedEventSelectorsJson__c": json.dumps(lower_camel(advanced))}
    basic = json.dumps(lower_camel(answer.get("EventSelectors", [])))
    return {"CA10__eventSelectorsJson__c": basic, "CA10__advancedEventSelectorsJson__c": None}


def lower_camel(value: Any) -> Any:
    """The keys of an answer as policies read them."""
    if isinstance(value, list):
        return [lower_camel(one) for one in value]
    return {key[:1].lower() + key[1:]: lower_camel(one) for key, one in value.items()} if isinstance(value, dict) else value


def recorders(region: str, place: str) -> list[Fields]:
    """The Config recorders of a region."""
    states = aws("configservice", "describe-configuration-recorder-status", region=region)
    by_name = {one["name"]: one for one in states["ConfigurationRecordersStatus"]}
    found = []
    for one in aws("configservice", "describe-configuration-recorders", region=region)["ConfigurationRecorders"]:
        told = {**one.get("recordingGroup", {}), **by_name.get(one["name"], {})}
        wanted = ("recording", "lastStatus", "allSupported", "includeGlobalResourceTypes")
        found.append({"Id": f"{place}/{one['name']}", **{f"CA10__{name}__c": told[name] for name in wanted if name in told}})
    return found


def analyzers(region: str) -> list[Fields]:
    found = aws("accessanalyzer", "list-analyzers", region=region)["analyzers"]
    return [{"Id": one["arn"], "CA10A1__type__c": one["type"], "CA10A1__status__c": one["status"]} for one in found]


def hubs(regions: list[str]) -> list[Fields]:
    nothing = ["InvalidAccessException", "ResourceNotFoundException"]
    found = [aws("securityhub", "describe-hub", region=region, absent=nothing) for region in regions]
    return [{"Id": one["HubArn"], "CA10A1__arn__c": one["HubArn"]} for one in found if one]


def enabled(value: bool) -> str:
    return "Enabled" if value else "Disabled"


def region_of(account: str, name: str, status: str) -> Fields:
    place = f"{account}/{name}"
    found: Fields = {"Id": place, "CA10__regionName__c": name, "CA10__status__c": status}
    if status != "not-opted-in":
        encrypted = ("ec2", "get-ebs-encryption-by-default")
        put(found, "CA10__ebsStorageEncryption__c", lambda: enabled(aws(*encrypted, region=name)["EbsEncryptionByDefault"]))
        put(found, "CA10__AWS_Config_Settings__r", lambda: recorders(name, place))
        put(found, "CA10A1__AWS_IAM_Access_Analyzers__r", lambda: analyzers(name))
    return found


def collect() -> Fields:
    account = aws("sts", "get-caller-identity")["Account"]
    regions = {one["RegionName"]: one["OptInStatus"] for one in aws("ec2", "describe-regions", "--all-regions")["Regions"]}
    open_regions = [name for name, status in regions.items() if status != "not-opted-in"]
    found: Fields = {"Id": account, "CA10__accountId__c": account}
    put(found, "CA10__AWS_IAM_Password_Policies__r", lambda: password_policies(account))
    put(found, "CA10__users__r", users)
    put(found, "CA10__AWS_IAM_Role_Policy_Attachments__r", role_attachments)
    put(found, "CA10__AWS_CloudTrail_Trails__r", lambda: trails(open_regions))
    put(found, "CA10A1__AWS_Security_Hubs__r", lambda: hubs(open_regions))
    found["CA10__AWS_Account_Regions__r"] = [region_of(account, name, status) for name, status in regions.items()]
    return found


if __name__ == "__main__":
    try:
        json.dump([collect()], sys.stdout, indent=2)
    except NotKnown as reason:
        sys.exit(f"nothing was written: {reason}")
