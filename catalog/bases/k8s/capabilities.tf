# The manifest is the one place that says what this base can do; the composer reads it before Terraform does.

locals {
  manifest = yamldecode(file("${path.module}/base.yaml"))

  # Instance metadata lies in the link-local range: closed to every workspace, beside the nodes' hop limit of 1 (EKS-32).
  unreachable = concat(["169.254.0.0/16"], var.blocked_cidrs)

  # A desktop with KasmVNC, by Kasm: digest as public programs pin it, read 2026-11-21. Runs as user 1000, like the workspace.
  desktop_image = "docker.io/kasmweb/ubuntu-jammy-desktop@sha256:58b0710b320b99ab7e352342d7ec3a25b09740c523b75d794c5f7476910da580"

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
