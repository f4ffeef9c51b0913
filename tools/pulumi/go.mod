// Pins the Pulumi CLI that tools/pulumi_cli.py builds where no official one can be had; in step with `pulumi==` of requirements.in.
module coder-eks/tools/pulumi

go 1.25.11

require (
	github.com/pulumi/pulumi/pkg/v3 v3.250.0
	github.com/pulumi/pulumi/sdk/v3 v3.250.0
)

// pkg/v3's own replace (its go.mod at v3.250.0): a module's replaces count only in the main module.
replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
