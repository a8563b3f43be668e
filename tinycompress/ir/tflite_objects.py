"""A ``.tflite`` file as the schema's mutable objects, and back: for tools that change files."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tinycompress.errors import ModelError
from tinycompress.ir.tflite_schema import FILE_IDENTIFIER

_ALIGNMENT_BYTES = 16
"""Of constants, as the schema wants them: kernels read some as words, in place."""
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


def operator_code(model: Any, builtin: int) -> int:
    """Index of an operator's code; a new one where the file has none."""
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == builtin:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def add_metadata(model: Any, name: str, said: bytes) -> None:
    """Add an entry to the metadata of a ``ModelT``."""
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(said, np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = name, len(model.buffers) - 1
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
