"""Weights as a bitmap of those that are not pruned, and their values.

The stream has a bit for each weight, in the tensor's order, the highest bit of a byte first: 1
where the value is the next of those that follow the header, 0 where it is the zero point. Of
several scales, along the first or the last dimension, each has its own zero point.

Source: tensorflow/lite/micro/kernels/decode_state_prune.{h,cc} of tflite-micro.
"""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.tflm.decode.format import Decoder, Encoded, Filter, axis_refusal, header

_CYCLES = 19.0


def refusal(weights: Filter) -> str | None:
    """Why the decoder cannot make a filter; None if it can."""
    return axis_refusal(weights)


def encode(weights: Filter) -> Encoded:
    """Bitmap and values."""
    values = weights.values
    kept = values != weights.along_axis(np.array(weights.zero_points, np.int8))
    pruned = 1 - np.count_nonzero(kept) / kept.size
    return Encoded(
        "prune",
        f"{100 * pruned:.0f} % pruned",
        np.packbits(kept.reshape(-1)).tobytes(),
        header(Decoder.PRUNE) + values[kept].tobytes(),
        _CYCLES,
    )
