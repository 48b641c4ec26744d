"""A section that allows only one policy has several.

`singlePolicyOnly: true` means that one policy covers the whole section. Remove the wrong mapping, or remove
`singlePolicyOnly`.

Wrong: both policies map to the section.

```yaml
# frameworks/acme-standard/section.yaml
name: Acme Standard
```

```yaml
# frameworks/acme-standard/01/section.yaml
name: Buckets are private
singlePolicyOnly: true
```

```yaml
# ce/acme/bucket/policy.yaml
names: {full: Public bucket, contextual: Public bucket}
description: A bucket is public.
frameworkMappings: [/frameworks/acme-standard/01]
```

```yaml
# ce/acme/share/policy.yaml
names: {full: Public share, contextual: Public share}
description: A share is public.
frameworkMappings: [/frameworks/acme-standard/01]
```

Right: one policy maps to it.

```yaml
# frameworks/acme-standard/section.yaml
name: Acme Standard
```

```yaml
# frameworks/acme-standard/01/section.yaml
name: Buckets are private
singlePolicyOnly: true
```

```yaml
# ce/acme/bucket/policy.yaml
names: {full: Public bucket, contextual: Public bucket}
description: A bucket is public.
frameworkMappings: [/frameworks/acme-standard/01]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext

RULE = Rule("A309", "several-policies-in-section", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the second and further mappings to a section that takes one policy."""
    repository = lint_context.repository
    sections = (repository.section(entity).value for entity in repository.section_ids)
    single = {section.id for section in sections if section is not None and section.single_policy_only}
    first: dict[str, str] = {}
    for entity in repository.policy_ids:
        policy = repository.policy(entity).value
        for mapping in policy.mappings if policy is not None else ():
            if mapping.value not in single:
                continue
            holder = first.setdefault(mapping.value, entity)
            if holder != entity:
                yield RULE.at(mapping.span, f"the section allows only one policy, but `{holder}` maps to it, too")
