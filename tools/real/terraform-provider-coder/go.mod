// Builds terraform-provider-coder from its Go module; the replaces repeat upstream's own, which Go ignores in a dependency.
module coder-eks/tools/real/terraform-provider-coder

go 1.26.0

require github.com/coder/terraform-provider-coder/v2 v2.19.0
