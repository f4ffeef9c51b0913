"""RDS: clusters and instances.

Source: Terraform's AWS provider, internal/service/rds: cluster.go at 0168cf68, the rest at d5102ec2 (5.32, 2023-12-18). Endpoints and
resource ids: "Amazon Aurora endpoint connections" and "Amazon Resource Names in RDS" of the user guides; the
secret of a managed master password:
"Password management with Amazon RDS and AWS Secrets Manager".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Final

from localcloud.kinds.forms import LOWER, UPPER, arn, characters, constant, given, now, uuid, whole
from localcloud.kinds.iam import role_by_arn
from localcloud.kinds.kms import key_by
from localcloud.kinds.model import AutoName, Kind, Made, Reference, Request, Resource, Unique, Value
from localcloud.kinds.rds_facts import LATEST
from localcloud.kinds.rds_groups import IN_SUBNET_GROUP, SUBNET_GROUP, WITH_CLUSTER_PARAMETERS, WITH_PARAMETERS
from localcloud.kinds.secretsmanager import SECRET, SECRET_VERSION, secret_suffix
from localcloud.kinds.security_groups import SECURITY_GROUP
from localcloud.kinds.vpc import SUBNET
from localcloud.kinds.zones import zones

CLUSTER: Final = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE: Final = "aws:rds/clusterInstance:ClusterInstance"
INSTANCE: Final = "aws:rds/instance:Instance"
CLUSTER_SNAPSHOT: Final = "aws:rds/clusterSnapshot:ClusterSnapshot"
SNAPSHOT: Final = "aws:rds/snapshot:Snapshot"

_KEY: Final = key_by("KMSKeyNotAccessibleFault")
_ROLE: Final = role_by_arn("InvalidParameterValue")
_GROUPS: Final = Reference(tokens=(SECURITY_GROUP,), missing="InvalidParameterValue")  # "Invalid security group"


def _account_code(region: str) -> str:
    """The 12 characters in every endpoint of an account's region."""
    return "c" + "".join(LOWER[byte % len(LOWER)] for byte in hashlib.sha256(f"rds {region}".encode()).digest()[:11])


def _host(part: str, request: Request, identifier: str) -> str:
    return f"{identifier}.{part}{_account_code(request.region)}.{request.region}.rds.amazonaws.com"


def _zone_of_names(region: str) -> str:
    """The hosted zone that RDS keeps its names in, per region."""
    return "Z" + hashlib.sha256(f"rds {region}".encode()).hexdigest()[:13].upper()


def _port(request: Request) -> Value:
    return 5432 if "postgres" in (request.text("engine") or "") else 3306


def _engine_version(request: Request) -> Value:
    return LATEST.get(request.text("engine") or "", "")


def _family(request: Request) -> Value:
    version = str(request.value("engineVersion") or _engine_version(request))
    return f"default.{request.text('engine')}{version.split('.')[0]}"


def _own_key(request: Request) -> Value:
    """AWS's own key for RDS encrypts where storage is encrypted and no key is named."""
    return arn("kms", request.region, f"key/{uuid()}") if request.flag("storageEncrypted") else ""


def _zones(request: Request) -> Value:
    """Three zones: those of the subnet group first."""
    group = request.world.find(SUBNET_GROUP, "name", request.text("dbSubnetGroupName") or "")
    named = [request.world.get(SUBNET, each) for each in (group.texts("subnetIds[*]") if group else [])]
    used = {each.text("availabilityZone") for each in named if each}
    return sorted({*used, *zones(request.region)}, key=lambda name: (name not in used, name))[:3]


def _master_secrets(request: Request) -> Value:
    """The secret that RDS makes and rotates where it manages the master password."""
    if not request.flag("manageMasterUserPassword"):
        return []
    if request.old and (before := request.old.properties.get("masterUserSecrets")):
        return before
    kind = "cluster" if request.kind.token == CLUSTER else "db"
    key = request.text("masterUserSecretKmsKeyId") or arn("kms", request.region, f"key/{uuid()}")
    name = f"rds!{kind}-{uuid()}"
    secret: Value = arn("secretsmanager", request.region, f"secret:{name}-{secret_suffix()}")
    return [{"kmsKeyId": key, "secretArn": secret, "secretStatus": "active"}]


