"""The ways to search that there are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

METHODS: Mapping[str, str] = MappingProxyType({"search": "Optuna's samplers over the whole space"})
"""By name, in a line of the help."""
