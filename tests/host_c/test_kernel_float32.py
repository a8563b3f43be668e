"""Kernels on float32 against LiteRT's: equal, but for e^x, log and tanh, within 2 ULP."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cases.float32 import FUNCTION_ULPS, FUNCTIONS, FloatCases
from support.cases.kernels import options


def _beyond(distances: dict[str, float]) -> dict[str, float]:
    """Cases further away than their operator may be."""
    return {
        label: distance
        for label, distance in distances.items()
        if distance > (FUNCTION_ULPS if label.split()[0] in FUNCTIONS else 0.0)
    }


@pytest.mark.slow
@given(seed=st.integers(0, 2**31), scale=st.sampled_from([0.01, 1.0, 5.0, 30.0, 1e6]))
@settings(max_examples=6, deadline=None)
def test_every_operator_is_litert_s(seed: int, scale: float) -> None:
    cases = FloatCases(seed)
    cases.every_operator()
    assert _beyond(cases.distances([cases.float_samples(scale)])) == {}


def test_no_undefined_behaviour() -> None:
    cases = FloatCases(3)
    cases.every_operator()
    huge = tuple(np.full_like(values, 3e38) for values in cases.float_samples(1))
    tiny = tuple(np.full_like(values, -1e-45) for values in cases.float_samples(1))
    batches = [cases.float_samples(4), tiny]
    assert _beyond(cases.sanitized_distances(batches)) == {}
    # Sums of huge values overflow to infinity, and differences of those are NaN.
    cases.sanitized_distances([huge])


def test_functions_from_end_to_end() -> None:
    """All magnitudes that float32 has, and the places where results change their kind."""
    cases = FloatCases(4)
    for kind in ("LOGISTIC", "TANH", "EXP"):
        cases.add_map(kind)
    edges = (0.0, -0.0, 0.625, 9.1, -9.0, 16.619047, 88.72283, 88.7229, -87.4, -103.97, -104.1)
    around = np.array(edges, np.float32)[:, None] * (1 + np.arange(-12, 13) * np.float32(2.0**-23))
    magnitudes = np.logspace(-40, 38, 140)
    values = np.concatenate([around.reshape(-1), magnitudes, -magnitudes])
    rows = np.resize(values.astype(np.float32), (2, 300))
    batches = [(row[None],) * 3 for row in rows]
    assert _beyond(cases.distances(batches)) == {}


def test_a_nan_stays_one() -> None:
    cases = FloatCases(5)
    for kind in ("LOGISTIC", "TANH", "EXP"):
        cases.add_map(kind)
    cases.add_rows("SOFTMAX", options("Softmax", beta=1.0))
    nan = tuple(np.full_like(values, np.nan) for values in cases.float_samples(1))
    assert set(cases.sanitized_distances([nan]).values()) == {0.0}


def test_every_half_is_expanded_exactly() -> None:
    """All finite numbers of half precision, as weights of one input of 1."""
    bits = np.arange(2**16, dtype=np.uint16)
    halves = bits.view(np.float16)
    halves = halves[np.isfinite(halves)]
    cases = FloatCases(6)
    b, x = cases.builder, cases.float_input([1, 1])
    source = b.tensor([len(halves), 1], "FLOAT16", data=halves.astype("<f2"))
    wide = b.tensor([len(halves), 1], "FLOAT32")
    b.op("DEQUANTIZE", [source], [wide])
    y = cases.float_output([1, len(halves)])
    cases.op("all", "FULLY_CONNECTED", [x, wide, -1], y, options("FullyConnected"))
    assert cases.distances([(np.ones((1, 1), np.float32),)]) == {"all": 0.0}


def test_patches_and_folded_pads_give_the_same() -> None:
    """PAD into a convolution, computed in patches where RAM comes first."""
    cases = FloatCases(7)
    cases.target["optimize"] = "ram"
    b, x = cases.builder, cases.float_input([1, 12, 12, 2])
    pads, padded = cases.int32([[0, 0], [1, 2], [2, 1], [0, 0]]), cases.float_output([1, 15, 15, 2])
    b.op("PAD", [x, pads], [padded])
    inner = cases.float_output([1, 13, 13, 8])
    weights = cases.float_weights([8, 3, 3, 2])
    conv = options("Conv2D", padding="VALID", strideH=1, strideW=1)
    b.op("CONV_2D", [padded, weights, cases.float_weights([8])], [inner], conv)
    pool = options("Pool2D", padding="VALID", strideH=3, strideW=3, filterHeight=3, filterWidth=3)
    cases.op("pooled", "MAX_POOL_2D", [inner], cases.float_output([1, 4, 4, 8]), pool)
    sources = cases.sources("litert")
    assert not any(layer.op == "PAD" for layer in sources.layers)
    assert sources.arena_bytes < 4 * 13 * 13 * 8
    assert cases.distances([cases.float_samples(3)]) == {"pooled": 0.0}
