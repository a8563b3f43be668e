"""What encodings of weights have in common.

An encoding turns rows of int8 weights, ``[rows, inputs]``, into arrays that a decoder in
``engine/aot/decode/`` reads in order, and gives back exactly. Each has a module of its own here
with ``encodings(rows)``, the candidates of all parameters that are worth looking at, ``encode`` for
one choice of parameters, and ``decode``, which is what the C decoder does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s

EncodingName = Literal[
    "byte_tokens", "triple_tokens", "pair_tokens", "gap_tokens", "lut", "huffman", "patterns"
]
"""The decoders: ``engine/aot/decode/`` has their C."""

_MOST_NONZERO = 0.7

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows of weights, encoded.

    Args:
        encoding: Whose decoder reads them.
        detail: Its parameters, for people.
        arrays: What the decoder reads, by the name of the kernels' parameter.
        numbers: Its parameters, by name.
        symbols: How often the decoder looks something up: tokens, groups of indices or of codes.
        entries: What filling the table takes that it builds in RAM first: its entries, or the runs
            of equal ones where these are filled at once; 0 without a table.
        scratch_bytes: What a decoder that multiplies nothing needs for the table and a row.
        pairs_bytes: What the kernel of cores with the DSP extension needs for its own table and
            inputs, if it has one that multiplies pairs of weights straight from that.
        struct: What the parameters of its kernels are named after, where others have the same.
    """

    encoding: EncodingName
    detail: str
    arrays: Arrays
    numbers: Mapping[str, int] = field(default_factory=dict)
    symbols: int = 0
    entries: int = 0
    scratch_bytes: int = 0
    pairs_bytes: int = 0
    struct: str = ""

    @property
    def size_bytes(self) -> int:
        """What all arrays take in flash."""
        return sum(array.nbytes for array in self.arrays.values())


def frontier(encoded: Iterable[Encoded]) -> list[Encoded]:
    """Those than which none is as small and as fast, the smallest first.

    Of one encoding, what takes no more symbols and no more entries takes no more cycles; how many
    symbols an entry is worth differs.
    """
    kept: list[Encoded] = []
    for each in sorted(encoded, key=lambda e: (e.size_bytes, e.symbols, e.entries)):
        if all(each.symbols < e.symbols or each.entries < e.entries for e in kept):
            kept.append(each)
    return kept


def checked_rows(rows: npt.NDArray[Any]) -> Int64s:
    """Rows as int64.

    Raises:
        ValueError: They are no matrix of int8 values with at least one weight.
    """
    matrix = np.asarray(rows, np.int64)
    if matrix.ndim != 2 or not matrix.size or matrix.min() < -128 or matrix.max() > 127:
        raise ValueError(f"no int8 matrix with weights: shape {matrix.shape}")
    return matrix


def is_sparse(rows: npt.NDArray[Any]) -> bool:
    """Whether so many weights are 0 that it may pay to store the others alone."""
    return bool(np.count_nonzero(rows) <= _MOST_NONZERO * rows.size)
