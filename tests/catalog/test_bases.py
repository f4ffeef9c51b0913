"""The bases of EC2, evaluated without Terraform: what a workspace has, and what it does not reach."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Any

import moto.ec2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settings.quantities import CpuQuantity, MemoryQuantity
from tests.catalog.compositions import catalog
from tests.catalog.modules import Address, Module

CATALOG = Path(__file__).parents[2] / "catalog"
LINUX, WINDOWS, GPU = CATALOG / "bases/ec2-linux", CATALOG / "bases/ec2-windows", CATALOG / "bases/ec2-gpu"
ID = "0000aaab-2222-3333-4444-555555555555"
SUBNETS = {"subnet-a": "us-east-1a", "subnet-b": "us-east-1b", "subnet-c": "us-east-1c"}
OWN: dict[Path, dict[str, Any]] = {LINUX: {"gui_vnc": True}, WINDOWS: {"gui_rdp": True}, GPU: {"gpu_support": True, "gpu_count": 1}}


def variables(base: Path, **changes: Any) -> dict[str, Any]:
    return {
        "workspace_id": ID,
        "workspace_name": "mine",
        "owner": "ada",
        "start_count": 1,
        "compute_profile": {"cpu": 8, "memory": "32Gi", "storage": "1Ti"},
        "image_id": "ami-0123456789abcdef0",
        "agent_id": "agent",
        "agent_token": "t0ken",
        "agent_init_script": "echo init",
        "provenance": {"toolchain": "swdev-toolchain@1.2.0"},
        "network_egress": "https-only",
        "instance_types": ["g5.2xlarge", "g4dn.2xlarge"],
        "blocked_cidrs": ["10.0.0.0/16"],
        "instance_profile": "coder-prod-workspace",
        "machine_tags": {"Coder_Provisioned": "true"},
        "region": "us-east-1",
        "subnet_tags": {"Tier": "workspace"},
        **OWN[base],
        **changes,
    }


def cloud(homes: list[str] | None = None) -> dict[Address, dict[str, Any]]:
    """What AWS would tell: subnets of three zones; homes: zones of volumes that are there already."""
    ids = [f"vol-{number}" for number, _ in enumerate(homes or [])]
    return {
        ("data.coder_workspace", "me"): {"access_url": "https://coder.example.com"},
        ("data.aws_subnets", "workspace"): {"ids": list(SUBNETS)},
        ("data.aws_subnet", "workspace"): {key: {"id": key, "availability_zone": zone, "vpc_id": "vpc-1"} for key, zone in SUBNETS.items()},
        ("data.aws_ami", "workspace"): {"root_device_name": "/dev/sda1"},
        ("data.aws_ebs_volumes", "home"): {"ids": ids},
        ("data.aws_ebs_volume", "home"): {key: {"availability_zone": zone} for key, zone in zip(ids, homes or [], strict=True)},
        ("data.aws_instances", "workspace"): {"ids": ["i-1"]},
        ("data.aws_instance", "workspace"): {"id": "i-1", "availability_zone": "us-east-1b"},
        ("aws_security_group", "workspace"): {"id": "sg-1"},
        ("aws_ebs_volume", "home"): {"id": "vol-0"},
        ("aws_autoscaling_group", "workspace"): {"id": "group-1"},
        ("aws_instance", "workspace"): {"id": "i-1"},
        ("aws_launch_template", "workspace"): {"id": "lt-1", "latest_version": 1},
    }


def made(base: Path, homes: list[str] | None = None, **changes: Any) -> Module:
    module = Module(base, variables(base, **changes), {})
    told = {address: values for address, values in cloud(homes).items() if address[1] in _declared(module, address[0])}
    return Module(base, variables(base, **changes), told)


def _declared(module: Module, kind: str) -> dict[str, Any]:
    return module.data.get(kind.removeprefix("data."), {}) if kind.startswith("data.") else module.resources.get(kind, {})


def ranges() -> st.SearchStrategy[list[str]]:
    network = st.builds(
        lambda address, bits: str(IPv4Network((address & ~((1 << (32 - bits)) - 1), bits))),
        st.integers(0, 2**32 - 1),
        st.integers(8, 24),
    )
    return st.lists(network, min_size=1, max_size=3, unique=True)


@settings(max_examples=100, deadline=None)
@given(ranges(), st.integers(0, 2**32 - 1))
def test_the_rules_grant_everything_but_the_blocked_ranges(blocked: list[str], address: int):
    """**Feature: coder-deployment-guide, Property 3: Workspace Network Isolation** (EC2, T-45); nested ranges as well."""
    granted = [IPv4Network(cidr) for cidr in made(LINUX, blocked_cidrs=blocked).local("reachable")]
    asked = {ip_address(address), *(ip_address(int(IPv4Network(cidr)[0])) for cidr in blocked)}
    asked |= {ip_address(int(IPv4Network(cidr)[-1])) for cidr in blocked}
    asked |= {ip_address(edge) for c in blocked for edge in (int(IPv4Network(c)[0]) - 1, int(IPv4Network(c)[-1]) + 1) if 0 <= edge < 2**32}
    for one in asked:
        assert any(one in cidr for cidr in granted) == all(one not in IPv4Network(cidr) for cidr in blocked)


@pytest.mark.parametrize("base", OWN)
@pytest.mark.parametrize(("mode", "ports"), [("https-only", ("tcp", 443, 443)), ("unrestricted", ("-1", 0, 0))])
def test_nobody_is_let_in_and_egress_is_what_the_mode_grants(base: Path, mode: str, ports: tuple[str, int, int]):
    """NET-29, TPL-31, TPL-32: a rule that names another workspace, or the VPC with its database, does not exist."""
    (group,) = made(base, network_egress=mode).made("aws_security_group", "workspace")
    assert group["ingress"] == []
    (rule,) = group["egress"]
    assert (rule["protocol"], rule["from_port"], rule["to_port"]) == ports
    assert not any(IPv4Network(cidr).overlaps(IPv4Network("10.0.0.0/16")) for cidr in rule["cidr_blocks"])
    assert len(rule["cidr_blocks"]) <= 60  # rules of a security group, EC2's default quota


@pytest.mark.parametrize("base", OWN)
def test_a_stopped_workspace_keeps_its_volume_and_its_group_only(base: Path):
    """TPL-33."""
    module = made(base, start_count=0)
    assert all(
        module.made(kind, name) == []
        for kind in ("aws_instance", "aws_launch_template", "aws_autoscaling_group")
        for name in module.resources.get(kind, {})
    )
    assert module.made("aws_volume_attachment", "home") == []
    (volume,) = module.made("aws_ebs_volume", "home")
    assert (volume["size"], volume["type"], volume["encrypted"]) == (1024, "gp3", True)
    assert module.resources["aws_ebs_volume"]["home"]["lifecycle"][0]["ignore_changes"] == "all"


@pytest.mark.parametrize("base", OWN)
def test_everything_carries_the_tags_that_provisioners_need_and_no_owner(base: Path):
    """EKS-24, T-82."""
    module = made(base)
    for kind in ("aws_ebs_volume", "aws_instance", "aws_security_group", "aws_launch_template"):
        for name in module.resources.get(kind, {}):
            for one in module.made(kind, name):
                assert one["tags"]["Coder_Provisioned"] == "true"
                assert one["tags"]["com.coder.workspace.id"] == ID
                assert "ada" not in one["tags"].values()


@pytest.mark.parametrize(("base", "kind"), [(LINUX, "aws_instance"), (WINDOWS, "aws_instance"), (GPU, "aws_launch_template")])
def test_metadata_is_of_version_2_and_the_agent_is_started(base: Path, kind: str):
    (machine,) = made(base).made(kind, "workspace")
    assert machine["metadata_options"] == [{"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}]
    assert machine["vpc_security_group_ids"] == ["sg-1"]


@pytest.mark.parametrize(("base", "kind"), [(LINUX, "aws_instance"), (WINDOWS, "aws_instance"), (GPU, "aws_launch_template")])
def test_user_data_is_what_ec2_takes(base: Path, kind: str):
    """16 KiB before it is encoded (Amazon EC2 User Guide, "Run commands at launch", read 2026-11-21); the agent's script has 4 KiB here."""
    (machine,) = made(base, agent_init_script="x" * 4096).made(kind, "workspace")
    text = b64decode(machine["user_data"]) if kind == "aws_launch_template" else machine["user_data"].encode()
    assert len(text) <= 16 * 1024


