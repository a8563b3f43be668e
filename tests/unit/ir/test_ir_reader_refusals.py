"""The reader on files that an independent writer damaged: every one is refused with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema
from support.models.reader_edits import (
    Edit,
    read_edited,
    set_graph,
    set_op,
    set_quantization,
    set_tensor,
    tensor_of,
)

from tinycompress.errors import ModelError
from tinycompress.ir import reader
from tinycompress.ir.reader import read_model

LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)

REFUSED: dict[str, tuple[Edit, str]] = {
    "schema version": (lambda m: setattr(m, "version", 2), "schema version 2, expected 3"),
    "no subgraphs": (lambda m: setattr(m, "subgraphs", []), "has 0 subgraphs"),
    "no operator codes": (lambda m: setattr(m, "operatorCodes", None), "operator code 0"),
    "no buffers": (lambda m: setattr(m, "buffers", None), "buffer 0 is referred to"),
    "opcode index": (set_op(0, opcodeIndex=99), "operator code 99 is referred to"),
    "buffer index": (set_tensor("kernel", buffer=99), "buffer 99 is referred to"),
    "tensor type": (set_tensor("image", type=99), "type 99"),
    "op input": (set_op(0, inputs=[0, 1, 99]), "op 0 CONV_2D names tensor 99 of 9"),
    "negative op input": (set_op(0, inputs=[0, 1, -2]), "names tensor -2 of 9"),
    "op output": (set_op(0, outputs=[99]), "names tensor 99 of 9"),
    "absent op output": (set_op(0, outputs=[-1]), "names tensor -1 of 9"),
    "absent output, absent input": (set_op(2, outputs=[-1]), "names tensor -1 of 9"),
    "intermediate": (set_op(0, intermediates=[99]), "names tensor 99 of 9"),
    "graph input": (set_graph(inputs=[9]), "names tensor 9 of 9 as input or output"),
    "graph output": (set_graph(outputs=[-1]), "names tensor -1 of 9 as input or output"),
    "input twice": (set_graph(inputs=[0, 0]), "same tensor as input twice"),
    "constant input": (set_graph(inputs=[0, 1]), "input tensor 1 'kernel' has constant data"),
    "unwritten output": (
        lambda m: m.subgraphs[0].operators.pop(),
        "output tensor 8 'scores' is never written",
    ),
    "unwritten read": (
        set_graph(inputs=[]),
        "op 0 CONV_2D reads tensor 0 'image' before it has a value: nothing writes it",
    ),
    "order": (
        lambda m: m.subgraphs[0].operators.reverse(),
        "op 0 SOFTMAX reads tensor 7 'logits' before it has a value: only op 1 FULLY_CONNECTED",
    ),
    "written twice": (
        set_op(1, outputs=[3]),
        "op 1 RESHAPE writes tensor 3 'features', which has a value already",
    ),
    "writes a constant": (set_op(1, outputs=[6]), "writes tensor 6 'weights'"),
    "writes an input": (set_op(1, outputs=[0]), "writes tensor 0 'image'"),
    "reads itself": (set_op(1, inputs=[5, 4]), "only op 1 RESHAPE writes it"),
    "rank": (set_tensor("image", shape=[1] * 9), "9 dimensions, more than 8"),
    "negative size": (set_tensor("image", shape=[1, -4, 4, 1]), "impossible shape"),
    "huge": (set_tensor("image", shape=[1, 2**31 - 1, 2**31 - 1, 1]), "impossible shape"),
    "no elements": (set_tensor("features", shape=[1, 0, 2, 2]), r"\[1, 0, 2, 2\]: no elements"),
    "no elements at the input": (set_tensor("image", shape=[0, 4, 4, 1]), "no elements"),
    "too many bytes": (
        set_tensor("image", shape=[1, 1 << 14, 1 << 14, 2]),
        "activations take .* more than",
    ),
    "signature rank": (set_tensor("image", shapeSignature=[-1, 4]), "signature of 2 sizes"),
    "constant too short": (set_tensor("kernel", shape=[2, 3, 3, 2]), "18 bytes .* takes 36"),
    "constant too long": (set_tensor("kernel", shape=[2, 3, 1, 1]), "18 bytes .* takes 6"),
    "constant of other type": (
        set_tensor("bias", type=schema.TensorType.INT64),
        "8 bytes of data; int64\\[2\\] takes 16",
    ),
    "scales": (set_quantization("kernel", scale=[1.0, 1.0, 1.0]), "3 scales and 2 zero points"),
    "axis": (set_quantization("kernel", quantizedDimension=1), "2 scales along dimension 1"),
    "axis outside": (set_quantization("kernel", quantizedDimension=4), "along dimension 4"),
    "negative axis": (set_quantization("kernel", quantizedDimension=-4), "along dimension -4"),
    "scale zero": (set_quantization("image", scale=[0.0]), "not a positive number"),
    "scale negative": (set_quantization("image", scale=[-1.0]), "not a positive number"),
    "scale nan": (set_quantization("image", scale=[float("nan")]), "not a positive number"),
    "scale inf": (set_quantization("image", scale=[float("inf")]), "not a positive number"),
    "zero point": (set_quantization("image", zeroPoint=[128]), "outside the range of int8"),
    "big zero point": (set_quantization("image", zeroPoint=[-(2**63)]), "outside the range"),
    "other options": (
        set_op(0, builtinOptionsType=schema.BuiltinOptions.AddOptions,
               builtinOptions=schema.AddOptionsT()),
        "op 0 CONV_2D has AddOptions where Conv2DOptions belongs",
    ),
    "unknown enum": (
        lambda m: setattr(m.subgraphs[0].operators[0].builtinOptions, "padding", 5),
        "padding is 5, not a Padding",
    ),
    "long name": (set_tensor("image", name="x" * 100_000), "100000 bytes long"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_as_damaged(case: str) -> None:
    edit, reason = REFUSED[case]
    with pytest.raises(ModelError, match=reason) as caught:
        read_edited(edit)
    assert caught.value.exit_code == 3
    assert "\n" not in caught.value.message


def test_unrepresentable_tensors_are_all_named() -> None:
    def edit(model: Any) -> None:
        tensor_of(model, "kernel").sparsity = schema.SparsityParametersT()
        tensor_of(model, "weights").externalBuffer = 1
        tensor_of(model, "features").shapeSignature = [-1, -1, 2, 2]
        tensor_of(model, "logits").quantization.details = schema.CustomQuantizationT()
        tensor_of(model, "logits").quantization.detailsType = 1
        tensor_of(model, "bias").type = schema.TensorType.STRING

    with pytest.raises(ModelError) as caught:
        read_edited(edit)
    assert caught.value.reasons == (
        "tensor 1 'kernel' is sparse; convert without sparsity in the file",
        "tensor 2 'bias' is a constant of type string",
        "tensor 3 'features' has shape [-1, -1, 2, 2]: only the first dimension, the batch, may"
        " be open (-1)",
        "tensor 6 'weights' is kept in an external file",
        "tensor 7 'logits' has custom, block-wise or multi-axis quantisation",
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes"),
        (b"\x10\0\0\0TFL", "7 bytes"),
        (b"\x10\0\0\0TFL2" + b"\0" * 32, "not a .tflite file"),
        (b"PK\x03\x04" + b"\0" * 100, "not a .tflite file"),
        (LFS_POINTER, "the model is a Git LFS pointer"),
        (b"\xff\xff\xff\xffTFL3" + b"\0" * 32, "outside the file"),
        (b"\x08\0\0\0TFL3" + b"\0\0\0\0", "impossible size"),
        (b"\x08\0\0\0TFL3" + b"\x00\0\0\x80", "outside"),
    ],
)
def test_not_a_model(data: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read_model(data)


def test_a_file_that_no_microcontroller_holds() -> None:
    with pytest.raises(ModelError, match="no microcontroller"):
        read_model(bytes(reader.MAX_FILE_BYTES + 1))


def test_a_long_message_names_the_tensor_in_short() -> None:
    with pytest.raises(ModelError) as caught:
        read_edited(set_tensor("image", type=99, name="layer;" * 1000))
    assert len(caught.value.message) < 250


def test_tensors_without_names_are_called_after_their_place() -> None:
    def unnamed(model: Any) -> None:
        for tensor in model.subgraphs[0].tensors:
            tensor.name = b""

    graph = read_edited(unnamed).main
    names = [tensor.name for tensor in graph.tensors]
    assert all(names)
    assert names[graph.ops[0].outputs[0]] == graph.layer_name(graph.ops[0]) == "conv_2d_0"
    assert names[graph.ops[0].inputs[1]] == "tensor_1"
