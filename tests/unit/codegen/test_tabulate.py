"""Functions of one int8 element become tables; what is no such function stays as it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support.cases.kernels import options
from support.host_model import HostModel
from support.models.island_files import SHAPE, Islands, every_value, mish, softsign

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.passes import run_passes, tabulate
from tinycompress.codegen.passes.tabulate import tabulate_functions
from tinycompress.codegen.tolerance import allowed_ulps, float_operators
from tinycompress.codegen.verdict import require_aot
from tinycompress.errors import ModelError
from tinycompress.ir.graph import Graph
from tinycompress.ir.parts.graph_file import part_as_file
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle


def _tables(tflite: bytes, exact_to: ExactTo = "litert") -> list[int]:
    """The outputs of the operators that look up."""
    graph = run_passes(read_model(tflite).main, exact_to=exact_to)
    return [op.outputs[0] for op in graph.ops if "of_int8" in op.options]


def _kinds(tflite: bytes) -> list[str]:
    return [op.kind for op in run_passes(read_model(tflite).main, exact_to="litert").ops]


@pytest.mark.gcc
@pytest.mark.parametrize(
    ("tflite", "exact_to"), [(mish(), "litert"), (softsign(), "litert"), (softsign(), "tflm")]
)
def test_device_code_gives_the_runtime_s_bytes(tflite: bytes, exact_to: ExactTo) -> None:
    model = read_model(tflite)
    device = HostModel(generate(model, CodegenOptions(exact_to=exact_to)))
    sample = every_value()
    (have,), (want,) = device.run(sample), Oracle(tflite, exact_to).run(sample)
    np.testing.assert_array_equal(have.reshape(-1), want.reshape(-1))
    assert allowed_ulps(model, exact_to) == (0,)
    assert float_operators(model, exact_to) == ()


def test_what_tflm_lacks_is_built_exact_to_litert() -> None:
    model = read_model(mish())
    with pytest.raises(ModelError) as caught:
        require_aot(model, CodegenOptions(exact_to="tflm"))
    assert any("GREATER" in reason for reason in caught.value.reasons)
    assert caught.value.hint == "the model can be built with --exact-to litert"
    assert [op.kind for op in require_aot(model, CodegenOptions(exact_to="litert")).ops] == [
        "GATHER"
    ]


def test_an_operator_of_tensorflow_itself_is_refused_with_what_to_do() -> None:
    m = Islands()
    made = m.builder.tensor(SHAPE, "FLOAT32")
    m.builder.op("CUSTOM", [m.real(m.x)], [made], custom_code="FlexErf")
    model = read_model(m.pack(m.stored(made)))
    for exact_to in ("tflm", "litert"):
        with pytest.raises(ModelError) as caught:
            require_aot(model, CodegenOptions(exact_to=exact_to))
        assert "FlexErf is TensorFlow's own operator" in (caught.value.hint or "")
        assert "torch.nn.GELU(approximate='tanh')" in (caught.value.hint or "")


def test_gelu_by_tanh_which_the_hint_names_is_built() -> None:
    m = Islands()
    x = m.real(m.x)
    cubed = m.op("MUL", m.op("MUL", x, m.op("MUL", x, x)), m.constant(0.044715))
    inner = m.op("MUL", m.op("ADD", x, cubed), m.constant(0.7978846))
    outer = m.op("ADD", m.op("TANH", inner), m.constant(1.0))
    tflite = m.pack(m.stored(m.op("MUL", m.op("MUL", x, outer), m.constant(0.5))))
    for exact_to in ("tflm", "litert"):
        graph = require_aot(read_model(tflite), CodegenOptions(exact_to=exact_to))
        assert [op.kind for op in graph.ops] == ["GATHER"]


def _mean() -> bytes:
    m = Islands()
    mean = m.builder.tensor([1, 1, 1, 4], "FLOAT32")
    axes = m.builder.tensor([2], "INT32", data=np.array([1, 2], "<i4"))
    real = m.real(m.x)
    m.builder.op("MEAN", [real, axes], [mean], options("Reducer", keepDims=True))
    return m.pack(m.stored(m.op("SUB", real, mean)))


def _two_tensors() -> bytes:
    m = Islands()
    other = m.int8(0.1, 0)
    out = m.stored(m.op("ADD", m.real(m.x), m.real(other)))
    return m.pack(out, inputs=(other,))


def _by_position() -> bytes:
    m = Islands()
    return m.pack(m.stored(m.op("MUL", m.real(m.x), m.constant([1.0, 1.0, 2.0, 1.0]))))


def _signed_zeros() -> bytes:
    """Zeros of different signs are not the same: 1 / 0 and 1 / -0."""
    m = Islands()
    return m.pack(m.stored(m.op("DIV", m.real(m.x), m.constant([0.0, 0.0, -0.0, 0.0]))))


@pytest.mark.parametrize("made", [_mean, _two_tensors, _by_position, _signed_zeros])
def test_no_function_of_one_element_stays_as_it_is(made: Callable[[], bytes]) -> None:
    graph = read_model(made()).main
    assert tabulate_functions(graph, "litert") is graph


def test_a_part_that_is_none_leaves_the_table_before_it() -> None:
    """EXP, rounded to int8, then in float what depends on other elements."""
    m = Islands()
    grown = m.stored(m.op("EXP", m.real(m.x)), 0.5, -128)
    real, mean = m.real(grown), m.builder.tensor([1, 1, 1, 4], "FLOAT32")
    axes = m.builder.tensor([2], "INT32", data=np.array([1, 2], "<i4"))
    m.builder.op("MEAN", [real, axes], [mean], options("Reducer", keepDims=True))
    assert _tables(m.pack(m.stored(m.op("MUL", real, mean)))) == [grown]


def test_what_is_read_in_the_middle_has_a_table_of_its_own() -> None:
    m = Islands()
    first = m.stored(m.op("EXP", m.real(m.x)), 0.5, -128)
    second = m.stored(m.op("SQRT", m.real(first)), 0.1, -128)
    tflite = m.pack(first, second)
    assert sorted(_tables(tflite)) == [first, second]
    assert _kinds(tflite) == ["GATHER", "GATHER"]


def test_where_a_runtime_lacks_the_whole_the_parts_that_it_has_are_tables() -> None:
    m = Islands()
    first = m.stored(m.op("EXP", m.real(m.x)), 0.5, -128)
    asked = m.op("SIGN", m.real(first))
    tflite = m.pack(m.stored(asked))
    last = read_model(tflite).main.outputs[0]
    assert (_tables(tflite, "litert"), _tables(tflite, "tflm")) == ([last], [first])


def test_equal_functions_are_computed_once() -> None:
    m = Islands()
    other = m.int8(0.05, -3)
    ends = [m.stored(m.op("COS", m.op("SQRT", m.real(root))), 0.123) for root in (m.x, other)]
    before = tabulate._run.cache_info().misses
    assert sorted(_tables(m.pack(*ends, inputs=(other,)))) == ends
    assert tabulate._run.cache_info().misses == before + 1


def test_integers_alone_are_left_to_their_kernels() -> None:
    m = Islands()
    out = m.int8(1 / 256, -128)
    m.builder.op("LOGISTIC", [m.x], [out])
    assert _kinds(m.pack(out)) == ["LOGISTIC"]


def test_a_quantised_constant_behind_dequantize_is_one() -> None:
    m = Islands()
    known = m.builder.tensor(SHAPE, data=np.full(SHAPE, 9, np.int8), scales=[0.5], zero_points=[1])
    out = m.stored(m.op("MAXIMUM", m.real(m.x), m.real(known)))
    assert _tables(m.pack(out)) == [out]


def _written_again(graph: Graph) -> Graph:
    tensors = [graph.tensors[i] for op in graph.ops for i in (*op.inputs, *op.outputs)]
    unique = {tensor.index: tensor for tensor in tensors}
    again = part_as_file([*unique.values()], graph.ops, graph.inputs, graph.outputs)
    return read_model(again).main


def test_a_part_is_written_with_all_its_options() -> None:
    m = Islands()
    b, real = m.builder, m.leaky(m.real(m.x), 0.25)
    added, shaped = b.tensor(SHAPE, "FLOAT32"), b.tensor([256], "FLOAT32")
    table = options("Add", fusedActivationFunction="RELU6")
    b.op("ADD", [real, m.constant(1.5)], [added], table)
    b.op("RESHAPE", [added], [shaped], options("Reshape", newShape=[256]))
    whole, near = b.tensor([256], "INT32"), b.tensor([256], "FLOAT32")
    b.op("CAST", [shaped], [whole], options("Cast", inDataType=0, outDataType=2))
    b.op("GELU", [shaped], [near], options("Gelu", approximate=True))
    graph = read_model(m.pack(whole, near)).main
    again = _written_again(graph)
    assert [(op.kind, dict(op.options), op.version) for op in again.ops] == [
        (op.kind, dict(op.options), op.version) for op in graph.ops
    ]
    for old, new in zip(graph.ops, again.ops, strict=True):
        for i, j in zip((*old.inputs, *old.outputs), (*new.inputs, *new.outputs), strict=True):
            one, other = graph.tensors[i], again.tensors[j]
            assert (one.shape, one.dtype, one.quantization) == (
                other.shape, other.dtype, other.quantization,
            )  # fmt: skip
            np.testing.assert_array_equal(one.data, other.data)
