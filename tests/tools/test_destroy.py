"""`make destroy` and protected data."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tools.cloud import Inventory, Item
from tools.destroy import inventory_report, refusal_of


def test_protected_data_refuses_and_names_the_switch():
    refusal = refusal_of("prod", protected=True, unprotect="")
    assert refusal is not None
    assert "make destroy UNPROTECT=prod" in refusal
    assert "coder-eks:system.data_protection in Pulumi.prod.yaml" in refusal
    assert "Nothing was done." in refusal


def test_the_switch_must_name_the_stack():
    refusal = refusal_of("prod", protected=True, unprotect="demo")
    assert refusal is not None
    assert "UNPROTECT=demo names another stack than STACK=prod" in refusal


@pytest.mark.parametrize(("protected", "unprotect"), [(True, "prod"), (False, ""), (False, "prod")])
def test_with_the_switch_or_without_protection_it_goes_on(protected: bool, unprotect: str):
    assert refusal_of("prod", protected=protected, unprotect=unprotect) is None


def listed(inventory: Inventory) -> tuple[int, str]:
    output = io.StringIO()
    return inventory_report(Console(file=output, width=160), inventory), output.getvalue()


def test_an_empty_cloud_still_lists_what_was_kept_on_purpose():
    snapshot = Item("aws:rds/clusterSnapshot:ClusterSnapshot", "coder-final", "us-east-1")
    code, text = listed(Inventory((), (Item("aws:route53/zone:Zone", "Z1", ""),), (snapshot,)))
    assert code == 0
    assert "coder-final" in text
    assert "Z1" in text
    assert "The local cloud is empty but for what is listed here." in text


def test_anything_of_the_programs_own_that_is_left_is_a_failure():
    code, text = listed(Inventory((Item("aws:ec2/vpc:Vpc", "vpc-1", "us-east-1"),), (), ()))
    assert code == 1
    assert "Left behind by the program, and it should not be:" in text
    assert "vpc-1" in text


def test_recovery_points_are_listed_or_said_to_be_none():
    """The local cloud makes none by itself: that is told, not passed over."""
    snapshot = Item("aws:rds/clusterSnapshot:ClusterSnapshot", "coder-final", "us-east-1")
    point = Item("local:backup:RecoveryPoint", "arn:aws:backup:us-east-1:1:recovery-point:a", "us-east-1")
    code, text = listed(Inventory((), (), (snapshot,)))
    assert code == 0
    assert "Recovery points: none. The clock of a backup plan does not run here" in text
    code, text = listed(Inventory((), (), (snapshot, point)))
    assert code == 0
    assert "recovery-point:a" in text
    assert "none" not in text
