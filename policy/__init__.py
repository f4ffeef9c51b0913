"""The policy pack: the correctness properties of the deployment, one module each, run by CrossGuard over the resource graph."""