def _secret(request: Request) -> list[Made]:
    """That secret and its first version, in Secrets Manager; they go with the database."""
    secret = request.text("masterUserSecrets[*].secretArn")
    if not secret:
        return []
    user = request.text("masterUsername") or request.text("username") or ""
    version, name = uuid(), secret.split(":secret:")[1][:-7]
    value = json.dumps({"username": user, "password": characters(UPPER + LOWER, 28)})
    owner = {"aws:rds:primaryDBClusterArn" if request.kind.token == CLUSTER else "aws:rds:primaryDBInstanceArn": request.text("arn") or ""}
    properties: dict[str, Value] = {
        "arn": secret,
        "name": name,
        "tags": dict(owner),
        "kmsKeyId": request.text("masterUserSecrets[*].kmsKeyId"),
    }
    return [
        Made(token=SECRET, id=secret, properties={**properties, "owningService": "rds"}),
        Made(
            token=SECRET_VERSION, id=f"{secret}|{version}",
            properties={"arn": secret, "secretArn": secret, "secretId": secret, "secretString": value, "versionId": version,
                        "versionStages": ["AWSCURRENT"]},
        ),
    ]  # fmt: skip


def _snapshot(token: str, resource: str, key: str) -> Callable[[Request], list[Made]]:
    """The final snapshot that a delete leaves."""

    def leave(request: Request) -> list[Made]:
        name = request.text("finalSnapshotIdentifier")
        if request.flag("skipFinalSnapshot") or not name:
            return []
        facts = {path: request.value(path) for path in ("engine", "engineVersion", "storageEncrypted", "kmsKeyId", "allocatedStorage")}
        properties: dict[str, Value] = {
            **facts,
            key: request.text("clusterIdentifier") or request.text("identifier"),
            "createTime": now(),
            "arn": arn("rds", request.region, f"{resource}:{name}"),
            "status": "available",
        }
        return [Made(token=token, id=name, properties=properties)]

    return leave


def _of_cluster(request: Request) -> Resource | None:
    return request.world.get(CLUSTER, request.text("clusterIdentifier") or "")


def _siblings(request: Request) -> list[Resource]:
    return [each for each in request.world.all(CLUSTER_INSTANCE) if each.text("clusterIdentifier") == request.text("clusterIdentifier")]


def _from_cluster(path: str) -> Callable[[Request], Value]:
    """An instance has it from its cluster."""

    def compute(request: Request) -> Value:
        cluster = _of_cluster(request)
        return cluster.properties.get(path) if cluster else None

    return compute


def _next_zone(request: Request) -> Value:
    """RDS spreads the instances of a cluster over its zones."""
    cluster = _of_cluster(request)
    found = cluster.texts("availabilityZones[*]") if cluster else []
    return found[len(_siblings(request)) % len(found)] if found else ""


def _instance_zone(request: Request) -> Value:
    found = _zones(request)
    return found[0] if isinstance(found, list) and found else ""


_DELETE_ONLY: Final = (
    "applyImmediately",
    "deleteAutomatedBackups",
    "finalSnapshotIdentifier",
    "skipFinalSnapshot",
    "allowMajorVersionUpgrade",
)


