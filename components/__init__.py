"""Thin shells over the cloud: what an environment consists of, as resources (docs: architecture)."""
