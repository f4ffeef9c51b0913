"""The command `coder-eks`: what an operator does beside `pulumi up`."""
