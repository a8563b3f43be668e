"""Products of one vector for cores with the DSP extension: FULLY_CONNECTED, 1x1 on one pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue, ScratchArgument
from tinycompress.codegen.ops.channels import ChannelTables, Int64s
from tinycompress.codegen.ops.streams import quad_count, quad_stream


def dense_layer(
    reference: Layer,
    weights_name: str,
    rows: Int64s,
    tables: ChannelTables,
    common: Mapping[str, ParamValue],
) -> Layer:
    """The layer by the kernel that takes four outputs at a time.

    Args:
        reference: The layer by the reference kernel, input and output its only arguments.
        weights_name: For comments and names.
        rows: Weights, ``[outputs, inputs]``.
        tables: Of the outputs; multipliers and extras may be one for all.
        common: ``doubled_zero_point``, ``clamp_min`` and ``clamp_max``.
    """
    outputs, inputs = rows.shape
    elements = int(np.prod(reference.output_shape))
    stream = quad_stream(rows, np.broadcast_to(tables.biases, (outputs,)))
    params: dict[str, ParamValue] = {
        "batches": elements // outputs,
        "inputs": inputs,
        "outputs": outputs,
        "fraction_bits": tables.fraction_bits,
        **common,
        "step": int(tables.multipliers.size > 1),
        "stream": ConstArray(weights_name, "stream", stream),
        "multipliers": ConstArray(
            weights_name, "multipliers", tables.multipliers.astype(np.int32), 4
        ),
        "addends": ConstArray(weights_name, "addends", tables.extras.astype(np.int16), 4),
    }
    return replace(
        reference,
        kernel=Kernel(f"fully_connected_s8_{tables.rounding}_dsp", "fully_connected_s8_dsp"),
        params=params,
        arguments=(*reference.arguments, ScratchArgument("uint32_t")),
        scratch_bytes=8 * quad_count(inputs),
    )
