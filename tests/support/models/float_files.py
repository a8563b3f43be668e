"""Files that compute on float32."""

from __future__ import annotations

import numpy as np

from support.cases.kernels import options
from support.models.tflite_files import Builder


def float_dense(largest: float = 1.0, dtype: str = "FLOAT32") -> bytes:
    """50 values into 40; one of the weights is ``largest``."""
    b, rng = Builder(), np.random.default_rng(2)
    x, y = b.tensor([1, 50], dtype, name="x"), b.tensor([1, 40], dtype, name="y")
    data = rng.uniform(-1, 1, (40, 50)).astype("<f4")
    data[3, 4] = largest
    w = b.tensor([40, 50], "FLOAT32", data=data, name="w")
    bias = b.tensor([40], "FLOAT32", data=rng.standard_normal(40).astype("<f4"))
    b.op("FULLY_CONNECTED", [x, w, bias], [y], options("FullyConnected"))
    return b.pack([x], [y])
