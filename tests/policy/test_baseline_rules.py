"""What each rule of the baseline says of one resource: other ways to break it than the one in test_baseline.py, and valid look-alikes."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE as UNKNOWN

from policy import tokens
from policy.baseline import RULES
from policy.graph import Node

RULE = {rule.id: rule for rule in RULES}
Props = dict[str, Any]
EKS, TEMPLATE = "eks-cluster-", "ec2-launch-template-"
DIGEST = "postgres@sha256:" + "0" * 64
ACCOUNT = "system:serviceaccount:coder:coder"
KEY = "AKIAIOSFODNN7EXAMPLE"  # AWS's own example


def says(rule: str, given: Mapping[str, Any], kind: str | None = None, edges: Mapping[str, list[str]] | None = None) -> str | None:
    """What a rule says of a resource of its first type, or of another one; None where it lets it pass or does not speak of it."""
    node = Node(urn="urn:it", type_token=kind or RULE[rule].types[0], name="it", raw=given, edges=edges)
    return RULE[rule].check(node) if RULE[rule].applies(node) else None


def allows(*statements: Mapping[str, Any], **statement: Any) -> Props:
    """An IAM policy."""
    return {"policy": json.dumps({"Statement": [{"Effect": "Allow", **each} for each in statements or (statement,)]})}


def trusts(*statements: Mapping[str, Any], **statement: Any) -> Props:
    """A role."""
    return {"assumeRolePolicy": json.dumps({"Statement": [{"Effect": "Allow", **each} for each in statements or (statement,)]})}


def irsa(*, audience: Any = "sts.amazonaws.com", **exact: Any) -> Props:
    """The trust in a service account."""
    condition = {"StringEquals": {"issuer:aud": audience, **{f"issuer:{key}": value for key, value in exact.items()}}}
    return {"Effect": "Allow", "Principal": {"Federated": "x"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}


def disks(*each: Props) -> Props:
    return {"blockDeviceMappings": [{"ebs": {"encrypted": "true", "kmsKeyId": "key", **disk}} for disk in each]}


def opened(**given: Any) -> Props:
    """A rule of a security group."""
    return {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, **given}


def acl(**given: Any) -> Props:
    return {"ingress": [{"action": "allow", "cidrBlock": "0.0.0.0/0", "protocol": "6", "fromPort": 22, "toPort": 22, **given}]}


def pod(container: Mapping[str, Any] | None = None, **spec: Any) -> Props:
    """A workload of one container that keeps all rules, but for what is given."""
    good = {"image": DIGEST, "resources": {"limits": {"memory": "1Gi"}}, "securityContext": HARDENED, **(container or {})}
    return {"spec": {"template": {"spec": {"containers": [good], **spec}}}}


HARDENED = {
    "privileged": False,
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def hardened(**given: Any) -> Props:
    """A container's security context, but for what is given; None leaves it out."""
    return {"securityContext": {key: value for key, value in {**HARDENED, **given}.items() if value is not None}}


def beside(container: Mapping[str, Any], kind: str = "initContainers") -> Props:
    """A good container, and that one of another kind beside it."""
    good: Props = pod()["spec"]["template"]["spec"]["containers"][0]
    return pod(None, **{kind: [{**good, **container}]})


def role(*rules: Mapping[str, Any]) -> Props:
    return {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], **rule} for rule in rules]}


def bound(*subjects: Mapping[str, Any]) -> Props:
    return {"subjects": list(subjects)}


def coder(env: Mapping[str, Any] | None = None, **values: Any) -> Props:
    """coderd's release."""
    listed = [{"name": name, **(value if isinstance(value, dict) else {"value": value})} for name, value in (env or {}).items()]
    return {"chart": "coder", "values": {"coder": {"env": listed, **values}}}


