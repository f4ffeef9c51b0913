# The manifest is the one place that says what this base can do; the composer reads it before Terraform does.

locals {
  manifest = yamldecode(file("${path.module}/base.yaml"))

  # Instance metadata lies in the link-local range: closed to every workspace, beside the nodes' hop limit of 1 (EKS-32).
  unreachable = concat(["169.254.0.0/16"], var.blocked_cidrs)

  egress_ports = {
    none         = []
    https-only   = [{ port = "443", protocol = "TCP" }]
    unrestricted = [{ port = null, protocol = "TCP" }, { port = null, protocol = "UDP" }]
  }
}

output "capabilities" {
  description = "What this base offers."
  value       = local.manifest.capabilities
}
