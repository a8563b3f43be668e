"""Products of one vector by fast kernels: FULLY_CONNECTED, and CONV_2D where it is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops.dense import orders
from tinycompress.codegen.options import CoreFamily
from tinycompress.codegen.rounding.channels import ChannelTables, Int64s
from tinycompress.codegen.weights.pairs import ALWAYS_IN_REACH, all_in_reach, fit_in_pairs
from tinycompress.codegen.weights.streams import (
    eight_stream,
    quad_count,
    quad_stream,
    wrapped_words,
)


def dense_layer(
    reference: Layer,
    weights_name: str,
    rows: Int64s,
    tables: ChannelTables,
    common: Mapping[str, ParamValue],
    family: CoreFamily,
) -> Layer:
    """The layer by the kernel of a family of cores.

    Args:
        reference: The layer by the reference kernel, input and output its only arguments.
        weights_name: For comments and names.
        rows: Weights, ``[outputs, inputs]``.
        tables: Of the outputs; multipliers and extras may be one for all.
        common: ``doubled_zero_point``, ``clamp_min`` and ``clamp_max``.
        family: ``dsp``, ``mla``, or ``mve``, which runs what ``dsp`` runs; weights that no pairs
            can hold take ``mla``'s kernel on all.
    """
    family = "dsp" if family == "mve" else family
    outputs, inputs = rows.shape
    fours = outputs // 4 * 4
    dsp = family == "dsp" and fit_in_pairs(rows[:fours].reshape(-1, 2, inputs))
    pack = quad_stream if dsp else eight_stream
    params = {
        "stream": ConstArray(weights_name, "stream", pack(rows)),
        **dense_params(reference, weights_name, rows.shape, tables, common, block=_block(rows)),
    }
    kernel = Kernel(
        "dense",
        "fully_connected",
        "fully_connected_s8_fast",
        rounding=tables.rounding,
        family="dsp" if dsp else "mla",
    )
    return reference.by(
        kernel,
        params,
        order=orders.rows if dsp else orders.eights_of_rows,
        scratch=("uint32_t", 8 * quad_count(inputs)) if dsp and inputs else None,
    )


def dense_params(
    reference: Layer,
    weights_name: str,
    shape: tuple[int, ...],
    tables: ChannelTables,
    common: Mapping[str, ParamValue],
    block: int = 0,
) -> dict[str, ParamValue]:
    """The parameters of fully_connected_s8_fast.h, but for the weights.

    Args:
        reference: As in ``dense_layer``, as ``weights_name``, ``tables`` and ``common`` are.
        shape: Of the weights, ``[outputs, inputs]``.
        tables: Of the outputs.
        common: What the caller knows already.
        block: Inputs of which pairs of outputs can have sums, where the kernel makes pairs.
    """
    outputs, inputs = shape
    biases = wrapped_words(tables.biases).view(np.int32)
    multipliers = tables.multipliers.astype(np.int32)
    return {
        "batches": int(np.prod(reference.output_shape)) // outputs,
        "inputs": inputs,
        "outputs": outputs,
        "fraction_bits": tables.fraction_bits,
        **common,
        "block": block,
        "step": int(multipliers.size > 1),
        "biases": ConstArray(weights_name, "biases", biases, 4),
        "multipliers": ConstArray(weights_name, "multipliers", multipliers, 4),
        "addends": ConstArray(weights_name, "addends", tables.extras.astype(np.int16), 4),
    }


def _block(rows: Int64s) -> int:
    """Inputs, a multiple of four, of which pairs of outputs can have sums."""
    return 4 * quad_count(rows.shape[1]) if all_in_reach(rows) else ALWAYS_IN_REACH


def direct_layers(layer: Layer) -> tuple[Layer, ...]:
    """The layer by the kernel that widens inputs as it goes, where there is one.

    It needs no scratch memory, and a ninth more instructions.
    """
    inputs = layer.params["inputs"]
    if not layer.scratch_bytes or not isinstance(inputs, int) or inputs % 4:
        return ()
    kernel = replace(layer.kernel, variant="direct")
    return (layer.by(kernel, layer.params, order=orders.fours_of_rows),)
