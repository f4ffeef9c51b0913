"""The baseline: each rule judges something of prod, lets it pass, and is tripped by a change of prod (POL-19, POL-21 to POL-23)."""

from __future__ import annotations

import copy
import functools
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.runtime import proto

from policy import baseline, baseline_aws, baseline_kubernetes, inputs, tokens
from policy.baseline import RULES
from policy.graph import Graph, Node
from policy.stack import Stack
from tests.policy.breaking import Breaking, drop, put
from tests.policy.judge import BASELINE, graph_of, run, servicer
from tests.policy.recorded import Recording, stack
from tests.policy.world import DEPLOYED, PREVIEW

EKS, GROUP, TEMPLATE = tokens.EKS_CLUSTER, tokens.NODE_GROUP, tokens.LAUNCH_TEMPLATE
DATABASE, RELEASE, JOB = tokens.DATABASE_CLUSTER, tokens.RELEASE, "kubernetes:batch/v1:Job"
POD = "spec.template.spec"
CONTAINER = f"{POD}.containers.0"
ROLE, BINDING = tokens.KUBERNETES_ROLES[0], tokens.ROLE_BINDINGS[0]
IRSA = {"Effect": "Allow", "Principal": {"Federated": "x"}, "Action": "sts:AssumeRoleWithWebIdentity"}


def policy(**statement: Any) -> Breaking:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    return put(tokens.ROLE_POLICY, None, "policy", json.dumps(document))


def trust(**statement: Any) -> Breaking:
    return put(tokens.ROLE, None, "assumeRolePolicy", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def _rule(given: dict[str, Any]) -> Breaking:
    def change(found: Recording) -> None:
        entry = found.all(tokens.INGRESS_RULE)[0]
        for key, value in {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", **given}.items():
            entry.put(key, value)

    return change


def coderd(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Breaking:
    def edit(found: Recording) -> None:
        release = next(entry for entry in found.all(RELEASE) if str(entry.inputs["chart"]).rstrip("/").endswith("coder"))
        release.put("values.coder.env", change(copy.deepcopy(release.inputs["values"]["coder"]["env"])))

    return edit


def variable(name: str, value: str | None) -> Breaking:
    return coderd(lambda env: [item for item in env if item["name"] != name] + ([{"name": name, "value": value}] if value else []))


def workspace_rights(found: Recording) -> None:
    release = next(entry for entry in found.all(RELEASE) if str(entry.inputs["chart"]).rstrip("/").endswith("coder"))
    release.put("values.coder.serviceAccount", {"workspacePerms": True})


def kubernetes_rule(**given: Any) -> Breaking:
    return put(ROLE, None, "rules", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], **given}])


def subject(**given: Any) -> Breaking:
    return put(BINDING, None, "subjects", [given])


def no_flow_log(found: Recording) -> None:
    found.remove(*found.all(baseline_aws.FLOW_LOG))


