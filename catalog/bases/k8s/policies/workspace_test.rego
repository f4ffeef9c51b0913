package base.k8s_test

import data.base.k8s

id := "11111111-2222-3333-4444-555555555555"

labels := {"app.kubernetes.io/name": "coder-workspace", "com.coder.workspace.id": id}

context := {"allow_privilege_escalation": false, "privileged": false, "capabilities": [{"drop": ["ALL"]}]}

spec := {
	"automount_service_account_token": false,
	"security_context": [{"run_as_non_root": true}],
	"container": [{"name": "workspace", "security_context": [context]}],
	"volume": [{"name": "home", "persistent_volume_claim": [{"claim_name": "home"}]}],
}

egress := {"to": [{"ip_block": [{"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16", "10.0.0.0/16"]}]}]}

policy := {"policy_types": ["Ingress", "Egress"], "pod_selector": [{"match_labels": labels}], "egress": [egress]}

made(pod, rules) := {"resources": [
	{"type": "kubernetes_persistent_volume_claim_v1", "name": "home", "values": {}},
	{"type": "kubernetes_network_policy_v1", "name": "workspace", "values": {"spec": [rules]}},
	{"type": "kubernetes_deployment_v1", "name": "workspace", "values": {"spec": [{"template": [{"metadata": [{"labels": labels}], "spec": [pod]}]}]}},
]}

with_pod(changes) := made(object.union(spec, changes), policy)

with_policy(changes) := made(spec, object.union(policy, changes))

says(text, plan) if {
	some sentence in k8s.deny with input as plan
	contains(sentence, text)
}

test_the_base_as_it_is_passes if count(k8s.deny) == 0 with input as made(spec, policy)

test_a_stopped_workspace_passes if {
	plan := made(spec, policy)
	count(k8s.deny) == 0 with input as {"resources": array.slice(plan.resources, 0, 2)}
}

test_a_lone_pod_is_refused if {
	plan := made(spec, policy)
	says("make it of a Deployment", {"resources": array.concat(plan.resources, [{"type": "kubernetes_pod_v1", "name": "x", "values": {}}])})
}

test_a_policy_of_one_direction_is_no_isolation if says("both directions", with_policy({"policy_types": ["Ingress"]}))

test_a_policy_by_owner_is_no_isolation if says("both directions", with_policy({"pod_selector": [{"match_labels": {"owner": "ada"}}]}))

test_a_policy_for_everybody_is_no_isolation if says("both directions", with_policy({"pod_selector": [{"match_labels": {}}]}))

test_nobody_is_let_in if says("lets somebody in", with_policy({"ingress": [{"from": []}]}))

test_metadata_stays_closed if {
	says("instance metadata", with_policy({"egress": [{"to": [{"ip_block": [{"cidr": "0.0.0.0/0", "except": ["10.0.0.0/16"]}]}]}]}))
}

test_host_rights_are_refused if {
	some right in ["host_network", "host_pid", "host_ipc"]
	says(right, with_pod({right: true}))
}

test_host_folders_are_refused if says("folder of its node", with_pod({"volume": [{"name": "docker", "host_path": [{"path": "/var/run"}]}]}))

test_tokens_are_refused if says("token of the Kubernetes API", with_pod({"automount_service_account_token": true}))

test_root_is_refused if says("run as root", with_pod({"security_context": [{"run_as_non_root": false}]}))

test_privilege_is_refused if {
	changed := object.union(context, {"privileged": true})
	says("may become root", with_pod({"container": [{"name": "workspace", "security_context": [changed]}]}))
}

test_added_capabilities_are_refused if {
	changed := object.union(context, {"capabilities": [{"drop": ["ALL"], "add": ["SYS_ADMIN"]}]})
	says("may become root", with_pod({"container": [{"name": "workspace", "security_context": [changed]}]}))
}

test_a_container_without_a_context_is_refused if says("may become root", with_pod({"container": [{"name": "workspace"}]}))

test_a_sidecar_is_held_to_the_same if {
	says("desktop", with_pod({"container": [spec.container[0], {"name": "desktop", "security_context": [{"privileged": true}]}]}))
}
