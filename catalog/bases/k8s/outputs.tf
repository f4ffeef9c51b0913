# Outputs of the contract 1.0. None depends on the pod, so that the agent can be declared before it.

output "agent_endpoint" {
  description = "Where agents reach coderd: inside the cluster, past NAT and load balancer (NET-34)."
  value       = "http://coder.${var.coder_namespace}.svc:${var.coder_port}"
}

output "runtime_env" {
  description = "Environment that this base adds to the agent's."
  value       = {}
}

output "volume_mounts" {
  description = "What survives a stop."
  value       = [{ path = "/home/coder", type = "pvc" }]
}

output "metadata" {
  description = "Where the workspace runs."
  value       = { namespace = var.namespace, pod = local.name, home = local.home }
}

output "os" {
  description = "Operating system of the agent."
  value       = local.manifest.os
}

output "arch" {
  description = "Architecture of the agent, which is the nodes' (TPL-48)."
  value       = local.manifest.arch
}
