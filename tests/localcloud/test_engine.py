"""The real engine on the local cloud: the whole life of a small stack in two regions with a cluster."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools import environment
from tools.environment import Environment
from tools.install import ROOT

pytestmark = pytest.mark.engine

PROJECT = f"name: small\nruntime: {{ name: python, options: {{ toolchain: pip, virtualenv: {ROOT / '.venv'} }} }}\n"
PROGRAM = """
import json
import pulumi, pulumi_aws as aws, pulumi_eks as eks, pulumi_kubernetes as k8s, pulumi_random as random
from pulumi import ResourceOptions as Options
config = pulumi.Config()
east, west = (aws.Provider(name, region=region) for name, region in (("east", "us-east-1"), ("west", "us-west-2")))
here, there = Options(provider=east), Options(provider=west)
vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", tags={"Name": config.get("name") or "first"}, opts=here)
aws.ec2.Vpc("other", cidr_block="10.0.0.0/16", opts=there)
aws.cloudwatch.LogGroup("moved", region="us-west-2", opts=here)
subnets = [
    aws.ec2.Subnet(zone, vpc_id=vpc.id, cidr_block=f"10.0.{number}.0/24", availability_zone=f"us-east-1{zone}", opts=here)
    for number, zone in enumerate("ab")
]
ids = [subnet.id for subnet in subnets]
cluster = eks.Cluster("c", vpc_id=vpc.id, subnet_ids=ids, skip_default_node_group=True, authentication_mode="API", version="1.33",
    endpoint_private_access=True, endpoint_public_access=False, opts=Options(providers={"aws": east}))
statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
trust = {"Version": "2012-10-17", "Statement": [statement]}
role = aws.iam.Role("node", assume_role_policy=json.dumps(trust), opts=here)
policies = [
    aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{name}", opts=here)
    for name in ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
]
nodes = aws.eks.NodeGroup("nodes", cluster_name=cluster.eks_cluster.name, node_role_arn=role.arn, subnet_ids=ids,
    scaling_config={"min_size": 1, "max_size": 2, "desired_size": 1}, opts=Options(provider=east, depends_on=policies))
inside = Options(provider=k8s.Provider("kubernetes", kubeconfig=cluster.kubeconfig_json), depends_on=[nodes])
home = k8s.core.v1.Namespace("coder", opts=inside)
password = random.RandomPassword("password", length=20)
k8s.core.v1.Secret("password", metadata={"namespace": home.metadata.name}, string_data={"password": password.result}, opts=inside)
k8s.core.v1.ConfigMap("settings", metadata={"namespace": home.metadata.name}, data={"name": config.get("name") or "first"}, opts=inside)
for number in range(int(config.get("more") or 0)):
    aws.cloudwatch.LogGroup(f"more-{number}", opts=here)
pulumi.export("vpc", vpc.id)
pulumi.export("issuer", cluster.oidc_provider_url)
"""
COUNT = 35  # the stack, 3 providers, 17 of the cluster component, 14 others


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    started = environment.start("prod", {**os.environ, "CODER_EKS_HOME": str(tmp_path_factory.mktemp("home"))})
    yield started
    started.cloud.stop()


class Stack:
    """The program as a stack in the local environment."""

    def __init__(self, folder: Path, local: Environment) -> None:
        self.folder, self.local = folder, local
        folder.joinpath("Pulumi.yaml").write_text(PROJECT)
        folder.joinpath("__main__.py").write_text(PROGRAM)
        self.pulumi("stack", "init", folder.name, "--no-select")

    def pulumi(self, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        variables = {
            **self.local.variables,
            **self.local.cloud.variables(),
            "PULUMI_STACK": "" if arguments[:2] == ("stack", "init") else self.folder.name,
        }
        command = [str(self.local.cli.path), *arguments, "--non-interactive"]
        result = subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
        assert (result.returncode == 0) is ok, result.stdout + result.stderr
        return result

    def up(self, *arguments: str, ok: bool = True) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, ok=ok).stdout

    def preview(self) -> dict[str, Any]:
        """The steps of a preview, without its duration."""
        told = json.loads(self.pulumi("preview", "--json").stdout)
        told.pop("duration", None)
        return told

    def changes(self) -> dict[str, str]:
        """Logical name → operation, of what a preview would change."""
        steps = {step["urn"].rpartition("::")[2]: step["op"] for step in self.preview()["steps"]}
        return {name: operation for name, operation in steps.items() if operation != "same"}

    def config(self, **values: str) -> None:
        for name, value in values.items():
            self.pulumi("config", "set", name, value)


def cloud_command(local: Environment, verb: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "localcloud", verb, "--state", str(local.cloud.state), *arguments]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)


def test_the_life_of_a_stack(tmp_path: Path, local: Environment) -> None:
    stack = Stack(tmp_path, local)
    assert stack.preview()["changeSummary"] == {"create": COUNT}
    assert not local.cloud.inventory().resources

    assert f"+ {COUNT} created" in stack.up()
    outputs = json.loads(stack.pulumi("stack", "output", "--json").stdout)
    assert re.fullmatch(r"vpc-[0-9a-f]{17}", outputs["vpc"])
    assert outputs["issuer"].startswith("https://oidc.eks.us-east-1.amazonaws.com/id/")
    assert {each.scope for each in local.cloud.inventory().resources if each.type == "aws:ec2/vpc:Vpc"} == {"us-east-1", "us-west-2"}

    local.cloud.stop()
    local.cloud.start()
    told = stack.preview()
    assert told["changeSummary"] == {"same": COUNT}
    assert stack.preview() == told
    assert f"{COUNT} unchanged" in stack.up()

    stack.config(name="second")
    assert stack.changes() == {"main": "update", "settings": "replace"}
    stack.up()

    cloud_command(local, "change", "aws:ec2/vpc:Vpc", outputs["vpc"], 'tags={"Name":"drift"}')
    assert "~ 1 updated" in stack.pulumi("refresh", "--yes", "--skip-preview").stdout
    assert stack.changes() == {"main": "update"}
    stack.up()
    assert stack.changes() == {}

    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not local.cloud.inventory().resources


def test_an_update_goes_on_where_a_refused_create_and_a_sudden_death_left_it(tmp_path: Path, local: Environment) -> None:
    stack = Stack(tmp_path, local)
    cloud_command(local, "fault", "--fail-create", "12")
    assert "InternalError: the create that was asked to fail" in stack.up(ok=False)
    cloud_command(local, "fault", "--kill-at", "3")
    stack.up(ok=False)
    local.cloud.start()

    state = json.loads(stack.pulumi("stack", "export").stdout)["deployment"]
    known = {each.get("id") for each in state["resources"]}
    orphans = [each for each in local.cloud.inventory().resources if each.id not in known]
    assert orphans, "the process died after a resource was made, before it answered"
    for orphan in orphans:  # what an operator does on AWS: delete or import what the engine never heard of
        cloud_command(local, "delete", orphan.type, orphan.id)
    stack.pulumi("refresh", "--yes", "--skip-preview")
    stack.up()
    assert stack.changes() == {}
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert not local.cloud.inventory().resources
