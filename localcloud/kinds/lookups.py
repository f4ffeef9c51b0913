"""What several data sources share."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.kinds.forms import entry, listed
from localcloud.kinds.model import InvokeRequest, Value


def texts(request: InvokeRequest, path: str) -> list[str]:
    """The texts of a list."""
    return [value for value in listed(request.inputs.get(path)) if isinstance(value, str)]


def filters(request: InvokeRequest) -> dict[str, list[str]]:
    """Filters by name."""
    found: dict[str, list[str]] = {}
    for each in listed(request.inputs.get("filters")):
        found[str(entry(each).get("name"))] = [str(value) for value in listed(entry(each).get("values"))]
    return found


def given(request: InvokeRequest, **results: Value) -> Mapping[str, Value]:
    """The inputs, as every data source repeats them, and the results."""
    return {**request.inputs, "region": request.region, **results}
