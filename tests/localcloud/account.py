"""An AWS account of the local cloud, driven without an engine: make, change, delete, ask. With the things that most resources need."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from localcloud.aws import Aws
from localcloud.backend import Call, Update
from localcloud.kinds import KINDS
from localcloud.kinds.model import Refused
from localcloud.store import Store
from localcloud.wire import Properties


@dataclass
class Thing:
    """A resource that exists, as the state of a stack would hold it."""

    token: str
    name: str
    id: str
    inputs: dict[str, Any]
    properties: dict[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.properties[name]


def trust(*services: str) -> str:
    """A trust policy for AWS services."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": [f"{service}.amazonaws.com" for service in services]},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(action: str = "s3:GetObject", resource: str = "*", **more: Any) -> str:
    """An identity policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]})


class Account:
    """One store, one region. A refused call raises Refused, with the code also where a check found the fault."""

    def __init__(self, folder: Path, region: str = "us-east-1") -> None:
        folder.mkdir(exist_ok=True)
        self.store_folder = folder
        self.store = Store(folder / "cloud.sqlite")
        self.aws = Aws(self.store)
        self.region = region
        self._count = 0

    def call(self, token: str, name: str, region: str | None = None) -> Call:
        return Call(token, name, self.aws.configure({"region": region or self.region}), name.encode())

    def make(self, token: str, /, **inputs: Any) -> Thing:
        """Check, preview and create."""
        self._count += 1
        call = self.call(token, f"thing{self._count}", inputs.get("region"))
        checked = self._check(call, {}, inputs)
        self.aws.create(call, Properties(dict(checked)), preview=True)
        outcome = self.aws.create(call, Properties(dict(checked)), preview=False)
        return Thing(token, call.name, outcome.id, dict(checked), dict(outcome.properties))

    def change(self, thing: Thing, /, **inputs: Any) -> Thing:
        """Check and update; None takes an input away."""
        call = self.call(thing.token, thing.name, thing.inputs.get("region"))
        asked = {name: value for name, value in {**thing.inputs, **inputs}.items() if value is not None}
        checked = self._check(call, thing.inputs, asked)
        update = Update(thing.id, thing.inputs, Properties(thing.properties), Properties(dict(checked)), preview=False)
        outcome = self.aws.update(call, update)
        return Thing(thing.token, thing.name, thing.id, dict(checked), dict(outcome.properties))

    def replaces(self, thing: Thing, **inputs: Any) -> set[str]:
        """The inputs whose change replaces the thing."""
        call = self.call(thing.token, thing.name)
        found = self.aws.diff(call, thing.inputs, {**thing.inputs, **inputs}, thing.properties)
        return {each.top for each in found if each.replaces}

    def delete(self, thing: Thing) -> None:
        self.aws.delete(self.call(thing.token, thing.name, thing.inputs.get("region")), thing.id, thing.properties)

    def read(self, thing: Thing) -> dict[str, Any] | None:
        """What a refresh sees."""
        call = self.call(thing.token, thing.name, thing.inputs.get("region"))
        outcome = self.aws.read(call, thing.id, Properties(thing.properties), Properties(thing.inputs))
        return dict(outcome.properties) if outcome else None

    def ask(self, token: str, /, **inputs: Any) -> dict[str, Any]:
        """A data source, by module/name."""
        module, name = token.split("/")
        return self.aws.invoke(f"aws:{module}/{name}:{name}", inputs, self.aws.configure({"region": self.region})).values  # type: ignore[return-value]

    def refusal(self, token: str, /, **inputs: Any) -> str | None:
        """The code with which a create is refused; None where it succeeds."""
        try:
            self.make(token, **inputs)
        except Refused as refused:
            return refused.code
        return None

    def ids(self, token: str) -> list[str]:
        return [record.resource.id for record in self.store.of(token)]

    def _check(self, call: Call, old: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
        checked, failures = self.aws.check(call, old, Properties(dict(inputs)))
        for failure in failures:
            code, _, reason = failure.reason.partition(": ")
            raise Refused(code if " " not in code else "Schema", f"{failure.property}: {reason or code}")
        return dict(checked)

    # what most resources need, made when first asked for

    @cached_property
    def vpc(self) -> Thing:
        return self.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16", enableDnsHostnames=True)

    @cached_property
    def other_vpc(self) -> Thing:
        return self.make("aws:ec2/vpc:Vpc", cidrBlock="10.1.0.0/16")

    @cached_property
    def peering(self) -> Thing:
        """Not accepted yet."""
        return self.make("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", vpcId=self.vpc.id, peerVpcId=self.other_vpc.id)

    @cached_property
    def gateway(self) -> Thing:
        return self.make("aws:ec2/internetGateway:InternetGateway", vpcId=self.vpc.id)

    def subnet(self, third: int, letter: str, vpc: Thing | None = None) -> Thing:
        vpc = vpc or self.vpc
        cidr = f"{vpc['cidrBlock'].rsplit('.', 2)[0]}.{third}.0/24"
        return self.make("aws:ec2/subnet:Subnet", vpcId=vpc.id, cidrBlock=cidr, availabilityZone=f"{self.region}{letter}")

    @cached_property
    def subnets(self) -> list[str]:
        """One in each of two zones."""
        return [self.subnet(0, "a").id, self.subnet(1, "b").id]

    @cached_property
    def other_subnets(self) -> list[str]:
        """Two of the other VPC."""
        return [self.subnet(0, "a", self.other_vpc).id, self.subnet(1, "b", self.other_vpc).id]

    @cached_property
    def group(self) -> Thing:
        return self.make("aws:ec2/securityGroup:SecurityGroup", vpcId=self.vpc.id)

    @cached_property
    def other_group(self) -> Thing:
        return self.make("aws:ec2/securityGroup:SecurityGroup", vpcId=self.other_vpc.id)

    @cached_property
    def table(self) -> Thing:
        return self.make("aws:ec2/routeTable:RouteTable", vpcId=self.vpc.id)

    @cached_property
    def acl(self) -> Thing:
        return self.make("aws:ec2/networkAcl:NetworkAcl", vpcId=self.vpc.id)

    @cached_property
    def role(self) -> Thing:
        """One that EKS, EC2, Backup and RDS may assume."""
        services = ("eks", "ec2", "backup", "monitoring.rds", "vpc-flow-logs", "pods.eks")
        nodes = ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"]
        return self.make("aws:iam/role:Role", assumeRolePolicy=trust(*services), managedPolicyArns=nodes)

    @cached_property
    def key(self) -> Thing:
        return self.make("aws:kms/key:Key")

    @cached_property
    def cluster(self) -> Thing:
        access = {"authenticationMode": "API"}
        return self.make(
            "aws:eks/cluster:Cluster",
            name="prod",
            roleArn=self.role["arn"],
            vpcConfig={"subnetIds": self.subnets},
            version="1.33",
            accessConfig=access,
        )

    def nodes(self, **inputs: Any) -> dict[str, Any]:
        """Inputs of a node group."""
        sizes = {"minSize": 1, "maxSize": 3, "desiredSize": 2}
        return {
            "clusterName": self.cluster.id,
            "nodeRoleArn": self.role["arn"],
            "subnetIds": self.subnets,
            "scalingConfig": sizes,
            **inputs,
        }

    @cached_property
    def node_group(self) -> Thing:
        return self.make("aws:eks/nodeGroup:NodeGroup", **self.nodes(nodeGroupName="control"))

    @cached_property
    def subnet_group(self) -> Thing:
        return self.make("aws:rds/subnetGroup:SubnetGroup", subnetIds=self.subnets)

    def database(self, **inputs: Any) -> dict[str, Any]:
        """Inputs of an Aurora cluster."""
        scaling = {"minCapacity": 0.5, "maxCapacity": 8}
        given = {
            "engine": "aurora-postgresql",
            "engineVersion": "16.8",
            "masterUsername": "coder",
            "manageMasterUserPassword": True,
            "dbSubnetGroupName": self.subnet_group["name"],
            "serverlessv2ScalingConfiguration": scaling,
            "skipFinalSnapshot": True,
            **inputs,
        }
        return {name: value for name, value in given.items() if value is not None}

    @cached_property
    def db_cluster(self) -> Thing:
        return self.make("aws:rds/cluster:Cluster", **self.database())

    @cached_property
    def vault(self) -> Thing:
        return self.make("aws:backup/vault:Vault")

    @cached_property
    def balancer(self) -> Thing:
        return self.make("aws:lb/loadBalancer:LoadBalancer", loadBalancerType="network", internal=True, subnets=self.subnets)

    @cached_property
    def targets(self) -> Thing:
        return self.make("aws:lb/targetGroup:TargetGroup", port=8080, protocol="TCP", targetType="ip", vpcId=self.vpc.id)

    @cached_property
    def zone(self) -> Thing:
        return self.make("aws:route53/zone:Zone", name="example.com")

    @cached_property
    def certificate(self) -> Thing:
        """Not issued yet."""
        return self.make(
            "aws:acm/certificate:Certificate",
            domainName="coder.example.com",
            validationMethod="DNS",
            subjectAlternativeNames=["*.coder.example.com"],
        )

    def prove(self, certificate: Thing) -> list[Thing]:
        """The records that a certificate asks for."""
        options = {each["resourceRecordName"]: each for each in certificate["domainValidationOptions"]}
        return [
            self.make(
                "aws:route53/record:Record", zoneId=self.zone.id, name=name, type="CNAME", ttl=60, records=[each["resourceRecordValue"]]
            )
            for name, each in sorted(options.items())
        ]

    @cached_property
    def topic(self) -> Thing:
        return self.make("aws:sns/topic:Topic")

    @cached_property
    def bucket(self) -> Thing:
        return self.make("aws:s3/bucket:Bucket")

    @cached_property
    def secret(self) -> Thing:
        return self.make("aws:secretsmanager/secret:Secret", name="coder/prod/oidc", recoveryWindowInDays=0)

    @cached_property
    def log_group(self) -> Thing:
        return self.make("aws:cloudwatch/logGroup:LogGroup")


assert KINDS
