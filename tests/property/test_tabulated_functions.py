"""Random functions of one int8 element: their tables are what the runtime makes of each value."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.models.island_files import SHAPE, Islands, every_value

from tinycompress.codegen.passes import run_passes
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

# The reference kernels of LiteRT have no CEIL and no ROUND.
_UNARY = ("ABS", "COS", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LOG", "LOGISTIC", "NEG",
          "RELU", "RELU6", "RSQRT", "SIGN", "SIN", "SQRT", "SQUARE", "TANH")  # fmt: skip
_BINARY = ("ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "POW", "SQUARED_DIFFERENCE", "SUB")
_COMPARING = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")
_CONSTANTS = st.sampled_from([-6.5, -1.0, -0.0, 0.0, 0.3, 1.0, 3.0])


@st.composite
def _functions(draw: st.DrawFn) -> bytes:
    """A graph of operators that has one int8 tensor at its root."""
    m = Islands(draw(st.sampled_from([0.002, 0.05, 0.7])), draw(st.integers(-128, 127)))
    reals = [m.real(m.x)]

    def operand() -> int:
        kind = draw(st.sampled_from(["tensor", "scalar", "row", "whole"]))
        if kind == "tensor":
            return draw(st.sampled_from(reals))
        shape = {"scalar": (), "row": SHAPE[-1:], "whole": SHAPE}[kind]
        return m.constant(np.full(shape, draw(_CONSTANTS)))

    for _ in range(draw(st.integers(1, 6))):
        one = draw(st.sampled_from(reals))
        kind = draw(st.sampled_from(["unary", "binary", "choice", "int8", "leaky", "swapped"]))
        if kind == "unary":
            made = m.op(draw(st.sampled_from(_UNARY)), one)
        elif kind == "binary":
            made = m.op(draw(st.sampled_from(_BINARY)), one, operand())
        elif kind == "swapped":
            made = m.op(draw(st.sampled_from(_BINARY)), operand(), one)
        elif kind == "leaky":
            made = m.leaky(one, 0.2)
        elif kind == "int8":
            made = m.real(m.stored(one, draw(st.sampled_from([0.01, 0.3])), 7))
        else:
            asked = m.op(draw(st.sampled_from(_COMPARING)), one, operand(), dtype="BOOL")
            made = m.op("SELECT_V2", asked, draw(st.sampled_from(reals)), operand())
        reals.append(made)
    return m.pack(m.stored(reals[-1]))


@given(_functions())
@settings(max_examples=60)
def test_a_table_holds_what_the_runtime_computes(tflite: bytes) -> None:
    model = read_model(tflite)
    graph = run_passes(model.main, exact_to="litert")
    (look_up,) = graph.ops
    table = graph.tensors[look_up.inputs[0]].data
    assert look_up.kind == "GATHER"
    assert table is not None
    assert look_up.inputs[1] == model.main.inputs[0]
    sample = every_value()
    (wanted,) = Oracle(tflite, "litert").run(sample)
    np.testing.assert_array_equal(table[sample.astype(np.int64) + 128], wanted)
