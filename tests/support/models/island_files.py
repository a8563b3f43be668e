"""Files with functions of one int8 element in float, as other frameworks' converters leave them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.cases.kernels import options
from support.models.tflite_files import Array, Builder

SHAPE = (1, 8, 8, 4)
"""Of everything, so that one sample has all 256 values."""
_FUSING = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div"}


def every_value() -> Array:
    """The sample with each int8 value once, not in their order."""
    values = np.arange(-128, 128).astype(np.int8)
    return np.random.default_rng(3).permutation(values).reshape(SHAPE)


class Islands:
    """One model, island by island; ``x`` is its int8 input."""

    def __init__(self, scale: float = 0.05, zero_point: int = -3) -> None:
        self.builder = Builder()
        self.x = self.int8(scale, zero_point)

    def int8(self, scale: float, zero_point: int) -> int:
        """A tensor of int8."""
        return self.builder.tensor(SHAPE, scales=[scale], zero_points=[zero_point])

    def constant(self, value: float | Sequence[float] | Array) -> int:
        """A float32 constant, a scalar or an array."""
        data = np.asarray(value, "<f4")
        return self.builder.tensor(data.shape, "FLOAT32", data=data)

    def op(self, kind: str, *inputs: int, dtype: str = "FLOAT32") -> int:
        """An operator; the tensor that it makes."""
        made = self.builder.tensor(SHAPE, dtype)
        fused = options(_FUSING[kind]) if kind in _FUSING else None
        self.builder.op(kind, inputs, [made], fused)
        return made

    def real(self, tensor: int) -> int:
        """DEQUANTIZE."""
        return self.op("DEQUANTIZE", tensor)

    def stored(self, tensor: int, scale: float = 0.04, zero_point: int = 5) -> int:
        """QUANTIZE."""
        made = self.int8(scale, zero_point)
        self.builder.op("QUANTIZE", [tensor], [made])
        return made

    def leaky(self, tensor: int, alpha: float) -> int:
        """LEAKY_RELU on float32."""
        made = self.builder.tensor(SHAPE, "FLOAT32")
        table = schema.LeakyReluOptionsT()
        table.alpha = alpha
        self.builder.op("LEAKY_RELU", [tensor], [made], table)
        return made

    def pack(self, *outputs: int, inputs: tuple[int, ...] = ()) -> bytes:
        """The file."""
        return self.builder.pack([self.x, *inputs], outputs)


def mish() -> bytes:
    """Mish as litert-torch leaves it: some of it in float, some in int8, a comparison, a choice."""
    m = Islands()
    real = m.real(m.x)
    grown = m.stored(m.op("EXP", real), 0.5, -128)
    more = m.stored(m.op("ADD", m.real(grown), m.constant(1.0)), 0.5, -128)
    logs = m.stored(m.op("LOG", m.real(more)), 0.03, -120)
    large = m.op("GREATER", real, m.constant(4.0), dtype="BOOL")
    chosen = m.int8(0.03, -120)
    m.builder.op("SELECT", [large, m.stored(real, 0.03, -120), logs], [chosen])
    softly = m.int8(1 / 128, 0)
    m.builder.op("TANH", [chosen], [softly])
    out = m.int8(0.05, -120)
    m.builder.op("MUL", [m.x, softly], [out], options("Mul"))
    return m.pack(out)


def softsign() -> bytes:
    """x / (1 + |x|), of operators that both runtimes have."""
    m = Islands()
    real = m.real(m.x)
    below = m.op("ADD", m.op("ABS", real), m.constant(1.0))
    return m.pack(m.stored(m.op("DIV", real, below), 1 / 128, 0))