def test_an_instance_starts_beside_its_volume():
    """A zone by the workspace's id, spread over all of them."""
    zones = {
        made(LINUX, workspace_id=f"0000aaa{number}-2222-3333-4444-555555555555").made("aws_ebs_volume", "home")[0]["availability_zone"]
        for number in range(6)
    }
    assert zones == set(SUBNETS.values())
    module = made(LINUX)
    (volume,), (instance,) = module.made("aws_ebs_volume", "home"), module.made("aws_instance", "workspace")
    assert SUBNETS[instance["subnet_id"]] == volume["availability_zone"]


def test_a_gpu_is_looked_for_in_every_zone_first_and_beside_its_volume_afterwards():
    """TPL-40, PRV-13."""
    (first,) = made(GPU).made("aws_autoscaling_group", "workspace")
    assert set(first["vpc_zone_identifier"]) == set(SUBNETS)
    (policy,) = first["mixed_instances_policy"]
    assert [o["instance_type"] for o in policy["launch_template"][0]["override"]] == ["g5.2xlarge", "g4dn.2xlarge"]
    assert policy["instances_distribution"][0]["on_demand_allocation_strategy"] == "prioritized"
    module = made(GPU)
    assert module.made("aws_ebs_volume", "home")[0]["availability_zone"] == "us-east-1b"  # where the instance came to stand
    (later,) = made(GPU, homes=["us-east-1c"]).made("aws_autoscaling_group", "workspace")
    assert later["vpc_zone_identifier"] == ["subnet-c"]


