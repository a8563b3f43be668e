"""The encoders by name; where sizes are equal, the first is the faster decoder."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.artifacts import TflmMethod
from tinycompress.codegen.tflm.decode import huffman, lut, prune
from tinycompress.codegen.tflm.decode.format import Method

METHODS: Mapping[TflmMethod, Method] = MappingProxyType(
    {
        "lut": Method(lut.refusal, lut.encode),
        "prune": Method(prune.refusal, prune.encode),
        "huffman": Method(huffman.refusal, huffman.encode),
    }
)
"""``--weights`` takes these names, and ``auto`` for all."""
