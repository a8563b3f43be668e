"""Products of a vector with encoded weights: FULLY_CONNECTED, CONV_2D where it is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from tinycompress.codegen.layer import (
    ConstArray,
    EncodedWeights,
    Kernel,
    Layer,
    ParamValue,
)
from tinycompress.codegen.ops.dense import orders
from tinycompress.codegen.ops.dense.dense_fast import dense_params
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rounding.channels import ChannelTables, Int64s
from tinycompress.codegen.weights import gap_tokens, huffman, lut, word_tokens
from tinycompress.codegen.weights.encoding import Encoded, EncodingName, frontier
from tinycompress.codegen.weights.streams import wrapped_words

_REMEMBERED = 32


@dataclass(frozen=True)
class DenseProblem:
    """A product of rows of weights with vectors, and how its sums are requantised.

    Args:
        reference: The layer by the reference kernel, input and output its only arguments.
        weights_name: For comments and names.
        rows: Weights, ``[outputs, inputs]``.
        tables: Of the outputs; multipliers and extras may be one for all.
        common: ``doubled_zero_point``, ``clamp_min`` and ``clamp_max``.
    """

    reference: Layer
    weights_name: str
    rows: Int64s
    tables: ChannelTables
    common: Mapping[str, ParamValue]


def encoded_layers(
    problem: DenseProblem, instead: Layer, options: CodegenOptions
) -> Iterator[Layer]:
    """The layer by every encoding that makes its weights smaller, if weights may be encoded.

    Args:
        problem: What is computed.
        instead: The layer by the first kernel that reads weights as they are.
        options: `weights` decides.
    """
    if options.weights == "plain" or not problem.rows.size:
        return
    rows = problem.rows.astype(np.int8)
    for encoded in _smaller(rows.tobytes(), problem.rows.shape):
        yield _layer(problem, encoded, instead)


@lru_cache(maxsize=_REMEMBERED)
def _smaller(weights: bytes, shape: tuple[int, int]) -> tuple[Encoded, ...]:
    """Of every encoding the ways that are smaller than int8, but for those that gain nothing."""
    rows = np.frombuffer(weights, np.int8).reshape(shape).astype(np.int64)
    found: dict[EncodingName, list[Encoded]] = {}
    for module in (word_tokens, gap_tokens, lut, huffman):
        for encoded in module.encodings(rows):
            if encoded.size_bytes < rows.size:
                found.setdefault(encoded.encoding, []).append(encoded)
    return tuple(each for ways in found.values() for each in frontier(ways))


def _layer(problem: DenseProblem, encoded: Encoded, instead: Layer) -> Layer:
    name, rows = problem.weights_name, problem.rows
    biases = ConstArray(name, "biases", wrapped_words(problem.tables.biases), 4)
    dense = dense_params(problem.reference, biases, rows.shape, problem.tables, problem.common)
    kernel = Kernel(
        "dense/encoded",
        "fully_connected",
        f"fully_connected_{encoded.encoding}_s8",
        variant=encoded.encoding,
        rounding=problem.tables.rounding,
        family="plain",
    )
    params: dict[str, ParamValue] = {
        **{f"dense.{key}": value for key, value in dense.items()},
        **{key: ConstArray(name, key, data, 4) for key, data in encoded.arrays.items()},
        **encoded.numbers,
    }
    layer = problem.reference.by(
        kernel,
        params,
        order=orders.encoded_rows,
        scratch=("uint32_t", encoded.scratch_bytes) if encoded.scratch_bytes else None,
    )
    weights = EncodedWeights(
        encoding=encoded.encoding,
        detail=encoded.detail,
        size_bytes=encoded.size_bytes,
        weights=rows.size,
        symbols=encoded.symbols,
        entries=encoded.entries,
        instead=instead,
    )
    return replace(layer, encoded=weights)
