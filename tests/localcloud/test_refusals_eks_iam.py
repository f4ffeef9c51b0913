"""What EKS and IAM refuse: every row with an input that AWS refuses and a near one that it takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.kinds.model import Refused
from tests.localcloud.account import Account, allow, trust
from tests.localcloud.minimal import MINIMAL
from tests.localcloud.pairs import Act, Pair, changed, deleted, judge, made, rows, untested

_EKS, _NODES, _ADDON = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup", "aws:eks/addon:Addon"
_ENTRY, _SCOPE = "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
_TEMPLATE, _SUBNET = "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/subnet:Subnet"
_ROLE, _ROLE_POLICY, _POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
_ATTACHMENT, _OIDC = "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ROWS = rows("refusals_eks", "refusals_eks_nodes", "refusals_iam")
_TAINT = {"key": "coder.com/node-group", "value": "control", "effect": "NO_SCHEDULE"}
_TOLERATION = {"key": "coder.com/node-group", "operator": "Equal", "value": "control", "effect": "NoSchedule"}


def _cluster_in(zones: str) -> Act:
    """A cluster with a subnet in each of these zones."""
    return made(
        _EKS, vpcConfig=lambda account: {"subnetIds": [account.subnet(number + 20, letter).id for number, letter in enumerate(zones)]}
    )


def _cluster_moved(zones: str) -> Act:
    """A cluster in zones a and b that is given subnets in these."""

    def act(account: Account) -> object:
        subnets = {letter: account.subnet(number + 30, letter).id for number, letter in enumerate("abc")}
        cluster = account.make(_EKS, **{**MINIMAL[_EKS](account), "vpcConfig": {"subnetIds": [subnets["a"], subnets["b"]]}})
        others = [account.subnet(number + 40, letter).id for number, letter in enumerate(zones)]
        return account.change(cluster, vpcConfig={"subnetIds": others})

    return act


def _cluster(more: dict[str, Any]) -> Act:
    return made(_EKS, vpcConfig=lambda account: {"subnetIds": account.subnets, **more})


def _group_of_cluster(which: str) -> Act:
    return made(_EKS, vpcConfig=lambda account: {"subnetIds": account.subnets, "securityGroupIds": [getattr(account, which).id]})


def _role_for(*services: str) -> Any:
    return lambda account: account.make(_ROLE, assumeRolePolicy=trust(*services))["arn"]


def _nodes_with(policy: str) -> Act:
    """Nodes whose role has this policy of AWS's."""

    def act(account: Account) -> object:
        role = account.make(_ROLE, assumeRolePolicy=trust("ec2"))
        account.make(_ATTACHMENT, role=role["name"], policyArn=f"arn:aws:iam::aws:policy/{policy}")
        return account.make(_NODES, **account.nodes(nodeRoleArn=role["arn"]))

    return act


def _sizes(low: int, wanted: int, high: int) -> Act:
    return made(_NODES, scalingConfig={"minSize": low, "desiredSize": wanted, "maxSize": high})


def _template(version: str = "$Latest", **inputs: Any) -> Any:
    return lambda account: {"id": account.make(_TEMPLATE, **inputs).id, "version": version}


def _addon(name: str, values: dict[str, Any] | None, **group: Any) -> Act:
    """An add-on in a cluster whose one node group is tainted."""

    def act(account: Account) -> object:
        account.make(_NODES, **account.nodes(**{"taints": [_TAINT], "labels": {"role": "control"}, **group}))
        inputs = {} if values is None else {"configurationValues": json.dumps(values)}
        return account.make(_ADDON, clusterName=account.cluster.id, addonName=name, **inputs)

    return act


def _access_in(mode: str) -> Act:
    def act(account: Account) -> object:
        account.make(_EKS, **{**MINIMAL[_EKS](account), "name": "other", "accessConfig": {"authenticationMode": mode}})
        return account.make(_ENTRY, clusterName="other", principalArn=account.role["arn"])

    return act


def _policy_without_entry(account: Account) -> object:
    """The entry is one of another cluster."""
    account.make(_EKS, **{**MINIMAL[_EKS](account), "name": "other", "accessConfig": {"authenticationMode": "API"}})
    account.make(_ENTRY, clusterName="other", principalArn=account.role["arn"])
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    return account.make(
        _SCOPE, clusterName=account.cluster.id, principalArn=account.role["arn"], policyArn=policy, accessScope={"type": "cluster"}
    )