TRIPS: dict[str, Breaking] = {
    "eks-cluster-audit-logging-enabled": put(
        EKS, None, "enabledClusterLogTypes", ["api", "authenticator", "controllerManager", "scheduler"]
    ),
    "eks-cluster-public-endpoint-restricted": put(
        EKS, None, "vpcConfig", {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
    ),
    "eks-cluster-private-endpoint-enabled": put(EKS, None, "vpcConfig.endpointPrivateAccess", False),
    "eks-cluster-secrets-encryption-enabled": drop(EKS, None, "encryptionConfig"),
    "eks-cluster-access-manager-enabled": put(EKS, None, "accessConfig.authenticationMode", "CONFIG_MAP"),
    "eks-cluster-version-pinned": drop(EKS, None, "version"),
    "eks-cluster-multi-zone": put(EKS, None, "vpcConfig.subnetIds", ["subnet-1"]),
    "eks-addon-version-pinned": drop(tokens.ADD_ON, None, "addonVersion"),
    "eks-node-group-launch-template-required": drop(GROUP, None, "launchTemplate"),
    "eks-node-group-remote-access-disabled": put(GROUP, None, "remoteAccess", {"ec2SshKey": "k"}),
    "eks-node-group-maintained-image": put(GROUP, None, "amiType", "AL2_x86_64"),
    "eks-node-group-gpu-free": put(GROUP, None, "instanceTypes", ["m5.large", "g5.xlarge"]),
    "ec2-launch-template-imdsv2": put(TEMPLATE, None, "metadataOptions.httpTokens", "optional"),
    "ec2-launch-template-hop-limit": put(TEMPLATE, None, "metadataOptions.httpPutResponseHopLimit", 2),
    "ec2-launch-template-hop-limit-set": drop(TEMPLATE, None, "metadataOptions.httpPutResponseHopLimit"),
    "ec2-launch-template-encrypted": put(TEMPLATE, None, "blockDeviceMappings.0.ebs.encrypted", "false"),
    "ec2-launch-template-own-key": drop(TEMPLATE, None, "blockDeviceMappings.0.ebs.kmsKeyId"),
    "ec2-launch-template-no-public-address": put(TEMPLATE, None, "networkInterfaces", [{"associatePublicIpAddress": "true"}]),
    "ec2-launch-template-no-ssh-key": put(TEMPLATE, None, "keyName", "operations"),
    "iam-policy-no-star-action": policy(Action="*", Resource="arn:aws:s3:::x"),
    "iam-policy-pass-role-scoped": policy(Action=["ec2:RunInstances", "iam:Pass*"], Resource="*"),
    "iam-policy-no-service-wide": policy(Action="kms:*", Resource="arn:aws:kms:us-east-1:1:key/x"),
    "iam-policy-mutations-scoped": policy(Action=["ec2:DescribeVolumes", "ec2:DeleteVolume"], Resource="*"),
    "iam-role-no-open-trust": trust(Effect="Allow", Principal="*", Action="sts:AssumeRole"),
    "iam-role-one-service-account": trust(**IRSA, Condition={"StringLike": {"issuer:sub": "system:serviceaccount:coder:*"}}),
    "iam-role-short-sessions": put(tokens.ROLE, None, "maxSessionDuration", 86400),
    "iam-attachment-no-administrator": put(tokens.ROLE_ATTACHMENT, None, "policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
    "iam-oidc-audience": put(baseline_aws.OIDC_PROVIDER, None, "clientIdLists", ["other"]),
    "rds-encrypted": put(DATABASE, None, "storageEncrypted", False),
    "rds-own-key": drop(DATABASE, None, "kmsKeyId"),
    "rds-iam-authentication": put(DATABASE, None, "iamDatabaseAuthenticationEnabled", False),
    "rds-logs-exported": put(DATABASE, None, "enabledCloudwatchLogsExports", []),
    "rds-copy-tags": put(DATABASE, None, "copyTagsToSnapshot", False),
    "rds-not-public": put(tokens.DATABASE_CLUSTER_INSTANCE, None, "publiclyAccessible", True),
    "rds-tls-only": put(baseline_aws.PARAMETERS, None, "parameters", [{"name": "rds.force_ssl", "value": "0"}]),
    "rds-multi-zone-subnets": put(tokens.SUBNET_GROUP, None, "subnetIds", ["subnet-1"]),
    "elb-deletion-protection": put(tokens.LOAD_BALANCERS[0], None, "enableDeletionProtection", False),
    "elb-cross-zone": put(tokens.LOAD_BALANCERS[0], None, "enableCrossZoneLoadBalancing", False),
    "elb-target-health": put(tokens.TARGET_GROUPS[0], None, "healthCheck.path", "/"),
    "elb-listener-no-plain": put(tokens.LISTENERS[0], None, "protocol", "TCP"),
    "kms-rotation": put(baseline_aws.KEY, None, "enableKeyRotation", False),
    "kms-deletion-window": drop(baseline_aws.KEY, None, "deletionWindowInDays"),
    "logs-retention": put(baseline_aws.LOG_GROUP, None, "retentionInDays", 7),
    "vpc-default-group-closed": put(tokens.DEFAULT_SECURITY_GROUP, None, "ingress", [{"fromPort": 0, "toPort": 0, "protocol": "-1"}]),
    "vpc-default-group-silent": put(tokens.DEFAULT_SECURITY_GROUP, None, "egress", [{"fromPort": 0, "toPort": 0, "protocol": "-1"}]),
    "vpc-flow-logs-all": put(baseline_aws.FLOW_LOG, None, "trafficType", "REJECT"),
    "vpc-subnet-no-public-addresses": put(tokens.SUBNET, None, "mapPublicIpOnLaunch", True),
    "vpc-no-open-ssh": _rule({"fromPort": 20, "toPort": 25}),
    "vpc-no-open-rdp": _rule({"ipProtocol": "-1"}),
    "vpc-no-open-database": _rule({"fromPort": 5432, "toPort": 5432}),
    "vpc-nacl-no-open-administration": put(
        baseline_aws.NACL, None, "ingress", [{"action": "allow", "cidrBlock": "0.0.0.0/0", "protocol": "6", "fromPort": 22, "toPort": 22}]
    ),
    "vpc-dns-support": put(tokens.VPC, None, "enableDnsSupport", False),
    "vpc-rule-described": drop(tokens.INGRESS_RULE, None, "description"),
    "backup-vault-own-key": drop(baseline_aws.VAULT, None, "kmsKeyArn"),
    "backup-plan-keeps": put(baseline_aws.PLAN, None, "rules.0.lifecycle.deleteAfter", 6),
    "route53-health-https": put(baseline_aws.HEALTH_CHECK, None, "type", "HTTP"),
    "alarm-has-action": put(baseline_aws.ALARM, None, "alarmActions", []),
    "tags-on-everything": drop(tokens.VPC, None, "tags"),
    "k8s-pod-not-privileged": put(JOB, None, f"{CONTAINER}.securityContext.privileged", True),
    "k8s-pod-no-host-pid": put(JOB, None, f"{POD}.hostPID", True),
    "k8s-pod-no-host-ipc": put(JOB, None, f"{POD}.hostIPC", True),
    "k8s-pod-no-host-network": put(JOB, None, f"{POD}.hostNetwork", True),
    "k8s-pod-no-escalation": drop(JOB, None, f"{CONTAINER}.securityContext.allowPrivilegeEscalation"),
    "k8s-pod-not-root": lambda found: (
        drop(JOB, None, f"{POD}.securityContext")(found),
        put(JOB, None, f"{CONTAINER}.securityContext", {})(found),
    ),
    "k8s-pod-drops-capabilities": put(JOB, None, f"{CONTAINER}.securityContext.capabilities", {"drop": ["NET_RAW"]}),
    "k8s-pod-seccomp": lambda found: (
        drop(JOB, None, f"{POD}.securityContext")(found),
        put(JOB, None, f"{CONTAINER}.securityContext", {})(found),
    ),
    "k8s-pod-no-host-path": put(JOB, None, f"{POD}.volumes", [{"name": "x", "hostPath": {"path": "/"}}]),
    "k8s-pod-image-digest": put(JOB, None, f"{CONTAINER}.image", "postgres:16"),
    "k8s-pod-memory-limit": drop(JOB, None, f"{CONTAINER}.resources"),
    "k8s-namespace-pod-security": put(
        tokens.NAMESPACE, "coder-ws", "metadata.labels", {"pod-security.kubernetes.io/enforce": "privileged"}
    ),
    "k8s-role-no-star-resources": kubernetes_rule(resources=["*"]),
    "k8s-role-no-star-verbs": kubernetes_rule(verbs=["*"]),
    "k8s-role-secrets-named": kubernetes_rule(resources=["pods", "secrets"]),
    "k8s-binding-no-anonymous": subject(kind="Group", name="system:authenticated"),
    "k8s-binding-no-default-account": subject(kind="ServiceAccount", name="default", namespace="coder"),
    "k8s-no-static-aws-keys": put(tokens.CONFIG_MAP, None, "data", {"credentials": "key = AKIAIOSFODNN7EXAMPLE"}),
    "k8s-service-internal": put(tokens.SERVICE, None, "spec.type", "LoadBalancer"),
    "k8s-storage-encrypted": put(baseline_kubernetes.STORAGE_CLASS, None, "parameters.encrypted", "false"),
    "k8s-quota-no-load-balancers": drop(baseline_kubernetes.QUOTA, None, "spec.hard"),
    "k8s-budget-protects": drop(baseline_kubernetes.BUDGET, None, "spec.maxUnavailable"),
    "helm-version-pinned": drop(RELEASE, None, "version"),
    "helm-source-trusted": lambda found: next(e for e in found.all(RELEASE) if e.get("repositoryOpts")).put(
        "repositoryOpts", {"repo": "http://x"}
    ),
    "helm-no-privileged-values": put(RELEASE, None, "values", {"node": {"securityContext": {"privileged": True}}}),
    "coder-path-apps-off": variable("CODER_DISABLE_PATH_APPS", None),
    "coder-secure-cookie": variable("CODER_SECURE_AUTH_COOKIE", "false"),
    "coder-hsts": variable("CODER_STRICT_TRANSPORT_SECURITY", "60"),
    "coder-no-dangerous-flags": variable("CODER_DANGEROUS_DISABLE_RATE_LIMITS", "true"),
    "coder-no-database-password": variable("CODER_PG_CONNECTION_URL", "postgres://coder:secret@host:5432/coder"),
    "coder-no-workspace-rights": workspace_rights,
}


@functools.cache
def counts() -> Counter[str]:
    """How many of prod's resources each rule judges."""
    return baseline.judge(Stack(graph_of(stack("prod", DEPLOYED))), {}).rules


def changed(trip: Breaking) -> Recording:
    """What a change touched, alone: a rule judges single resources."""
    before = {entry.urn: (entry.inputs, entry.edges) for entry in stack("prod", DEPLOYED).entries}
    found = stack("prod", DEPLOYED)
    trip(found)
    found.entries = [entry for entry in found.entries if before.get(entry.urn) != (entry.inputs, entry.edges)]
    assert found.entries, "nothing was changed"
    return found


@pytest.mark.parametrize("rule_id", [found.id for found in RULES])
def test_each_rule_judges_prod_and_is_tripped_by_a_change_of_it(rule_id: str) -> None:
    """A rule counts when both hold; the finding carries its id."""
    assert counts()[rule_id] > 0, "the rule judges nothing of prod"
    outcome = run(changed(TRIPS[rule_id]), DEPLOYED, number=BASELINE)
    assert any(f"\nbaseline {rule_id}: " in line.message for line in outcome.violations()), outcome.lines


@pytest.mark.parametrize(
    ("rule_id", "action"), [("iam-policy-pass-role-scoped", "iam:PassRole"), ("iam-policy-mutations-scoped", "ec2:DeleteVolume")]
)
def test_all_resources_but_one_are_too_many(rule_id: str, action: str) -> None:
    found = changed(policy(Action=action, NotResource="arn:aws:iam::123456789012:role/one"))
    assert any(f"\nbaseline {rule_id}: " in line.message for line in run(found, DEPLOYED, number=BASELINE).violations())


def test_there_are_rules_enough_and_each_has_a_source() -> None:
    ids = [found.id for found in RULES]
    assert len(ids) == len(set(ids)) >= 40
    assert set(TRIPS) == set(ids)
    assert all(found.source for found in RULES)


@pytest.mark.parametrize("mode", [DEPLOYED, "preview"])
def test_prod_has_no_finding(mode: str) -> None:
    outcome = run(stack("prod", mode), mode, number=BASELINE)
    assert outcome.violations() == []
    assert "baseline" in outcome.passed


def test_a_network_without_flow_logs_is_seen_in_the_whole_stack() -> None:
    found = stack("prod", DEPLOYED)
    no_flow_log(found)
    assert any("\nbaseline vpc-flow-logs-everywhere: " in line.message for line in run(found, DEPLOYED, number=BASELINE).violations())


NAT = {"resourceType": "instance", "tags": {"Purpose": "nat"}}
PUBLIC = [{"associatePublicIpAddress": "true"}]
CARD, ROUTE = tokens.NETWORK_INTERFACE, tokens.ROUTE


def called_so(found: Recording) -> None:
    """A name is no reason: neither for a public address nor for a disk under AWS's key."""
    template = found.one(TEMPLATE, "nat-a")
    template.put("tagSpecifications", [{"resourceType": "instance", "tags": {"Purpose": "bastion"}}])
    template.drop("blockDeviceMappings.0.ebs.kmsKeyId")


def tagged_nodes(found: Recording) -> None:
    (group,) = found.all(GROUP)
    template = next(each for each in found.all(TEMPLATE) if each.urn in group.edges["launchTemplate"])
    template.put("tagSpecifications", [NAT])
    template.put("networkInterfaces", PUBLIC)


def look_alike(found: Recording) -> None:
    """All that a NAT instance's template has, but that it is told of no interface."""
    twin = found.copy_of(found.one(TEMPLATE, "nat-a"), "us-east-2-nat-c")
    twin.edges = {key: urns for key, urns in twin.edges.items() if key != "userData"}


NO_NAT: dict[str, tuple[Breaking, tuple[str, ...]]] = {
    "called so": (called_so, ("nat-a: gives nodes a public address", "nat-a: encrypts a disk with AWS's key")),
    "nodes": (tagged_nodes, ("of-nodes: us-east-2-system: starts nodes", "no-public-address: us-east-2-system: is tagged")),
    "look-alike": (look_alike, ("nat-c: is tagged as a NAT instance's",)),
    "half tagged": (
        put(TEMPLATE, "nat-a", "tagSpecifications", [NAT, {"resourceType": "volume", "tags": {}}]),
        ("nat-a: gives nodes a public address",),
    ),
    "an interface that takes its own packets only": (put(CARD, "nat-a", "sourceDestCheck", True), ("nat-a: is tagged as a NAT",)),
    "no route": (lambda found: found.remove(*found.all(ROUTE)), ("nat-a: is tagged as a NAT instance's",)),
}


@pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
def test_nat_instances_have_public_addresses(mode: str) -> None:
    """NET-15: demo's NAT is an instance; by what it does, whatever it is called."""
    found = demo_templates(mode)
    assert found.one(TEMPLATE, "nat-a").inputs["networkInterfaces"][0]["associatePublicIpAddress"] == "true"
    found.one(TEMPLATE, "nat-a").name = "us-east-2-way-out"
    assert run(found, mode, number=BASELINE).violations() == []


@pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
@pytest.mark.parametrize("name", NO_NAT)
def test_nothing_else_passes_for_a_nat_instance(name: str, mode: str) -> None:
    found = demo_templates(mode)
    change, reasons = NO_NAT[name]
    change(found)
    messages = [line.message for line in run(found, mode, number=BASELINE).violations()]
    for reason in reasons:
        assert any(reason in message for message in messages), messages


def demo_templates(mode: str) -> Recording:
    """demo's launch templates and what says what they start."""
    found = stack("demo", mode)
    found.entries = [entry for entry in found.entries if entry.type in {TEMPLATE, GROUP, CARD, ROUTE}]
    return found


DAY = "2031-03-05"  # far from the machine's clock


def exception(*others: dict[str, str], **given: str) -> dict[str, Any]:
    entry = {"rule": "kms-rotation", "reason": "imported key", "owner": "security", "expires": DAY, **given}
    entries: list[dict[str, str]] = [*({**entry, **other} for other in others), entry]
    return {name: {"exceptions": entries, "today": DAY} for name in ("baseline", "baseline-inputs")}


def test_an_exception_has_an_end() -> None:
    """POL-20: reason, owner, last day; the day after it the rule holds again, and the exception itself is a violation."""
    found = changed(TRIPS["kms-rotation"])
    assert run(found, DEPLOYED, exception(), number=BASELINE).violations() == []
    messages = [line.message for line in run(found, DEPLOYED, exception(expires="2031-03-04"), number=BASELINE).violations()]
    assert any("never rotates" in message for message in messages)
    assert any("ended on 2031-03-04 (security: imported key)" in message for message in messages)
    assert any(
        "of kms, which is no rule" in line.message for line in run(found, DEPLOYED, exception(rule="kms"), number=BASELINE).violations()
    )


def test_an_exception_speaks_of_its_resource_only() -> None:
    found = changed(TRIPS["kms-rotation"])
    (key,) = found.entries
    assert run(found, DEPLOYED, exception(resource=key.name), number=BASELINE).violations() == []
    assert run(found, DEPLOYED, exception(resource=key.urn), number=BASELINE).violations() == []
    assert run(found, DEPLOYED, exception(resource="another"), number=BASELINE).violations() != []


def test_a_renewed_exception_holds_beside_the_one_that_ended() -> None:
    """Only the one that ended is still to be removed."""
    found = changed(TRIPS["kms-rotation"])
    lines = run(found, DEPLOYED, exception({"expires": "2031-03-04"}), number=BASELINE).violations()
    assert ["ended on 2031-03-04" in line.message for line in lines] == [True]


def test_a_finding_is_pinned_to_what_it_speaks_of() -> None:
    """One about a resource to that, one about the pack's own config to the stack: `pulumi policy analyze` panics on any other URN."""
    found = stack("prod", DEPLOYED)
    no_flow_log(found)
    lines = run(found, DEPLOYED, exception(expires="2031-03-04"), number=BASELINE).violations()
    said = {line.message.partition("\nbaseline ")[2].partition(": ")[0]: line.urn for line in lines}
    assert said == {"vpc-flow-logs-everywhere": found.one(tokens.VPC).urn, "exceptions": found.one("pulumi:pulumi:Stack").urn}


def test_each_resource_that_a_rule_judges_counts_once() -> None:
    keys = [Node(urn=f"urn:{name}", type_token=baseline_aws.KEY, name=name, raw={}) for name in ("a", "b")]
    verdict = baseline.judge(Stack(Graph(keys)), {})
    assert verdict.rules["kms-rotation"] == 2
    assert verdict.judged == {"urn:a", "urn:b"}


def test_a_template_of_nodes_is_known_by_its_id_alone() -> None:
    """An imported node group has no edges."""
    template = Node(urn="urn:t", type_token=TEMPLATE, name="t", raw={"id": "lt-1", "tagSpecifications": [NAT]})
    group = Node(urn="urn:g", type_token=GROUP, name="g", raw={"launchTemplate": {"id": "lt-1", "version": "1"}})
    assert any("starts nodes" in each.message for each in baseline.judge(Stack(Graph([template, group])), {}).violations)


def test_what_the_baseline_does_not_speak_of_is_told() -> None:
    """A type without rules, and a stack with nothing in it."""
    request = proto.AnalyzeRequest(urn="urn:x", type="random:index/randomId:RandomId", name="x")
    waived = servicer(policies=baseline.POLICIES).Analyze(request, None).not_applicable
    assert [(each.policy_name, each.reason) for each in waived] == [("baseline-inputs", "no rule speaks of this type")]
    empty = stack("prod", DEPLOYED)
    empty.entries = empty.all("pulumi:pulumi:Stack")
    assert run(empty, DEPLOYED, number=BASELINE).not_applicable["baseline"] == "the stack is empty"


def test_what_a_resource_was_declared_with_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the stack policies, which see no inputs, should the baseline be the only policy that runs."""
    monkeypatch.setattr(inputs, "_inputs", {})
    request = proto.AnalyzeRequest(urn="urn:remembered", type=baseline_aws.KEY, name="x")
    request.properties.update({"description": "declared"})
    servicer(policies=baseline.POLICIES).Analyze(request, None)
    assert Node(urn="", type_token="", name="", raw={}, inputs=inputs.declared_with("urn:remembered")).get("description") == "declared"
