"""Every policy of the pack, in the order in which they run: the line about what is not judged comes last."""

from __future__ import annotations

from pulumi_policy import Policy

from policy import (
    baseline,
    not_judged,
    property_01_infrastructure,
    property_02_quota,
    property_03_workspace_isolation,
    property_04_static_control_plane,
    property_05_backup_rpo,
    property_06_external_provisioners,
    property_07_auto_stop,
    property_08_https,
    property_09_admin_access,
    property_10_tshirt_sizes,
    property_11_declarative,
    property_12_dns,
    property_13_portability,
    property_14_contract,
    property_15_provenance,
    property_16_overrides,
    property_17_semver,
    report,
)
from policy.crossguard import Property

NAME = "coder-eks-properties"

PROPERTIES: tuple[Property, ...] = (
    property_01_infrastructure.PROPERTY,
    property_02_quota.PROPERTY,
    property_03_workspace_isolation.PROPERTY,
    property_04_static_control_plane.PROPERTY,
    property_05_backup_rpo.PROPERTY,
    property_06_external_provisioners.PROPERTY,
    property_07_auto_stop.PROPERTY,
    property_08_https.PROPERTY,
    property_09_admin_access.PROPERTY,
    property_10_tshirt_sizes.PROPERTY,
    property_11_declarative.PROPERTY,
    property_12_dns.PROPERTY,
    property_13_portability.PROPERTY,
    property_14_contract.PROPERTY,
    property_15_provenance.PROPERTY,
    property_16_overrides.PROPERTY,
    property_17_semver.PROPERTY,
)

not_judged.after = lambda stack, verdicts: report.write(stack, verdicts, PROPERTIES)

POLICIES: tuple[Policy, ...] = (
    *(policy for found in PROPERTIES for policy in found.policies()),
    *baseline.POLICIES,
    not_judged.POLICY,
)
