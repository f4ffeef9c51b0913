"""The real program with one reference changed on its way to the engine: a stack transformation, then the program as it stands.

Started by the engine from a project folder that `test_engine_mutants.py` writes. MUTANT names what to break, or nothing; ROOT is the
real project.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

Seen = dict[tuple[str, str], pulumi.Resource]

ROUTE, SUBNET_GROUP = "aws:ec2/route:Route", "aws:rds/subnetGroup:SubnetGroup"
LISTENER, RULE = "aws:lb/listener:Listener", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
RECORD, RELEASE = "aws:route53/record:Record", "kubernetes:helm.sh/v3:Release"


@dataclass(frozen=True)
class Made:
    """A resource on its way to the engine, and those that went before it."""

    token: str
    props: dict[str, Any]
    before: Seen

    def first(self, token: str, test: Callable[[str], bool] = lambda _: True) -> Any:
        """The first resource of a type that went before."""
        return next(resource for (kind, name), resource in self.before.items() if kind == token and test(name))


Break = Callable[[Made], None]


def nat_of_another_zone(made: Made) -> None:
    """Property 1: every private route goes to the first NAT gateway."""
    if made.token == ROUTE and made.props.get("nat_gateway_id") is not None:
        made.props["nat_gateway_id"] = made.first("aws:ec2/natGateway:NatGateway").id


def database_zone_missing(made: Made) -> None:
    """Property 1: the subnet group leaves a database subnet out."""
    if made.token == SUBNET_GROUP:
        made.props["subnet_ids"] = list(made.props["subnet_ids"])[:-1]


def binding_without_target(made: Made) -> None:
    """Property 1: the pods are bound to a target group that is not the listener's."""
    if made.token.endswith(":TargetGroupBinding"):
        made.props["spec"] = {
            **made.props["spec"],
            "targetGroupARN": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/other/1",
        }


def daemons_from_a_secret(made: Made) -> None:
    """Property 6: the variable points to a secret instead of being set."""
    if made.token == RELEASE and made.props["chart"] == "coder":
        coder = made.props["values"]["coder"]
        env = [item for item in coder["env"] if item["name"] != "CODER_PROVISIONER_DAEMONS"]
        reference = {"secretKeyRef": {"name": "coder-oidc", "key": "daemons"}}
        coder = {**coder, "env": [*env, {"name": "CODER_PROVISIONER_DAEMONS", "valueFrom": reference}]}
        made.props["values"] = {**made.props["values"], "coder": coder}


def key_of_another_name(made: Made) -> None:
    """Property 6: provisioners take their key from a Secret that nothing makes."""
    if made.token == RELEASE and made.props["chart"] == "coder-provisioner":
        daemon = {**made.props["values"]["provisionerDaemon"], "keySecretName": "provisioner-key"}
        made.props["values"] = {**made.props["values"], "provisionerDaemon": daemon}


def address_of_another_service(made: Made) -> None:
    """Property 6: provisioners look for coderd where no Service of the stack is."""
    if made.token == RELEASE and made.props["chart"] == "coder-provisioner":
        coder = made.props["values"]["coder"]
        env = [item for item in coder["env"] if item["name"] != "CODER_URL"]
        coder = {**coder, "env": [*env, {"name": "CODER_URL", "value": "http://coderd.coder.svc.cluster.local:8080"}]}
        made.props["values"] = {**made.props["values"], "coder": coder}


def rule_on_another_group(made: Made) -> None:
    """Property 8: what opens 443 to the internet opens the workspaces instead of the load balancer."""
    if made.token == RULE and made.props.get("cidr_ipv4") == "0.0.0.0/0":
        made.props["security_group_id"] = made.first("aws:ec2/securityGroup:SecurityGroup", lambda group: "workspace" in group).id


def listener_without_certificate(made: Made) -> None:
    """Property 8: the certificate is gone, the protocol stays."""
    if made.token == LISTENER:
        made.props["certificate_arn"] = None


def listener_of_nothing(made: Made) -> None:
    """Property 8: the listener stands at a load balancer that is not the stack's."""
    if made.token == LISTENER:
        made.props["load_balancer_arn"] = made.first("aws:lb/targetGroup:TargetGroup").arn


def alias_to_something_else(made: Made) -> None:
    """Property 12: the wildcard leads to another resource than the load balancer."""
    if made.token == RECORD and made.props.get("type") == "A" and str(made.props.get("name")).startswith("*."):
        database = made.first("aws:rds/cluster:Cluster")
        made.props["aliases"] = [{"name": database.endpoint, "zone_id": database.hosted_zone_id, "evaluate_target_health": True}]


def certificate_that_nobody_validates(made: Made) -> None:
    """Property 12: the listener shows a certificate beside the validated one."""
    if made.token == LISTENER:
        other = pulumi.CustomResource(
            "aws:acm/certificate:Certificate",
            "other",
            {"domainName": "coder.example.com", "validationMethod": "DNS", "region": "us-east-1"},
        )
        made.props["certificate_arn"] = other.id


MUTANTS: dict[str, tuple[int, Break]] = {
    change.__name__: (number, change)
    for number, change in (
        (1, nat_of_another_zone),
        (1, database_zone_missing),
        (1, binding_without_target),
        (6, daemons_from_a_secret),
        (6, key_of_another_name),
        (6, address_of_another_service),
        (8, rule_on_another_group),
        (8, listener_without_certificate),
        (8, listener_of_nothing),
        (12, alias_to_something_else),
        (12, certificate_that_nobody_validates),
    )
}

SECOND_VISIT = frozenset({"key_of_another_name", "address_of_another_service"})


def break_one_fact(name: str) -> None:
    """Register the transformation that applies a mutant to every resource."""
    change = MUTANTS[name][1]
    seen: Seen = {}

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        seen[args.type_, args.name] = args.resource
        props = dict(args.props)
        change(Made(args.type_, props, seen))
        return pulumi.ResourceTransformationResult(props=props, opts=args.opts)

    pulumi.runtime.register_stack_transformation(transform)


def main() -> None:
    root, mutant = os.environ["ROOT"], os.environ["MUTANT"]
    os.chdir(root)  # where the engine would start the program: what it reads lies beside it
    sys.path.insert(0, root)
    if mutant in MUTANTS:
        break_one_fact(mutant)
    runpy.run_path(str(Path(root, "__main__.py")), run_name="__main__")


if __name__ == "__main__":
    main()
