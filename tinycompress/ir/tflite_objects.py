"""A ``.tflite`` file as the schema's mutable objects, and back: for tools that change files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from tinycompress.errors import ModelError
from tinycompress.ir.tflite_schema import FILE_IDENTIFIER

_ALIGNMENT_BYTES = 16
"""Of constants, as the schema wants them: kernels read some as words, in place."""
_LAST_OLD_CODE = 127
"""Of operators that the schema's first field for them holds; of newer ones it holds this."""
_BEHIND_THE_FLATBUFFER = 1
"""An offset above it is that of bytes which lie behind, as in files of more than 2 GB."""


def unpacked(tflite: bytes) -> Any:
    """The ``ModelT`` of a file; what lies behind its flatbuffer is brought into it.

    Args:
        tflite: The whole file, which `tinycompress.ir.reader.read_model` took.

    Raises:
        ModelError: The file is damaged where that reader does not look, as in its metadata.
    """
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    # The generated code checks nothing: what it stumbles over is up to the damage.
    except Exception as error:
        raise ModelError(
            f"the file is damaged, in its metadata or signatures ({type(error).__name__}: {error})",
            hint="convert the model again",
        ) from error
    _bring_into_flatbuffer(model, tflite)
    return model


def packed(model: Any) -> bytes:
    """The bytes of a ``ModelT``, which stays as it is."""
    buffers = model.buffers
    model.buffers = [_Buffer(each.data) for each in buffers]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    model.buffers = buffers
    return bytes(builder.Output())


def _bring_into_flatbuffer(model: Any, tflite: bytes) -> None:
    for buffer in model.buffers:
        if buffer.offset > _BEHIND_THE_FLATBUFFER:
            buffer.data = np.frombuffer(tflite, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    for graph in model.subgraphs:
        for operator in graph.operators or ():
            start, size = operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize
            if start > _BEHIND_THE_FLATBUFFER:
                operator.customOptions = np.frombuffer(tflite, np.uint8, size, start)
                operator.largeCustomOptionsOffset = operator.largeCustomOptionsSize = 0


def empty_buffer(model: Any) -> int:
    """The first buffer, which is empty by convention; a new one where a file does without."""
    first = model.buffers[0].data
    if first is None or len(first) == 0:
        return 0
    model.buffers.append(schema.BufferT())
    return len(model.buffers) - 1


def operator_code(model: Any, builtin: int, version: int = 1) -> int:
    """Index of an operator's code, of at least a version; a new one where the file has none."""
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == builtin and code.version >= version:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode = builtin, min(builtin, _LAST_OLD_CODE)
    code.version = version
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def new_operator(
    model: Any,
    builtin: int,
    inputs: Sequence[int],
    outputs: Sequence[int],
    options: Any = None,
    *,
    version: int = 1,
) -> Any:
    """An ``OperatorT`` that is in no subgraph yet; ``options`` is the schema's object for it."""
    operator = schema.OperatorT()
    operator.opcodeIndex = operator_code(model, builtin, version)
    operator.inputs, operator.outputs = list(inputs), list(outputs)
    if options is not None:
        kind = type(options).__name__.removesuffix("T")
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        operator.builtinOptions = options
    return operator


def new_quantization(scales: Sequence[float], zero_points: Sequence[int], axis: int) -> Any:
    """A ``QuantizationParametersT``: one scale, or one for each entry of an axis."""
    made = schema.QuantizationParametersT()
    made.scale, made.zeroPoint = list(scales), list(zero_points)
    made.quantizedDimension = axis
    return made


def add_buffer(model: Any, values: npt.NDArray[Any]) -> int:
    """Add an array's bytes, little-endian, as a buffer; its index."""
    buffer = schema.BufferT()
    little = values.astype(values.dtype.newbyteorder("<"))
    buffer.data = np.frombuffer(little.tobytes(), np.uint8)
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def add_tensor(model: Any, graph: Any, name: bytes | str, kind: int, shape: Sequence[int]) -> int:
    """Add a tensor without data to a subgraph; its index. ``kind`` is the schema's type."""
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.shape = name, kind, list(shape)
    tensor.buffer = empty_buffer(model)
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def add_constant(model: Any, graph: Any, name: bytes | str, values: npt.NDArray[Any]) -> int:
    """Add a constant tensor to a subgraph; its index."""
    kind = getattr(schema.TensorType, values.dtype.name.upper())
    index = add_tensor(model, graph, name, kind, values.shape)
    graph.tensors[index].buffer = add_buffer(model, values)
    return index


def drop_unread_buffers(model: Any) -> None:
    """Leave out the buffers that no tensor and no metadata have; the first one, empty, stays."""
    users = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    users += model.metadata or []
    kept = sorted({0, *(user.buffer for user in users)})
    places = {old: new for new, old in enumerate(kept)}
    for user in users:
        user.buffer = places[user.buffer]
    model.buffers = [model.buffers[index] for index in kept]


def add_metadata(model: Any, name: str, said: bytes) -> None:
    """Add an entry to the metadata of a ``ModelT``."""
    entry = schema.MetadataT()
    entry.name, entry.buffer = name, add_buffer(model, np.frombuffer(said, np.uint8))
    model.metadata = [*(model.metadata or ()), entry]


class _Buffer:
    """A buffer that packs itself aligned, which the generated ``BufferT`` does not."""

    def __init__(self, data: Any) -> None:
        self._data = None if data is None else np.asarray(data, np.uint8)

    def Pack(self, builder: Any) -> Any:  # noqa: N802 - the generated model calls it so
        """Write the data, then the table that refers to them."""
        data = None
        if self._data is not None and self._data.size:
            builder.Prep(_ALIGNMENT_BYTES, self._data.size)
            data = builder.CreateNumpyVector(self._data)
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)
