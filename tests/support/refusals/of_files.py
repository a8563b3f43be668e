"""Refusals that a ``.tflite`` or another file reaches, without TensorFlow."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.cases.kernels import options
from support.compression.clustered_models import clustered, few_values
from support.compression.tflm_encoded import converted, encoded
from support.models.collection import SHIPPED
from support.models.float_files import float_dense
from support.models.reader_edits import read_edited, set_tensor
from support.models.stateful_models import stateful_model, with_metadata
from support.models.tflite_files import Builder, pack, small_cnn, unpack
from support.refusals.sites import Refusal
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.ops.macs import input_shape, output_elements
from tinycompress.codegen.tflm import encode_weights
from tinycompress.codegen.tflm.decode import encoding
from tinycompress.codegen.verdict import require_aot, require_tflm
from tinycompress.conversion.floats.converting import convert_to_floats
from tinycompress.conversion.floats.half_weights import with_half_weights
from tinycompress.conversion.int4_weights import with_int4_weights
from tinycompress.conversion.joining.chain import chained
from tinycompress.conversion.load import load_model, require_keras_file
from tinycompress.ir.graph import Graph, Op
from tinycompress.ir.reader import MAX_FILE_BYTES, read_model
from tinycompress.ir.tflite_objects import unpacked
from tinycompress.options import BuildOptions
from tinycompress.oracle import Oracle
from tinycompress.oracle.arena import host_arena_bytes
from tinycompress.pipeline.verdict import require_engine

_LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def _unary(kind: str, *, dtype: str = "INT8", scale: float = 0.5, table: Any = None) -> bytes:
    b = Builder()
    quantised: dict[str, Any] = {"scales": [scale]} if dtype != "FLOAT32" else {}
    x = b.tensor([1, 4], dtype, name="x", **quantised)
    y = b.tensor([1, 4], dtype, name="y", **quantised)
    b.op(kind, [x], [y], table)
    return b.pack([x], [y])


def _two_inputs() -> bytes:
    b = Builder()
    x, y, z = (b.tensor([1, 4], scales=[0.5]) for _ in range(3))
    b.op("ADD", [x, y], [z], options("Add"))
    return b.pack([x, y], [z])


def _relu(values: int = 4, *, dtype: str = "INT8", scale: float = 0.5) -> bytes:
    b = Builder()
    x = b.tensor([1, values], dtype, name="x", scales=[scale])
    y = b.tensor([1, values], dtype, name="y", scales=[scale])
    b.op("RELU", [x], [y])
    return b.pack([x], [y])


def two_by_four() -> bytes:
    """A file that takes eight values."""
    return _relu(8)


def sine(place: Path) -> Path:
    """A file of float32."""
    return _written(place / "sine.tflite", _unary("SIN", dtype="FLOAT32"))


def _shared_weights() -> bytes:
    """One kernel of two dense layers, with a bias of one of them that needs it otherwise."""
    b = Builder()
    x = b.tensor([1, 4], scales=[0.5])
    values = np.arange(-8, 8, dtype=np.int8).reshape(4, 4) * 9
    first = b.tensor([4, 4], data=values, scales=[0.1])
    second = b.tensor([4, 4], scales=[0.02])
    b.graph.tensors[second].buffer = b.graph.tensors[first].buffer
    y, z = b.tensor([1, 4], scales=[1.0]), b.tensor([16], scales=[1.0])
    b.op("FULLY_CONNECTED", [x, first, -1], [y], schema.FullyConnectedOptionsT())
    twin = b.tensor([16], name="twin", scales=[0.02])
    b.graph.tensors[twin].buffer = b.graph.tensors[first].buffer
    b.op("RELU", [twin], [z])
    return b.pack([x], [y])


def _planned() -> bytes:
    b = Builder()
    x = b.tensor([1, 64], scales=[0.5])
    weights = b.tensor([64, 64], data=few_values((64, 64), 8, None), scales=[0.01])
    y = b.tensor([1, 64], scales=[100.0])
    b.op("FULLY_CONNECTED", [x, weights, -1], [y], schema.FullyConnectedOptionsT())
    return with_metadata(b.pack([x], [y]), "OfflineMemoryAllocation", b"\1\0\0\0" * 6)


def _lookup_beyond() -> object:
    b = Builder()
    x = b.tensor([3, 2], scales=[0.1])
    where, y = b.tensor([2], "INT32"), b.tensor([2, 2], scales=[0.1])
    b.op("GATHER", [x, where], [y], options("Gather"))
    oracle = Oracle(b.pack([x, where], [y]), "tflm")
    try:
        return oracle.run(np.zeros((3, 2), np.int8), np.array([0, 7], np.int32))
    finally:
        oracle.close()


def _odd_op(*inputs: int, outputs: tuple[int, ...] = (0,)) -> tuple[Graph, Op]:
    graph = read_model(_relu()).main
    return graph, Op(0, "CONV_2D", inputs, outputs)


def _archive(path: Path, metadata: str, *, flip: bool = False) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", metadata)
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", "weights" * 9)
    if flip:
        data = bytearray(path.read_bytes())
        data[data.index(b"weightsweights") + 3] ^= 0x55
        path.write_bytes(data)
    return path


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _damaged_metadata() -> bytes:
    model = unpack(small_cnn())
    entry = schema.MetadataT()
    entry.name, entry.buffer = "name of the metadata", 0
    model.metadata = [entry]
    data = bytearray(pack(model))
    where = data.index(b"name of the metadata") - 4
    (field,) = (
        at for at in range(0, where, 4) if at + int.from_bytes(data[at : at + 4], "little") == where
    )
    data[field : field + 4] = b"\xff\xff\xff\x7f"
    return bytes(data)


def _build(kind: str, engine: Any) -> None:
    model = _unary(kind, table=options("Gelu") if kind == "GELU" else None)
    require_engine(model, load_board("nano33"), BuildOptions(engine=engine))


AGAIN = "convert the model again"
SAVE = "save or copy the model again"


def _floats(place: Path, tflite: bytes) -> object:
    return convert_to_floats(_written(place / "m.tflite", tflite), None, precision="float32")


REFUSALS: tuple[Refusal, ...] = (
    Refusal("conversion/floats/converting.py:_float_file", lambda place: _floats(place, _relu()),
            "computes on int8 already, not on float32", "leave --precision out"),
    Refusal("conversion/floats/converting.py:_float_file#2",
            lambda place: _floats(place, with_half_weights(float_dense())),
            "has weights in half precision", "build it with --precision float16"),
    Refusal("conversion/floats/half_weights.py:_halves",
            lambda _: with_half_weights(float_dense(70_000.0)),
            "has a weight of 70000", "build it with --precision float32"),
    Refusal("conversion/int4_weights.py:with_int4_weights", lambda _: with_int4_weights(_relu()),
            "there are no weights to make int4", "leave --weights out"),
    Refusal("conversion/int4_weights.py:_shared", lambda _: with_int4_weights(_shared_weights()),
            "is shared by layers that would need it rounded differently", "leave --weights out"),
    Refusal("conversion/joining/chain.py:_only_graph",
            lambda _: chained((SHIPPED / "models/microwakeword/v2_hey_mycroft.tflite").read_bytes(),
                              _relu()),
            "has 2 subgraphs", "docs/streaming.md"),
    Refusal("conversion/joining/chain.py:_one", lambda _: chained(_relu(), _two_inputs()),
            "the model has 2 inputs; a chain takes one", "give a model with one input"),
    Refusal("conversion/joining/chain.py:_require_fit",
            lambda _: chained(_relu(dtype="INT16"), _relu()),
            "the front end gives int16, the model takes int8", "inputs of the front end's type"),
    Refusal("conversion/joining/chain.py:_require_fit#2", lambda _: chained(_relu(3), _relu(4)),
            "which is no multiple of the front end's 3", "a whole number of the front end"),
    Refusal("conversion/joining/chain.py:_require_fit#3",
            lambda _: chained(_relu(), _relu(scale=0.25)),
            "have other scales or zero points", "calibrate the model with the front end"),
    Refusal("conversion/load.py:require_keras_file",
            lambda place: require_keras_file(_written(place / "m.keras", _LFS)),
            "is a Git LFS pointer", "git lfs pull"),
    Refusal("conversion/load.py:require_keras_file#2",
            lambda place: load_model(_written(place / "m.h5", b"text")),
            "its content is no .h5 file", SAVE),
    Refusal("conversion/load.py:_archive_members",
            lambda place: load_model(_archive(place / "m.keras", "{}", flip=True)),
            "bad checksum of model.weights.h5", SAVE),
    Refusal("conversion/load.py:_archive_members#2",
            lambda place: load_model(_archive(place / "m.keras", "{")), "is damaged", SAVE),
    Refusal("conversion/load.py:_archive_members#3",
            lambda place: load_model(_archive(place / "m.keras", "[]")),
            "metadata.json is no JSON object", SAVE),
    Refusal("ir/flatbuffer.py:damaged", lambda _: read_model(small_cnn()[:-40]),
            "damaged .tflite file", "export the model again"),
    Refusal("ir/flatbuffer.py:Flatbuffer.__init__", lambda _: read_model(_LFS),
            "is a Git LFS pointer", "git lfs pull"),
    Refusal("ir/flatbuffer.py:Flatbuffer.__init__#2", lambda _: read_model(b"GIF89a, and more"),
            "not a .tflite file: bytes 4..7", "tinycompress convert MODEL --data calib.npz"),
    Refusal("ir/reader.py:read_model", lambda _: read_model(bytes(MAX_FILE_BYTES + 1)),
            "no microcontroller holds more", "build a smaller model"),
    Refusal("ir/reader.py:read_model#2",
            lambda _: read_edited(lambda model: setattr(model, "version", 2)),
            "schema version 2, expected 3", "TensorFlow 2"),
    Refusal("ir/reader.py:read_model#3",
            lambda _: read_edited(set_tensor("image", shape=[1, -1, 4, 1])),
            "only the first dimension, the batch, may be open", "a fixed shape of every input"),
    Refusal("ir/reader.py:_resets_state",
            lambda _: read_model(with_metadata(stateful_model("lstm"), "tinycompress.reset_state",
                                               b"every 7th")),
            "known: 'every inference'", "pip install --upgrade tinycompress-mcu"),
    Refusal("ir/tflite_objects.py:unpacked", lambda _: unpacked(_damaged_metadata()),
            "damaged, in its metadata or signatures", AGAIN),
    Refusal("oracle/arena.py:host_arena_bytes", lambda _: host_arena_bytes(_unary("CEIL")),
            "TensorFlow Lite Micro does not run this model", "--engine aot"),
    Refusal("oracle/oracle.py:Oracle._ask", lambda _: _lookup_beyond(),
            "TensorFlow Lite Micro does not run this model", "docs/SUPPORTED_OPS.md"),
    Refusal("codegen/ops/macs.py:input_shape", lambda _: input_shape(*_odd_op(), 1, "filter"),
            "has no filter", AGAIN),
    Refusal("codegen/ops/macs.py:input_shape#2",
            lambda _: input_shape(*_odd_op(0), 0, "input", (4,)),
            "input has shape [1, 4], expected 4 dimensions", AGAIN),
    Refusal("codegen/ops/macs.py:output_elements",
            lambda _: output_elements(*_odd_op(0, outputs=())), "has no output", AGAIN),
    Refusal("codegen/legality.py:refused",
            lambda _: require_aot(read_model(_unary("SIN", dtype="FLOAT32")), CodegenOptions()),
            "the model cannot be built", "convert the Keras model itself"),
    Refusal("codegen/tflm/legality.py:check_legality",
            lambda _: require_tflm(read_model(_unary("GELU", table=options("Gelu")))),
            "TensorFlow Lite Micro cannot run the model", "--engine aot --exact-to litert"),
    Refusal("pipeline/verdict.py:require_engine", lambda _: _build("CEIL", "tflm"),
            "TFLM failed to", "replace the layers that these operators come from"),
    Refusal("codegen/tflm/decode/encoding.py:_require_any",
            lambda _: encoded(encoded(clustered(8), "auto").tflite, "auto"),
            "DECODE operators already", "--weights plain"),
    Refusal("codegen/tflm/decode/encoding.py:_require_any#2",
            lambda _: encoded(_planned(), "auto"),
            "OfflineMemoryAllocation", "take the file from before that was planned"),
    Refusal("codegen/tflm/decode/encoding.py:_require_any#3",
            lambda _: encoded(small_cnn(), "auto"),
            "encoded weights would not make the model smaller", "cluster16"),
    Refusal("codegen/tflm/decode/encoding.py:_require_gain#2",
            lambda _: encode_weights(converted(clustered(8)), "auto"),
            "DECODE operator takes about", "--weights plain"),
    Refusal("codegen/tflm/decode/encoding.py:_compare",
            lambda _: encoding._compare(Oracle(_relu(), "tflm"), Oracle(_unary("ABS"), "tflm"),
                                        _relu()),
            "with encoded weights TFLite Micro gives other outputs", "--weights plain"),
    Refusal("codegen/tflm/decode/encoding.py:_require_gain",
            lambda _: encoding._require_gain(1000, -8, 0),
            "would not make the model smaller: 1,008 bytes instead of 1,000", "cluster16"),
)  # fmt: skip
