"""What IAM refuses. Codes: errors of the IAM API reference.

AWS's own policies: moto 5.2.5, iam/aws_managed_policies.py (2026), those that a system of this kind has a use for.
"""

from __future__ import annotations

import re
from typing import Final

from localcloud.kinds.forms import parsed
from localcloud.kinds.iam import ATTACHMENT, OIDC_PROVIDER, POLICY, ROLE, ROLE_POLICY
from localcloud.kinds.model import Request
from localcloud.kinds.policies import INLINE_SIZE, MANAGED_SIZE, TRUST_SIZE, PolicyType, fault, principals, size
from localcloud.refusals import CHECK, row

_AWS_POLICIES: Final = frozenset(
    {
        "AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "SecurityAudit", "ViewOnlyAccess", "AWSBackupFullAccess",
        "AWSBackupServiceRolePolicyForS3Backup", "AWSBackupServiceRolePolicyForS3Restore",
        "service-role/AWSBackupServiceRolePolicyForBackup", "service-role/AWSBackupServiceRolePolicyForRestores",
        "service-role/AmazonEBSCSIDriverPolicy", "AmazonEBSCSIDriverEKSClusterScopedPolicy", "AmazonEBSCSIDriverPolicyV2",
        "service-role/AmazonEFSCSIDriverPolicy", "service-role/AmazonRDSEnhancedMonitoringRole", "AmazonEC2ContainerRegistryFullAccess",
        "AmazonEC2ContainerRegistryPowerUser", "AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEC2FullAccess", "AmazonEC2ReadOnlyAccess", "AmazonEKSBlockStoragePolicy", "AmazonEKSBlockStoragePolicyV2",
        "AmazonEKSClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSFargatePodExecutionRolePolicy", "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSLocalOutpostClusterPolicy", "AmazonEKSNetworkingPolicy", "AmazonEKSServicePolicy", "AmazonEKSVPCResourceController",
        "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonRDSFullAccess",
        "AmazonRDSReadOnlyAccess", "AmazonS3FullAccess", "AmazonS3ReadOnlyAccess", "AmazonSSMManagedInstanceCore",
        "AmazonSSMReadOnlyAccess", "AmazonVPCFullAccess", "AmazonVPCReadOnlyAccess", "CloudWatchAgentAdminPolicy",
        "CloudWatchAgentServerPolicy", "CloudWatchFullAccess", "CloudWatchLogsFullAccess", "CloudWatchReadOnlyAccess", "IAMFullAccess",
        "IAMReadOnlyAccess", "SecretsManagerReadWrite",
    }
)  # fmt: skip


def _invalid_json(request: Request) -> str | None:
    """What the provider itself finds at preview."""
    for path in ("assumeRolePolicy", "policy"):
        text = request.text(path)
        if text is not None and not isinstance(parsed(text), dict):
            return f'"{path}" contains an invalid JSON policy'
    return None


def _trust(request: Request) -> str | None:
    return fault(request.text("assumeRolePolicy") or "", PolicyType.TRUST)


def _missing_principal(request: Request) -> str | None:
    """A role that a trust policy names must exist; accounts and users of others are not judged."""
    for principal in principals(request.text("assumeRolePolicy"), "AWS"):
        known = request.world.find(ROLE, "arn", principal) is not None
        if re.match(r"arn:aws:iam::\d{12}:role/", principal) and not known:
            return f'Invalid principal in policy: "AWS":"{principal}"'
    return None


def _identity(request: Request) -> str | None:
    return fault(request.text("policy") or "", PolicyType.IDENTITY)


def _trust_size(request: Request) -> str | None:
    return f"Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE}" if size(request.text("assumeRolePolicy") or "") > TRUST_SIZE else None


def _managed_size(request: Request) -> str | None:
    return f"Cannot exceed quota for PolicySize: {MANAGED_SIZE}" if size(request.text("policy") or "") > MANAGED_SIZE else None


def _inline_size(request: Request) -> str | None:
    role = request.text("role")
    others = [each for each in request.world.all(ROLE_POLICY) if each.text("role") == role and each.text("name") != request.text("name")]
    total = size(request.text("policy") or "") + sum(size(each.text("policy")) for each in others)
    return f"Maximum policy size of {INLINE_SIZE} bytes exceeded for role {role}" if total > INLINE_SIZE else None


def _aws_policies(request: Request) -> str | None:
    for path in ("policyArn", "permissionsBoundary", "managedPolicyArns[*]"):
        for arn in request.texts(path):
            prefix, _, name = arn.partition(":policy/")
            if prefix == "arn:aws:iam::aws" and name not in _AWS_POLICIES:
                return f"Policy {arn} does not exist or is not attachable."
    return None


def _no_clients(request: Request) -> str | None:
    return "OpenIDConnectProvider: clientIdLists is empty" if request.inputs.get("clientIdLists") == [] else None


REFUSALS: Final = (
    row((ROLE, ROLE_POLICY, POLICY), "MalformedPolicyDocument", "a policy is JSON", _invalid_json, CHECK),
    row(ROLE, "MalformedPolicyDocument", "a trust policy says who", _trust),
    row(ROLE, "MalformedPolicyDocument", "the roles that a trust policy names exist", _missing_principal),
    row(ROLE, "LimitExceeded", "a trust policy has a largest size", _trust_size),
    row((ROLE_POLICY, POLICY), "MalformedPolicyDocument", "an identity policy says what", _identity),
    row(POLICY, "LimitExceeded", "a managed policy has a largest size", _managed_size),
    row(ROLE_POLICY, "LimitExceeded", "a role's inline policies have a largest size", _inline_size),
    row((ATTACHMENT, ROLE), "NoSuchEntity", "AWS has the managed policy", _aws_policies),
    row(OIDC_PROVIDER, "InvalidInput", "an OIDC provider has a client", _no_clients),
)
