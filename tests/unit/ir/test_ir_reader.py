"""The reader on files that an independent writer made: every layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.models.reader_edits import read_edited, set_op, set_quantization, set_tensor
from support.models.tflite_files import Builder, pack, small_cnn, unpack

from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType, Quantization, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.ir.tflite_schema import ENUMS, OPERATORS, OPTION_TABLES, OPTIONS_OF


def data_of(tensor: Tensor) -> np.ndarray[Any, Any]:
    assert tensor.data is not None
    return tensor.data


def test_the_whole_small_cnn() -> None:
    data = small_cnn()
    model = read_model(data)
    graph = model.main
    assert model.description == "made in a test"
    assert len(model.sha256) == 64
    assert [op.kind for op in graph.ops] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    assert (graph.inputs, graph.outputs) == ((0,), (8,))
    conv, reshape, dense, softmax = graph.ops
    assert conv.options["padding"] == "VALID"
    assert conv.options["fused_activation_function"] == "RELU"
    assert (conv.options["stride_h"], conv.options["dilation_h_factor"]) == (1, 1)
    assert reshape.options["new_shape"] == ()
    assert dense.inputs == (5, 6, -1)
    assert softmax.options["beta"] == 1.0
    kernel, bias = graph.tensors[1], graph.tensors[2]
    assert kernel.quantization == Quantization((0.25, 0.125), (0, 0), 0)
    assert kernel.data is not None
    assert kernel.data.dtype == np.int8
    assert not kernel.data.flags.writeable
    assert bias.data is not None
    assert bias.data.tolist() == [5, -7]
    assert graph.tensors[0].quantization == Quantization((0.5,), (-1,), 0)
    assert graph.layer_name(conv) == "features"


def test_scalar_and_missing_names() -> None:
    b = Builder()
    x = b.tensor([1, 2], scales=[1.0])
    axis = b.tensor([], "INT32", data=np.array(1, "<i4"))
    y = b.tensor([1], scales=[1.0])
    b.op("SUM", [x, axis], [y], schema.ReducerOptionsT())
    for tensor in b.graph.tensors:
        tensor.name = None
    graph = read_model(b.pack([x], [y])).main
    assert graph.tensors[axis].shape == ()
    assert graph.tensors[axis].elements == 1
    assert data_of(graph.tensors[axis]).tolist() == 1
    assert graph.layer_name(graph.ops[0]) == "sum_0"


def test_open_batch_is_one() -> None:
    model = read_edited(set_tensor("image", shapeSignature=[-1, 4, 4, 1]))
    assert model.main.tensors[0].shape == (1, 4, 4, 1)
    model = read_edited(set_tensor("image", shape=[-1, 4, 4, 1]))
    assert model.main.tensors[0].shape == (1, 4, 4, 1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, {"beta": 0.0}),
        (schema.SoftmaxOptionsT(), {"beta": 0.0}),
    ],
    ids=["no table", "empty table"],
)
def test_absent_options_are_the_defaults(options: Any, expected: dict[str, float]) -> None:
    kind = schema.BuiltinOptions.SoftmaxOptions if options else 0
    model = read_edited(set_op(3, builtinOptions=options, builtinOptionsType=kind))
    assert dict(model.main.ops[3].options) == expected


@pytest.mark.parametrize("kind", sorted(OPTIONS_OF))
def test_every_operators_options(kind: str) -> None:
    """Each field comes back with the value that was written, and nothing else."""
    table = OPTIONS_OF[kind]
    options = getattr(schema, f"{table}T")()
    expected: dict[str, Any] = {}
    values: dict[str, Any] = {"int": -3, "uint": 7, "long": 1 << 40, "float": 0.75, "bool": True}
    for field in OPTION_TABLES[table]:
        words = field.name.split("_")
        name = words[0] + "".join(word.capitalize() for word in words[1:])
        assert hasattr(options, name)
        if field.type in values:
            expected[field.name] = values[field.type]
        elif field.type == "[int]":
            expected[field.name] = (1, -1, 2_000_000_000)
        elif field.type == "string":
            expected[field.name] = f"the {field.name}"
        else:
            expected[field.name] = ENUMS[field.type][1]
            setattr(options, name, 1)
            continue
        written = expected[field.name]
        setattr(options, name, list(written) if isinstance(written, tuple) else written)
    b = Builder()
    x = b.tensor([1])
    y = b.tensor([1])
    b.op(kind, [x], [y], options)
    data = b.pack([x], [y])
    if kind in ("CALL", "CALL_ONCE", "IF", "WHILE"):
        with pytest.raises(ModelError, match="calls subgraph"):
            read_model(data)
        return
    (op,) = read_model(data).main.ops
    assert (op.kind, dict(op.options)) == (kind, expected)


@pytest.mark.parametrize("kind", [k for k in OPERATORS if not k.startswith("PLACEHOLDER")])
def test_every_operator_code(kind: str) -> None:
    b = Builder()
    x, y = b.tensor([1]), b.tensor([1])
    b.op(kind, [x], [y], custom_code="mine" if kind == "CUSTOM" else None)
    if kind in ("CALL", "CALL_ONCE", "IF", "WHILE"):
        # Without options, the subgraph that is called is the first, itself.
        with pytest.raises(ModelError, match="circle"):
            read_model(b.pack([x], [y]))
        return
    (read,) = read_model(b.pack([x], [y])).main.ops
    assert read.kind == kind
    assert read.custom_code == ("mine" if kind == "CUSTOM" else "")


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (9, 0, "FULLY_CONNECTED"),
        (0, 9, "FULLY_CONNECTED"),
        (127, 150, "GELU"),
        (126, 126, "BATCH_MATMUL"),
    ],
)
def test_operator_code_in_either_field(old: int, new: int, kind: str) -> None:
    b = Builder()
    x, y = b.tensor([1]), b.tensor([1])
    b.op("RELU", [x], [y])
    b.model.operatorCodes[0].deprecatedBuiltinCode = old
    b.model.operatorCodes[0].builtinCode = new
    assert read_model(b.pack([x], [y])).main.ops[0].kind == kind


@pytest.mark.parametrize("code", [127, 210, -1, 2**31 - 1, -(2**31)])
def test_unknown_operator_code(code: int) -> None:
    b = Builder()
    x, y = b.tensor([1]), b.tensor([1])
    b.op("RELU", [x], [y])
    b.model.operatorCodes[0].deprecatedBuiltinCode = 127 if code > 0 else -1
    b.model.operatorCodes[0].builtinCode = code
    with pytest.raises(ModelError, match="schema does not have"):
        read_model(b.pack([x], [y]))


def constant(dtype: str, shape: list[int], data: bytes) -> np.ndarray[Any, Any]:
    b = Builder()
    x, y = b.tensor([1]), b.tensor([1])
    c = b.tensor(shape, dtype, data=data)
    b.op("ADD", [x, c], [y])
    tensor = read_model(b.pack([x], [y])).main.tensors[c]
    assert tensor.dtype is DType[dtype]
    assert tensor.size_bytes == len(data)
    assert tensor.data is not None
    assert tensor.data.shape == tuple(shape)
    assert not tensor.data.flags.writeable
    return tensor.data


@pytest.mark.parametrize(
    "dtype",
    ["FLOAT32", "FLOAT16", "FLOAT64", "INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32",
     "INT64", "UINT64", "COMPLEX64", "COMPLEX128"],
)  # fmt: skip
def test_constants_of_every_numpy_type(dtype: str) -> None:
    values = np.arange(6).astype(DType[dtype].numpy).reshape(2, 3)
    read = constant(dtype, [2, 3], values.tobytes())
    assert read.dtype == values.dtype
    assert (read == values).all()


def test_constants_narrower_than_a_byte() -> None:
    # First element in the lowest bits; a last byte may be part empty.
    assert constant("INT4", [5], bytes([0x71, 0x8F, 0x0E])).tolist() == [1, 7, -1, -8, -2]
    assert constant("UINT4", [3], bytes([0x71, 0x0F])).tolist() == [1, 7, 15]
    assert constant("INT2", [5], bytes([0b10_01_11_00, 0b01])).tolist() == [0, -1, 1, -2, 1]
    assert constant("BOOL", [3], bytes([0, 1, 7])).tolist() == [False, True, True]


def test_constants_of_types_that_numpy_lacks() -> None:
    assert constant("BFLOAT16", [2], b"\x80\x3f\x00\x40").tolist() == [0x3F80, 0x4000]
    assert constant("FLOAT8_E5M2", [2], b"\x01\xff").tolist() == [1, 255]


def test_empty_constant() -> None:
    b = Builder()
    x, y = b.tensor([1]), b.tensor([1])
    axes = b.tensor([0], "INT32", data=b"")
    nothing = b.tensor([0], "INT32")
    b.op("MEAN", [x, axes], [y], schema.ReducerOptionsT())
    tensors = read_model(b.pack([x], [y])).main.tensors
    for index in (axes, nothing):
        assert tensors[index].is_constant
        assert data_of(tensors[index]).shape == (0,)


def test_shared_buffers_are_one_constant() -> None:
    b = Builder()
    x, y = b.tensor([4]), b.tensor([4])
    one = b.tensor([4], data=b"\1\2\3\4")
    two = b.tensor([2, 2])
    b.graph.tensors[two].buffer = b.graph.tensors[one].buffer
    b.op("ADD", [x, one], [y])
    tensors = read_model(b.pack([x], [y])).main.tensors
    assert np.shares_memory(data_of(tensors[one]), data_of(tensors[two]))
    assert data_of(tensors[two]).shape == (2, 2)


def outside_layout(start_shift: int = 0, size_shift: int = 0) -> tuple[bytes, bytes]:
    """``small_cnn`` with all data behind the flatbuffer, as in files above 2 GB; and original."""
    inside = small_cnn()
    model = unpack(inside)
    payloads = [None if b.data is None else bytes(bytearray(b.data)) for b in model.buffers]
    for buffer in model.buffers:
        buffer.data = None
        # Same size whatever the value: written explicitly, as a value other than the default.
        buffer.offset, buffer.size = 1, 1
    length = len(pack(model))
    tail = b""
    for buffer, payload in zip(model.buffers, payloads, strict=True):
        if payload is not None:
            buffer.offset = length + len(tail) + start_shift
            buffer.size = len(payload) + size_shift
            tail += payload + b"\xaa" * 3
    packed = pack(model)
    assert len(packed) == length
    return packed + tail, inside


def test_data_behind_the_flatbuffer() -> None:
    outside, inside = outside_layout()
    one, two = read_model(outside).main, read_model(inside).main
    assert sum(tensor.is_constant for tensor in one.tensors) == 4
    for a, b in zip(one.tensors, two.tensors, strict=True):
        assert (a.data is None) == (b.data is None)
        if a.data is not None and b.data is not None:
            assert a.data.tobytes() == b.data.tobytes()


@pytest.mark.parametrize(
    ("start_shift", "size_shift", "reason"),
    [(10_000, 0, "outside the file"), (2**62, 0, "outside the file"), (0, 2**63, "outside"),
     (0, 1, "takes"), (-4, 0, None)],
)  # fmt: skip
def test_bad_data_behind_the_flatbuffer(
    start_shift: int, size_shift: int, reason: str | None
) -> None:
    data, _ = outside_layout(start_shift, size_shift)
    if reason is None:
        assert read_model(data).main.ops
        return
    with pytest.raises(ModelError, match=reason):
        read_model(data)


def test_partly_overlapping_constants() -> None:
    model = unpack(outside_layout()[0])
    data = outside_layout()[0]
    offsets = [buffer for buffer in model.buffers if buffer.offset > 1]
    first = int(offsets[0].offset)
    # The second constant is moved so that it starts within the first.
    position = data.index(int(offsets[1].offset).to_bytes(8, "little"))
    moved = data[:position] + (first + 1).to_bytes(8, "little") + data[position + 8 :]
    with pytest.raises(ModelError, match="overlaps"):
        read_model(moved)


def test_unaligned_constant() -> None:
    # A vector of 32-bit values at an odd address: the bytes are all that counts.
    b = Builder()
    x, y = b.tensor([3]), b.tensor([3])
    c = b.tensor([3], "INT32", data=b"")
    b.op("ADD", [x, c], [y])
    b.graph.tensors[c].buffer = 1
    b.model.buffers[1].data, b.model.buffers[1].offset, b.model.buffers[1].size = None, 1, 1
    base = len(b.pack([x], [y]))
    odd = base + (1 - base % 2) + 2
    b.model.buffers[1].offset, b.model.buffers[1].size = odd, 12
    packed = b.pack([x], [y])
    packed += b"\0" * (odd - len(packed)) + np.array([1, -2, 3], "<i4").tobytes()
    read = read_model(packed).main.tensors[c].data
    assert read is not None
    assert odd % 2 == 1
    assert read.tolist() == [1, -2, 3]


def test_bias_with_its_weights_dimension() -> None:
    """Old converters gave a bias the quantised dimension of its weights."""
    quantization = read_edited(
        set_quantization("bias", quantizedDimension=3)
    ).main.tensors[2].quantization  # fmt: skip
    assert quantization == Quantization((0.125, 0.0625), (0, 0), 0)


def test_one_zero_point_for_all_channels() -> None:
    model = read_edited(set_quantization("kernel", zeroPoint=[0]))
    assert model.main.tensors[1].quantization == Quantization((0.25, 0.125), (0, 0), 0)
    model = read_edited(set_quantization("kernel", zeroPoint=None))
    assert model.main.tensors[1].quantization == Quantization((0.25, 0.125), (0, 0), 0)


def test_quantization_without_scales_or_of_floats_is_none() -> None:
    model = read_edited(set_quantization("image", scale=None, zeroPoint=None, min=[0.0]))
    assert model.main.tensors[0].quantization is None
    model = read_edited(set_tensor("image", type=schema.TensorType.FLOAT32))
    assert model.main.tensors[0].quantization is None


def test_names_are_made_printable() -> None:
    model = read_edited(set_tensor("image", name=b"a\xffb\n\x1b[31mc\xe2\x80\xaed \xc3\xbc"))
    assert model.main.tensors[0].name == "a\ufffdb\ufffd\ufffd[31mc\ufffdd ü"


def test_variables_custom_options_and_intermediates() -> None:
    b = Builder()
    x, y = b.tensor([1]), b.tensor([1])
    state = b.tensor([8], "INT16")
    scratch = b.tensor([0], scales=[0.25])
    b.graph.tensors[state].isVariable = True
    op = b.op("CUSTOM", [x, state], [y], custom_code="Mine")
    op.customOptions = list(b"\1\2\3")
    op.intermediates = [scratch]
    graph = read_model(b.pack([x], [y])).main
    assert graph.tensors[state].is_variable
    assert (graph.ops[0].kind, graph.ops[0].custom_code) == ("CUSTOM", "Mine")
    assert graph.ops[0].custom_options == b"\1\2\3"
    assert graph.ops[0].intermediates == (scratch,)


def test_large_custom_options() -> None:
    b = Builder()
    x, y = b.tensor([1]), b.tensor([1])
    op = b.op("CUSTOM", [x], [y], custom_code="Mine")
    op.largeCustomOptionsOffset, op.largeCustomOptionsSize = 2, 1
    length = len(b.pack([x], [y]))
    op.largeCustomOptionsOffset, op.largeCustomOptionsSize = length, 5
    assert read_model(b.pack([x], [y]) + b"12345").main.ops[0].custom_options == b"12345"
    with pytest.raises(ModelError, match="outside the file"):
        read_model(b.pack([x], [y]) + b"1234")


def subgraphs(calls: list[list[int]]) -> bytes:
    """One subgraph per entry, each calling those with CALL_ONCE."""
    b = Builder()
    for number, targets in enumerate(calls):
        if number:
            b.new_subgraph()
        for target in targets:
            options = schema.CallOnceOptionsT()
            options.initSubgraphIndex = target
            b.op("CALL_ONCE", [], [], options)
    x = len(b.model.subgraphs[0].tensors)
    tensor = schema.TensorT()
    tensor.shape, tensor.type, tensor.buffer, tensor.name = [1], 9, 0, "x"
    b.model.subgraphs[0].tensors.append(tensor)
    return b.pack([x], [x])


def test_subgraphs() -> None:
    model = read_model(subgraphs([[1, 2], [2], []]))
    assert len(model.graphs) == 3
    assert model.main.ops[1].options["init_subgraph_index"] == 2


@pytest.mark.parametrize(
    ("calls", "reason"),
    [([[0]], "circle"), ([[1], [2], [1]], r"\[0, 1, 2\] call each other in a circle"),
     ([[1]], "calls subgraph 1 of 1"), ([[-1]], "calls subgraph -1 of 1")],
)  # fmt: skip
def test_bad_calls(calls: list[list[int]], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read_model(subgraphs(calls))
