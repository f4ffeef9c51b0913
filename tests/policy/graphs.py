"""A valid resource graph like prod's, written from the design documents and AWS's resource schemas, not from the components."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from tests.policy.world import Ref, Resource, World

PRIVATE = ("control", "provisioner", "workspace")
TIERS = ("public", *PRIVATE, "database")
KEY = "coder.com/node-group"


@dataclass(frozen=True)
class Shape:
    """What varies between valid environments."""

    zones: int = 3
    nat: str = "gateway-per-az"
    cidr: str = "10.0.0.0/16"
    region: str = "us-east-1"
    prefix: str = "coder"
    domain: str = "coder.example.com"
    access_label: str = ""  # empty: coderd stands at the apex of the domain
    visit: int = 2
    readers: int = 2
    retention: int = 35
    replicas: int = 3
    per_zone_workspaces: bool = True
    shared_tables: bool = True  # one private table a zone, else one a subnet
    inline_routes: bool = False
    static_ips: bool = False
    old_rules: bool = False  # security group rules of the older kind
    tls_policy: str = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    stack: str = "prod"
    serial: int = 0  # of the first id, for worlds that are put together

    @property
    def access_host(self) -> str:
        return f"{self.access_label}.{self.domain}" if self.access_label else self.domain

    @property
    def wildcard_host(self) -> str:
        return f"*.{self.domain}"

    @property
    def letters(self) -> str:
        return "abcdef"[: self.zones]

    def need(self) -> dict[str, Any]:
        """Pack config that makes this shape lawful, where it is smaller than prod."""
        return {"need": {"zones": self.zones, "nat": [self.nat], "instances": 1 + self.readers, "retentionDays": self.retention}}


GROUPS: dict[str, dict[str, Any]] = {
    "coder-control": {"tier": "control", "instanceType": "m5.large", "min": 2, "max": 3},
    "coder-prov": {"tier": "provisioner", "instanceType": "c5.2xlarge", "min": 0, "max": 20},
    "coder-ws": {"tier": "workspace", "instanceType": "m5.2xlarge", "min": 10, "max": 200},
}


class ProdLike:
    """Builds the world step by step; every part is kept by name, so that a mutant can take hold of it."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.world = World(shape.stack)
        self.parts: dict[str, Resource] = {}
        self._serial = shape.serial
        self._environment()
        self._network()
        self._security()
        self._cluster()
        self._database()
        self._load_balancer()
        self._dns()
        self._coderd()
        if shape.visit == 2:
            self._provisioners()

    def make(self, part: str, type_token: str, inputs: dict[str, Any], *extra: str, **outputs: Any) -> Resource:
        """Add one AWS or Kubernetes resource; `extra` names outputs that every resource of the type has."""
        self._serial += 1
        service = type_token.split(":")[1].split("/")[0]
        known = {"id": f"{service}-{self._serial:017x}", **outputs}
        if type_token.startswith("aws:"):
            known["arn"] = f"arn:aws:{service}:{self.shape.region}:123456789012:thing/{self._serial}"
            known["region"] = self.shape.region
        known.update({name: f"{name}-{self._serial}" for name in extra})
        region = self.shape.region if type_token.startswith("aws:") else None
        parent = self.parts.get("environment")
        self.parts[part] = self.world.add(type_token, f"{self.shape.prefix}-{part}", inputs, outputs=known, parent=parent, region=region)
        return self.parts[part]

    def _environment(self) -> None:
        shape = self.shape
        facts = {
            "system": "prod",
            "baseDomain": shape.domain,
            "accessUrl": f"https://{shape.access_host}",
            "regions": {
                shape.region: {
                    "zones": shape.zones,
                    "tiers": list(TIERS),
                    "nat": shape.nat,
                    "nodeGroups": GROUPS,
                    "database": {"engine": "aurora-postgresql", "readers": shape.readers, "retentionDays": shape.retention},
                }
            },
            "visit": shape.visit,
        }
        self.parts["environment"] = self.world.add("coder-eks:environment:Environment", shape.prefix, facts)

    def _network(self) -> None:
        shape = self.shape
        ranges = IPv4Network(shape.cidr).subnets(prefixlen_diff=5)
        vpc = self.make("vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": shape.cidr})
        gateway = self.make("internet", "aws:ec2/internetGateway:InternetGateway", {"vpcId": Ref(vpc)})
        for tier in TIERS:
            for letter in shape.letters:
                self.make(
                    f"{tier}-{letter}",
                    "aws:ec2/subnet:Subnet",
                    {
                        "vpcId": Ref(vpc),
                        "cidrBlock": str(next(ranges)),
                        "availabilityZone": f"{shape.region}{letter}",
                        "tags": {"Tier": tier},
                    },
                )
        self._table("public-table", {"gatewayId": Ref(gateway)})
        self._table("database-table", None)
        for letter in shape.letters:
            self._associate(f"public-{letter}", "public-table")
            self._associate(f"database-{letter}", "database-table")
        self._nat()
        for letter in shape.letters:
            way = self._way_out(letter)
            if shape.shared_tables:
                self._table(f"private-table-{letter}", way)
            for tier in PRIVATE:
                table = f"private-table-{letter}" if shape.shared_tables else f"{tier}-table-{letter}"
                if not shape.shared_tables:
                    self._table(table, way)
                self._associate(f"{tier}-{letter}", table)

    def _nat(self) -> None:
        shape = self.shape
        if shape.nat == "instance":
            card = self.make("nat-card", "aws:ec2/networkInterface:NetworkInterface", {"subnetId": Ref(self.parts["public-a"])})
            self.make("nat-address", "aws:ec2/eip:Eip", {"domain": "vpc", "networkInterface": Ref(card)})
            return
        for letter in shape.letters if shape.nat == "gateway-per-az" else "a":
            address = self.make(f"nat-address-{letter}", "aws:ec2/eip:Eip", {"domain": "vpc"})
            self.make(
                f"nat-{letter}",
                "aws:ec2/natGateway:NatGateway",
                {"allocationId": Ref(address), "subnetId": Ref(self.parts[f"public-{letter}"])},
            )

    def _way_out(self, letter: str) -> dict[str, Any]:
        if self.shape.nat == "instance":
            return {"networkInterfaceId": Ref(self.parts["nat-card"])}
        return {"natGatewayId": Ref(self.parts[f"nat-{letter if self.shape.nat == 'gateway-per-az' else 'a'}"])}

    def _table(self, part: str, way: dict[str, Any] | None) -> None:
        inputs: dict[str, Any] = {"vpcId": Ref(self.parts["vpc"])}
        if way and self.shape.inline_routes:
            inputs["routes"] = [{"cidrBlock": "0.0.0.0/0", **way}]
        table = self.make(part, "aws:ec2/routeTable:RouteTable", inputs)
        if way and not self.shape.inline_routes:
            self.make(f"{part}-route", "aws:ec2/route:Route", {"routeTableId": Ref(table), "destinationCidrBlock": "0.0.0.0/0", **way})

    def _associate(self, subnet: str, table: str) -> None:
        self.make(
            f"{subnet}-association",
            "aws:ec2/routeTableAssociation:RouteTableAssociation",
            {"subnetId": Ref(self.parts[subnet]), "routeTableId": Ref(self.parts[table])},
        )

    def _security(self) -> None:
        shape = self.shape
        for party in ("balancer", "node", "endpoint", "database-guard"):
            self.make(f"{party}-group", "aws:ec2/securityGroup:SecurityGroup", {"vpcId": Ref(self.parts["vpc"])})
        opened = {"fromPort": 443, "toPort": 443, "securityGroupId": Ref(self.parts["balancer-group"])}
        inner = {"fromPort": 5432, "toPort": 5432, "securityGroupId": Ref(self.parts["database-guard-group"])}
        source = Ref(self.parts["node-group"])
        if shape.old_rules:
            kind = "aws:ec2/securityGroupRule:SecurityGroupRule"
            self.make("open-rule", kind, {**opened, "type": "ingress", "protocol": "tcp", "cidrBlocks": ["0.0.0.0/0"]})
            self.make("inner-rule", kind, {**inner, "type": "ingress", "protocol": "tcp", "sourceSecurityGroupId": source})
        else:
            kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
            self.make("open-rule", kind, {**opened, "ipProtocol": "tcp", "cidrIpv4": "0.0.0.0/0"})
            self.make("inner-rule", kind, {**inner, "ipProtocol": "tcp", "referencedSecurityGroupId": source})
        for service in ("ecr.api", "ecr.dkr"):
            self.make(
                f"endpoint-{service}",
                "aws:ec2/vpcEndpoint:VpcEndpoint",
                {
                    "vpcId": Ref(self.parts["vpc"]),
                    "vpcEndpointType": "Interface",
                    "serviceName": f"com.amazonaws.{shape.region}.{service}",
                    "subnetIds": self.subnets("control"),
                    "securityGroupIds": [Ref(self.parts["endpoint-group"])],
                },
            )

    def subnets(self, tier: str) -> list[Ref]:
        return [Ref(self.parts[f"{tier}-{letter}"]) for letter in self.shape.letters]

    def _cluster(self) -> None:
        cluster = self.make(
            "cluster",
            "aws:eks/cluster:Cluster",
            {
                "vpcConfig": {"endpointPublicAccess": False, "endpointPrivateAccess": True, "subnetIds": self.subnets("control")},
                "version": "1.33",
            },
            name=f"{self.shape.prefix}-eks",
        )
        for group, facts in GROUPS.items():
            self._group(group, facts, cluster)

    def _group(self, group: str, facts: dict[str, Any], cluster: Resource) -> None:
        shape = self.shape
        template = self.make(
            f"{group}-template",
            "aws:ec2/launchTemplate:LaunchTemplate",
            {"instanceType": facts["instanceType"], "vpcSecurityGroupIds": [Ref(self.parts["node-group"])]},
        )
        split = group == "coder-ws" and shape.per_zone_workspaces
        members = list(shape.letters) if split else [""]
        least = max(facts["min"], 1)
        for index, letter in enumerate(members):
            share = lambda total, index=index: total // len(members) + (index < total % len(members))  # noqa: E731
            part = f"{group}-{letter}" if letter else group
            nodes = self.make(
                part,
                "aws:eks/nodeGroup:NodeGroup",
                {
                    "clusterName": Ref(cluster, "name"),
                    "subnetIds": [Ref(self.parts[f"{facts['tier']}-{letter}"])] if letter else self.subnets(facts["tier"]),
                    "scalingConfig": {"minSize": share(least), "maxSize": share(facts["max"]), "desiredSize": share(least)},
                    "labels": {KEY: group},
                    "taints": [{"key": KEY, "value": group, "effect": "NO_SCHEDULE"}],
                    "launchTemplate": {"id": Ref(template), "version": "1"},
                    "tags": {"Name": part},
                },
                resources=[{"autoscalingGroups": [{"name": f"eks-{part}"}]}],
            )
            if group != "coder-control":
                self.make(
                    f"{part}-up",
                    "aws:autoscaling/schedule:Schedule",
                    {
                        "autoscalingGroupName": Ref(nodes, "resources", f"eks-{part}"),
                        "recurrence": "45 6 * * 1-5",
                        "timeZone": "America/New_York",
                        "minSize": share(least),
                    },
                )

    def _database(self) -> None:
        group = self.make("database-subnets", "aws:rds/subnetGroup:SubnetGroup", {"subnetIds": self.subnets("database")}, "name")
        cluster = self.make(
            "database",
            "aws:rds/cluster:Cluster",
            {
                "engine": "aurora-postgresql",
                "dbSubnetGroupName": Ref(group, "name"),
                "vpcSecurityGroupIds": [Ref(self.parts["database-guard-group"])],
                "backupRetentionPeriod": self.shape.retention,
                "skipFinalSnapshot": False,
                "deletionProtection": True,
            },
        )
        for index in range(1 + self.shape.readers):
            self.make(
                f"database-{index}",
                "aws:rds/clusterInstance:ClusterInstance",
                {"clusterIdentifier": Ref(cluster), "publiclyAccessible": False, "instanceClass": "db.serverless"},
            )

    def _load_balancer(self) -> None:
        shape = self.shape
        placed: dict[str, Any] = {"subnets": self.subnets("public")}
        if shape.static_ips:
            addresses = [self.make(f"balancer-address-{letter}", "aws:ec2/eip:Eip", {"domain": "vpc"}) for letter in shape.letters]
            placed = {
                "subnetMappings": [
                    {"subnetId": subnet, "allocationId": Ref(address)}
                    for subnet, address in zip(self.subnets("public"), addresses, strict=True)
                ]
            }
        self.make(
            "balancer",
            "aws:lb/loadBalancer:LoadBalancer",
            {"loadBalancerType": "network", "internal": False, "securityGroups": [Ref(self.parts["balancer-group"])], **placed},
            "dnsName",
            zoneId="Z26RNL4JYFTOTI",
        )
        self.make(
            "targets",
            "aws:lb/targetGroup:TargetGroup",
            {"port": 8080, "protocol": "TCP", "targetType": "ip", "vpcId": Ref(self.parts["vpc"])},
        )

    def _dns(self) -> None:
        shape = self.shape
        names = list(dict.fromkeys((shape.access_host, shape.domain, shape.wildcard_host)))
        certificate = self.make(
            "certificate",
            "aws:acm/certificate:Certificate",
            {"domainName": names[0], "subjectAlternativeNames": names[1:], "validationMethod": "DNS"},
            "domainValidationOptions",
        )
        proof = self.make(
            "proof",
            "aws:route53/record:Record",
            {
                "zoneId": "Z0123456789",
                "name": Ref(certificate, "domainValidationOptions", f"_proof.{shape.domain}"),
                "type": "CNAME",
                "records": [Ref(certificate, "domainValidationOptions", "_answer.acm-validations.aws")],
                "ttl": 300,
            },
            fqdn=f"_proof.{shape.domain}",
        )
        issued = self.make(
            "issued",
            "aws:acm/certificateValidation:CertificateValidation",
            {"certificateArn": Ref(certificate, "arn"), "validationRecordFqdns": [Ref(proof, "fqdn")]},
        )
        balancer = self.parts["balancer"]
        self.make(
            "listener",
            "aws:lb/listener:Listener",
            {
                "loadBalancerArn": Ref(balancer, "arn"),
                "port": 443,
                "protocol": "TLS",
                "sslPolicy": shape.tls_policy,
                "certificateArn": Ref(issued, "certificateArn"),
                "defaultActions": [{"type": "forward", "targetGroupArn": Ref(self.parts["targets"], "arn")}],
            },
        )
        for part, host in (("access", shape.access_host), ("wildcard", shape.wildcard_host)):
            alias = {"name": Ref(balancer, "dnsName"), "zoneId": Ref(balancer, "zoneId"), "evaluateTargetHealth": True}
            self.make(part, "aws:route53/record:Record", {"zoneId": "Z0123456789", "name": host, "type": "A", "aliases": [alias]})

    def _coderd(self) -> None:
        shape = self.shape
        for name in ("coder", "coder-prov", "coder-ws"):
            self.make(f"namespace-{name}", "kubernetes:core/v1:Namespace", {"metadata": {"name": name}})
        self.home = Ref(self.parts["namespace-coder"], "metadata", "coder")
        self.make(
            "service",
            "kubernetes:core/v1:Service",
            {
                "metadata": {"name": "coder", "namespace": self.home},
                "spec": {
                    "type": "ClusterIP",
                    "selector": {"app.kubernetes.io/name": "coder", "app.kubernetes.io/instance": "coder"},
                    "ports": [{"port": 8080}],
                },
            },
        )
        self.make(
            "binding",
            "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding",
            {
                "metadata": {"name": "coder", "namespace": self.home},
                "spec": {"serviceRef": {"name": "coder", "port": 8080}, "targetGroupARN": Ref(self.parts["targets"], "arn")},
            },
        )
        env = [
            {"name": "CODER_ACCESS_URL", "value": f"https://{shape.access_host}"},
            {"name": "CODER_WILDCARD_ACCESS_URL", "value": shape.wildcard_host},
            {"name": "CODER_SECURE_AUTH_COOKIE", "value": "true"},
            {"name": "CODER_PROVISIONER_DAEMONS", "value": "0"},
            {"name": "CODER_PG_CONNECTION_URL", "value": Ref(self.parts["database"], "id", "postgres://coder@{}:5432/coder")},
        ]
        self.make(
            "release",
            "kubernetes:helm.sh/v3:Release",
            {
                "chart": "coder",
                "name": "coder",
                "namespace": self.home,
                "version": "2.24.0",
                "values": {"coder": {"env": env, "replicaCount": shape.replicas, "service": {"enable": False}}},
            },
        )

    def _provisioners(self) -> None:
        there = Ref(self.parts["namespace-coder-prov"], "metadata", "coder-prov")
        key = self.make("provisioner-key", "coderd:index/provisionerKey:ProvisionerKey", {"name": "prod-1"}, "key")
        self.make(
            "key-secret",
            "kubernetes:core/v1:Secret",
            {"metadata": {"name": "coder-provisioner-key", "namespace": there}, "stringData": {"key": Ref(key, "key")}},
        )
        self.make(
            "provisioners",
            "kubernetes:helm.sh/v3:Release",
            {
                "chart": "coder-provisioner",
                "name": "coder-provisioner",
                "namespace": there,
                "values": {
                    "coder": {"env": [{"name": "CODER_URL", "value": "http://coder.coder.svc.cluster.local:8080"}], "replicaCount": 2},
                    "provisionerDaemon": {"keySecretName": "coder-provisioner-key", "keySecretKey": "key"},
                },
            },
        )
        for part, cron, count in (("up", "45 6 * * 1-5", 60), ("down", "15 18 * * 1-5", 2)):
            arguments = ["scale", "deployment/coder-provisioner", "--namespace=coder-prov", f"--replicas={count}"]
            pod = {"spec": {"containers": [{"name": "kubectl", "image": "kubectl", "args": arguments}]}}
            self.make(
                f"provisioners-{part}",
                "kubernetes:batch/v1:CronJob",
                {
                    "metadata": {"name": f"coder-provisioner-{part}", "namespace": there},
                    "spec": {"schedule": cron, "timeZone": "America/New_York", "jobTemplate": {"spec": {"template": pod}}},
                },
            )


def prod_like(shape: Shape | None = None) -> ProdLike:
    """A valid world of that shape, or of prod's own."""
    return ProdLike(shape or Shape())