def _document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _long(count: int) -> str:
    """An identity policy with a resource of that many characters."""
    return allow(resource="arn:aws:s3:::" + "a" * count)


def _inline_twice(size: int) -> Act:
    def act(account: Account) -> object:
        account.make(_ROLE_POLICY, role=account.role.id, policy=_long(5000))
        return account.make(_ROLE_POLICY, role=account.role.id, policy=_long(size))

    return act


def _trusting(account: Account, *, there: bool) -> object:
    arn = account.role["arn"] if there else "arn:aws:iam::123456789012:role/nobody"
    return account.make(_ROLE, assumeRolePolicy=_document(Action="sts:AssumeRole", Principal={"AWS": arn}))


_SERVICE = {"Service": "ec2.amazonaws.com"}
PAIRS = {
    "a cluster is in two zones": Pair(_cluster_in("aa"), _cluster_in("ab")),
    "a cluster stays in its zones": Pair(_cluster_moved("abc"), _cluster_moved("ba")),
    "a cluster is in one VPC": Pair(_group_of_cluster("other_group"), _group_of_cluster("group")),
    "the zone has EKS": Pair(_cluster_in("ae"), _cluster_in("af")),
    "EKS has the Kubernetes version": Pair(made(_EKS, version="1.20"), made(_EKS, version="1.33")),
    "Kubernetes goes up one minor version at a time": Pair(
        changed(_EKS, {"version": "1.33"}, {"version": "1.32"}), changed(_EKS, {"version": "1.33"}, {"version": "1.34"})
    ),
    "the API server can be reached": Pair(
        _cluster({"endpointPublicAccess": False}), _cluster({"endpointPublicAccess": False, "endpointPrivateAccess": True})
    ),
    "the service range is private and beside the VPC": Pair(
        made(_EKS, kubernetesNetworkConfig={"serviceIpv4Cidr": "10.0.128.0/20"}),
        made(_EKS, kubernetesNetworkConfig={"serviceIpv4Cidr": "172.20.0.0/16"}),
    ),
    "EKS may assume the cluster's role": Pair(made(_EKS, roleArn=_role_for("ec2")), made(_EKS, roleArn=_role_for("eks"))),
    "the access mode goes towards API only": Pair(
        changed(_EKS, {"accessConfig": {"authenticationMode": "API"}}, {"accessConfig": {"authenticationMode": "CONFIG_MAP"}}),
        changed(
            _EKS, {"accessConfig": {"authenticationMode": "CONFIG_MAP"}}, {"accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}}
        ),
    ),
    "a protected cluster stays": Pair(deleted(_EKS, deletionProtection=True), deleted(_EKS, deletionProtection=False)),
    "minimum, desired and maximum are in order": Pair(_sizes(3, 3, 2), _sizes(2, 3, 3)),
    "nodes are in the cluster's VPC": Pair(made(_NODES, subnetIds=lambda account: account.other_subnets), made(_NODES)),
    "nodes are no newer than the cluster": Pair(made(_NODES, version="1.34"), made(_NODES, version="1.32")),
    "EC2 may assume the nodes' role": Pair(made(_NODES, nodeRoleArn=_role_for("eks")), made(_NODES)),
    "the launch template suits a managed node group": Pair(
        made(_NODES, launchTemplate=_template(instanceType="m5.large"), instanceTypes=["m5.large"]),
        made(_NODES, launchTemplate=_template(), instanceTypes=["m5.large"]),
    ),
    "the launch template's groups are in the cluster's VPC": Pair(
        made(_NODES, launchTemplate=_template(vpcSecurityGroupIds=["sg-0123456789abcdef0"])), made(_NODES, launchTemplate=_template())
    ),
    "the instance types exist": Pair(made(_NODES, instanceTypes=["m5.3xlarge"]), made(_NODES, instanceTypes=["m5.2xlarge"])),
    "a label has no prefix that is Kubernetes' own": Pair(
        made(_NODES, labels={"node-role.kubernetes.io/worker": "true"}), made(_NODES, labels={"coder.com/role": "worker"})
    ),
    "the nodes' role lets them join": Pair(_nodes_with("AmazonEKS_CNI_Policy"), _nodes_with("AmazonEKSWorkerNodePolicy")),
    "no taint twice": Pair(
        made(_NODES, taints=[_TAINT, {**_TAINT, "value": "b"}]), made(_NODES, taints=[_TAINT, {**_TAINT, "effect": "NO_EXECUTE"}])
    ),
    "EKS has the add-on": Pair(made(_ADDON, addonName="core-dns"), made(_ADDON, addonName="kube-proxy")),
    "the add-on's version has EKS's form": Pair(made(_ADDON, addonVersion="1.20.4"), made(_ADDON, addonVersion="v1.20.4-eksbuild.2")),
    "kube-proxy is no newer than the cluster": Pair(
        made(_ADDON, addonName="kube-proxy", addonVersion="v1.34.0-eksbuild.2"),
        made(_ADDON, addonName="kube-proxy", addonVersion="v1.33.10-eksbuild.2"),
    ),
    "an add-on's configuration is JSON": Pair(
        made(_ADDON, configurationValues='{"env": '), made(_ADDON, configurationValues='{"env": {}}')
    ),
    "an add-on has a node that it tolerates": Pair(_addon("coredns", None), _addon("coredns", {"tolerations": [_TOLERATION]})),
    "access entries need the API mode": Pair(_access_in("CONFIG_MAP"), _access_in("API_AND_CONFIG_MAP")),
    "an entry of nodes names no groups": Pair(
        made(_ENTRY, type="EC2_LINUX", kubernetesGroups=["admins"]), made(_ENTRY, type="STANDARD", kubernetesGroups=["admins"])
    ),
    "EKS has the access policy": Pair(
        made(_SCOPE, policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSRootPolicy"),
        made(_SCOPE, policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"),
    ),
    "a scope names its namespaces": Pair(
        made(_SCOPE, accessScope={"type": "namespace"}), made(_SCOPE, accessScope={"type": "namespace", "namespaces": ["coder"]})
    ),
    "a policy goes to an access entry of its cluster": Pair(_policy_without_entry, made(_SCOPE)),
    # IAM
    "a policy is JSON": Pair(made(_POLICY, policy="{'Version': '2012-10-17'}"), made(_POLICY)),
    "a trust policy says who": Pair(
        made(_ROLE, assumeRolePolicy=_document(Action="sts:AssumeRole")),
        made(_ROLE, assumeRolePolicy=_document(Action="sts:AssumeRole", Principal=_SERVICE)),
    ),
    "the roles that a trust policy names exist": Pair(
        lambda account: _trusting(account, there=False), lambda account: _trusting(account, there=True)
    ),
    "a trust policy has a largest size": Pair(
        made(_ROLE, assumeRolePolicy=trust(*[f"service{number:03}" for number in range(90)])),
        made(_ROLE, assumeRolePolicy=trust(*[f"service{number:03}" for number in range(60)])),
    ),
    "an identity policy says what": Pair(
        made(_POLICY, policy=_document(Action="s3:GetObject")), made(_POLICY, policy=_document(Action="s3:GetObject", Resource="*"))
    ),
    "a managed policy has a largest size": Pair(made(_POLICY, policy=_long(6144)), made(_POLICY, policy=_long(6000))),
    "a role's inline policies have a largest size": Pair(_inline_twice(5200), _inline_twice(4900)),
    "AWS has the managed policy": Pair(
        made(_ATTACHMENT, policyArn="arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicy"),  # it is under service-role/
        made(_ATTACHMENT, policyArn="arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"),
    ),
    "an OIDC provider has a client": Pair(made(_OIDC, clientIdLists=[]), made(_OIDC, clientIdLists=["sts.amazonaws.com"])),
}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_row_refuses_what_aws_refuses_and_no_more(name, tmp_path, monkeypatch):
    judge(ROWS, name, PAIRS[name], tmp_path, monkeypatch)


def test_every_row_has_a_pair():
    assert untested(ROWS, PAIRS) == []


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path)


@pytest.mark.parametrize(
    ("name", "values", "group"),
    [
        ("coredns", {"tolerations": [{"operator": "Exists"}]}, {}),
        ("coredns", {"tolerations": [_TOLERATION], "nodeSelector": {"role": "control"}}, {}),
        ("aws-ebs-csi-driver", {"controller": {"tolerations": [_TOLERATION]}}, {}),
        ("coredns", None, {"taints": [{**_TAINT, "effect": "PREFER_NO_SCHEDULE"}]}),
        ("coredns", None, {"taints": [{"key": "CriticalAddonsOnly", "effect": "NO_SCHEDULE"}]}),
        ("kube-proxy", None, {}),  # a DaemonSet: it is content with no node
    ],
)
def test_an_add_on_that_tolerates_its_nodes_becomes_active(account, name, values, group):
    _addon(name, values, **group)(account)


@pytest.mark.parametrize(
    ("name", "values", "group"),
    [
        ("coredns", {"tolerations": [{**_TOLERATION, "value": "workspace"}]}, {}),
        ("coredns", {"tolerations": [{**_TOLERATION, "effect": "NoExecute"}]}, {}),
        ("coredns", {"tolerations": [_TOLERATION], "nodeSelector": {"role": "workspace"}}, {}),
        ("aws-ebs-csi-driver", {"node": {"tolerations": [_TOLERATION]}}, {}),
        ("coredns", {"tolerations": [_TOLERATION]}, {"scalingConfig": {"minSize": 0, "desiredSize": 0, "maxSize": 3}}),
    ],
)
def test_an_add_on_without_a_node_for_it_fails(account, name, values, group):
    with pytest.raises(Exception, match="desired number of replicas"):
        _addon(name, values, **group)(account)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        '{"Version": "2012-10-17"}',
        '{"Version": "2020-01-01", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}',
        _document(Action="GetObject", Resource="*"),
        _document(Action="s3:GetObject", Resource="bucket"),
        _document(Action="s3:GetObject", NotAction="s3:PutObject", Resource="*"),
        _document(Action="s3:GetObject", Resource="*", Principal="*"),
        _document(Action="s3:GetObject", Resource="*", Sid="with blanks"),
        _document(Action="s3:GetObject", Resource="*", Condition={"Equals": {"aws:PrincipalTag/a": "b"}}),
        _document(Action="s3:GetObject", Resource="*", Conditions={}),
        _document(Effect="allow", Action="s3:GetObject", Resource="*"),
    ],
)
def test_a_malformed_identity_policy_is_refused(account, document):
    assert account.refusal(_POLICY, policy=document) == "MalformedPolicyDocument"