# Rule, a word of what it says, and what breaks it.
WRONG: list[tuple[str, str, Props]] = [
    (EKS + "audit-logging-enabled", "all five", {"enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager"]}),
    (EKS + "audit-logging-enabled", "all five", {}),
    (EKS + "public-endpoint-restricted", "everybody", {"vpcConfig": {"endpointPublicAccess": True}}),
    (
        EKS + "public-endpoint-restricted",
        "everybody",
        {"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24", "128.0.0.0/1"]}},
    ),
    (EKS + "private-endpoint-enabled", "endpoint", {"vpcConfig": {}}),
    (EKS + "secrets-encryption-enabled", "Secrets", {"encryptionConfig": {}}),
    (EKS + "version-pinned", "pin", {"version": ""}),
    ("eks-node-group-remote-access-disabled", "log in", {"remoteAccess": {"ec2SshKey": "k"}}),
    ("eks-node-group-maintained-image", "AL2023", {}),
    ("eks-node-group-gpu-free", "has p5.48xlarge", {"instanceTypes": ["p5.48xlarge"]}),
    (TEMPLATE + "imdsv2", "IMDSv1", {"metadataOptions": {}}),
    (TEMPLATE + "encrypted", "names no disk", {}),
    (TEMPLATE + "encrypted", "not encrypted", disks({}, {"encrypted": "false"})),
    (TEMPLATE + "encrypted", "not encrypted", disks({"encrypted": False}, {})),
    (TEMPLATE + "own-key", "AWS's key", disks({}, {"kmsKeyId": ""})),
    (TEMPLATE + "own-key", "names no disk", {"blockDeviceMappings": []}),
    (TEMPLATE + "no-public-address", "public", {"networkInterfaces": [{}, {"associatePublicIpAddress": True}]}),
    (
        TEMPLATE + "no-public-address",
        "public",
        {"tagSpecifications": [{"tags": {"Purpose": "nodes"}}], "networkInterfaces": [{"associatePublicIpAddress": "true"}]},
    ),
    (
        "iam-policy-no-star-action",
        "every action",
        allows({"Action": "s3:Get*", "Resource": "x"}, {"Action": ["a:B", "*:*"], "Resource": "x"}),
    ),
    ("iam-policy-no-star-action", "every action", allows(NotAction="iam:*", Resource="x")),
    ("iam-policy-pass-role-scoped", "any role", allows(Action="iam:PassRole", Resource="arn:aws:iam::*:role/*")),
    ("iam-policy-pass-role-scoped", "any role", allows(Action="iam:PassRole", NotResource="arn:aws:iam::*:role/admin")),
    ("iam-policy-pass-role-scoped", "any role", allows(NotAction="s3:*", Resource="*")),
    ("iam-policy-no-service-wide", "allows iam:*", allows(Action=["s3:Get*", "iam:*"], Resource="x")),
    ("iam-policy-no-service-wide", "allows STS:*", allows(Action="STS:*", Resource="x")),
    ("iam-policy-no-service-wide", "allows organizations:*", allows(Action="organizations:*", Resource="x")),
    ("iam-policy-mutations-scoped", "allows *", allows(Action="*", Resource="*")),
    ("iam-policy-mutations-scoped", "allows s3:*", allows(Action="s3:*", Resource="*")),
    ("iam-policy-mutations-scoped", "allows ec2:D*", allows(Action=["ec2:Get*", "ec2:D*"], Resource="*")),
    ("iam-policy-mutations-scoped", "allows ec2:terminateinstances", allows(Action="ec2:terminateinstances", NotResource="x")),
    (
        "iam-policy-mutations-scoped",
        "allows ec2:DeleteVolume",
        allows({"Action": "ec2:DeleteVolume", "Resource": "x"}, {"Action": "ec2:DeleteVolume", "Resource": "*"}),
    ),
    ("iam-role-no-open-trust", "anybody", trusts(Principal={"AWS": "*"}, Action="sts:AssumeRole")),
    (
        "iam-role-no-open-trust",
        "anybody",
        trusts({"Principal": {"Service": "ec2.amazonaws.com"}}, {"Principal": {"AWS": ["arn:aws:iam::1:root", "*"]}}),
    ),
    ("iam-role-one-service-account", ":sub", trusts(irsa())),
    ("iam-role-one-service-account", ":sub", trusts(irsa(sub=[ACCOUNT, ACCOUNT + "-2"]))),
    ("iam-role-one-service-account", ":sub", trusts(irsa(sub="system:serviceaccount:coder:*"))),
    ("iam-role-one-service-account", ":sub", trusts({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}, irsa())),
    ("iam-role-one-service-account", ":aud", trusts(irsa(sub=ACCOUNT, audience="other"))),
    ("iam-role-one-service-account", ":sub", trusts(irsa(sub=ACCOUNT), irsa())),
    ("iam-role-short-sessions", "12 hours", {"maxSessionDuration": 43201}),
    ("iam-attachment-no-administrator", "PowerUserAccess", {"policyArn": "arn:aws:iam::aws:policy/PowerUserAccess"}),
    ("iam-attachment-no-administrator", "IAMFullAccess", {"policyArn": "arn:aws:iam::aws:policy/IAMFullAccess"}),
    ("iam-attachment-no-administrator", "AdministratorAccess", {"policyArn": "arn:aws:iam::123456789012:policy/team/AdministratorAccess"}),
    ("iam-oidc-audience", "audience", {}),
    ("rds-own-key", "AWS's key", {"kmsKeyId": ""}),
    ("rds-tls-only", "rds.force_ssl None; set it to 1", {}),
    ("rds-multi-zone-subnets", "one zone", {"subnetIds": ["subnet-1"]}),
    ("kms-deletion-window", "mistake", {"deletionWindowInDays": 6}),
    ("logs-retention", "30 days", {"retentionInDays": 29}),
    ("logs-retention", "30 days", {}),
    ("vpc-no-open-ssh", "port 22;", opened(cidrIpv4=None, cidrIpv6="::/0")),
    ("vpc-no-open-ssh", "port 22;", opened(cidrIpv4="128.0.0.0/1")),
    ("vpc-no-open-ssh", "port 22;", opened(fromPort=0, toPort=22)),
    ("vpc-no-open-ssh", "port 22;", opened(ipProtocol="6", toPort=30)),
    ("vpc-no-open-rdp", "port 3389", opened(fromPort=3389, toPort=3389, ipProtocol="udp")),
    ("vpc-no-open-database", "port 3306", opened(fromPort=3306, toPort=3306)),
    ("vpc-no-open-database", "port 6379", opened(fromPort=6000, toPort=7000)),
    ("vpc-nacl-no-open-administration", "port 22;", acl(cidrBlock=None, ipv6CidrBlock="::/0")),
    ("vpc-nacl-no-open-administration", "port 22;", acl(cidrBlock="0.0.0.0/1", fromPort=0, toPort=65535)),
    ("vpc-nacl-no-open-administration", "port 22;", acl(protocol="-1", fromPort=0, toPort=0)),
    ("vpc-nacl-no-open-administration", "port 3389", acl(fromPort=3389, toPort=3389)),
    ("vpc-nacl-no-open-administration", "port 3389", acl(fromPort=1024, toPort=65534)),
    ("vpc-nacl-no-open-administration", "port 3389", acl(fromPort=1023, toPort=65535)),
    ("vpc-nacl-no-open-administration", "port 22;", {"ingress": [*acl(action="deny")["ingress"], *acl()["ingress"]]}),
    ("backup-plan-keeps", "None days", {"rules": [{"lifecycle": {"deleteAfter": 7}}, {}]}),
    ("tags-on-everything", "no tag Environment and Owner;", {"tags": {"ManagedBy": "Pulumi", "Owner": ""}}),
    ("elb-deletion-protection", "deleted", {"tags": {"Leaving": "soon"}}),
    ("k8s-pod-not-privileged", "privileged", beside(hardened(privileged=True))),
    ("k8s-pod-not-privileged", "privileged", beside(hardened(privileged=True), "ephemeralContainers")),
    ("k8s-pod-not-privileged", "privileged", {"spec": {"containers": [hardened(privileged=True)]}}),
    (
        "k8s-pod-not-privileged",
        "privileged",
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{}, hardened(privileged=True)]}}}}}},
    ),
    ("k8s-pod-no-escalation", "gain", beside(hardened(allowPrivilegeEscalation=True))),
    ("k8s-pod-not-root", "root", pod(hardened(runAsNonRoot=False), securityContext={"runAsNonRoot": True})),
    ("k8s-pod-not-root", "root", pod(hardened(runAsNonRoot=None))),
    ("k8s-pod-drops-capabilities", "ALL", beside(hardened(capabilities=None))),
    ("k8s-pod-seccomp", "RuntimeDefault", beside(hardened(seccompProfile={"type": "Unconfined"}))),
    ("k8s-pod-seccomp", "RuntimeDefault", pod(hardened(seccompProfile=None), securityContext={"seccompProfile": {"type": "Unconfined"}})),
    ("k8s-pod-no-host-path", "disk", pod(volumes=[{"emptyDir": {}}, {"hostPath": {}}])),
    ("k8s-pod-image-digest", "runs postgres:16,", beside({"image": "postgres:16"})),
    ("k8s-pod-memory-limit", "memory", beside({"resources": {"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}}})),
    ("k8s-namespace-pod-security", "Standard", {"metadata": {"name": "x"}}),
    ("k8s-namespace-pod-security", "Standard", {"metadata": {"labels": {"pod-security.kubernetes.io/warn": "restricted"}}}),
    ("k8s-role-no-star-resources", "all resources", role({}, {"resources": ["pods", "*"]})),
    ("k8s-role-no-star-verbs", "all verbs", role({}, {"verbs": ["get", "*"]})),
    ("k8s-role-secrets-named", "Secret", role({}, {"resources": ["secrets"], "resourceNames": []})),
    ("k8s-binding-no-anonymous", "system:anonymous", bound({"kind": "Group", "name": "x"}, {"kind": "User", "name": "system:anonymous"})),
    ("k8s-binding-no-anonymous", "system:unauthenticated", bound({"kind": "Group", "name": "system:unauthenticated"})),
    ("k8s-binding-no-default-account", "default", bound({"kind": "User", "name": "x"}, {"kind": "ServiceAccount", "name": "default"})),
    ("k8s-no-static-aws-keys", "access key", {"stringData": {"file": f"[default]\naws_access_key_id={KEY}\n"}}),
    ("k8s-no-static-aws-keys", "access key", {"data": {"id": base64.b64encode(KEY.encode()).decode()}}),
    ("k8s-no-static-aws-keys", "access key", {"values": {"env": [{"name": "AWS_ACCESS_KEY_ID", "value": KEY.replace("AKIA", "ASIA")}]}}),
    ("k8s-no-static-aws-keys", "access key", {"data": {"store": base64.b64encode(b"\xff " + KEY.encode()).decode()}}),
    ("k8s-service-internal", "type NodePort", {"spec": {"type": "NodePort"}}),
    ("k8s-storage-encrypted", "encrypted", {"parameters": {"type": "gp3"}}),
    ("k8s-quota-no-load-balancers", "load balancers", {"spec": {"hard": {"services.loadbalancers": "1"}}}),
    ("k8s-budget-protects", "nothing", {}),
    ("helm-source-trusted", "TLS", {"chart": "coder", "repositoryOpts": {"repo": "http://charts.example.org"}}),
    ("helm-source-trusted", "TLS", {"chart": "coder"}),
    ("helm-source-trusted", "TLS", {}),
    (
        "helm-no-privileged-values",
        "hostIPC, hostNetwork, hostPID, privileged",
        {"values": {"hostPID": True, "hostIPC": True, "a": [{"hostNetwork": True}, {"b": {"privileged": True}}]}},
    ),
    ("coder-path-apps-off", "CODER_DISABLE_PATH_APPS", coder({"CODER_DISABLE_PATH_APPS": "false"})),
    (
        "coder-secure-cookie",
        "CODER_SECURE_AUTH_COOKIE",
        coder({"CODER_SECURE_AUTH_COOKIE": "true"}, commandArgs=["--secure-auth-cookie=false"]),
    ),
    ("coder-hsts", "a year", coder({"CODER_STRICT_TRANSPORT_SECURITY": "31535999"})),
    ("coder-hsts", "a year", coder({"CODER_STRICT_TRANSPORT_SECURITY": "a year"})),
    ("coder-hsts", "a year", coder()),
    ("coder-no-dangerous-flags", "CODER_DANGEROUS_ALLOW_PATH_APP_SHARING", coder(commandArgs=["--dangerous-allow-path-app-sharing"])),
    ("coder-no-dangerous-flags", "CODER_DANGEROUS_A", coder(command=["sh", "-c", "coder server --dangerous-a"])),
    (
        "coder-no-dangerous-flags",
        "CODER_DANGEROUS_B",
        coder({"CODER_DANGEROUS_A": "false", "CODER_DANGEROUS_B": "1", "CODER_DANGEROUS_C": "0"}),
    ),
    ("coder-no-workspace-rights", "workspacePerms", coder()),
    ("coder-no-workspace-rights", "workspacePerms", coder(serviceAccount={"workspacePerms": "false"})),
]

# Rule, and what it lets pass.
WELL: list[tuple[str, Props]] = [
    (
        EKS + "audit-logging-enabled",
        {"enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler", "more"]},
    ),
    (EKS + "audit-logging-enabled", {"enabledClusterLogTypes": UNKNOWN}),
    (EKS + "public-endpoint-restricted", {"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]}}),
    (EKS + "public-endpoint-restricted", {"vpcConfig": {"endpointPublicAccess": False}}),
    (EKS + "public-endpoint-restricted", {"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": [UNKNOWN]}}),
    (EKS + "private-endpoint-enabled", {"vpcConfig": UNKNOWN}),
    (EKS + "multi-zone", {"vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]}}),
    (EKS + "version-pinned", {"version": UNKNOWN}),
    ("eks-node-group-remote-access-disabled", {"remoteAccess": {}}),
    ("eks-node-group-remote-access-disabled", {"remoteAccess": UNKNOWN}),
    ("eks-node-group-maintained-image", {"amiType": "BOTTLEROCKET_x86_64"}),
    ("eks-node-group-maintained-image", {"amiType": UNKNOWN}),
    ("eks-node-group-gpu-free", {"instanceTypes": ["m7g.large", "r5.large", UNKNOWN]}),
    (TEMPLATE + "hop-limit", {"metadataOptions": {"httpPutResponseHopLimit": 1}}),
    (TEMPLATE + "encrypted", disks({"encrypted": True}, {})),
    (TEMPLATE + "own-key", disks({"kmsKeyId": UNKNOWN})),
    (TEMPLATE + "no-public-address", {"networkInterfaces": [{"associatePublicIpAddress": "false"}]}),
    (TEMPLATE + "no-ssh-key", {"keyName": ""}),
    ("iam-policy-no-star-action", allows({"Effect": "Deny", "Action": "*", "Resource": "*"}, {"Action": "s3:*", "Resource": "x"})),
    ("iam-policy-no-star-action", {"policy": UNKNOWN}),
    ("iam-policy-pass-role-scoped", allows(Action="iam:PassRole", Resource="arn:aws:iam::123456789012:role/coder-*")),
    ("iam-policy-pass-role-scoped", allows(Action="iam:GetRole", Resource="*")),
    ("iam-policy-no-service-wide", allows(Action=["kms:Decrypt", "s3:*"], Resource="x")),
    ("iam-policy-mutations-scoped", allows(Action=["ec2:Describe*", "s3:Get*", "logs:FilterLogEvents"], Resource="*")),
    ("iam-policy-mutations-scoped", allows(Action="ec2:DeleteVolume", Resource="*", Condition={"StringEquals": {"aws:x": "y"}})),
    ("iam-policy-mutations-scoped", allows(Action="ec2:DeleteVolume", Resource="arn:aws:ec2:us-east-1:1:volume/x")),
    ("iam-role-no-open-trust", trusts(Principal="*", Effect="Deny")),
    ("iam-role-no-open-trust", trusts(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})),
    ("iam-role-no-open-trust", trusts(Principal={"Service": "eks.amazonaws.com"})),
    ("iam-role-one-service-account", trusts(irsa(sub=ACCOUNT))),
    ("iam-role-one-service-account", trusts(irsa(sub=[ACCOUNT]))),
    ("iam-role-one-service-account", trusts(irsa(sub=UNKNOWN))),
    ("iam-role-short-sessions", {"maxSessionDuration": 43200}),
    ("iam-role-short-sessions", {}),
    ("iam-attachment-no-administrator", {"policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}),
    ("iam-attachment-no-administrator", {"policyArn": UNKNOWN}),
    ("rds-encrypted", {"storageEncrypted": "true"}),
    ("rds-not-public", {"publiclyAccessible": False}),
    ("rds-not-public", {}),
    ("rds-tls-only", {"parameters": [{"name": "other", "value": "0"}, {"name": "rds.force_ssl", "value": "1"}]}),
    ("rds-tls-only", {"parameters": [{"name": "rds.force_ssl", "value": UNKNOWN}]}),
    ("elb-deletion-protection", {"tags": {"Leaving": "true"}, "enableDeletionProtection": False}),
    ("elb-listener-no-plain", {"protocol": "HTTPS"}),
    ("kms-deletion-window", {"deletionWindowInDays": 7}),
    ("kms-deletion-window", {"deletionWindowInDays": UNKNOWN}),
    ("logs-retention", {"retentionInDays": 30}),
    ("vpc-default-group-closed", {"ingress": []}),
    ("vpc-no-open-ssh", opened(cidrIpv4="10.0.0.0/8")),
    ("vpc-no-open-ssh", opened(cidrIpv4=UNKNOWN)),
    ("vpc-no-open-ssh", opened(fromPort=23, toPort=443)),
    ("vpc-no-open-ssh", opened(fromPort=1, toPort=21)),
    ("vpc-no-open-ssh", opened(fromPort=None)),
    ("vpc-no-open-ssh", opened(toPort=None)),
    ("vpc-no-open-ssh", opened(ipProtocol="icmp", fromPort=3, toPort=255)),
    ("vpc-nacl-no-open-administration", acl(action="deny")),
    ("vpc-nacl-no-open-administration", acl(fromPort=443, toPort=443)),
    ("vpc-nacl-no-open-administration", acl(fromPort=1024, toPort=65535)),
    ("vpc-nacl-no-open-administration", acl(cidrBlock="10.0.0.0/16")),
    ("vpc-nacl-no-open-administration", acl(fromPort=None, toPort=None)),
    ("backup-plan-keeps", {"rules": [{"lifecycle": {"deleteAfter": 7}}]}),
    ("tags-on-everything", {"tags": UNKNOWN}),
    ("tags-on-everything", {"tags": {"Owner": "o"}, "tagsAll": {"Environment": "e", "ManagedBy": "m"}}),
    ("k8s-pod-not-root", pod(hardened(runAsNonRoot=None), securityContext={"runAsNonRoot": True})),
    ("k8s-pod-seccomp", pod(hardened(seccompProfile=None), securityContext={"seccompProfile": {"type": "Localhost"}})),
    ("k8s-pod-no-host-network", pod(hostNetwork=False)),
    ("k8s-pod-no-host-path", pod(volumes=[{"emptyDir": {}}])),
    ("k8s-pod-image-digest", pod({"image": UNKNOWN})),
    ("k8s-namespace-pod-security", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}),
    ("k8s-namespace-pod-security", {"metadata": {"labels": UNKNOWN}}),
    ("k8s-role-no-star-resources", role({"verbs": ["*"]})),
    ("k8s-role-secrets-named", role({"resources": ["secrets"], "resourceNames": ["token"]})),
    ("k8s-binding-no-anonymous", bound({"kind": "Group", "name": "system:masters"})),
    ("k8s-binding-no-default-account", bound({"kind": "ServiceAccount", "name": "coder"}, {"kind": "User", "name": "default"})),
    ("k8s-no-static-aws-keys", {"data": {"text": "not base64", "id": base64.b64encode(b"AKIA").decode()}, "stringData": {"port": 80}}),
    ("k8s-no-static-aws-keys", {"stringData": {"id": f"X{KEY}"}}),
    ("k8s-service-internal", {"spec": {"type": "ClusterIP"}}),
    ("k8s-quota-no-load-balancers", {"spec": {"hard": {"services.loadbalancers": "0"}}}),
    ("k8s-budget-protects", {"spec": {"minAvailable": 1}}),
    ("k8s-budget-protects", {"spec": {"maxUnavailable": 0}}),
    ("helm-source-trusted", {"chart": "oci://ghcr.io/coder/chart/coder"}),
    ("helm-source-trusted", {"chart": "coder", "repositoryOpts": {"repo": "https://helm.coder.com/v2"}}),
    ("helm-no-privileged-values", {"values": {"privileged": False, "podSecurity": [], "a": {}, "b": "privileged"}}),
    ("coder-path-apps-off", coder({"CODER_DISABLE_PATH_APPS": {"valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}}})),
    ("coder-path-apps-off", {"chart": "another", "values": {}}),
    ("coder-hsts", coder({"CODER_STRICT_TRANSPORT_SECURITY": "31536000"})),
    ("coder-hsts", coder({"CODER_STRICT_TRANSPORT_SECURITY": UNKNOWN})),
    ("coder-no-dangerous-flags", coder({"CODER_DANGEROUS_A": "false", "CODER_OTHER": "true"}, commandArgs=["server"])),
    ("coder-no-dangerous-flags", coder(commandArgs=["--dangerous-allow-path-app-sharing=false"])),
    ("coder-no-dangerous-flags", coder({"CODER_DANGEROUS_A": "0"})),
    ("coder-no-database-password", coder({"CODER_PG_CONNECTION_URL": "postgres://coder@host:5432/coder"})),
    ("coder-no-database-password", coder({"CODER_PG_CONNECTION_URL": UNKNOWN})),
    ("coder-no-workspace-rights", coder(serviceAccount={"workspacePerms": False})),
]


@pytest.mark.parametrize(("rule", "reason", "given"), [pytest.param(*case, id=f"{case[0]}-{case[1]}".replace(" ", "-")) for case in WRONG])
def test_a_rule_names_what_breaks_it(rule: str, reason: str, given: Props) -> None:
    assert reason in (says(rule, given) or "")


@pytest.mark.parametrize(("rule", "given"), [pytest.param(*case, id=case[0]) for case in WELL])
def test_a_rule_lets_look_alikes_pass(rule: str, given: Props) -> None:
    assert says(rule, given) is None


@pytest.mark.parametrize("rule", ["rds-own-key", "alarm-has-action", "eks-cluster-secrets-encryption-enabled"])
def test_what_is_made_from_another_resource_is_given(rule: str) -> None:
    """At the first preview the key has no ARN yet: the engine tells only that there is one."""
    given: Props = {"kmsKeyId": "", "alarmActions": [], "encryptionConfig": {}}
    assert says(rule, given) is not None
    assert says(rule, given, edges={key: ["urn:other"] for key in given}) is None


@pytest.mark.parametrize(("zones", "said"), [(1, True), (2, False)])
def test_subnets_that_are_not_known_yet_are_counted_by_where_they_come_from(zones: int, said: bool) -> None:
    edges = [f"urn:subnet-{zone}" for zone in range(zones)]
    assert (says("rds-multi-zone-subnets", {"subnetIds": UNKNOWN}, edges={"subnetIds": edges}) is not None) == said
    assert (says(EKS + "multi-zone", {"vpcConfig": {"subnetIds": UNKNOWN}}, edges={"vpcConfig": edges}) is not None) == said
    assert says("rds-multi-zone-subnets", {"subnetIds": UNKNOWN}) is None


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (
            tokens.SECURITY_GROUP,
            {
                "ingress": [
                    {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": [source]} for source in ("10.0.0.0/8", "0.0.0.0/0")
                ]
            },
        ),
        (tokens.SECURITY_GROUP_RULE, {"type": "ingress", "protocol": "-1", "fromPort": 0, "toPort": 0, "ipv6CidrBlocks": ["::/0"]}),
    ],
)
def test_an_open_port_is_seen_however_it_is_written(kind: str, given: Props) -> None:
    assert kind in RULE["vpc-no-open-ssh"].types
    assert "port 22;" in (says("vpc-no-open-ssh", given, kind) or "")


def test_what_leaves_is_not_let_in() -> None:
    assert says("vpc-no-open-ssh", {"type": "egress", "protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}, tokens.SECURITY_GROUP_RULE) is None


def test_a_config_map_is_read_as_it_stands() -> None:
    """Only a Secret keeps its data in base64."""
    assert says("k8s-no-static-aws-keys", {"data": {"text": base64.b64encode(KEY.encode()).decode()}}, tokens.CONFIG_MAP) is None
    assert says("k8s-no-static-aws-keys", {"data": {"text": KEY}}, tokens.CONFIG_MAP) is not None