KINDS: Final = (
    Kind(
        token=CLUSTER,
        id="{clusterIdentifier}",
        arn="arn:{partition}:rds:{region}:{account}:cluster:{clusterIdentifier}",
        references={
            "dbSubnetGroupName": IN_SUBNET_GROUP, "dbClusterParameterGroupName": WITH_CLUSTER_PARAMETERS,
            "dbInstanceParameterGroupName": WITH_PARAMETERS,
            "vpcSecurityGroupIds[*]": _GROUPS, "kmsKeyId": _KEY, "masterUserSecretKmsKeyId": _KEY, "performanceInsightsKmsKeyId": _KEY,
            "monitoringRoleArn": _ROLE,
        },
        force_new=(
            "availabilityZones", "clusterIdentifier", "clusterIdentifierPrefix", "clusterScalabilityType", "databaseName",
            "dbSubnetGroupName",
            "dbSystemId", "engine", "engineMode", "kmsKeyId", "masterUsername", "restoreToPointInTime", "s3Import", "snapshotIdentifier",
            "sourceRegion", "storageEncrypted",
        ),
        auto_name=AutoName(property="clusterIdentifier", max_length=63, lower=True, unless=("clusterIdentifierPrefix",)),
        defaults={"copyTagsToSnapshot": False, "deleteAutomatedBackups": True, "enableGlobalWriteForwarding": False,
                  "enableHttpEndpoint": False,
                  "engineMode": "provisioned", "skipFinalSnapshot": False},
        outputs={
            "engineVersion": given("engineVersion", _engine_version),
            "engineVersionActual": "{engineVersion}",
            "port": given("port", _port),
            "endpoint": lambda request: _host("cluster-", request, request.id),
            "readerEndpoint": lambda request: _host("cluster-ro-", request, request.id),
            "hostedZoneId": lambda request: _zone_of_names(request.region),
            "clusterResourceId": "cluster-{upper26}",
            "kmsKeyId": given("kmsKeyId", _own_key),
            "masterUserSecrets": _master_secrets,
            "availabilityZones": given("availabilityZones", _zones),
            "backupRetentionPeriod": constant("backupRetentionPeriod", 1),
            "allocatedStorage": constant("allocatedStorage", 1),
            "storageEncrypted": constant("storageEncrypted", False),
            "dbClusterParameterGroupName": given("dbClusterParameterGroupName", _family),
            "dbSubnetGroupName": constant("dbSubnetGroupName", "default"),
            "networkType": constant("networkType", "IPV4"),
            "engineLifecycleSupport": constant("engineLifecycleSupport", "open-source-rds-extended-support"),
            "databaseInsightsMode": constant("databaseInsightsMode", "standard"),
            "caCertificateIdentifier": constant("caCertificateIdentifier", "rds-ca-rsa2048-g1"),
            "preferredBackupWindow": constant("preferredBackupWindow", "07:00-07:30"),
            "preferredMaintenanceWindow": constant("preferredMaintenanceWindow", "sun:05:00-sun:05:30"),
        },
        again={"engineVersionActual": ("engineVersion",), "masterUserSecrets": ("manageMasterUserPassword",)},
        never_read=("masterPassword", *_DELETE_ONLY),
        secrets=("masterPassword",),
        unique=(Unique(paths=("clusterIdentifier",), code="DBClusterAlreadyExistsFault"),),
        makes=_secret,
        leaves=_snapshot(CLUSTER_SNAPSHOT, "cluster-snapshot", "dbClusterIdentifier"),
    ),
    Kind(
        token=CLUSTER_INSTANCE,
        id="{identifier}",
        arn="arn:{partition}:rds:{region}:{account}:db:{identifier}",
        references={
            "clusterIdentifier": Reference(tokens=(CLUSTER,), missing="DBClusterNotFoundFault", blocks="InvalidDBClusterStateFault"),
            "dbParameterGroupName": WITH_PARAMETERS, "dbSubnetGroupName": IN_SUBNET_GROUP, "performanceInsightsKmsKeyId": _KEY,
            "monitoringRoleArn": _ROLE,
        },
        force_new=("availabilityZone", "clusterIdentifier", "customIamInstanceProfile", "dbSubnetGroupName", "engine", "identifier",
                   "identifierPrefix"),
        auto_name=AutoName(property="identifier", max_length=63, lower=True, unless=("identifierPrefix",)),
        defaults={"autoMinorVersionUpgrade": True, "copyTagsToSnapshot": False, "monitoringInterval": 0, "promotionTier": 0},
        outputs={
            "endpoint": lambda request: _host("", request, request.id),
            "dbiResourceId": "db-{upper26}",
            "writer": lambda request: not _siblings(request),
            "availabilityZone": given("availabilityZone", _next_zone),
            **{path: given(path, _from_cluster(path)) for path in ("dbSubnetGroupName", "engineVersion", "preferredBackupWindow")},
            **{path: _from_cluster(path) for path in ("engineVersionActual", "kmsKeyId", "networkType", "port", "storageEncrypted")},
            "dbParameterGroupName": given("dbParameterGroupName", _family),
            "caCertIdentifier": constant("caCertIdentifier", "rds-ca-rsa2048-g1"),
            "performanceInsightsEnabled": constant("performanceInsightsEnabled", False),
            "preferredMaintenanceWindow": constant("preferredMaintenanceWindow", "sun:06:00-sun:06:30"),
            "publiclyAccessible": constant("publiclyAccessible", False),
        },
        never_read=("applyImmediately", "forceDestroy"),
        unique=(Unique(paths=("identifier",), code="DBInstanceAlreadyExists"),),
    ),
    Kind(
        token=INSTANCE,
        id="db-{upper26}",
        arn="arn:{partition}:rds:{region}:{account}:db:{identifier}",
        references={
            "dbSubnetGroupName": IN_SUBNET_GROUP, "parameterGroupName": WITH_PARAMETERS, "vpcSecurityGroupIds[*]": _GROUPS,
            "kmsKeyId": _KEY, "masterUserSecretKmsKeyId": _KEY, "performanceInsightsKmsKeyId": _KEY, "monitoringRoleArn": _ROLE,
            "replicateSourceDb": Reference(tokens=("aws:rds/instance:Instance",), missing="DBInstanceNotFound", attribute="identifier",
                                           also=("arn",),
                                           blocks="InvalidDBInstanceState", any_region=True),
        },
        force_new=("availabilityZone", "backupTarget", "characterSetName", "customIamInstanceProfile", "dbName", "engine", "kmsKeyId",
                   "ncharCharacterSetName", "restoreToPointInTime", "s3Import", "snapshotIdentifier", "storageEncrypted", "timezone",
                   "username"),
        auto_name=AutoName(property="identifier", max_length=63, lower=True, unless=("identifierPrefix",)),
        defaults={"applyImmediately": False, "autoMinorVersionUpgrade": True, "copyTagsToSnapshot": False, "deleteAutomatedBackups": True,
                  "monitoringInterval": 0, "performanceInsightsEnabled": False, "publiclyAccessible": False, "skipFinalSnapshot": False},
        outputs={
            "resourceId": "{id}",
            "engineVersion": given("engineVersion", _engine_version),
            "engineVersionActual": "{engineVersion}",
            "port": given("port", _port),
            "address": lambda request: _host("", request, request.text("identifier") or ""),
            "endpoint": lambda request: f"{request.text('address')}:{whole(request.value('port'))}",
            "hostedZoneId": lambda request: _zone_of_names(request.region),
            "kmsKeyId": given("kmsKeyId", _own_key),
            "masterUserSecrets": _master_secrets,
            "availabilityZone": given("availabilityZone", _instance_zone),
            "status": "available",
            "backupRetentionPeriod": constant("backupRetentionPeriod", 0),
            "storageEncrypted": constant("storageEncrypted", False),
            "storageType": constant("storageType", "gp2"),
            "multiAz": constant("multiAz", False),
            "licenseModel": constant("licenseModel", "postgresql-license"),
            "parameterGroupName": given("parameterGroupName", _family),
            "caCertIdentifier": constant("caCertIdentifier", "rds-ca-rsa2048-g1"),
            "networkType": constant("networkType", "IPV4"),
            "backupWindow": constant("backupWindow", "07:00-07:30"),
            "maintenanceWindow": constant("maintenanceWindow", "sun:05:00-sun:05:30"),
            "dbSubnetGroupName": constant("dbSubnetGroupName", "default"),
        },
        again={"engineVersionActual": ("engineVersion",), "masterUserSecrets": ("manageMasterUserPassword",)},
        never_read=("password", *_DELETE_ONLY),
        secrets=("password",),
        unique=(Unique(paths=("identifier",), code="DBInstanceAlreadyExists"),),
        makes=_secret,
        leaves=_snapshot(SNAPSHOT, "snapshot", "dbInstanceIdentifier"),
    ),
)  # fmt: skip
