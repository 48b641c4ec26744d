"""Something of each type of the tables of networks, instances, load balancers, databases and clusters, made in a test server."""

from __future__ import annotations

import json
from typing import Any

from tests.servers.planted.machines import measured
from tests.servers.sessions import session_of

HOME = "us-east-1"
_ZONES = ("us-east-1a", "us-east-1b")
_ROLE = "arn:aws:iam::123456789012:role/role"


class Inventory:
    """Makes an estate; what it made stands in ``ids`` by a word."""

    def __init__(self, url: str, secret: str) -> None:
        self.ids: dict[str, str] = {}
        self._session = session_of("id", secret)
        self._url = url
        self._clients: dict[str, Any] = {}
        self._make_network()
        self._make_rules()
        self._make_instance()
        self._make_balancers()
        self._make_databases()
        self._make_clusters()

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.create_client(service, region_name=HOME, endpoint_url=self._url)
        return self._clients[service]

    def _make_network(self) -> None:
        ec2, ids = self.client("ec2"), self.ids
        ids["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for number, zone in enumerate(_ZONES):
            made = ec2.create_subnet(VpcId=ids["vpc"], CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)
            ids[f"subnet{number}"] = made["Subnet"]["SubnetId"]
        ids["igw"] = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=ids["igw"], VpcId=ids["vpc"])
        ids["table"] = ec2.create_route_table(VpcId=ids["vpc"])["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=ids["table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=ids["igw"])
        ec2.associate_route_table(RouteTableId=ids["table"], SubnetId=ids["subnet0"])
        self.client("s3").create_bucket(Bucket="flow")
        logs = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::flow"}
        ec2.create_flow_logs(ResourceIds=[ids["vpc"]], ResourceType="VPC", TrafficType="REJECT", **logs)
        ids["endpoint"] = ec2.create_vpc_endpoint(VpcId=ids["vpc"], ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"][
            "VpcEndpointId"
        ]

    def _make_rules(self) -> None:
        ec2, ids = self.client("ec2"), self.ids
        ids["group"] = ec2.create_security_group(GroupName="web", Description="web", VpcId=ids["vpc"])["GroupId"]
        everybody = [{"CidrIp": "0.0.0.0/0"}]
        ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": everybody}
        each_other = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "UserIdGroupPairs": [{"GroupId": ids["group"]}]}
        ec2.authorize_security_group_ingress(GroupId=ids["group"], IpPermissions=[ssh, each_other])
        ids["acl"] = ec2.create_network_acl(VpcId=ids["vpc"])["NetworkAcl"]["NetworkAclId"]
        entry = {"RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
        ec2.create_network_acl_entry(NetworkAclId=ids["acl"], PortRange={"From": 22, "To": 22}, **entry)

    def _make_instance(self) -> None:
        ec2, ids = self.client("ec2"), self.ids
        image = ec2.register_image(Name="old", RootDeviceName="/dev/sda1")["ImageId"]
        made = ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            SubnetId=ids["subnet0"],
            SecurityGroupIds=[ids["group"]],
            MetadataOptions={"HttpTokens": "required"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}],
        )
        ids["instance"] = made["Instances"][0]["InstanceId"]
        measured(self.client("cloudwatch"), ids["instance"], cpu=2.5, traffic=3e6)
        ids["image"] = ec2.create_image(InstanceId=ids["instance"], Name="golden")["ImageId"]
        ec2.allocate_address(Domain="vpc")
        ids["volume"] = ec2.create_volume(AvailabilityZone=_ZONES[0], Size=3, Encrypted=True)["VolumeId"]

    def _make_balancers(self) -> None:
        ids, subnets = self.ids, [self.ids["subnet0"], self.ids["subnet1"]]
        listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 80}
        self.client("elb").create_load_balancer(LoadBalancerName="old", Listeners=[listener], AvailabilityZones=[_ZONES[0]])
        elb = self.client("elbv2")
        ids["balancer"] = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        for name in ("used", "unused"):
            made = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=ids["vpc"])
            ids[name] = made["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": ids["used"]}]
        elb.create_listener(LoadBalancerArn=ids["balancer"], Protocol="HTTP", Port=80, DefaultActions=forward)
        scaling = self.client("autoscaling")
        scaling.create_launch_configuration(LaunchConfigurationName="lc", ImageId=ids["image"], InstanceType="t3.micro")
        scaling.create_auto_scaling_group(
            AutoScalingGroupName="group",
            LaunchConfigurationName="lc",
            MinSize=0,
            MaxSize=1,
            VPCZoneIdentifier=",".join(subnets),
            LoadBalancerNames=["old"],
            TargetGroupARNs=[ids["used"], ids["unused"]],
        )

    def _make_databases(self) -> None:
        rds, ids = self.client("rds"), self.ids
        rds.create_db_subnet_group(
            DBSubnetGroupName="private", DBSubnetGroupDescription="private", SubnetIds=[ids["subnet0"], ids["subnet1"]]
        )
        user = {"MasterUsername": "owner", "MasterUserPassword": "-".join(("not", "a", "secret"))}
        rds.create_db_cluster(DBClusterIdentifier="shop", Engine="aurora-postgresql", StorageEncrypted=True, **user)
        rds.create_db_instance(
            DBInstanceIdentifier="shop-1",
            DBInstanceClass="db.t4g.medium",
            Engine="aurora-postgresql",
            DBClusterIdentifier="shop",
        )
        rds.create_db_instance(
            DBInstanceIdentifier="orders",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            DBSubnetGroupName="private",
            MultiAZ=True,
            **user,
        )
        rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="copy")
        rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="copy", AttributeName="restore", ValuesToAdd=["all"])
        rds.create_db_cluster_snapshot(DBClusterIdentifier="shop", DBClusterSnapshotIdentifier="copies")
        self.client("redshift").create_cluster(
            ClusterIdentifier="dw", NodeType="ra3.large", MasterUsername="owner", MasterUserPassword="Not-a-secret-1"
        )
        table = {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
        attributes = [{"AttributeName": "a", "AttributeType": "S"}]
        dynamo = self.client("dynamodb")
        dynamo.create_table(TableName="orders", AttributeDefinitions=attributes, **table)
        recovery = {"PointInTimeRecoveryEnabled": True}
        dynamo.update_continuous_backups(TableName="orders", PointInTimeRecoverySpecification=recovery)

    def _make_clusters(self) -> None:
        efs, ids = self.client("efs"), self.ids
        for name, encrypted in (("files", True), ("bare", False)):
            made = efs.create_file_system(CreationToken=name, Encrypted=encrypted, Tags=[{"Key": "Name", "Value": name}])
            ids[name] = made["FileSystemId"]
        statement = {"Effect": "Allow", "Principal": "*", "Action": "elasticfilesystem:ClientMount", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        efs.put_file_system_policy(FileSystemId=ids["files"], Policy=document)
        network = {"subnetIds": [ids["subnet0"]], "endpointPublicAccess": True, "endpointPrivateAccess": False}
        self.client("eks").create_cluster(name="apps", roleArn=_ROLE, resourcesVpcConfig=network)
