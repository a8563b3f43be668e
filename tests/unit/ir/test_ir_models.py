"""Real models: the graph against an independent reading, MACs and summaries against the index."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.models.collection import Collection
from support.models.tflite_files import Builder, small_cnn, unpack

from tinycompress.codegen.macs import macs, total_macs
from tinycompress.errors import ModelError
from tinycompress.ir.graph import Graph, Model, Op, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs, output_specs
from tinycompress.ir.summary import not_integer_reasons, summarise
from tinycompress.ir.tflite_schema import ENUMS, OPERATORS, OPTION_TABLES, OPTIONS_OF, TENSOR_TYPES

# Where the index differs from the file: it names QUANTIZE and DEQUANTIZE, whose code stands in the
# new field only, after the old field, which is 0 (ADD).
MISNAMED = "models/ai_edge_quantizer/partly_quantized_mnist.tflite"
# "int8 inside" in the index, although LOG_SOFTMAX computes in float32 behind DEQUANTIZE.
FLOAT_TAIL = {
    "models/mcunet_tinyengine/ptq_mnist_lenet-300-100.tflite",
    "models/mcunet_tinyengine/ptq_mnist_lenet-300-100_nobias.tflite",
}
# The index counts custom operators as no integer ones; TFLM's signal operators work on integers.
SIGNAL = ("models/tflm/audio_preprocessor_int8.tflite",)


@pytest.fixture(scope="module")
def models(shared_data: Collection) -> list[tuple[dict[str, Any], bytes]]:
    index = json.loads(shared_data.file("models.json").read_text())
    assert len(index) > (90 if shared_data.whole else 20)
    return [(entry, shared_data.file(entry["file"]).read_bytes()) for entry in index]


def check_tensor(ours: Tensor, theirs: Any, buffers: list[Any]) -> None:
    # What is nameless is called after its place.
    assert ours.name == (theirs.name or b"").decode() or not theirs.name
    assert ours.dtype.name == TENSOR_TYPES[theirs.type]
    assert ours.shape == (() if theirs.shape is None else tuple(theirs.shape))
    assert ours.is_variable == theirs.isVariable
    raw = buffers[theirs.buffer].data
    if raw is None or len(raw) == 0:
        assert ours.data is None or ours.elements == 0
    else:
        assert ours.data is not None
        assert ours.data.tobytes() == bytes(bytearray(raw))
    quantization = theirs.quantization
    scales = None if quantization is None else quantization.scale
    if scales is None or len(scales) == 0 or not ours.dtype.is_integer:
        assert ours.quantization is None
        return
    assert ours.quantization is not None
    assert np.array_equal(np.array(ours.quantization.scales, np.float32), scales)
    assert np.array_equal(ours.quantization.zero_points, quantization.zeroPoint)
    if len(scales) > 1 and len(ours.shape) > 1:
        assert ours.quantization.axis == quantization.quantizedDimension


def check_op(ours: Op, theirs: Any, codes: list[Any]) -> None:
    code = codes[theirs.opcodeIndex]
    assert ours.kind == OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]
    assert ours.custom_code == (code.customCode or b"").decode()
    assert ours.version == code.version
    assert ours.inputs == tuple(theirs.inputs if theirs.inputs is not None else ())
    assert ours.outputs == tuple(theirs.outputs if theirs.outputs is not None else ())
    assert ours.intermediates == tuple(
        theirs.intermediates if theirs.intermediates is not None else ()
    )
    options = theirs.builtinOptions
    for field in OPTION_TABLES[OPTIONS_OF[ours.kind]] if ours.kind in OPTIONS_OF else ():
        value = ours.options[field.name]
        if options is None:
            assert value in (field.default, (), "", ENUMS.get(field.type, ("",))[field.default])
            continue
        words = field.name.split("_")
        expected = getattr(options, words[0] + "".join(word.capitalize() for word in words[1:]))
        if field.type in ENUMS:
            expected = ENUMS[field.type][expected]
        elif field.type == "[int]":
            expected = () if expected is None else tuple(expected)
        elif field.type == "string":
            expected = (expected or b"").decode()
        assert value == expected


@pytest.mark.shared
def test_graphs_against_the_generated_schema(models: list[tuple[dict[str, Any], bytes]]) -> None:
    for entry, data in models:
        ours, theirs = read_model(data), unpack(data)
        assert ours.sha256 == entry["sha256"]
        assert len(ours.graphs) == len(theirs.subgraphs) == entry["subgraphs"]
        for a, b in zip(ours.graphs, theirs.subgraphs, strict=True):
            assert a.inputs == tuple(b.inputs if b.inputs is not None else ())
            assert a.outputs == tuple(b.outputs if b.outputs is not None else ())
            for tensor, their_tensor in zip(a.tensors, b.tensors, strict=True):
                check_tensor(tensor, their_tensor, theirs.buffers)
            for op, their_op in zip(a.ops, b.operators, strict=True):
                check_op(op, their_op, theirs.operatorCodes)


@pytest.mark.shared
def test_inputs_outputs_and_costs_against_the_index(
    models: list[tuple[dict[str, Any], bytes]],
) -> None:
    for entry, data in models:
        model = read_model(data)
        summary = summarise(model, macs)
        for specs, key in ((summary.inputs, "inputs"), (summary.outputs, "outputs")):
            for spec, expected in zip(specs, entry[key], strict=True):
                assert spec.name == expected["name"] or not expected["name"]
                assert list(spec.shape) == expected["shape"]
                assert spec.dtype == expected["dtype"]
                if "scale" in expected:
                    assert (spec.scale, spec.zero_point) == (
                        expected["scale"],
                        expected["zero_point"],
                    )
        assert summary.macs == total_macs(model.main) == (entry["macs"] or 0), entry["file"]
        assert summary.subgraphs == entry["subgraphs"]
        assert sum(op.weights_bytes for op in summary.ops) >= 0
        if entry["file"] != MISNAMED and entry["subgraphs"] == 1:
            assert summary.op_counts == entry["ops"]
            assert list(summary.op_counts.values()) == sorted(
                summary.op_counts.values(), reverse=True
            )


@pytest.mark.shared
def test_fully_integer_against_the_index(models: list[tuple[dict[str, Any], bytes]]) -> None:
    for entry, data in models:
        summary = summarise(read_model(data), macs)
        # The index asks for int8; 16x8 is integer as well.
        wide = entry["family"] == "tflm_seanet_int16"
        signal = entry["file"] in SIGNAL
        assert (not summary.not_integer) == (entry["fully_int8"] or wide or signal), entry["file"]
        if not summary.not_integer:
            types = ("int8", "int16") if signal else ("int16",) if wide else ("int8",)
            assert summary.activations == types, entry["file"]
        inside = summary.integer_inside and bool(summary.not_integer)
        expected = entry["int8_body_float_io"] and entry["file"] not in FLOAT_TAIL
        assert inside == expected, entry["file"]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("mlperf_tiny/ad01_int8", ()),
        (
            "mlperf_tiny/model_ToyCar_quant",
            ("input 'input_1' is float32", "hybrid (float32 activations, int8 weights)"),
        ),
        ("mlonmcu/cifar10", ("op 0 CONV_2D", "float32 activations")),
        ("mlonmcu/CNN_full_quantized", ("op 0 QUANTIZE", "converts from float32")),
        ("legacy_uint8/micro_speech_uint8", ("op 0 DEPTHWISE_CONV_2D 'Relu': legacy uint8",)),
        ("tflm/person_detect_vela", ("CUSTOM:ethos-u", "custom operator")),
        ("tflm_seanet_int16/add0", ()),
    ],
)
def test_reasons(shared_data: Collection, name: str, reasons: tuple[str, ...]) -> None:
    found = not_integer_reasons(read_model(shared_data.file(f"models/{name}.tflite").read_bytes()))
    assert bool(found) == bool(reasons)
    for reason in reasons:
        assert any(reason in line for line in found), found


def test_summary_of_a_small_model() -> None:
    summary = summarise(read_model(small_cnn()), macs)
    assert summary.not_integer == ()
    assert summary.integer_inside
    conv, reshape, dense, softmax = summary.ops
    assert (conv.kind, conv.name, conv.dtype) == ("CONV_2D", "features", "int8")
    assert conv.input_shapes == ((1, 4, 4, 1), (2, 3, 3, 1), (2,))
    assert conv.output_shapes == ((1, 2, 2, 2),)
    assert (conv.macs, dense.macs, reshape.macs, softmax.macs) == (72, 24, 0, 0)
    assert (conv.weights_bytes, dense.weights_bytes) == (18 + 8, 24)
    assert summary.weights_bytes == 18 + 8 + 8 + 24
    assert summary.op_counts == {"CONV_2D": 1, "FULLY_CONNECTED": 1, "RESHAPE": 1, "SOFTMAX": 1}
    assert input_specs(read_model(small_cnn()).main) == summary.inputs
    assert output_specs(read_model(small_cnn()).main) == summary.outputs
    assert (summary.inputs[0].scale, summary.inputs[0].zero_point) == (0.5, -1)


def single(kind: str, inputs: list[tuple[int, ...] | None], output: tuple[int, ...],
           options: Any = None) -> tuple[Graph, Op]:  # fmt: skip
    """A graph of one operator; all its inputs are graph inputs, None is an absent one."""
    b = Builder()
    indices = [-1 if shape is None else b.tensor(shape, scales=[1.0]) for shape in inputs]
    y = b.tensor(output, scales=[1.0])
    b.op(kind, indices, [y], options)
    graph = read_model(b.pack([i for i in indices if i >= 0], [y])).main
    return graph, graph.ops[0]


def transposed(adj_x: bool) -> Any:
    options = schema.BatchMatMulOptionsT()
    options.adjX = adj_x
    return options


@pytest.mark.parametrize(
    ("kind", "inputs", "output", "options", "expected"),
    [
        # Grouped: each of 6 output channels sees 2 of 4 input channels.
        ("CONV_2D", [(1, 8, 8, 4), (6, 3, 3, 2), (6,)], (1, 8, 8, 6), None, 64 * 6 * 9 * 2),
        ("DEPTHWISE_CONV_2D", [(1, 8, 8, 4), (1, 3, 3, 8)], (1, 4, 4, 8), None, 16 * 8 * 9),
        ("FULLY_CONNECTED", [(5, 16), (3, 16)], (5, 3), None, 5 * 3 * 16),
        ("FULLY_CONNECTED", [(1, 5, 16), (3, 16), None], (1, 5, 3), None, 5 * 3 * 16),
        ("TRANSPOSE_CONV", [(4,), (6, 3, 3, 2), (1, 4, 4, 2)], (1, 8, 8, 6), None, 32 * 9 * 6),
        ("BATCH_MATMUL", [(2, 3, 4), (2, 4, 5)], (2, 3, 5), transposed(False), 30 * 4),
        ("BATCH_MATMUL", [(2, 4, 3), (2, 4, 5)], (2, 3, 5), transposed(True), 30 * 4),
        ("SVDF", [(1, 10), (8, 10), (8, 7), None, (1, 56)], (1, 4), None, 80 + 56),
        (
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            [(1, 12, 6), *[(5, 6)] * 4, *[(5, 5)] * 4, None, None, None, *[(5,)] * 4],
            (1, 12, 5),
            None,
            12 * (4 * 30 + 4 * 25),
        ),
        ("LSTM", [(2, 6), (2, 5), (20, 11), (20,), (2, 5)], (2, 5), None, 2 * 220),
        ("ADD", [(1, 4), (1, 4)], (1, 4), None, 0),
    ],
)
def test_macs(
    kind: str, inputs: list[tuple[int, ...] | None], output: tuple[int, ...], options: Any,
    expected: int,
) -> None:  # fmt: skip
    assert macs(*single(kind, inputs, output, options)) == expected


@pytest.mark.parametrize(
    ("kind", "inputs", "reason"),
    [
        ("CONV_2D", [(1, 8, 8, 4)], "has no weights"),
        ("CONV_2D", [(1, 8, 8, 4), None], "has no weights"),
        ("CONV_2D", [(1, 8, 8, 4), (6, 4)], r"weights has shape \[6, 4\], expected 4 dimensions"),
        ("TRANSPOSE_CONV", [(4,), (6, 3, 3, 2), (4,)], "input has shape"),
        ("BATCH_MATMUL", [(4,), (4, 5)], "expected 2 or 3 or 4 or 5 or 6 dimensions"),
        ("SVDF", [], "has no input"),
    ],
)
def test_macs_of_a_malformed_operator(
    kind: str, inputs: list[tuple[int, ...] | None], reason: str
) -> None:
    graph, op = single(kind, inputs, (1, 4))
    with pytest.raises(ModelError, match=f"op 0 {kind} 't{len(graph.tensors) - 1}'.*{reason}"):
        macs(graph, op)


def test_models_are_immutable() -> None:
    model: Model = read_model(small_cnn())
    op = model.main.ops[0]
    with pytest.raises(AttributeError):
        op.kind = "ADD"  # type: ignore[misc]
    with pytest.raises(TypeError):
        op.options["padding"] = "SAME"  # type: ignore[index]
    data = model.main.tensors[1].data
    assert data is not None
    with pytest.raises(ValueError, match="read-only"):
        data[0] = 1
