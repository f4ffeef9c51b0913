"""Benchmark: wall time, CPU time and memory of the engine's commands on prod, against a bare loop of the same resources."""
