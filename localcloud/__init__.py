"""The local cloud: providers that the Pulumi engine attaches to, standing in for AWS, Kubernetes and Coder."""
