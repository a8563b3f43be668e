"""The ways to make samples that there are, by the names that users know them by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.artifacts import SampleMethod
from tinycompress.compression.synthetic import dfqf, zeroq
from tinycompress.compression.synthetic.base import Method

METHODS: Mapping[SampleMethod, Method] = MappingProxyType({"zeroq": zeroq.zeroq, "dfqf": dfqf.dfqf})
