"""Planes for ADD: exact over all inputs, within int32, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from tinycompress.codegen.rounding.fitted_plane import INT8_VALUES, fit_plane
from tinycompress.ir.arithmetic import INT32_MAX

LIMITS = (-128, 127)


@pytest.mark.parametrize(
    ("ratio_1", "ratio_2", "zero", "limits"),
    [
        (0.7732462684520817, 2.045217092454641, 3, LIMITS),
        (1.0, 1.0, 0, LIMITS),
        (0.001, 0.002, -128, (-128, 127)),
        (300.0, 0.5, 20, (-20, 100)),
        (1e-9, 1e-9, 5, LIMITS),
    ],
)
def test_a_plane_that_exists_is_found(
    ratio_1: float, ratio_2: float, zero: int, limits: tuple[int, int]
) -> None:
    sums = np.add.outer(ratio_1 * INT8_VALUES, ratio_2 * INT8_VALUES)
    outputs = np.clip(np.floor(sums + 0.5).astype(np.int64) + zero, *limits)
    plane = fit_plane(outputs, ratio_1, ratio_2, limits)
    assert plane is not None
    assert (np.clip(plane.apply(), *limits) == outputs).all()
    reach = 128 * (plane.multiplier_1 + plane.multiplier_2) + abs(plane.addend)
    assert reach <= INT32_MAX


def test_outputs_that_lie_on_no_plane_have_none() -> None:
    outputs = np.clip(np.add.outer(INT8_VALUES, INT8_VALUES), *LIMITS)
    outputs[100, 100] += 2
    assert fit_plane(outputs, 1.0, 1.0, LIMITS) is None


def test_a_single_output_off_the_plane_is_noticed_wherever_it_is() -> None:
    """The search looks at few inputs; the check of what it found at all of them."""
    sums = np.add.outer(0.3137 * INT8_VALUES, 0.2911 * INT8_VALUES)
    exact = np.floor(sums + 0.5).astype(np.int64)
    for a, b in ((0, 0), (255, 255), (17, 200), (128, 127)):
        outputs = exact.copy()
        outputs[a, b] += 1 if exact[a, b] < 0 else -1
        plane = fit_plane(np.clip(outputs, *LIMITS), 0.3137, 0.2911, LIMITS)
        assert plane is None or (np.clip(plane.apply(), *LIMITS) == outputs).all()
