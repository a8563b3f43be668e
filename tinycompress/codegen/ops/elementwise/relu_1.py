"""RELU_N1_TO_1 and RELU_0_TO_1 that the converter did not fuse, on int8: as LiteRT's RELU6."""

from __future__ import annotations

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.elementwise import relu
from tinycompress.codegen.ops.elementwise.tables import litert_only

SPEC = OpSpec(
    structure=(relu.SPEC.structure[0], o.int8_tensors(0), *relu.SPEC.structure[2:]),
    constraints=(litert_only, *relu.SPEC.constraints),
    lower=relu.SPEC.lower,
    row_by_row=True,
)
