"""Small models of every family of state, whose outputs depend on what came before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.fuzz.graphs import Activation, Emitter, Found, GraphMaker, GraphSeed
from support.fuzz.state import lstm, ring, svdf, variable
from support.fuzz.weighted import conv_2d
from support.models.tflite_files import pack, unpack
from tinycompress.artifacts import ExactTo
from tinycompress.ir.reader import read_model


@dataclass(frozen=True)
class _Family:
    emitter: Emitter
    seed: int
    steps: int
    kinds: frozenset[str]


def _streaming_conv(g: GraphMaker, x: Activation) -> Found:
    """The last rows of what came before, and those that are new, under one filter."""
    rows = ring(g, g.new_input([1, 2, 1, 8]))
    return None if rows is None else conv_2d(g, rows)


_VARIABLES = frozenset({"CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"})
_FAMILIES = {
    "streaming_conv": _Family(_streaming_conv, 4, 6, _VARIABLES | {"CONCATENATION", "CONV_2D"}),
    "variables": _Family(variable, 5, 6, _VARIABLES | {"ADD"}),
    "svdf": _Family(svdf, 5, 3, frozenset({"SVDF"})),
    "lstm": _Family(lstm, 1, 3, frozenset({"UNIDIRECTIONAL_SEQUENCE_LSTM"})),
}

FAMILIES = tuple(_FAMILIES)


def stateful_model(name: str, exact_to: ExactTo = "tflm") -> bytes:
    """Several layers, or groups of layers, of one family in one model."""
    family = _FAMILIES[name]
    maker = GraphMaker({name: family.emitter})
    maker.add(GraphSeed(family.seed, family.steps, exact_to))
    tflite = maker.tflite()
    found = {op.kind for op in read_model(tflite).main.ops}
    assert family.kinds <= found, f"{name} has no {family.kinds - found}"
    return tflite


def with_metadata(tflite: bytes, name: str, content: bytes) -> bytes:
    """A model with one more entry of metadata."""
    model = unpack(tflite)
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(content, np.uint8)
    entry.name, entry.buffer = name, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or ()), entry]
    return pack(model)


def resetting(tflite: bytes) -> bytes:
    """A model that begins each inference with a reset of its state."""
    return with_metadata(tflite, "tinycompress.reset_state", b"every inference")


def observed(tflite: bytes, kinds: set[str]) -> bytes:
    """A model with the results of operators of some kinds as further outputs.

    A detector that hears nothing says 0 for every random input, whatever its state holds.
    """
    graph = read_model(tflite).main
    seen = [index for op in graph.ops if op.kind in kinds for index in op.outputs]
    model = unpack(tflite)
    outputs = [int(index) for index in model.subgraphs[0].outputs]
    model.subgraphs[0].outputs = [*outputs, *(i for i in seen if i not in outputs)]
    # A signature names outputs in a number of its own.
    model.signatureDefs = []
    return pack(model)
