"""Runs of values along an axis, and how they are named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def runs_of(flags: Sequence[bool] | npt.NDArray[Any]) -> Sequence[tuple[int, int]]:
    """First and last index of every run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]


def where_of(first: int, last: int) -> str:
    """A run of places on an output's last axis, in words."""
    return f"value {first}" if first == last else f"values {first}..{last}"
