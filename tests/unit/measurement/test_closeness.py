"""Outputs within a bound: bytes where the bound is 0, ULP of the largest value elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from tinycompress.artifacts import TensorSpec
from tinycompress.measurement.exactness import worst_excess

FLOATS = TensorSpec("y", (1, 3), "float32", 1.0, 0)
BYTES = TensorSpec("z", (1, 3), "int8", 1.0, 0)
ULP = 2.0**-23


def _floats(*values: float) -> bytes:
    return np.array(values, "<f4").tobytes()


def test_a_bound_of_0_asks_for_bytes() -> None:
    told, wanted = (_floats(0.0, 1, 2),), (_floats(-0.0, 1, 2),)
    assert worst_excess(told, wanted, [FLOATS], [0]) == (False, 0.0)
    assert worst_excess(told, told, [FLOATS], [0]) == (True, 0.0)
    assert worst_excess(told, wanted, [FLOATS], [1]) == (True, 0.0)


@pytest.mark.parametrize(("steps", "within"), [(3, True), (4, True), (5, False)])
def test_units_are_of_the_largest_value(steps: int, within: bool) -> None:
    wanted = (_floats(0.0, 1.0, 0.5),)
    told = (_floats(steps * ULP, 1.0, 0.5),)
    found, worst = worst_excess(told, wanted, [FLOATS], [4])
    assert found is within
    assert worst == pytest.approx(steps)


def test_integers_count_steps() -> None:
    wanted, told = (bytes([1, 2, 3]),), (bytes([1, 2, 5]),)
    assert worst_excess(told, wanted, [BYTES], [1]) == (False, 2.0)
    assert worst_excess(told, wanted, [BYTES], [2]) == (True, 2.0)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_must_be_the_same(odd: float) -> None:
    plain, strange = (_floats(1, 2, 3),), (_floats(1, odd, 3),)
    assert worst_excess(strange, strange, [FLOATS], [4]) == (True, 0.0)
    assert worst_excess(strange, plain, [FLOATS], [4]) == (False, float("inf"))
    assert worst_excess(plain, strange, [FLOATS], [4]) == (False, float("inf"))


def test_every_output_has_its_own_bound() -> None:
    told, wanted = (_floats(1, 2, 3), bytes([1, 2, 3])), (_floats(1, 2, 4), bytes([1, 2, 3]))
    within, worst = worst_excess(told, wanted, [FLOATS, BYTES], [1, 0])
    assert not within
    assert worst > 1e6
