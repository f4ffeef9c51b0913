package catalog.overrides_test

import data.catalog.overrides

base := {
	"overrides": {},
	"optional": ["gui-vnc"],
	"profiles": ["small", "medium"],
	"permits": [],
	"today": "2026-11-21",
}

permit(path, expires) := {"path": path, "reason": "a trial", "approver": "platform", "expires": expires}

test_nothing_is_refused_where_nothing_is_overridden if {
	count(overrides.deny) == 0 with input as base
}

test_profile_and_optional_capabilities_are_free if {
	tree := {"compute_profile": {"default": "small"}, "capabilities": {"gui-vnc": false}}
	count(overrides.deny) == 0 with input as object.union(base, {"overrides": tree})
}

test_values_must_fit if {
	tree := {"compute_profile": {"default": "huge"}, "capabilities": {"gui-vnc": "yes"}}
	denied := overrides.deny with input as object.union(base, {"overrides": tree})
	denied == {{"path": "compute_profile.default", "why": "value"}, {"path": "capabilities.gui-vnc", "why": "value"}}
}

test_network_identity_and_privilege_are_protected if {
	tree := {"capabilities": {"network-egress": "unrestricted", "identity-mode": "iam"}, "inputs": {"privileged": true}}
	denied := overrides.deny with input as object.union(base, {"overrides": tree})
	{entry.path | some entry in denied} == {"capabilities.network-egress", "capabilities.identity-mode", "inputs.privileged"}
	{entry.why | some entry in denied} == {"protected"}
}

test_a_permit_allows_its_path_until_its_last_day if {
	tree := {"capabilities": {"network-egress": "unrestricted"}}
	last := object.union(base, {"overrides": tree, "permits": [permit("capabilities.network-egress", "2026-11-21")]})
	count(overrides.deny) == 0 with input as last
	over := object.union(base, {"overrides": tree, "permits": [permit("capabilities.network-egress", "2026-11-20")]})
	denied := overrides.deny with input as over
	denied == {{"path": "capabilities.network-egress", "why": "expired"}}
}

test_a_permit_of_another_path_or_without_a_reason_allows_nothing if {
	tree := {"inputs": {"privileged": true}}
	other := object.union(base, {"overrides": tree, "permits": [permit("inputs", "2027-01-01"), permit("inputs.privileged.x", "2027-01-01")]})
	count(overrides.deny) == 1 with input as other
	silent := object.union(base, {"overrides": tree, "permits": [object.union(permit("inputs.privileged", "2027-01-01"), {"reason": " "})]})
	count(overrides.deny) == 1 with input as silent
}

test_keys_with_dots_are_no_way_around if {
	tree := {"capabilities.gui-vnc": true, "compute_profile": {"": "small"}}
	denied := overrides.deny with input as object.union(base, {"overrides": tree})
	{entry.why | some entry in denied} == {"key"}
	count(denied) == 2
}

test_lists_nulls_and_empty_mappings_are_values if {
	tree := {"capabilities": {"network-egress": [{"gui-vnc": true}], "identity-mode": null}, "inputs": {}}
	denied := overrides.deny with input as object.union(base, {"overrides": tree})
	{entry.path | some entry in denied} == {"capabilities.network-egress", "capabilities.identity-mode", "inputs"}
}
