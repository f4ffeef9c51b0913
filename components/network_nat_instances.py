"""fck-nat: NAT on an instance that replaces itself, where a gateway costs more than it is worth (NET-15)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, collapse_addresses

import pulumi_aws as aws
from pulumi import Input, InvokeOutputOptions, Output, Resource, ResourceOptions

from components import iam
from components.network_rules import ANYWHERE
from plan.model import NetworkPlan
from settings.network import Tier

# fck-nat's public images and what stands in their names: AndrewGuenther/fck-nat docs/deploying.md at 0371c8e and packer/fck-nat.pkr.hcl,
# read 2026-11. An owner is named, or anybody's image of that name would do.
IMAGE_OWNER = "568608671756"
IMAGE_NAME = "fck-nat-al2023-hvm-{release}-arm64-ebs"
ROOT_DEVICE = "/dev/xvda"  # of Amazon Linux 2023, which the image is made of
ROOT_GIB = 8
PURPOSE = "Purpose"  # a tag: of all instances, NAT's alone have a public address, and policies know them by it
CONFIGURATION = "/etc/fck-nat.conf"  # service/fck-nat.sh reads it; eni_id: the interface that it attaches at every start


def nat_instances(
    name: str,
    plan: NetworkPlan,
    vpc_id: Input[str],
    subnets: Mapping[str, aws.ec2.Subnet],
    region: str,
    release: str,
    entrance: Sequence[Resource],
    parent: Resource,
) -> tuple[dict[str, aws.ec2.NetworkInterface], list[Resource]]:
    """The interface that each zone's private subnets route to, by zone, and what makes it answer (NET-15, T-37).

    release: of fck-nat, `1.4.0-20260701`. entrance: the way to the internet, without which an instance can't attach anything.

    The interface outlives its instance: an Auto Scaling group of one replaces what fails, and the next instance attaches the interface
    at its start, so that no route changes. What comes in is private subnets' traffic only; no database's (NET-17).
    """
    opts = ResourceOptions(parent=parent)
    group = _security_group(name, plan, vpc_id, opts)
    image = aws.ec2.get_ami_output(
        owners=[IMAGE_OWNER],
        most_recent=True,
        filters=[
            {"name": "name", "values": [IMAGE_NAME.format(release=release)]},
            {"name": "architecture", "values": ["arm64"]},
            {"name": "virtualization-type", "values": ["hvm"]},
        ],
        opts=InvokeOutputOptions(parent=parent),
    )
    key = _disk_key(name, region, parent)
    made: dict[str, aws.ec2.NetworkInterface] = {}
    healers: list[Resource] = []
    public = {subnet.zone: subnets[subnet.name] for subnet in plan.tier(Tier.PUBLIC.value).subnets}
    for zone in plan.nat_zones:
        label = f"{name}-nat-{zone[-1]}"
        made[zone] = interface = aws.ec2.NetworkInterface(
            label,
            description=f"NAT of {name}",
            subnet_id=public[zone].id,
            security_groups=[group.id],
            source_dest_check=False,  # it carries others' packets
            tags={"Name": label},
            opts=opts,
        )
        profile, right = _right_to_attach(label, interface, opts)
        template = _template(label, plan.nat_instance_type, image.id, group.id, key.arn, interface, profile, opts)
        healers.append(_healer(label, public[zone], template, ResourceOptions(parent=parent, depends_on=[right, *entrance])))
    first = made[plan.nat_zones[0]]
    return {zone: made.get(zone, first) for zone in plan.zones}, healers


def _security_group(name: str, plan: NetworkPlan, vpc_id: Input[str], opts: ResourceOptions) -> aws.ec2.SecurityGroup:
    label = f"{name}-nat"
    group = aws.ec2.SecurityGroup(
        label, vpc_id=vpc_id, description=f"nat of {name}", revoke_rules_on_delete=True, tags={"Name": label}, opts=opts
    )
    private = [IPv4Network(subnet.cidr) for tier in plan.tiers if not tier.public and not tier.isolated for subnet in tier.subnets]
    for cidr in map(str, collapse_addresses(private)):
        aws.vpc.SecurityGroupIngressRule(
            f"{label}-from-{cidr.replace('.', '-').replace('/', '-')}",
            security_group_id=group.id,
            description="on its way out",
            ip_protocol="-1",
            cidr_ipv4=cidr,
            opts=opts,
        )
    aws.vpc.SecurityGroupEgressRule(
        f"{label}-egress", security_group_id=group.id, description="anywhere", ip_protocol="-1", cidr_ipv4=ANYWHERE, opts=opts
    )
    return group


def _disk_key(name: str, region: str, parent: Resource) -> aws.kms.Key:
    """For roots that hold an image and a log, and nothing that is missed."""
    account_id = aws.get_caller_identity_output(opts=InvokeOutputOptions(parent=parent)).account_id
    partition = aws.get_partition_output(opts=InvokeOutputOptions(parent=parent)).partition
    return aws.kms.Key(
        f"{name}-nat",
        description=f"Disks of the NAT instances of {name}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=iam.key_policy(account_id, partition, *iam.volumes_use_key(region, account_id)),
        opts=ResourceOptions(parent=parent),
    )


def _right_to_attach(
    label: str, interface: aws.ec2.NetworkInterface, opts: ResourceOptions
) -> tuple[aws.iam.InstanceProfile, aws.iam.RolePolicy]:
    """To attach this interface, to an instance of this name; to let an interface of this name carry others' packets: no more."""
    role = aws.iam.Role(
        label,
        description="NAT instance: attaches its interface",
        assume_role_policy=iam.document(iam.trusted_service("ec2.amazonaws.com")),
        opts=opts,
    )
    own = {"StringEquals": {"aws:ResourceTag/Name": label}}
    instances = interface.arn.apply(lambda arn: arn.rpartition(":")[0] + ":instance/*")
    interfaces = interface.arn.apply(lambda arn: arn.rpartition("/")[0] + "/*")
    policy = aws.iam.RolePolicy(
        label,
        role=role.name,
        policy=iam.document(
            iam.Statement(sid="Attach", actions=["ec2:AttachNetworkInterface"], resources=[interface.arn]),
            iam.Statement(sid="AttachTo", actions=["ec2:AttachNetworkInterface"], resources=[instances], conditions=own),
            iam.Statement(sid="CarryOn", actions=["ec2:ModifyNetworkInterfaceAttribute"], resources=[interfaces], conditions=own),
        ),
        opts=opts,
    )
    return aws.iam.InstanceProfile(label, role=role.name, opts=opts), policy


