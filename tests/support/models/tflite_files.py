"""Small ``.tflite`` files made with the object API of the schema code that LiteRT ships.

An independent writer for what our reader reads. Everything is public schema: see
``ai_edge_litert.schema_py_generated``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

Array = npt.NDArray[Any]


def pack(model: Any) -> bytes:
    """The bytes of a ``ModelT``."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def unpack(data: bytes) -> Any:
    """The ``ModelT`` of a file's bytes."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))


class Builder:
    """Collects tensors, buffers and operators of one model."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = b"made in a test"
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.model.subgraphs = []
        self.new_subgraph()

    def new_subgraph(self) -> None:
        """Start the next subgraph; what follows goes there."""
        graph = schema.SubGraphT()
        graph.name = b"graph"
        graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
        self.model.subgraphs.append(graph)

    @property
    def graph(self) -> Any:
        """The current ``SubGraphT``."""
        return self.model.subgraphs[-1]

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "INT8",
        *,
        name: str = "",
        data: Array | bytes | None = None,
        scales: Sequence[float] = (),
        zero_points: Sequence[int] = (),
        axis: int = 0,
    ) -> int:
        """Add a tensor and return its index."""
        tensor = schema.TensorT()
        tensor.shape = list(shape)
        tensor.type = getattr(schema.TensorType, dtype)
        tensor.name = name or f"t{len(self.graph.tensors)}"
        tensor.buffer = 0
        if data is not None:
            tensor.buffer = len(self.model.buffers)
            buffer = schema.BufferT()
            raw = data if isinstance(data, bytes) else data.tobytes()
            buffer.data = np.frombuffer(raw, np.uint8)
            self.model.buffers.append(buffer)
        if len(scales):
            quantization = schema.QuantizationParametersT()
            quantization.scale = list(scales)
            quantization.zeroPoint = list(zero_points) or [0] * len(scales)
            quantization.quantizedDimension = axis
            tensor.quantization = quantization
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, index: int) -> Array:
        """A copy of the data of a constant of int8 or int32."""
        tensor = self.graph.tensors[index]
        dtype = "<i4" if tensor.type == schema.TensorType.INT32 else "i1"
        data = np.asarray(self.model.buffers[tensor.buffer].data, np.uint8).tobytes()
        values: Array = np.frombuffer(data, dtype).reshape(tensor.shape).copy()
        return values

    def set_constant(self, index: int, data: Array) -> None:
        """Give a constant of int8 or int32 other data of its shape."""
        tensor = self.graph.tensors[index]
        dtype = "<i4" if tensor.type == schema.TensorType.INT32 else "i1"
        raw = data.astype(dtype).tobytes()
        self.model.buffers[tensor.buffer].data = np.frombuffer(raw, np.uint8)

    def op(
        self,
        kind: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: Any = None,
        *,
        custom_code: str | None = None,
    ) -> Any:
        """Add an operator and return its ``OperatorT``."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = 1
        code.customCode = custom_code
        self.model.operatorCodes.append(code)
        op = schema.OperatorT()
        op.opcodeIndex = len(self.model.operatorCodes) - 1
        op.inputs, op.outputs = list(inputs), list(outputs)
        if options is not None:
            op.builtinOptions = options
            name = type(options).__name__.removesuffix("T")
            op.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        self.graph.operators.append(op)
        return op

    def pack(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The file, with these tensors of the first subgraph as inputs and outputs."""
        self.model.subgraphs[0].inputs = list(inputs)
        self.model.subgraphs[0].outputs = list(outputs)
        return pack(self.model)


def small_cnn() -> bytes:
    """CONV_2D (per channel), RESHAPE, FULLY_CONNECTED, SOFTMAX on a 4 x 4 image; all int8."""
    rng = np.random.default_rng(7)
    b = Builder()
    image = b.tensor([1, 4, 4, 1], name="image", scales=[0.5], zero_points=[-1])
    kernel = b.tensor(
        [2, 3, 3, 1], data=rng.integers(-127, 128, 18).astype(np.int8), scales=[0.25, 0.125],
        name="kernel",
    )  # fmt: skip
    bias = b.tensor(
        [2], "INT32", data=np.array([5, -7], "<i4"), scales=[0.125, 0.0625], name="bias"
    )
    features = b.tensor([1, 2, 2, 2], name="features", scales=[1.0], zero_points=[3])
    shape = b.tensor([2], "INT32", data=np.array([1, 8], "<i4"), name="shape")
    flat = b.tensor([1, 8], name="flat", scales=[1.0], zero_points=[3])
    weights = b.tensor(
        [3, 8], data=rng.integers(-127, 128, 24).astype(np.int8), scales=[0.5], name="weights"
    )
    logits = b.tensor([1, 3], name="logits", scales=[2.0], zero_points=[10])
    scores = b.tensor([1, 3], name="scores", scales=[1 / 256], zero_points=[-128])
    conv = schema.Conv2DOptionsT()
    conv.padding = schema.Padding.VALID
    conv.strideH = conv.strideW = 1
    conv.fusedActivationFunction = schema.ActivationFunctionType.RELU
    b.op("CONV_2D", [image, kernel, bias], [features], conv)
    b.op("RESHAPE", [features, shape], [flat], schema.ReshapeOptionsT())
    b.op("FULLY_CONNECTED", [flat, weights, -1], [logits], schema.FullyConnectedOptionsT())
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    b.op("SOFTMAX", [logits], [scores], softmax)
    return b.pack([image], [scores])
