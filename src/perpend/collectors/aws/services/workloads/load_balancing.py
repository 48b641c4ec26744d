"""Tables of load balancers of both generations with their listeners, and of Auto Scaling groups."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.tagging import tagging_call
from perpend.collectors.aws.services.workloads.common_fields import BALANCER, EC2, PLACE

_CALLS: Final = (
    CloudCall("elb.v2", "elbv2", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers", "LoadBalancers"),
    CloudCall(
        "elb.v2-attributes",
        "elbv2",
        "DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        parameters={"LoadBalancerArn": "@LoadBalancerArn"},
        gone=("LoadBalancerNotFound",),
        holds="Attributes",
    ),
    CloudCall(
        "elb.classic", "elb", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers", "LoadBalancerDescriptions"
    ),
    CloudCall(
        "elb.classic-attributes",
        "elb",
        "DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        parameters={"LoadBalancerName": "@LoadBalancerName"},
        gone=("LoadBalancerNotFound",),
        holds="LoadBalancerAttributes.CrossZoneLoadBalancing",
    ),
    CloudCall(
        "elb.listeners",
        "elbv2",
        "DescribeListeners",
        "elasticloadbalancing:DescribeListeners",
        "Listeners",
        {"LoadBalancerArn": "@LoadBalancerArn"},
        gone=("LoadBalancerNotFound",),
        resource=("LoadBalancerArn", "{LoadBalancerArn}"),
    ),
    CloudCall(
        "elb.target-groups", "elbv2", "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups", "TargetGroups"
    ),
    CloudCall(
        "autoscaling.groups",
        "autoscaling",
        "DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingGroups",
        "AutoScalingGroups",
    ),
)

_BALANCER: Final = {
    **PLACE,
    "CA10__arn__c": FieldSource("{LoadBalancerArn}"),
    "CA10__loadBalancerName__c": FieldSource("LoadBalancerName"),
    "CA10__type__c": FieldSource("Type"),
    "CA10__scheme__c": FieldSource("Scheme", optional=True),
    "CA10__dnsName__c": FieldSource("DNSName", optional=True),
    "CA10__availabilityZones__c": FieldSource("AvailabilityZones[].ZoneName", "sorted_lines"),
    "CA10__stateCode__c": FieldSource("State.Code", optional=True),
    "CA10__createdTime__c": FieldSource("CreatedTime", "time"),
    "CA10__vpc__c": FieldSource(EC2 + "vpc/{VpcId}", optional=True),
    "CA10__attributesJson__c": FieldSource("Attributes", "key_values", "elb.v2-attributes"),
    "CA10__classicAttributesJson__c": FieldSource(""),
}

_LINK: Final = {
    **PLACE,
    "CA10__autoScalingGroup__c": FieldSource("^.AutoScalingGroupARN"),
    "CA10__loadBalancer__c": FieldSource(BALANCER + "{value}"),
    "CA10__targetGroupArn__c": FieldSource(""),
}

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsLoadBalancer__c",
        "elb.v2",
        "{LoadBalancerArn}",
        _BALANCER,
        details=(DetailCall("elb.v2-attributes"),),
        also=(
            TypeRow(
                "CA10__CaAwsLoadBalancer__c",
                "elb.classic",
                BALANCER + "{LoadBalancerName}",
                {
                    **_BALANCER,
                    "CA10__arn__c": FieldSource(BALANCER + "{LoadBalancerName}"),
                    "CA10__type__c": FieldSource("=classic"),
                    "CA10__availabilityZones__c": FieldSource("AvailabilityZones", "sorted_lines"),
                    "CA10__stateCode__c": FieldSource(""),
                    "CA10__vpc__c": FieldSource(EC2 + "vpc/{VPCId}", optional=True),
                    "CA10__attributesJson__c": FieldSource(""),
                    "CA10__classicAttributesJson__c": FieldSource(
                        "LoadBalancerAttributes", "lower_camel_json", "elb.classic-attributes"
                    ),
                },
                details=(DetailCall("elb.classic-attributes"),),
                tags=tagging_call(),
            ),
        ),
        tags=tagging_call(),
    ),
    TypeRow(
        "CA10__CaAwsLoadBalancerListener__c",
        "elb.v2",
        "{ListenerArn}",
        {
            **PLACE,
            "CA10__loadBalancer__c": FieldSource("^.LoadBalancerArn"),
            "CA10__port__c": FieldSource("Port", optional=True),  # those of gateways have none
            "CA10__protocol__c": FieldSource("Protocol", optional=True),
            "CA10__sslPolicy__c": FieldSource("SslPolicy", optional=True),
            "CA10__certificateArns__c": FieldSource("Certificates[].CertificateArn", "sorted_lines", optional=True),
            "CA10__defaultActionsJson__c": FieldSource("DefaultActions", "json_text"),
        },
        each="elb.listeners",
        also=(
            TypeRow(
                "CA10__CaAwsLoadBalancerListener__c",
                "elb.classic",
                BALANCER + "{^.LoadBalancerName}|{Listener.LoadBalancerPort}",
                {
                    **PLACE,
                    "CA10__loadBalancer__c": FieldSource(BALANCER + "{^.LoadBalancerName}"),
                    "CA10__port__c": FieldSource("Listener.LoadBalancerPort"),
                    "CA10__protocol__c": FieldSource("Listener.Protocol"),
                    "CA10__sslPolicy__c": FieldSource(""),
                    "CA10__certificateArns__c": FieldSource("Listener.SSLCertificateId", optional=True),
                    "CA10__defaultActionsJson__c": FieldSource(""),
                },
                inside="ListenerDescriptions",
            ),
        ),
    ),
    TypeRow(
        "CA10__CaAwsAutoScalingGroup__c",
        "autoscaling.groups",
        "{AutoScalingGroupARN}",
        {
            **PLACE,
            "CA10__arn__c": FieldSource("{AutoScalingGroupARN}"),
            "CA10__groupName__c": FieldSource("AutoScalingGroupName"),
            "CA10__availabilityZones__c": FieldSource("AvailabilityZones", "sorted_lines"),
            "CA10__healthCheckType__c": FieldSource("HealthCheckType"),
            "CA10__minSize__c": FieldSource("MinSize"),
            "CA10__maxSize__c": FieldSource("MaxSize"),
            "CA10__desiredCapacity__c": FieldSource("DesiredCapacity"),
            "CA10__launchConfigurationName__c": FieldSource("LaunchConfigurationName", optional=True),
            "CA10__launchTemplateId__c": FieldSource(
                "{LaunchTemplate.LaunchTemplateId|MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId}",
                optional=True,
            ),
            "CA10__subnetIds__c": FieldSource("VPCZoneIdentifier", optional=True),
            "CA10__suspendedProcesses__c": FieldSource("SuspendedProcesses[].ProcessName", "sorted_lines", optional=True),
            "CA10__createdTime__c": FieldSource("CreatedTime", "time"),
            "CA10__status__c": FieldSource("Status", optional=True),
        },
        tags="Tags",
    ),
    TypeRow(
        "CA10__CaAwsAutoScalingGroupLbLink__c",
        "autoscaling.groups",
        "{^.AutoScalingGroupARN}|{value}",
        _LINK,
        inside="LoadBalancerNames",
        also=(
            TypeRow(
                "CA10__CaAwsAutoScalingGroupLbLink__c",
                "autoscaling.groups",
                "{^.AutoScalingGroupARN}|{value}",
                {
                    **_LINK,
                    "CA10__loadBalancer__c": FieldSource("LoadBalancerArns", "first", "elb.target-groups"),
                    "CA10__targetGroupArn__c": FieldSource("value"),
                },
                details=(DetailCall("elb.target-groups", matched=("value", "TargetGroupArn")),),
                inside="TargetGroupARNs",
                needs="CA10__loadBalancer__c",
            ),
        ),
    ),
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
)
