"""Fields of the library's types that AWS or Azure leave out if there is nothing: that they are empty is a fact, and no gap."""

from __future__ import annotations

from typing import Final

LEFT_OUT: Final = frozenset(
    {
        *(
            "CA10__cluster__c",
            "CA10__publicIpAddress__c",
            "CA10__launchConfigurationName__c",
            "CA10__vpcPeeringConnectionId__c",
        ),
        *("CA10__destinationCidrBlock__c", "CA10__destinationIpv6CidrBlock__c", "CA10__organizationId__c"),
        *("CA10__subnetId__c", "CA10__ipv6Address__c", "CA10__gatewayId__c"),
        *("CA10__runtime__c", "CA10__deletionDate__c", "CA10__retentionInDays__c", "CA10__availabilityZoneName__c"),
        *("CA10__customVirtualNetworkId__c", "CA10__networkLocationNames__c"),
    }
)
