# Outputs of the contract 1.0. None depends on the instance, so that the agent can be declared before it.

output "agent_endpoint" {
  description = "Where agents reach coderd: the access URL."
  value       = data.coder_workspace.me.access_url
}

output "runtime_env" {
  description = "Environment that this base adds to the agent's."
  value       = { AWS_REGION = var.region }
}

output "volume_mounts" {
  description = "What survives a stop."
  value       = [{ path = local.home, type = "ebs" }]
}

output "metadata" {
  description = "Where the workspace runs."
  value       = { instance = local.name, zone = data.aws_subnet.workspace[local.subnet].availability_zone }
}

output "os" {
  description = "Operating system of the agent."
  value       = local.manifest.os
}

output "arch" {
  description = "Architecture of the agent, which is the instance's (TPL-48)."
  value       = local.manifest.arch
}
