"""Fields and ARN prefixes that several workload tables share."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import FieldSource

EC2: Final = "arn:{partition}:ec2:{region}:{account}:"
RDS: Final = "arn:{partition}:rds:{region}:{account}:"
BALANCER: Final = "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/"

PLACE: Final = {"CA10__account__c": FieldSource("{account}"), "CA10__regionName__c": FieldSource("{region}")}
"""The fields of an object's account and region. With a region, a list of children is known although another region is not."""
