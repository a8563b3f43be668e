"""Products of a vector with encoded weights: FULLY_CONNECTED, CONV_2D where it is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

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
from tinycompress.codegen.weights.encoding import Encoded
from tinycompress.codegen.weights.encodings import ENCODINGS, smaller_encodings
from tinycompress.codegen.weights.lut import by_vectors


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
    for encoded in smaller_encodings(problem.rows, ENCODINGS):
        if options.family == "mve":
            # These have SMLAD, too, but multiply decoded weights 16 at a time.
            yield _layer(problem, by_vectors(encoded), instead)
        else:
            in_pairs = options.family == "dsp" and encoded.pairs_bytes > 0
            yield _layer(problem, encoded, instead, in_pairs=in_pairs)


def _layer(
    problem: DenseProblem, encoded: Encoded, instead: Layer, *, in_pairs: bool = False
) -> Layer:
    name, rows = problem.weights_name, problem.rows
    dense = dense_params(problem.reference, name, rows.shape, problem.tables, problem.common)
    kernel = Kernel(
        "dense/encoded",
        "fully_connected",
        f"fully_connected_{encoded.struct or encoded.encoding}_s8",
        variant=encoded.encoding,
        rounding=problem.tables.rounding,
        family="dsp" if in_pairs else "plain",
    )
    params: dict[str, ParamValue] = {
        **{f"dense.{key}": value for key, value in dense.items()},
        **{key: ConstArray(name, key, data, 4) for key, data in encoded.arrays.items()},
        **encoded.numbers,
    }
    scratch_bytes = encoded.pairs_bytes if in_pairs else encoded.scratch_bytes
    layer = problem.reference.by(
        kernel,
        params,
        order=orders.encoded_pairs if in_pairs else orders.encoded_rows,
        scratch=("uint32_t", scratch_bytes) if scratch_bytes else None,
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
