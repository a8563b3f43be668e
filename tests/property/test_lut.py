"""The sigmoid table against what TFLM gives for int16."""

from __future__ import annotations

import numpy as np
from support.models.tflite_files import Builder

from tinycompress.ir.lut import sigmoid_table
from tinycompress.oracle import Oracle


def _logistic() -> bytes:
    b = Builder()
    x = b.tensor([1, 256], "INT16", scales=[2.0**-12], zero_points=[0])
    y = b.tensor([1, 256], "INT16", scales=[2.0**-15], zero_points=[0])
    b.op("LOGISTIC", [x], [y])
    b.model.operatorCodes[0].version = 2
    return b.pack([x], [y])


def test_the_table_is_the_runtime_s() -> None:
    table = np.array(sigmoid_table(), np.int64)
    oracle = Oracle(_logistic(), "tflm")
    for start in range(0, 32768, 256 * 16):
        stored = np.arange(start, start + 256 * 16, 16, dtype=np.int64)
        for x in (stored, -stored):
            position, sign = np.abs(3 * x), x >= 0
            index = position >> 9
            inside = index < 255
            low, high = table[np.minimum(index, 254)], table[np.minimum(index, 254) + 1]
            value = np.where(inside, (low << 9) + (position & 511) * (high - low), 0x7FFF << 10)
            value = np.where(sign, value + 512, (1 << 25) - value + 511) >> 10
            (have,) = oracle.run(x.astype(np.int16).reshape(1, 256))
            np.testing.assert_array_equal(have.reshape(-1), value)
