# What a plan of this base must keep, whatever was overridden (Property 16): isolation, no privilege, no identity that was not given.
# input.resources: of `tofu show -json`, each with type, name and values; blocks are lists there.
package base.k8s

policies contains resource.values if {
	some resource in input.resources
	resource.type == "kubernetes_network_policy_v1"
}

pods contains {"labels": template.metadata[0].labels, "spec": template.spec[0]} if {
	some resource in input.resources
	resource.type == "kubernetes_deployment_v1"
	some template in resource.values.spec[0].template
}

deny contains "a pod runs by itself; make it of a Deployment, or no network policy holds it (T-25)" if {
	some resource in input.resources
	resource.type in {"kubernetes_pod", "kubernetes_pod_v1"}
}

deny contains "no network policy selects the pod in both directions (TPL-31)" if {
	some pod in pods
	not isolated(pod.labels)
}

isolated(labels) if {
	some policy in policies
	some spec in policy.spec
	{"Ingress", "Egress"} == {type | some type in spec.policy_types}
	wanted := spec.pod_selector[0].match_labels
	count(wanted) > 0
	every key, value in wanted {
		labels[key] == value
	}
	wanted["com.coder.workspace.id"]
}

deny contains "a network policy lets somebody in (TPL-31)" if {
	some policy in policies
	count(object.get(policy.spec[0], "ingress", [])) > 0
}

deny contains sprintf("egress to %s does not leave out instance metadata (EKS-32)", [block.cidr]) if {
	some block in blocks
	net.cidr_contains(block.cidr, "169.254.169.254/32")
	not leaves_out(block, "169.254.169.254/32")
}

blocks contains block if {
	some policy in policies
	some egress in policy.spec[0].egress
	some to in egress.to
	some block in to.ip_block
}

leaves_out(block, cidr) if {
	some except in block.except
	net.cidr_contains(except, cidr)
}

deny contains sprintf("the pod has %s of its node (TPL-38)", [right]) if {
	some pod in pods
	some right in {"host_network", "host_pid", "host_ipc"}
	pod.spec[right] == true
}

deny contains "the pod mounts a folder of its node (TPL-38)" if {
	some pod in pods
	some volume in pod.spec.volume
	count(object.get(volume, "host_path", [])) > 0
}

deny contains "the pod carries a token of the Kubernetes API (EKS-36)" if {
	some pod in pods
	object.get(pod.spec, "automount_service_account_token", true) != false
}

deny contains sprintf("container %s may become root or has capabilities (TPL-38)", [container.name]) if {
	some pod in pods
	some container in array.concat(pod.spec.container, object.get(pod.spec, "init_container", []))
	not unprivileged(container)
}

unprivileged(container) if {
	some context in container.security_context
	object.get(context, "privileged", false) == false
	context.allow_privilege_escalation == false
	"ALL" in context.capabilities[0].drop
	count(object.get(context.capabilities[0], "add", [])) == 0
}

deny contains "the pod may run as root (TPL-38)" if {
	some pod in pods
	object.get(pod.spec.security_context[0], "run_as_non_root", false) != true
}

deny contains "the home is not kept as it is (TPL-33)" if {
	count(pods) > 0
	count([1 | some resource in input.resources; resource.type == "kubernetes_persistent_volume_claim_v1"]) == 0
}
