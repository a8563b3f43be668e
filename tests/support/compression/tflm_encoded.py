"""Models whose weights are encoded for TFLM's DECODE, as tests of it want them."""

from __future__ import annotations

import hashlib

from ai_edge_litert import schema_py_generated as schema

from support.compression.clustered_models import few_values
from support.models.tflite_files import Builder
from tinycompress.artifacts import ConvertedModel, TflmCompression
from tinycompress.codegen.tflm import encode_weights
from tinycompress.codegen.tflm.decode.encoding import Choice, choose
from tinycompress.codegen.tflm.decode.methods import METHODS
from tinycompress.codegen.tflm.decode.rewriting import Rewriter
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs, output_specs
from tinycompress.oracle import Oracle

CHOICES: tuple[TflmCompression, ...] = ("auto", *METHODS)
"""All that encode."""


def converted(tflite: bytes) -> ConvertedModel:
    """A file as a conversion hands it on."""
    graph = read_model(tflite).main
    digest = hashlib.sha256(tflite).hexdigest()
    return ConvertedModel(tflite, digest, input_specs(graph), output_specs(graph))


def encoded(tflite: bytes, compression: TflmCompression) -> ConvertedModel:
    """As a build with a library of TFLM, which measures what the code takes."""
    return encode_weights(converted(tflite), compression, code_is_measured=True)


def choices(
    tflite: bytes, compression: TflmCompression
) -> tuple[dict[int, Choice], tuple[str, ...]]:
    """What `choose` finds in a file."""
    return choose(read_model(tflite).main, Rewriter(tflite), compression)


def require_same_outputs(before: bytes, after: bytes, count: int = 12) -> None:
    """More inputs than the encoder itself compares, through interpreters of our own."""
    oracles = [Oracle(tflite, "tflm") for tflite in (before, after)]
    for number in range(count):
        sample = [array[number] for array in random_inputs(read_model(before).main, count)]
        first, second = (oracle.run(*sample) for oracle in oracles)
        assert [one.tobytes() for one in first] == [one.tobytes() for one in second]


def two_layers(*, share: str) -> bytes:
    """Two dense layers with one filter, or with two tensors of one buffer."""
    b = Builder()
    weights = few_values((64, 64), 8, None)
    source = b.tensor([1, 64], name="input", scales=[0.5])
    first = b.tensor([64, 64], data=weights, scales=[0.01])
    second = first
    if share == "buffer":
        second = b.tensor([64, 64], scales=[0.02])
        b.graph.tensors[second].buffer = b.graph.tensors[first].buffer
    middle = b.tensor([1, 64], name="one", scales=[100.0])
    last = b.tensor([1, 64], name="two", scales=[10000.0])
    b.op("FULLY_CONNECTED", [source, first, -1], [middle], schema.FullyConnectedOptionsT())
    b.op("FULLY_CONNECTED", [middle, second, -1], [last], schema.FullyConnectedOptionsT())
    return b.pack([source], [last])
