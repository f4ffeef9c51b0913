"""**Feature: coder-deployment-guide, Property 14: Template contract satisfaction**"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from composer.manifests import Base, Contract, Toolchain
from composer.matching import mismatches, select

CONTRACT = Contract.model_validate(
    {
        "version": "1.0",
        "inputs": {},
        "outputs": {},
        "capabilities": {
            "persistent-home": {"kind": "flag"},
            "gui-vnc": {"kind": "flag"},
            "network-egress": {"kind": "choice", "values": ["none", "https-only", "unrestricted"], "default": "none"},
            "identity-mode": {"kind": "choice", "values": ["oidc", "workload-identity"]},
        },
        "aliases": {
            "outbound-https": {"capability": "network-egress", "any_of": ["https-only", "unrestricted"]},
            "open-network": {"capability": "network-egress", "any_of": ["unrestricted"]},
            "closed-network": {"capability": "network-egress", "any_of": ["none"]},
        },
    }
)
WORDS = ["persistent-home", "gui-vnc", "network-egress", "identity-mode", "outbound-https", "open-network", "closed-network"]


def toolchain(required: list[str], optional: list[str]) -> Toolchain:
    return Toolchain.model_validate(
        {
            "name": "tools",
            "version": "1.0.0",
            "contract": "1.0",
            "description": "x",
            "image": "image",
            "toolchain": {"languages": [], "tools": []},
            "capabilities": {"required": required, "optional": optional},
            "compute": {"profiles": ["small"], "default": "small"},
        }
    )


def base(capabilities: dict[str, object], contract: str = "1.0") -> Base:
    return Base.model_validate(
        {
            "name": "base",
            "version": "1.0.0",
            "contract": contract,
            "description": "x",
            "os": "linux",
            "arch": "amd64",
            "providers": {},
            "capabilities": capabilities,
        }
    )


# The oracle: what each word accepts, written out by hand; None stands for a flag
ACCEPTS = {
    "persistent-home": ("persistent-home", None),
    "gui-vnc": ("gui-vnc", None),
    "network-egress": ("network-egress", {"none", "https-only", "unrestricted"}),
    "identity-mode": ("identity-mode", {"oidc", "workload-identity"}),
    "outbound-https": ("network-egress", {"https-only", "unrestricted"}),
    "open-network": ("network-egress", {"unrestricted"}),
    "closed-network": ("network-egress", {"none"}),
}


def holds(required: list[str], offers: dict[str, object]) -> bool:
    """Whether one way of every capability suits all that is required."""
    for capability in {ACCEPTS[word][0] for word in required}:
        offer = offers.get(capability)
        wanted = [ACCEPTS[word][1] for word in required if ACCEPTS[word][0] == capability]
        if None in wanted:
            if offer is not True:
                return False
        elif not isinstance(offer, list) or not set(offer).intersection(*[ways for ways in wanted if ways is not None]):
            return False
    return True


offers = st.fixed_dictionaries(
    {},
    optional={
        "persistent-home": st.booleans(),
        "gui-vnc": st.booleans(),
        "network-egress": st.lists(st.sampled_from(["none", "https-only", "unrestricted"]), unique=True),
        "identity-mode": st.lists(st.sampled_from(["oidc", "workload-identity"]), unique=True),
    },
)
words = st.lists(st.sampled_from(WORDS), unique=True)


@settings(max_examples=300)
@given(words, words, offers)
def test_a_pair_is_composed_exactly_when_everything_required_is_offered(
    required: list[str], optional: list[str], offered: dict[str, object]
):
    """Property 14: optional capabilities never fail a composition."""
    assert (mismatches(CONTRACT, toolchain(required, optional), base(offered)) == []) == holds(required, offered)


@given(words, offers, st.sampled_from(["persistent-home", "gui-vnc"]))
def test_an_offer_more_breaks_nothing(required: list[str], offered: dict[str, object], more: str):
    if not mismatches(CONTRACT, toolchain(required, []), base(offered)):
        assert not mismatches(CONTRACT, toolchain(required, []), base({**offered, more: True}))


@given(words, words, offers)
def test_what_is_selected_is_offered_and_suits_all_that_is_required(required: list[str], optional: list[str], offered: dict[str, object]):
    if mismatches(CONTRACT, toolchain(required, optional), base(offered)):
        return
    match = select(CONTRACT, toolchain(required, optional), base(offered))
    for word in required:
        capability, ways = ACCEPTS[word]
        assert match.flags[capability] if ways is None else match.choices[capability] in ways
    assert all(offered.get(name) is True for name, on in match.flags.items() if on)


def test_nothing_unasked_is_on_and_the_least_privilege_is_taken():
    whole = base({"gui-vnc": True, "network-egress": ["unrestricted", "none", "https-only"], "persistent-home": True})
    assert select(CONTRACT, toolchain(["outbound-https"], []), whole).choices == {"network-egress": "https-only"}
    quiet = select(CONTRACT, toolchain([], []), whole)
    assert quiet.choices == {"network-egress": "none"}
    assert not any(quiet.flags.values())


def test_the_error_names_what_is_missing_what_is_offered_and_what_would_do():
    found = mismatches(
        CONTRACT, toolchain(["outbound-https"], []), base({"network-egress": ["none"]}), [base({"network-egress": ["unrestricted"]})]
    )
    assert found == ["tools requires outbound-https; base 1.0.0 offers network-egress none: compose it with base 1.0.0"]


def test_a_word_that_the_contract_does_not_know_is_told():
    """T-40."""
    (sentence,) = mismatches(CONTRACT, toolchain(["gpu-optional"], []), base({}))
    assert sentence.startswith("tools asks for gpu-optional, which contract 1.0 does not know; write one of closed-network, gui-vnc,")


def test_modules_of_two_contracts_are_not_composed():
    """TPL-16."""
    assert "written for contract 2.0, not 1.0" in mismatches(CONTRACT, toolchain([], []), base({}, contract="2.0"))[0]


def test_ways_that_exclude_each_other_are_told():
    (sentence,) = mismatches(
        CONTRACT, toolchain(["open-network", "closed-network"], []), base({"network-egress": ["none", "unrestricted"]})
    )
    assert sentence == "tools requires network-egress in ways that exclude each other on base; drop one of them"
