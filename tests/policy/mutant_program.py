"""The real program with a few facts changed on their way to the engine: a stack transformation, then the program as it stands.

Started by the engine from a project folder that `test_engine_mutants.py` writes. MUTANTS names what to break, or nothing; FOLDERS has, as
JSON, templates and the folders to push instead of theirs; ROOT is the real project.
"""

from __future__ import annotations

import json
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
NODE_GROUP, DATABASE, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:rds/cluster:Cluster", "coderd:index/template:Template"


@dataclass(frozen=True)
class Made:
    """A resource on its way to the engine, and those that went before it."""

    token: str
    name: str
    props: dict[str, Any]
    before: Seen

    def first(self, token: str, test: Callable[[str], bool] = lambda _: True) -> Any:
        """The first resource of a type that went before."""
        return next(resource for (kind, name), resource in self.before.items() if kind == token and test(name))

    def change_coderd(self, **changes: Any) -> None:
        """Other values of the chart coder, below `coder`."""
        if self.token == RELEASE and self.props["chart"] == "coder":
            self.props["values"] = {**self.props["values"], "coder": {**self.props["values"]["coder"], **changes}}

    def coderd_without(self, variable: str) -> list[dict[str, Any]]:
        """coderd's environment without a variable; empty for any other resource."""
        values: list[dict[str, Any]] = (
            self.props["values"]["coder"]["env"] if self.token == RELEASE and self.props["chart"] == "coder" else []
        )
        return [item for item in values if item["name"] != variable]


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
    reference = {"secretKeyRef": {"name": "coder-oidc", "key": "daemons"}}
    env = made.coderd_without("CODER_PROVISIONER_DAEMONS")
    made.change_coderd(env=[*env, {"name": "CODER_PROVISIONER_DAEMONS", "valueFrom": reference}])


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
        database = made.first(DATABASE)
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


def more_nodes(made: Made) -> None:
    """Property 2: a node group that may grow beyond the quota."""
    if made.token == NODE_GROUP and made.name.endswith("coder-control"):
        made.props["scaling_config"] = {**made.props["scaling_config"], "max_size": 451}


def ingress_allowed(made: Made) -> None:
    """Property 3: what closes the workspaces' namespace speaks of egress only."""
    if made.token.endswith(":NetworkPolicy") and made.name.endswith("coder-ws-default-deny"):
        made.props["spec"] = {**made.props["spec"], "policy_types": ["Egress"]}


def one_replica(made: Made) -> None:
    """Property 4: coderd runs once."""
    made.change_coderd(replicaCount=1)


def no_retention(made: Made) -> None:
    """Property 5: nothing is kept of the database."""
    if made.token == DATABASE:
        made.props["backup_retention_period"] = 0


def never_stops(made: Made) -> None:
    """Property 7: workspaces of a template run for ever."""
    if made.token == TEMPLATE and made.name == "pod-generic-universal":
        made.props["default_ttl_ms"] = 0


def owners_open_workspaces(made: Made) -> None:
    """Property 9: the switch is not set."""
    made.change_coderd(env=made.coderd_without("CODER_DISABLE_OWNER_WORKSPACE_ACCESS"))


def users_unmanaged(made: Made) -> None:
    """Property 11: who may use a template is for somebody else to say."""
    if made.token == TEMPLATE and made.name == "ec2-swdev":
        made.props["acl"] = None


def folders_of_others(made: Made) -> None:
    """Properties 10 and 13 to 17: what is pushed is what FOLDERS has for the template."""
    folder = json.loads(os.environ["FOLDERS"]).get(made.name) if made.token == TEMPLATE else None
    if folder:
        made.props["versions"] = [{**made.props["versions"][0], "directory": folder}]


MUTANTS: dict[str, Break] = {
    change.__name__: change
    for change in (
        nat_of_another_zone,
        database_zone_missing,
        binding_without_target,
        more_nodes,
        ingress_allowed,
        one_replica,
        no_retention,
        daemons_from_a_secret,
        key_of_another_name,
        address_of_another_service,
        never_stops,
        rule_on_another_group,
        listener_without_certificate,
        listener_of_nothing,
        owners_open_workspaces,
        folders_of_others,
        users_unmanaged,
        alias_to_something_else,
        certificate_that_nobody_validates,
    )
}


def break_facts(names: list[str]) -> None:
    """Register the transformation that applies the mutants to every resource."""
    changes = [MUTANTS[name] for name in names]
    seen: Seen = {}

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        seen[args.type_, args.name] = args.resource
        props = dict(args.props)
        for change in changes:
            change(Made(args.type_, args.name, props, seen))
        return pulumi.ResourceTransformationResult(props=props, opts=args.opts)

    pulumi.runtime.register_stack_transformation(transform)


def main() -> None:
    root, mutants = os.environ["ROOT"], os.environ["MUTANTS"].split()
    os.chdir(root)  # where the engine would start the program: what it reads lies beside it
    sys.path.insert(0, root)
    if mutants:
        break_facts(mutants)
    runpy.run_path(str(Path(root, "__main__.py")), run_name="__main__")


if __name__ == "__main__":
    main()