def test_a_gpu_start_says_how_long_it_may_take():
    (shown,) = made(GPU).made("coder_metadata", "workspace")
    assert {"key": "longest start", "value": "5 minutes, while a GPU is found"} in shown["item"]


@pytest.mark.parametrize("base", [LINUX, WINDOWS])
@pytest.mark.parametrize("wanted", [True, False])
def test_a_desktop_is_there_when_it_was_asked_for(base: Path, wanted: bool):
    """TPL-10, TPL-11, TPL-34: on loopback, for the owner only."""
    apps = made(base, **{next(iter(OWN[base])): wanted}).made("coder_app", "desktop")
    assert len(apps) == int(wanted)
    assert all("://localhost:" in app["url"] and app["share"] == "owner" for app in apps)


@pytest.mark.parametrize("base", OWN)
def test_provenance_is_shown_beside_the_workspace(base: Path):
    """TPL-23."""
    (shown,) = made(base).made("coder_metadata", "workspace")
    assert {"key": "toolchain", "value": "swdev-toolchain@1.2.0"} in shown["item"]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_pod_has_a_desktop_beside_it_when_it_was_asked_for(wanted: bool):
    """TPL-09, TPL-38: unprivileged like the workspace, on the same home."""
    base = CATALOG / "bases/k8s"
    given = {name: value for name, value in variables(LINUX).items() if name in Module(base, {})._declared}
    told = {"coder_namespace": "coder", "coder_port": 8080, "namespace": "coder-ws", "node_group": "coder-ws", "storage_class": "gp3"}
    more = {"requests": {"cpu": 0.125, "memory": 0.25}, "service_account": "coder-workspace", "gui_vnc": wanted}
    known: dict[Address, dict[str, Any]] = {(kind, name): {"id": name} for kind, name in (("kubernetes_deployment_v1", "workspace"),)}
    module = Module(base, {**given, **told, **more}, known)
    (deployment,) = module.made("kubernetes_deployment_v1", "workspace")
    workspace, *others = deployment["spec"][0]["template"][0]["spec"][0]["container"]
    assert [container["name"] for container in others] == (["desktop"] if wanted else [])
    assert len(module.made("coder_app", "desktop")) == int(wanted)
    for desktop in others:
        assert desktop["security_context"] == workspace["security_context"]
        assert desktop["volume_mount"] == workspace["volume_mount"]
        assert "@sha256:" in desktop["image"]


def test_machines_are_what_ec2_says_of_them():
    """T-46: against moto's copy of EC2's own answers."""
    path = Path(moto.ec2.__file__).parent / "resources/instance_types.json.gz"
    types = json.loads(gzip.decompress(path.read_bytes()))
    machines = [machine for module in catalog().bases.values() for machine in module.manifest.machines]
    assert len(machines) > 20
    for machine in machines:
        told = types[machine.type]
        assert machine.cpu == CpuQuantity(told["VCpuInfo"]["DefaultVCpus"] * 1000), machine.type
        assert machine.memory == MemoryQuantity(told["MemoryInfo"]["SizeInMiB"] * 2**20), machine.type
        assert machine.gpus == sum(gpu["Count"] for gpu in told.get("GpuInfo", {}).get("Gpus", ())), machine.type
        assert told["ProcessorInfo"]["SupportedArchitectures"] == ["x86_64"]


@pytest.mark.parametrize("base", OWN)
def test_agents_reach_coderd_by_its_access_url(base: Path):
    """TPL-14: no security group knows a Service."""
    assert made(base).output("agent_endpoint") == "https://coder.example.com"


def test_machines_stand_in_the_order_in_which_they_are_tried():
    for module in catalog().bases.values():
        order = [(machine.gpus, machine.cpu, machine.memory) for machine in module.manifest.machines]
        assert order == sorted(order) or module.manifest.name == "base-ec2-gpu"


def test_the_bases_of_one_system_share_what_is_the_same():
    """Modules stand alone, so that they have it twice; nobody may mend one of them only."""
    assert (LINUX / "user-data.sh").read_bytes() == (GPU / "user-data.sh").read_bytes()
    for name in ("capabilities.tf", "policies/workspace.rego", "policies/workspace_test.rego"):
        assert len({(base / name).read_bytes() for base in OWN}) == 1, name
