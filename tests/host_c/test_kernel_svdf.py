from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options
from support.cases.sequences import differing_bytes
from support.host_model import HostModel

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.arithmetic import (
    float32,
    multiply_by_quantized_multiplier_double,
    quantize_multiplier,
)
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

# batches, inputs, units, rank, memory
SIZES = ((1, 8, 4, 1, 5), (2, 3, 5, 2, 1), (1, 1, 1, 3, 9), (3, 17, 6, 4, 2))


def _model(seed: int, state_type: str, sizes: tuple[tuple[int, ...], ...] = SIZES) -> bytes:
    cases = KernelCases(seed)
    for batches, inputs, units, rank, memory in sizes:
        filters, wide = units * rank, state_type == "INT16"
        scales = [cases.scale(0.01, 0.1), cases.scale(0.004, 0.02)]
        state_scale = scales[0] * scales[1] * 60 * inputs**0.5 / (200 if wide else 1)
        time_scale = 0.00001 if wide else 0.01
        x = cases.input([batches, inputs], scales[0], cases.zero_point())
        feature = cases.weights([filters, inputs], [scales[1]])
        limit = 2**15 if wide else 2**7
        times = cases.rng.integers(-limit + 1, limit, (filters, memory))
        time = cases.builder.tensor(
            [filters, memory], state_type, data=times.astype("<i2" if wide else np.int8),
            scales=[time_scale],
        )  # fmt: skip
        bias = cases.bias(cases.rng.integers(-900, 900, units), [state_scale * time_scale])
        state = cases.builder.tensor(
            [batches, filters * memory], state_type, scales=[state_scale],
            zero_points=[0 if wide else cases.pick(0, -50, 100)],
        )  # fmt: skip
        cases.builder.graph.tensors[state].isVariable = True
        scale = state_scale * time_scale * limit * (40 if not wide else 9000) / 60
        y = cases.activation([batches, units], scale, -128)
        table = options("SVDF", rank=rank, fusedActivationFunction="RELU")
        cases.op(f"{sizes}", "SVDF", [x, feature, time, bias, state], y, table)
    return cases.tflite()


@pytest.mark.parametrize(
    ("exact_to", "state_type"), [("tflm", "INT8"), ("tflm", "INT16"), ("litert", "INT16")]
)
def test_svdf_is_exact(exact_to: ExactTo, state_type: str) -> None:
    for seed in (71, 72):
        assert differing_bytes(_model(seed, state_type), exact_to, 20) == 0


def _one_filter(scales: tuple[float, float, float], weight: int, state: int) -> bytes:
    """The output is the state less ``state``, which is what the oracle is expected to have."""
    x_scale, feature_scale, state_scale = scales
    cases = KernelCases(1)
    x = cases.input([1, 1], x_scale, 0)
    data = np.array([[weight]], np.int8)
    feature = cases.builder.tensor([1, 1], data=data, scales=[feature_scale])
    one = np.array([[1]], "<i2")
    time = cases.builder.tensor([1, 1], "INT16", data=one, scales=[1e-5])
    bias = cases.bias(np.array([-state]), [state_scale * 1e-5])
    kept = cases.builder.tensor([1, 1], "INT16", scales=[state_scale], zero_points=[0])
    cases.builder.graph.tensors[kept].isVariable = True
    y = cases.activation([1, 1], state_scale * 1e-5, 0)
    table = options("SVDF", rank=1, fusedActivationFunction="RELU")
    cases.op("one", "SVDF", [x, feature, time, bias, kept], y, table)
    return cases.tflite()


@pytest.mark.parametrize("exact_to", BOTH)
def test_the_precision_of_the_factors(exact_to: ExactTo) -> None:
    """Single and double precision differ in one state of many thousand: look for those."""
    rng, found = np.random.default_rng(0), 0
    while found < 3:
        a, b, c = (float32(float(v)) for v in rng.uniform(0.01, 0.1, 3))
        c = float32(c / 50)
        single, double = (quantize_multiplier(v) for v in (float32(float32(a * b) / c), a * b / c))
        telling = (
            (w, x, multiply_by_quantized_multiplier_double(w * x, *single))
            for w in range(60, 128)
            for x in range(-128, 128)
            if multiply_by_quantized_multiplier_double(w * x, *single)
            != multiply_by_quantized_multiplier_double(w * x, *double)
        )
        hit = next((t for t in telling if abs(t[2]) < 30_000), None)
        if hit is None:
            continue
        found += 1
        tflite, sample = _one_filter((a, b, c), hit[0], hit[2]), np.array([[hit[1]]], np.int8)
        sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to))
        (want,), (have,) = Oracle(tflite, exact_to).run(sample), HostModel(sources).run(sample)
        assert want.tolist() == have.tolist()
