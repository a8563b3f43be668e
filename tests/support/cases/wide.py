"""Cases on int16: inputs of the whole range, biases of 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from support.cases.kernels import Array, KernelCases


class WideCases(KernelCases):
    """As `KernelCases`, with every integer type's own extremes."""

    def wide_input(self, shape: Sequence[int], scale: float) -> int:
        return self.input(shape, scale, 0, "int16")

    def wide(self, shape: Sequence[int], scale: float, dtype: str = "INT16", zero: int = 0) -> int:
        """An activation."""
        return self.builder.tensor(shape, dtype, scales=[scale], zero_points=[zero])

    def bias64(self, values: Array, scales: Sequence[float]) -> int:
        return self.builder.tensor([len(values)], "INT64", data=values.astype("<i8"), scales=scales)

    def samples(self, count: int) -> list[tuple[Array, ...]]:
        """Random inputs of the whole range and of a small one, then the extremes."""
        batches = [self._each(self._random) for _ in range(count)]
        batches.append(self._each(self._small))
        for pick in ("min", "max", "zero", "minus"):
            batches.append(self._each(lambda shape, d, pick=pick: _filled(shape, d, pick)))  # type: ignore[misc]
        return [*batches, self._each(self._mixed)]

    def _random(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        if dtype.kind == "f":
            return super()._random(shape, dtype)
        limits = np.iinfo(dtype)
        return self.rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)

    def _small(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        return self.rng.integers(-100, 101, shape).astype(dtype)

    def _mixed(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        if dtype.kind == "f":
            return self._small(shape, dtype)
        limits = np.iinfo(dtype)
        ends = np.array([limits.min, limits.min + 1, -1, 0, 1, limits.max], dtype)
        return self.rng.choice(ends, shape).astype(dtype)


def _filled(shape: tuple[int, ...], dtype: np.dtype[Any], pick: str) -> Array:
    limits = np.iinfo(dtype) if dtype.kind != "f" else np.iinfo(np.int16)
    value = {"min": limits.min, "max": limits.max, "zero": 0, "minus": -1}[pick]
    return np.full(shape, value).astype(dtype)
