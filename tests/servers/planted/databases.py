"""Faults of RDS and Redshift: instances and clusters with all faults at once, and others without."""

from __future__ import annotations

from tests.servers.planted.account import ACCOUNT, HOME, SECRET, ZONES, Account, Thing, subnets
from tests.servers.planted.faults import Fault, RemediationPlan, another, calls

_RDS = f"arn:aws:rds:{HOME}:{ACCOUNT}:"
_REDSHIFT = f"arn:aws:redshift:{HOME}:{ACCOUNT}:cluster:"


def instance(name: str, **given: object) -> Thing:
    """Return an instance of PostgreSQL."""

    def thing(aws: Account) -> str:
        usual = {"DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "AllocatedStorage": 20, "MasterUserPassword": SECRET}
        aws.client("rds").create_db_instance(DBInstanceIdentifier=name, **{**usual, **given})
        return f"{_RDS}db:{name}"

    return thing


_ORDERS = instance(
    "orders",
    DBSubnetGroupName="private",
    MasterUsername="postgres",
    PubliclyAccessible=True,
    AutoMinorVersionUpgrade=False,
    StorageEncrypted=False,
    MultiAZ=False,
    CopyTagsToSnapshot=False,
    DeletionProtection=False,
    BackupRetentionPeriod=1,
    MonitoringInterval=0,
    EnableIAMDatabaseAuthentication=False,
)


def orders(aws: Account) -> str:
    """The instance with all faults, in a group of subnets."""
    given = {"DBSubnetGroupName": "private", "DBSubnetGroupDescription": "private"}
    aws.client("rds").create_db_subnet_group(**given, SubnetIds=subnets(aws))
    return _ORDERS(aws)


SOUND = instance(
    "sound",
    MasterUsername="owner",
    Port=6000,
    PubliclyAccessible=False,
    StorageEncrypted=True,
    EnableIAMDatabaseAuthentication=True,
    EnableCloudwatchLogsExports=["postgresql", "upgrade"],
)


def modified(**given: object) -> RemediationPlan:
    return calls("rds", "modify_db_instance", DBInstanceIdentifier="orders", ApplyImmediately=True, **given)


def cluster(name: str, engine: str, **given: object) -> Thing:
    """Return a cluster of RDS."""

    def thing(aws: Account) -> str:
        usual = {"MasterUserPassword": SECRET, **({} if engine.startswith("aurora") else _STORAGE)}
        aws.client("rds").create_db_cluster(DBClusterIdentifier=name, Engine=engine, **usual, **given)
        return f"{_RDS}cluster:{name}"

    return thing


_STORAGE = {"DBClusterInstanceClass": "db.m6gd.large", "AllocatedStorage": 100, "StorageType": "io1", "Iops": 1000}
MY = cluster("my", "aurora-mysql", MasterUsername="admin", StorageEncrypted=False, CopyTagsToSnapshot=False)
PG = cluster(
    "pg",
    "aurora-postgresql",
    MasterUsername="owner",
    Port=6000,
    StorageEncrypted=True,
    EnableIAMDatabaseAuthentication=True,
)
LATE = cluster("late", "mysql", MasterUsername="owner", AutoMinorVersionUpgrade=False)
UPGRADED = cluster("upgraded", "mysql", MasterUsername="owner", AutoMinorVersionUpgrade=True)
BACKTRACKED = cluster("back", "aurora-mysql", MasterUsername="owner", BacktrackWindow=3600)
AUDITED = cluster("audited", "aurora-mysql", MasterUsername="owner", EnableCloudwatchLogsExports=["audit"])
EXPORTED = cluster("exported", "aurora-postgresql", MasterUsername="owner", EnableCloudwatchLogsExports=["postgresql"])


def changed(**given: object) -> RemediationPlan:
    return calls("rds", "modify_db_cluster", DBClusterIdentifier="my", ApplyImmediately=True, **given)


def _with_two(aws: Account, name: str, *instances: dict[str, object]) -> str:
    found = cluster(name, "aurora-mysql", MasterUsername="owner")(aws)
    for number, given in enumerate(instances):
        usual = {"DBClusterIdentifier": name, "Engine": "aurora-mysql", "DBInstanceClass": "db.r6g.large"}
        aws.client("rds").create_db_instance(DBInstanceIdentifier=f"{name}-{number}", **usual, **given)
    return found


def mixed(aws: Account) -> str:
    """A cluster of which one instance is public and one is not."""
    return _with_two(aws, "mixed", {"PubliclyAccessible": True}, {"PubliclyAccessible": False})


def spread(aws: Account) -> str:
    """A cluster with instances in two zones."""
    return _with_two(aws, "spread", *({"AvailabilityZone": zone, "PubliclyAccessible": False} for zone in ZONES))


def snapshot(of: Thing, name: str) -> Thing:
    """Return a snapshot of an instance."""

    def thing(aws: Account) -> str:
        given = {"DBInstanceIdentifier": aws.there(of).rpartition(":")[2], "DBSnapshotIdentifier": name}
        aws.client("rds").create_db_snapshot(**given)
        share = {"AttributeName": "restore", "ValuesToAdd": ["all"]}
        aws.client("rds").modify_db_snapshot_attribute(DBSnapshotIdentifier=name, **share)
        return f"{_RDS}snapshot:{name}"

    return thing


def cluster_snapshot(of: Thing, name: str) -> Thing:
    """Return a snapshot of a cluster."""

    def thing(aws: Account) -> str:
        given = {"DBClusterIdentifier": aws.there(of).rpartition(":")[2], "DBClusterSnapshotIdentifier": name}
        aws.client("rds").create_db_cluster_snapshot(**given)
        share = {"AttributeName": "restore", "ValuesToAdd": ["all"]}
        aws.client("rds").modify_db_cluster_snapshot_attribute(DBClusterSnapshotIdentifier=name, **share)
        return f"{_RDS}cluster-snapshot:{name}"

    return thing


COPY, SEALED = snapshot(orders, "copy"), snapshot(SOUND, "sealed")
COPIES, SEALS = cluster_snapshot(MY, "copies"), cluster_snapshot(PG, "seals")
_UNSHARE = {"AttributeName": "restore", "ValuesToRemove": ["all"]}


def redshift(name: str, **given: object) -> Thing:
    """Return a cluster of Redshift."""

    def thing(aws: Account) -> str:
        usual = {"NodeType": "ra3.large", "MasterUserPassword": SECRET}
        aws.client("redshift").create_cluster(ClusterIdentifier=name, **usual, **given)
        return f"{_REDSHIFT}{name}"

    return thing


DW = redshift(
    "dw",
    MasterUsername="awsuser",
    DBName="dev",
    PubliclyAccessible=True,
    AllowVersionUpgrade=False,
    AutomatedSnapshotRetentionPeriod=1,
    Encrypted=False,
    EnhancedVpcRouting=False,
)
DH = redshift("dh", MasterUsername="owner", DBName="sales", PubliclyAccessible=False, Encrypted=True, EnhancedVpcRouting=True)


def turned(**given: object) -> RemediationPlan:
    return calls("redshift", "modify_cluster", ClusterIdentifier="dw", **given)


FAULTS = (
    Fault("rds/instance-auto-minor-version-upgrade", orders, modified(AutoMinorVersionUpgrade=True)),
    Fault("rds/instance-automated-backups", orders, modified(BackupRetentionPeriod=7)),
    Fault("rds/instance-copy-tags-to-snapshots", orders, modified(CopyTagsToSnapshot=True)),
    Fault("rds/instance-default-admin-username", orders, another(SOUND)),
    Fault("rds/instance-default-port", orders, another(SOUND)),
    Fault("rds/instance-deletion-protection", orders, modified(DeletionProtection=True)),
    Fault("rds/instance-encryption", orders, another(SOUND)),
    Fault("rds/instance-enhanced-monitoring", orders, modified(MonitoringInterval=60)),
    Fault("rds/instance-iam-authentication", orders, modified(EnableIAMDatabaseAuthentication=True)),
    Fault("rds/instance-log-exports", orders, another(SOUND)),
    Fault("rds/instance-multi-az-deployment", orders, modified(MultiAZ=True)),
    Fault("rds/instance-postgresql-log-exports", orders, another(SOUND)),
    Fault("rds/instance-publicly-accessible-in-public-subnet", orders, modified(PubliclyAccessible=False)),
    Fault("rds/snapshot-encryption", COPY, another(SEALED)),
    Fault(
        "rds/snapshot-publicly-accessible",
        COPY,
        calls("rds", "modify_db_snapshot_attribute", DBSnapshotIdentifier="copy", **_UNSHARE),
    ),
    Fault(
        "rds/aurora-cluster-access-consistency",
        mixed,
        calls("rds", "modify_db_instance", DBInstanceIdentifier="mixed-0", PubliclyAccessible=False),
    ),
    Fault("rds/cluster-audit-log-exports", MY, another(AUDITED)),
    Fault("rds/cluster-auto-minor-version-upgrade", LATE, another(UPGRADED)),
    Fault("rds/cluster-backtrack", MY, another(BACKTRACKED)),
    Fault("rds/cluster-copy-tags-to-snapshots", MY, changed(CopyTagsToSnapshot=True)),
    Fault("rds/cluster-default-admin-username", MY, another(PG)),
    Fault("rds/cluster-default-port", MY, another(PG)),
    Fault("rds/cluster-deletion-protection", MY, changed(DeletionProtection=True)),
    Fault("rds/cluster-encryption", MY, another(PG)),
    Fault("rds/cluster-iam-authentication", MY, another(PG)),
    Fault("rds/cluster-multi-az", MY, another(spread)),
    Fault("rds/cluster-postgresql-log-exports", PG, another(EXPORTED)),
    Fault("rds/cluster-snapshot-encryption", COPIES, another(SEALS)),
    Fault(
        "rds/cluster-snapshot-publicly-accessible",
        COPIES,
        calls("rds", "modify_db_cluster_snapshot_attribute", DBClusterSnapshotIdentifier="copies", **_UNSHARE),
    ),
    Fault(
        "redshift/cluster-audit-logging",
        DW,
        calls("redshift", "enable_logging", ClusterIdentifier="dw", BucketName="logs", S3KeyPrefix="dw"),
    ),
    Fault("redshift/cluster-automated-snapshots", DW, turned(AutomatedSnapshotRetentionPeriod=7)),
    Fault("redshift/cluster-default-admin-username", DW, another(DH)),
    Fault("redshift/cluster-default-database-name", DW, another(DH)),
    Fault("redshift/cluster-encryption", DW, turned(Encrypted=True)),
    Fault("redshift/cluster-enhanced-vpc-routing", DW, turned(EnhancedVpcRouting=True)),
    Fault("redshift/cluster-publicly-accessible", DW, turned(PubliclyAccessible=False)),
    Fault("redshift/cluster-version-upgrade", DW, turned(AllowVersionUpgrade=True)),
)