@pytest.mark.parametrize(
    "document",
    [
        _document(Action=["s3:Get*", "s3:List*"], Resource=["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"], Sid="Read1"),
        _document(NotAction="iam:*", Resource="*"),
        _document(Action="rds-db:connect", Resource="arn:aws:rds-db:us-east-1:123456789012:dbuser:cluster-ABC/coder"),
        _document(
            Action="s3:GetObject",
            Resource="*",
            Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a"]}, "Bool": {"aws:SecureTransport": "true"}},
        ),
    ],
)
def test_a_good_identity_policy_is_taken(account, document):
    assert account.refusal(_POLICY, policy=document) is None


@pytest.mark.parametrize(
    ("template", "nodes"),
    [
        ({"imageId": "ami-0123456789abcdef0"}, {"amiType": "CUSTOM", "version": "1.33"}),
        ({"imageId": "ami-0123456789abcdef0"}, {"amiType": "CUSTOM", "releaseVersion": "1.33.4-20260714"}),
        ({"instanceInitiatedShutdownBehavior": "terminate"}, {}),
        ({"hibernationOptions": {"configured": True}}, {}),
    ],
)
def test_a_managed_node_group_refuses_what_it_sets_itself(tmp_path, template: dict[str, Any], nodes: dict[str, Any]):
    """EKS user guide, "Customize managed nodes with launch templates", at 4d52b4d0."""
    account = Account(tmp_path)
    with pytest.raises(Refused, match=r"(?i)launch template"):
        account.make(_NODES, **account.nodes(launchTemplate=_template(**template)(account), **nodes))
    assert account.refusal(_NODES, **account.nodes(launchTemplate=_template()(account))) is None
