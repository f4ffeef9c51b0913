# The manifest is the one place that says what this base can do; the composer reads it before Terraform does.

locals {
  manifest = yamldecode(file("${path.module}/base.yaml"))

  # Security groups only grant, so that everything but the blocked ranges is written out: the neighbours of each blocked range, at each
  # prefix length, that hold no blocked range themselves.
  blocked = [for cidr in var.blocked_cidrs : {
    bits   = tonumber(split("/", cidr)[1])
    number = sum([for index, part in split(".", split("/", cidr)[0]) : tonumber(part) * pow(256, 3 - index)])
  }]
  above = distinct(flatten([for range in local.blocked : [
    for bits in range(1, range.bits + 1) : { bits = bits, number = floor(range.number / pow(2, 32 - bits)) }
  ]]))
  neighbours = [for path in local.above : { bits = path.bits, number = path.number + 1 - 2 * (path.number % 2) }]
  inside = [for path in local.neighbours : anytrue([
    for range in local.blocked : range.bits < path.bits && floor(range.number / pow(2, 32 - range.bits)) == floor(path.number / pow(2, path.bits - range.bits))
  ])]
  reachable = [for index, path in local.neighbours : cidrsubnet("0.0.0.0/0", path.bits, path.number) if !contains(local.above, path) && !local.inside[index]]

  egress_rules = {
    https-only   = [{ protocol = "tcp", from_port = 443, to_port = 443 }]
    unrestricted = [{ protocol = "-1", from_port = 0, to_port = 0 }]
  }
}

output "capabilities" {
  description = "What this base offers."
  value       = local.manifest.capabilities
}
