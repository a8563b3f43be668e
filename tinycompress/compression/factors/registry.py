"""The factorisations that there are, by the names that recipes know them by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from tinycompress.compression.factors import cp, spatial, svd, tucker
from tinycompress.compression.factors.base import Factorisation, is_spatial

Method = Literal["svd", "tucker", "cp", "spatial"]

FACTORISATIONS: Mapping[Method, Factorisation] = MappingProxyType(
    {
        "svd": Factorisation(svd.takes, svd.svd),
        "tucker": Factorisation(is_spatial, tucker.tucker),
        "cp": Factorisation(is_spatial, cp.cp),
        "spatial": Factorisation(spatial.takes, spatial.spatial),
    }
)
