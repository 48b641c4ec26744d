"""A policy maps to a requirement of another service: its similar controls are of one service, those of the section of another.

The policy names controls under `similarPolicies.awsSecurityHub`, the section under `similar.awsSecurityHub`. One of
them names the wrong control, or the mapping is wrong.

Wrong:

```yaml
# ce/acme/bucket/policy.yaml
names: {full: Bucket is open, contextual: Bucket is open}
description: Open buckets leak.
frameworkMappings: [/frameworks/acme/01]
similarPolicies:
  awsSecurityHub: [{name: "[S3.2]", url: "https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-2"}]
```

```yaml
# frameworks/acme/section.yaml
name: Acme
```

```yaml
# frameworks/acme/01/section.yaml
name: The root user has MFA
similar:
  awsSecurityHub: {controlUrl: "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-9"}
```

Right:

```yaml
# ce/acme/bucket/policy.yaml
names: {full: Bucket is open, contextual: Bucket is open}
description: Open buckets leak.
frameworkMappings: [/frameworks/acme/01]
similarPolicies:
  awsSecurityHub: [{name: "[S3.2]", url: "https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-2"}]
```

```yaml
# frameworks/acme/section.yaml
name: Acme
```

```yaml
# frameworks/acme/01/section.yaml
name: No bucket is open
similar:
  awsSecurityHub: {controlUrl: "https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-2"}
```
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext

RULE = Rule("A318", "foreign-mapping", Severity.WARNING, __doc__ or "")

_SERVICE: Final = re.compile(r"/([a-z0-9]+)-controls\.html(?:#|$)", re.ASCII)


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the mappings to sections whose control is one of another service."""
    repository = lint_context.repository
    for policy_id in repository.policy_ids:
        policy = repository.policy(policy_id).value
        own = {service for control in policy.similar_security_hub if (service := _service(control.url))} if policy else set()
        for mapping in policy.mappings if policy and own else ():
            section = repository.section(mapping.value).value if mapping.value in repository.section_ids else None
            theirs = _service(section.security_hub_url or "") if section else None
            if theirs and theirs not in own:
                ours = ", ".join(f"`{service}`" for service in sorted(own))
                yield RULE.at(
                    mapping.span, f"the section is similar to a control of `{theirs}`, the policy to controls of {ours}"
                )


def _service(url: str) -> str | None:
    match = _SERVICE.search(url)
    return match[1] if match else None
