"""Workspace templates from toolchains and infrastructure bases: `load_catalog`, `compose`, `Composed.write`."""

from __future__ import annotations

from composer.catalog import Catalog, load_catalog
from composer.composing import Composed, Instance, compose
from composer.errors import CompositionError

__all__ = ["Catalog", "Composed", "CompositionError", "Instance", "compose", "load_catalog"]
