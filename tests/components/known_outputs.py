"""What providers would compute, for recordings: only what the program reads, in AWS's forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

ACCOUNT, PARTITION, REGION = "123456789012", "aws", "us-east-1"
OIDC = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
_CLUSTER: dict[str, Any] = {
    "endpoint": "https://0123456789ABCDEF0123456789ABCDEF.gr7.us-east-1.eks.amazonaws.com",
    "certificateAuthority": {"data": "bG9jYWw="},
    "identities": [{"oidcs": [{"issuer": f"https://{OIDC}"}]}],
}


def arn(type_: str, name: str) -> str:
    """An ARN of the right form; unique for a type and a name."""
    module, kind = type_.split(":")[1].split("/")[0], type_.rsplit(":", 1)[-1].lower()
    return f"arn:{PARTITION}:{module}:{'' if module == 'iam' else REGION}:{'' if module == 's3' else ACCOUNT}:{kind}/{name}"


def computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs that are no inputs."""
    general = {"arn": arn(type_, name), "name": name, "region": REGION} if type_.startswith("aws:") else {}
    special = _SPECIAL.get(type_)
    return general | (special(name, inputs) if special else {})


def eks_cluster_child(name: str) -> tuple[str, str, dict[str, Any]]:
    """URN, id and state of the AWS cluster that the remote component makes; a mocked run has no node for it."""
    urn = f"urn:pulumi:stack::project::eks:index:Cluster$aws:eks/cluster:Cluster::{name}-eksCluster"
    return urn, name, {"name": name, "arn": arn("aws:eks/cluster:Cluster", name), **_CLUSTER}


def _eks_cluster(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    physical = inputs.get("name", name)
    urn, id_, _state = eks_cluster_child(physical)
    reference = {"4dabf18193072939515e22adb298388d": "5cf8f73096256a8f31e491e813e4eb8e", "urn": urn, "id": id_}  # the SDK's mark of one
    return {
        "eksCluster": reference,
        "clusterSecurityGroupId": f"sg-eks-{physical}",
        "nodeSecurityGroupId": f"sg-nodes-{physical}",
        "oidcProviderUrl": f"https://{OIDC}",
        "oidcIssuer": OIDC,
        "kubeconfig": {"clusters": [{"name": "kubernetes"}]},
        "kubeconfigJson": '{"clusters": [{"name": "kubernetes"}]}',
        "core": {"endpoint": _CLUSTER["endpoint"]},
        "version": inputs.get("version"),
    }


def _database(name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "endpoint": f"{name}.cluster-abcdefghijkl.{REGION}.rds.amazonaws.com",
        "readerEndpoint": f"{name}.cluster-ro-abcdefghijkl.{REGION}.rds.amazonaws.com",
        "port": 5432,
        "clusterResourceId": "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "masterUserSecrets": [
            {
                "secretArn": f"arn:{PARTITION}:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!cluster-{name}",
                "secretStatus": "active",
                "kmsKeyId": f"key-{name}",
            }
        ],
    }


def _database_instance(_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    address = f"{inputs['identifier']}.abcdefghijkl.{REGION}.rds.amazonaws.com"
    return {"address": address, "endpoint": f"{address}:5432", "port": 5432, "resourceId": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _certificate(_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    names = [inputs["domainName"], *inputs.get("subjectAlternativeNames", [])]
    options = [
        {
            "domainName": domain,
            "resourceRecordName": f"_acme.{domain.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": "_value.acm-validations.aws.",
        }
        for domain in names
    ]
    return {"domainValidationOptions": options}


_SPECIAL: Mapping[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
    "aws:sqs/queue:Queue": lambda name, _inputs: {"url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"},
    "eks:index:Cluster": _eks_cluster,
    "aws:eks/cluster:Cluster": lambda _name, _inputs: dict(_CLUSTER),
    "aws:eks/nodeGroup:NodeGroup": lambda name, _: {"resources": [{"autoscalingGroups": [{"name": f"eks-{name}-asg"}]}]},
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _name, _inputs: {"latestVersion": 1, "defaultVersion": 1},
    "aws:ec2/networkInterface:NetworkInterface": lambda name, _: {
        "arn": f"arn:{PARTITION}:ec2:{REGION}:{ACCOUNT}:network-interface/networkinterface-{name}"
    },
    "aws:ec2/vpc:Vpc": lambda name, _: {"mainRouteTableId": f"rtb-main-{name}", "defaultSecurityGroupId": f"sg-default-{name}"},
    "aws:ec2/eip:Eip": lambda name, _: {"allocationId": f"eipalloc-{name}", "publicIp": "203.0.113.10"},
    "aws:kms/key:Key": lambda name, _: {"keyId": f"key-{name}"},
    "aws:lb/loadBalancer:LoadBalancer": lambda name, _: {"dnsName": f"{name}.elb.{REGION}.amazonaws.com", "zoneId": "Z26RNL4JYFTOTI"},
    "aws:rds/cluster:Cluster": _database,
    "aws:rds/instance:Instance": _database_instance,
    "aws:acm/certificate:Certificate": _certificate,
    "aws:route53/record:Record": lambda _name, inputs: {"fqdn": str(inputs.get("name", "")).rstrip(".")},
    "kubernetes:helm.sh/v3:Release": lambda name, inputs: {
        "status": {"status": "deployed", "name": name, "namespace": inputs.get("namespace", "default")}
    },
}


def invoked(token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Results of the functions that the program calls; an unknown token is an error, so that no call goes unseen."""
    match token:
        case "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": ACCOUNT, "arn": f"arn:{PARTITION}:iam::{ACCOUNT}:user/test", "id": ACCOUNT, "userId": "AIDATEST"}
        case "aws:index/getPartition:getPartition":
            return {"partition": PARTITION, "dnsSuffix": "amazonaws.com", "id": PARTITION, "reverseDnsPrefix": "com.amazonaws"}
        case "aws:index/getRegion:getRegion":
            region = arguments.get("region", REGION)
            return {"name": region, "region": region, "id": region, "description": "", "endpoint": f"ec2.{region}.amazonaws.com"}
        case "aws:route53/getZone:getZone":
            return {**arguments, "id": "Z0LOCAL", "zoneId": "Z0LOCAL", "arn": "arn:aws:route53:::hostedzone/Z0LOCAL"}
        case "aws:secretsmanager/getSecrets:getSecrets":
            return {"arns": [], "names": [], "id": REGION, "region": REGION}
        case "aws:ec2/getAmi:getAmi":
            asked = {each["name"]: each["values"] for each in arguments["filters"]}
            return {**arguments, "id": f"ami {asked['name'][0]} of {arguments['owners'][0]}", "architecture": asked["architecture"][0]}
        case _:
            raise AssertionError(f"{token} is called with {dict(arguments)}: give its result in `calls`")
