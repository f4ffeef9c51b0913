"""Every policy of the pack, in the order in which they run: the line about what is not judged comes last."""

from __future__ import annotations

from pulumi_policy import Policy

from policy import (
    not_judged,
    property_01_infrastructure,
    property_04_static_control_plane,
    property_05_backup_rpo,
    property_06_external_provisioners,
    property_08_https,
    property_12_dns,
)
from policy.crossguard import Property

NAME = "coder-eks-properties"

PROPERTIES: tuple[Property, ...] = (
    property_01_infrastructure.PROPERTY,
    property_04_static_control_plane.PROPERTY,
    property_05_backup_rpo.PROPERTY,
    property_06_external_provisioners.PROPERTY,
    property_08_https.PROPERTY,
    property_12_dns.PROPERTY,
)

POLICIES: tuple[Policy, ...] = (
    *property_01_infrastructure.POLICIES,
    *property_04_static_control_plane.POLICIES,
    *property_05_backup_rpo.POLICIES,
    *property_06_external_provisioners.POLICIES,
    *property_08_https.POLICIES,
    *property_12_dns.POLICIES,
    not_judged.POLICY,
)
