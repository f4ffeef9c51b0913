"""Parameters of Systems Manager.

Source: Terraform's AWS provider, internal/service/ssm/parameter.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import arn, constant
from localcloud.kinds.model import AutoName, Kind, Request, Unique, Value

PARAMETER: Final = "aws:ssm/parameter:Parameter"


def _version(request: Request) -> Value:
    """One more with each change of the value."""
    before = request.old.properties.get("version") if request.old else 0
    return int(before) + 1 if isinstance(before, int | float) else 1


def _arn(request: Request) -> str:
    """A name's own slash is the ARN's."""
    return arn("ssm", request.region, f"parameter/{str(request.text('name')).removeprefix('/')}")


KINDS: Final = (
    Kind(
        token=PARAMETER,
        id="{name}",
        arn=_arn,
        references={},
        force_new=("name",),
        auto_name=AutoName(max_length=2048),
        outputs={
            "version": _version,
            "tier": constant("tier", "Standard"),
            "dataType": constant("dataType", "text"),
            "hasValueWo": False,
        },
        again={"version": ("value", "insecureValue", "type")},
        secrets=("value",),
        unique=(Unique(paths=("name",), code="ParameterAlreadyExists"),),
    ),
)
