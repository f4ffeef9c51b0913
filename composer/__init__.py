"""Workspace templates from toolchains and infrastructure bases: `catalog.load_catalog`, `composing.compose`, `Composed.write`.

Nothing is imported here: the policy pack needs `composer.judging` only.
"""