def _template(
    label: str,
    instance_type: str,
    image_id: Input[str],
    group_id: Input[str],
    key_arn: Input[str],
    interface: aws.ec2.NetworkInterface,
    profile: aws.iam.InstanceProfile,
    opts: ResourceOptions,
) -> aws.ec2.LaunchTemplate:
    """Encrypted root, metadata by session token only, a public address, no key and no session: nobody logs in."""
    start = interface.id.apply(lambda eni: f'#!/bin/sh\necho "eni_id={eni}" >> {CONFIGURATION}\nsystemctl restart fck-nat\n')
    return aws.ec2.LaunchTemplate(
        label,
        description="NAT instance, fck-nat",
        update_default_version=True,
        image_id=image_id,
        instance_type=instance_type,
        iam_instance_profile={"arn": profile.arn},
        user_data=start.apply(lambda text: base64.b64encode(text.encode()).decode()),
        block_device_mappings=[
            {
                "device_name": ROOT_DEVICE,
                "ebs": {
                    "encrypted": "true",
                    "kms_key_id": key_arn,
                    "volume_type": "gp3",
                    "volume_size": ROOT_GIB,
                    "delete_on_termination": "true",
                },
            }
        ],
        metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
        network_interfaces=[
            {"device_index": 0, "associate_public_ip_address": "true", "security_groups": [group_id], "delete_on_termination": "true"}
        ],
        tag_specifications=[
            {"resource_type": kind, "tags": {"Name": label, PURPOSE: "nat"}} for kind in ("instance", "network-interface", "volume")
        ],
        opts=opts,
    )


def _healer(label: str, subnet: aws.ec2.Subnet, template: aws.ec2.LaunchTemplate, opts: ResourceOptions) -> aws.autoscaling.Group:
    """A group of one, in the subnet of its interface: an instance that fails is replaced, one of an older template too."""
    return aws.autoscaling.Group(
        label,
        min_size=1,
        max_size=1,
        desired_capacity=1,
        vpc_zone_identifiers=[subnet.id],
        health_check_type="EC2",
        health_check_grace_period=60,  # seconds
        launch_template={"id": template.id, "version": Output.from_input(template.latest_version).apply(str)},
        # The interface can be attached to one instance only, so the old one goes first: a minute or two without a way out
        instance_refresh={"strategy": "Rolling", "preferences": {"min_healthy_percentage": 0}},
        tags=[{"key": "Name", "value": label, "propagate_at_launch": False}],  # the template tags the instance
        opts=opts,
    )
