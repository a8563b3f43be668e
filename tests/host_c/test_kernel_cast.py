"""CAST between integers, and from integers to a float32 output."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from kernel_cases import BOTH, Array, KernelCases, options
from lowering import graph_of, layers_of
from tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.host import HostModel, run_sanitized
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

INTEGERS = ("int8", "int16", "int32")
EDGES = (0, 1, -1, 127, -128, 128, 255, 256, 32767, -32768, 32768, 65535, 2**24 + 1, 2**31 - 1,
         2**31 - 64, -(2**31))  # fmt: skip


def _cases(seed: int) -> tuple[bytes, tuple[Array, ...]]:
    """A model of all pairs, and values at every edge of every type."""
    cases = KernelCases(seed)
    batch = []
    for source, target in product(INTEGERS, (*INTEGERS, "float32")):
        # Quantisation plays no part; a model's int8 inputs and outputs have it.
        x = cases.input([2, 40], 0.3, 5, source)
        scales, zeros = ([0.7], [-9]) if target == "int8" else ([], [])
        y = cases.builder.tensor([2, 40], target.upper(), scales=scales, zero_points=zeros)
        cases.op(f"{source} to {target}", "CAST", [x], y, options("Cast"))
        values = cases.rng.integers(-(2**31), 2**31, (2, 40))
        values[0, : len(EDGES)] = EDGES
        batch.append(values.astype(source))
    return cases.tflite(), tuple(batch)


@pytest.mark.parametrize("exact_to", BOTH)
def test_every_pair_is_exact(exact_to: ExactTo) -> None:
    tflite, batch = _cases(131)
    sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to))
    expected = Oracle(tflite, exact_to).run(*batch)
    (sanitized,) = run_sanitized(sources, [batch])
    for want, plain, checked in zip(
        expected, HostModel(sources).run(*batch), sanitized, strict=True
    ):
        assert plain.dtype == want.dtype
        np.testing.assert_array_equal(plain, want)
        np.testing.assert_array_equal(checked, want)


@pytest.mark.parametrize("exact_to", BOTH)
def test_positions_are_cast(exact_to: ExactTo) -> None:
    cases = KernelCases(132)
    x = cases.input([3, 5], 0.1, 0)
    at = cases.builder.tensor([3], "INT32")
    cases.builder.op("ARG_MAX", [x, cases.int32([1])], [at], options("ArgMax", outputType=2))
    for target in ("FLOAT32", "INT16"):
        y = cases.builder.tensor([3], target)
        cases.op(f"ARG_MAX to {target}", "CAST", [at], y, options("Cast"))
    assert cases.mismatches(exact_to) == []


def _refusal(source: str, target: str) -> str:
    b = Builder()
    x, y = b.tensor([4], source, name="x"), b.tensor([4], target, name="y")
    b.op("CAST", [x], [y], options("Cast"))
    with pytest.raises(ModelError) as caught:
        layers_of(graph_of(b, [x], [y]))
    return "\n".join(caught.value.reasons)


@pytest.mark.parametrize(
    ("source", "target"),
    [("FLOAT32", "INT32"), ("BOOL", "INT32"), ("INT32", "BOOL"), ("INT64", "INT32"),
     ("INT32", "UINT8"), ("INT32", "FLOAT16")],
)  # fmt: skip
def test_other_pairs_are_refused_by_name(source: str, target: str) -> None:
    detail = f"'x' is {source.lower()}, 'y' is {target.lower()}"
    assert f"or a float32 output of the model: {detail}" in _refusal(source, target)


def test_float_inside_the_model_is_refused() -> None:
    b = Builder()
    x, real, y = b.tensor([4], "INT32"), b.tensor([4], "FLOAT32"), b.tensor([4], "INT32")
    b.op("CAST", [x], [real], options("Cast"))
    b.op("CAST", [real], [y], options("Cast"))
    with pytest.raises(ModelError) as caught:
        layers_of(graph_of(b, [x], [y]))
    assert len(caught.value.reasons) == 2


def test_bytes_per_element_are_the_types() -> None:
    b = Builder()
    x, y = b.tensor([4], "INT16"), b.tensor([4], "INT32")
    b.op("CAST", [x], [y], options("Cast"))
    (layer,) = layers_of(graph_of(b, [x], [y]))
    assert layer.kernel.name == "cast_ref"
    assert dict(layer.params) == {"count": 4, "input_bytes": 2, "output_bytes": 4}
