"""In which order the kernels of FULLY_CONNECTED read and write: see ``codegen.overlap``."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.overlap import (
    Numbers,
    Overlap,
    distance,
    distance_of_elements,
)

_DSP_OUTPUTS = 4
"""Outputs for which fully_connected_direct_s8_*_dsp.h read their inputs once."""
_MLA_OUTPUTS = 8
"""Outputs for which fully_connected_s8_mla.h reads its inputs once."""


def rows(numbers: Numbers) -> Overlap:
    """A row of inputs is read before its outputs are written."""
    steps = np.arange(numbers["batches"], dtype=np.int64)
    return Overlap(distance((steps + 1) * numbers["outputs"], steps * numbers["inputs"]))


def outputs_of_rows(numbers: Numbers) -> Overlap:
    """A row of inputs is read for each of its outputs."""
    rows = np.arange(numbers["batches"], dtype=np.int64)
    inputs, outputs = numbers["inputs"], numbers["outputs"]
    return Overlap(distance_of_elements(rows * inputs, outputs))


def encoded_rows(numbers: Numbers) -> Overlap:
    """As ``outputs_of_rows``, of a kernel whose weights are encoded."""
    rows = np.arange(numbers["dense.batches"], dtype=np.int64)
    inputs, outputs = numbers["dense.inputs"], numbers["dense.outputs"]
    return Overlap(distance_of_elements(rows * inputs, outputs))


def encoded_pairs(numbers: Numbers) -> Overlap:
    """As ``rows``, of a kernel whose weights are encoded."""
    steps = np.arange(numbers["dense.batches"], dtype=np.int64)
    return Overlap(
        distance((steps + 1) * numbers["dense.outputs"], steps * numbers["dense.inputs"])
    )


def eights_of_rows(numbers: Numbers) -> Overlap:
    """A row of inputs is read for every eight of its outputs, then for each that is left over."""
    inputs, outputs = numbers["inputs"], numbers["outputs"]
    last = 1 if outputs % _MLA_OUTPUTS else _MLA_OUTPUTS
    return Overlap(distance_of_groups(numbers["batches"], inputs, outputs, last))


def fours_of_rows(numbers: Numbers) -> Overlap:
    """A row of inputs is read for every four of its outputs, then for each that is left over."""
    inputs, outputs = numbers["inputs"], numbers["outputs"]
    last = 1 if outputs % _DSP_OUTPUTS else _DSP_OUTPUTS
    return Overlap(distance_of_groups(numbers["batches"], inputs, outputs, last))


def distance_of_groups(rows: int, inputs: int, outputs: int, last: int) -> int:
    """As `distance` for rows read anew for every group of outputs, ``last`` in the last one."""
    read = np.arange(rows, dtype=np.int64) * inputs
    end = np.arange(1, rows + 1, dtype=np.int64) * outputs
    if outputs == last:
        return distance(end, read)
    return distance(np.stack([end - last, end], axis=1).reshape(-1), np.repeat(read, 2))
