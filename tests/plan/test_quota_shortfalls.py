"""**Feature: coder-deployment-guide, Property 2: Service Quota Validation**: passes if and only if every quota suffices."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan.model import QuotaDemand, QuotaVerdict
from plan.quotas import GPU, VCPUS, shortfalls
from tests.plan.stacks import region_of

NUMBERS = st.integers(0, 10_000).map(float)
CODES = st.text("0123456789ABCDEF", min_size=8, max_size=8).map(lambda text: f"L-{text}")


def demand(code: str, need: float) -> QuotaDemand:
    return QuotaDemand(code, f"quota {code}", "ec2", need, None, QuotaVerdict.CHECK, "1 x 1")


@settings(max_examples=200)
@given(st.dictionaries(CODES, st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=12))
def test_it_passes_exactly_where_every_quota_suffices(account: Mapping[str, tuple[float, float, float]]):
    """PRE-06, PRE-08, POL-02: and the short ones are named, each with what it has and what it needs."""
    asked = [demand(code, need) for code, (need, _, _) in account.items()]
    limits = {code: limit for code, (_, limit, _) in account.items()}
    others = {code: used for code, (_, _, used) in account.items()}

    short = shortfalls(asked, limits, others)

    assert (not short) == all(need + used <= limit for need, limit, used in account.values())
    assert {quota.code for quota in short} == {code for code, (need, limit, used) in account.items() if limit - used < need}
    for quota in short:
        assert str(quota).startswith(f"{quota.code} quota {quota.code} (ec2): has {quota.have:,g}, needs {quota.need:,g}")


@settings(max_examples=100)
@given(st.data())
def test_one_quota_less_by_one_is_a_shortfall_of_prod(data: st.DataObject):
    """The mutation: an account that just suffices, less one of one of its quotas."""
    asked = region_of().quotas
    limits = {quota.code: quota.need for quota in asked}
    assert shortfalls(asked, limits) == ()
    code = data.draw(st.sampled_from(sorted(code for code, need in limits.items() if need > 0)))

    (short,) = shortfalls(asked, {**limits, code: limits[code] - 1})

    assert (short.code, short.have) == (code, short.need - 1)


def test_a_new_account_does_not_hold_prod():
    """PRE-02: 5 vCPUs and 50 TiB against what requirements 2.14 computes."""
    asked = region_of().quotas
    limits = {quota.code: 1000.0 if quota.default is None else quota.default for quota in asked}

    short = {quota.code: quota.need for quota in shortfalls(asked, limits)}

    assert short[VCPUS.code] == 1766
    assert set(short) == {VCPUS.code, "L-7A658B76", GPU.code}


def test_an_unknown_limit_is_no_pass():
    """PRE-08."""
    with pytest.raises(KeyError):
        shortfalls([demand("L-00000000", 1)], {})


@pytest.mark.parametrize(
    ("published", "need"),
    [
        ("{ ec2-datasci-gpu: null }", None),
        ("{ ec2-datasci-gpu: { groups: [developers], sizes: [sw-dev-small] } }", 16),
    ],
)
def test_gpu_quotas_are_asked_for_with_a_gpu_template_only(published: str, need: float | None):
    """PRE-09."""
    found = {quota.code: quota.need for quota in region_of(f"templates: {{ published: {published} }}").quotas}
    assert found.get(GPU.code) == need
