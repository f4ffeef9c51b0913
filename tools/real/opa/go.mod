// Builds opa from its Go module; the replaces repeat upstream's own, which Go ignores in a dependency.
module coder-eks/tools/real/opa

go 1.26.0

require github.com/open-policy-agent/opa v1.22.0
