"""prod several times over in one program, each copy a whole system of its own, to see how time grows with the resources.

What `__main__.py` of the project does once, this does for every copy. The copies are parents of another type each, because the children of
two environments would otherwise have the same URNs.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pulumi
from pulumi import ComponentResource, ResourceOptions

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # `bench` is no installed package

from bench.widening import widened_config
from components.environment import Environment, EnvironmentArgs
from components.tags import environment_tags, tag_everything
from plan import make_plan
from settings.load import load

config = {name: json.loads(value) for name, value in pulumi.runtime.get_config_env().items() if name.startswith("coder-eks:")}
for copy in range(int(os.environ["BENCH_COPIES"])):
    settings = load(widened_config(config, copy), f"copy {copy}")
    system = settings.system
    if copy == 0:
        tag_everything(environment_tags(system=system.name, owner=system.owner, cost_center=system.cost_center))
    parent = ComponentResource(f"bench:copy{copy}:Copy", f"copy-{copy}")
    Environment("coder", EnvironmentArgs(settings=settings, plan=make_plan(settings)), ResourceOptions(parent=parent))
