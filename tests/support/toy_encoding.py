"""A new encoding of weights as its author would write it: two weights of four bits in a byte."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights.encoding import Encoded, checked_rows

NAME = "nibbles"
_OFFSET = 8


def encodings(rows: Int64s) -> Iterator[Encoded]:
    """The one way there is, if all weights are of four bits."""
    matrix = checked_rows(rows) + _OFFSET
    if matrix.min() < 0 or matrix.max() > 15:
        return
    even = np.pad(matrix, ((0, 0), (0, matrix.shape[1] % 2)))
    packed = even[:, 0::2] | even[:, 1::2] << 4
    yield Encoded(
        NAME,  # type: ignore[arg-type]  # a name of ours is added to EncodingName
        "four bits",
        {"nibbles": packed.reshape(-1).astype(np.uint8)},
        symbols=matrix.size,
    )
