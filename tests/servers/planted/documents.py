"""Faults of policy documents: of IAM, and of what has a policy of its own."""

from __future__ import annotations

from collections.abc import Callable

from tests.servers.planted.account import (
    ACCOUNT,
    FOREIGN,
    HOME,
    IAM,
    TRUST,
    Account,
    Thing,
    document,
    role,
    set_queue,
    sqs_queue,
)
from tests.servers.planted.faults import Fault, RemediationPlan

NARROW = "s3:GetObject"


def managed(name: str, action: str, *, attached: bool = True) -> Thing:
    """Return a policy of the account, attached to a role of its own."""

    def thing(aws: Account) -> str:
        iam = aws.client("iam")
        arn = iam.create_policy(PolicyName=name, PolicyDocument=document(action))["Policy"]["Arn"]
        if attached:
            aws.there(role)
            iam.attach_role_policy(RoleName="app", PolicyArn=arn)
        return f"{ACCOUNT}|{arn}"

    return thing


def filter_verdicts(name: str) -> RemediationPlan:
    """Return what gives a policy a version that allows little."""
    given = {"PolicyArn": f"{IAM}policy/{name}", "PolicyDocument": document(NARROW), "SetAsDefault": True}

    def mend(aws: Account) -> None:
        aws.client("iam").create_policy_version(**given)

    return mend


def attached(aws: Account) -> None:
    aws.there(role)
    aws.client("iam").attach_role_policy(RoleName="app", PolicyArn=f"{IAM}policy/loose")


def _of_policies() -> tuple[Fault, ...]:
    wide = {
        "customer-policy-allows-all-actions-of-a-service": "s3:*",
        "customer-policy-allows-assuming-all-roles": "sts:AssumeRole",
        "customer-policy-allows-decryption-with-all-keys": "kms:Decrypt",
        "customer-policy-allows-passing-all-roles": "iam:PassRole",
        "customer-policy-allows-switching-off-cloudtrail": "cloudtrail:StopLogging",
        "policy-allows-full-administrative-privileges": "*",
        "policy-customer-managed-potential-credentials-exposure": "iam:CreateAccessKey",
    }
    return tuple(Fault(f"iam/{name}", managed(name, action), filter_verdicts(name)) for name, action in wide.items())


def _of_inline() -> tuple[Fault, ...]:
    owners = {"user": f"{IAM}user/", "group": f"{ACCOUNT}/group/", "role": f"{IAM}role/"}
    actions = {"allows-decryption-with-all-keys": "kms:Decrypt", "allows-everything": "*"}
    return tuple(
        Fault(f"iam/{kind}-inline-policy-{what}", *_inline(kind, identity, action))
        for kind, identity in owners.items()
        for what, action in actions.items()
    )


def _inline(kind: str, identity: str, action: str) -> tuple[Thing, RemediationPlan]:
    name = {"*": "all"}.get(action, action.replace(":", "-").lower())
    whose = {f"{kind.title()}Name": name}

    def put(aws: Account, allowed: str) -> None:
        text = document(allowed)
        getattr(aws.client("iam"), f"put_{kind}_policy")(PolicyName="own", PolicyDocument=text, **whose)

    def thing(aws: Account) -> str:
        trust = {"AssumeRolePolicyDocument": TRUST} if kind == "role" else {}
        getattr(aws.client("iam"), f"create_{kind}")(**whose, **trust)
        put(aws, action)
        return f"{identity}{name}|own"

    return thing, lambda aws: put(aws, NARROW)


class _Owner:
    """What has a policy: how it is made, and how the policy is put."""

    def __init__(self, service: str, make: Callable[[Account, str], str], put: Callable[[Account, str, str], object]) -> None:
        self.service, self._make, self._put = service, make, put

    def faults(self, policy: str, action: str) -> tuple[Fault, Fault]:
        """Return the faults of a policy for everybody, and of one for another account."""
        return (
            Fault(f"{policy}-open-to-everybody", *self._planted("everybody", action, "*")),
            Fault(f"{policy}-open-to-foreign-accounts", *self._planted("foreign", action, {"AWS": FOREIGN})),
        )

    def _planted(self, name: str, action: str, principal: object) -> tuple[Thing, RemediationPlan]:
        def thing(aws: Account) -> str:
            found = aws.ids[f"{self.service} {name}"] = self._make(aws, name)
            self._put(aws, found, document(action, "*", principal))
            return found

        def mend(aws: Account) -> None:
            self._put(aws, aws.ids[f"{self.service} {name}"], document(action, "*", {"AWS": ACCOUNT}))

        return thing, mend


def _secret(aws: Account, name: str) -> str:
    return str(aws.client("secretsmanager").create_secret(Name=name, SecretString="x")["ARN"])


def _repository(aws: Account, name: str) -> str:
    return str(aws.client("ecr").create_repository(repositoryName=name)["repository"]["repositoryArn"])


def _domain(aws: Account, name: str) -> str:
    aws.client("opensearch").create_domain(DomainName=name)
    return f"arn:aws:es:{HOME}:{ACCOUNT}:domain/{name}"


def _topic(aws: Account, name: str) -> str:
    return str(aws.client("sns").create_topic(Name=name)["TopicArn"])


def _key(aws: Account, name: str) -> str:
    return str(aws.client("kms").create_key(Description=name)["KeyMetadata"]["Arn"])


def _set_topic(aws: Account, identity: str, text: str) -> None:
    aws.client("sns").set_topic_attributes(TopicArn=identity, AttributeName="Policy", AttributeValue=text)


_OWNERS = (
    *_Owner(
        "secretsmanager",
        _secret,
        lambda aws, identity, text: aws.client("secretsmanager").put_resource_policy(SecretId=identity, ResourcePolicy=text),
    ).faults("secretsmanager/secret-policy", "secretsmanager:GetSecretValue"),
    *_Owner(
        "ecr",
        _repository,
        lambda aws, identity, text: aws.client("ecr").set_repository_policy(
            repositoryName=identity.rpartition("/")[2], policyText=text
        ),
    ).faults("ecr/repository-policy", "ecr:BatchGetImage"),
    *_Owner(
        "opensearch",
        _domain,
        lambda aws, identity, text: aws.client("opensearch").update_domain_config(
            DomainName=identity.rpartition("/")[2], AccessPolicies=text
        ),
    ).faults("opensearch/domain-policy", "es:ESHttpGet"),
    *_Owner(
        "sqs",
        sqs_queue,
        lambda aws, identity, text: set_queue(aws, identity, Policy=text),
    ).faults("sqs/queue-policy", "sqs:SendMessage"),
    *_Owner("sns", _topic, _set_topic).faults("sns/topic-policy", "sns:Publish"),
    *_Owner(
        "kms",
        _key,
        lambda aws, identity, text: aws.client("kms").put_key_policy(
            KeyId=identity.rpartition("/")[2], PolicyName="default", Policy=text
        ),
    ).faults("kms/key-policy", "kms:Decrypt"),
)

FAULTS = (
    *_of_policies(),
    Fault("iam/customer-policy-unattached", managed("loose", NARROW, attached=False), attached),
    *_of_inline(),
    *_OWNERS,
)
