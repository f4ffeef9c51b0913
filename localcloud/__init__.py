"""The local cloud: providers that the Pulumi engine attaches to, standing in for AWS, Kubernetes and Coder.

A test double, kept small and declarative: a resource type is a row of `kinds/`, a refusal a row of `refusals*.py`, a chart a row of
`kubernetes_facts.py`, an object of Coder a row of `coderd_facts.py`. A type without a row can't be made.

What it does not do: run anything (no instance, pod, query or request is behind a resource; jobs succeed at once), take time (nothing is
pending, throttled or eventually consistent), hold quotas, judge IAM policies, route packets, render charts or apply their values, know
what AWS fills in beyond the tables, serve more of AWS over HTTP than Secrets Manager, or more of Coder than a first visit needs.
"""
