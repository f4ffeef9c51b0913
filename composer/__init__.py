"""Workspace templates from toolchains and infrastructure bases: `load_catalog`, `compose`, `Composed.write`."""

from __future__ import annotations

from composer.catalog import Catalog, load_catalog
from composer.composing import Composed, Deployment, compose
from composer.errors import CompositionError
from composer.rendering import Instance

__all__ = ["Catalog", "Composed", "CompositionError", "Deployment", "Instance", "compose", "load_catalog"]
