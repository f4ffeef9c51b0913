"""An EKS cluster with nodes, and the kubernetes provider of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.localcloud.engine_side import Cloud, Instance, State

TAINT = {"key": "coder.com/node-group", "value": "coder-control", "effect": "NO_SCHEDULE"}


def role(aws: Instance, name: str, service: str) -> State:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return aws.create("aws:iam/role:Role", name, {"assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})


@dataclass
class TestCluster:
    """A cluster in a region. `kubernetes`: its provider."""

    __test__ = False

    aws: Instance
    cluster: State
    subnets: list[State]
    kubernetes: Instance
    nodes: State | None = None

    def add_nodes(self, **inputs: Any) -> State:
        node = role(self.aws, f"{self.cluster.name}-node", "ec2")
        for policy in ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"):
            arn = f"arn:aws:iam::aws:policy/{policy}"
            self.aws.create("aws:iam/rolePolicyAttachment:RolePolicyAttachment", policy, {"role": node["name"], "policyArn": arn})
        scaling = {"minSize": 1, "maxSize": 2, "desiredSize": 1}
        asked = {
            "clusterName": self.cluster["name"],
            "nodeRoleArn": node["arn"],
            "subnetIds": [self.subnets[0].id],
            "scalingConfig": scaling,
        }
        self.nodes = self.aws.create("aws:eks/nodeGroup:NodeGroup", f"{self.cluster.name}-nodes", {**asked, **inputs})
        return self.nodes


def kubeconfig(cluster: State) -> str:
    """As pulumi-eks writes it."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "aws",
            "contexts": [{"name": "aws", "context": {"cluster": "kubernetes", "user": "aws"}}],
            "clusters": [{"name": "kubernetes", "cluster": {"server": cluster["endpoint"]}}],
            "users": [{"name": "aws", "user": {}}],
        }
    )


def make_cluster(cloud: Cloud, name: str = "main", region: str = "us-east-1", **settings: Any) -> TestCluster:
    """A VPC with two subnets, a role, a cluster without nodes."""
    aws = cloud.aws(region)
    vpc = aws.create("aws:ec2/vpc:Vpc", name, {"cidrBlock": "10.0.0.0/16"})
    subnets = [
        aws.create(
            "aws:ec2/subnet:Subnet",
            f"{name}-{zone}",
            {"vpcId": vpc.id, "cidrBlock": f"10.0.{number}.0/24", "availabilityZone": f"{region}{zone}"},
        )
        for number, zone in enumerate("ab")
    ]
    control = role(aws, f"{name}-control", "eks")
    policy = {"role": control["name"], "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}
    aws.create("aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"{name}-control", policy)
    network = {"subnetIds": [subnet.id for subnet in subnets]}
    access = {"authenticationMode": "API"}
    asked = {"name": name, "roleArn": control["arn"], "vpcConfig": network, "version": "1.33", "accessConfig": access}
    cluster = aws.create("aws:eks/cluster:Cluster", name, asked)
    return TestCluster(aws, cluster, subnets, cloud.provider("kubernetes", kubeconfig=kubeconfig(cluster), **settings))
