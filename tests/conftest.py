"""What every test starts from."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Machines are shared and noisy: no test fails for its time, speed is shown by the benchmark.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")
