"""The fallback for Pulumi's Python language host: what the engine asks of `pulumi-language-python`, in 200 lines.

The official host is a Go program that comes with the official CLI and is served by no package registry. Where the CLI was built from
its Go module, the engine finds this one on PATH. It runs the program and policy packs; it generates no code and installs nothing.
"""
