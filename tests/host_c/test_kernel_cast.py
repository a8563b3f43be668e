"""CAST between integers and bool, from a float32 input and to a float32 output."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.cases.kernels import BOTH, Array, KernelCases, options
from support.cases.lowering import graph_of, layers_of
from support.host_model import HostModel, run_sanitized
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

TYPES: dict[ExactTo, tuple[str, ...]] = {"tflm": ("bool", "int8", "int16", "int32")}
TYPES["litert"] = (*TYPES["tflm"], "uint8", "int64")
EDGES = (0, 1, -1, 127, -128, 128, 255, 256, 32767, -32768, 32768, 65535, 2**24 + 1, 2**31 - 1,
         2**31 - 64, -(2**31))  # fmt: skip


def _quantised(dtype: str) -> dict[str, Any]:
    """Quantisation plays no part; a model's int8 inputs and outputs have it."""
    return {"scales": [0.7], "zero_points": [-9]} if dtype == "int8" else {}


def _floats(target: str, rng: np.random.Generator) -> Array:
    """What the conversion to a type is defined for, its edges first."""
    if target == "bool":
        return np.array([0.0, -0.0, 1e-45, -1e-45, np.nan, np.inf, -3.5, 0.25] * 10, np.float32)
    limits = np.iinfo(target)
    low, high = max(limits.min, -(2**31) + 127), min(limits.max, 2**31 - 129)
    values = rng.uniform(low, high, 80)
    values[:4] = low, high, 0.99, -0.99
    values[4:30] = rng.uniform(-3, 3, 26) if low < 0 else rng.uniform(0, 3, 26)
    # Up to one step beyond, where that is told from the limit in float32.
    values[30:32] = (low - 0.9, high + 0.9) if high < 2**20 else (0.5, -0.5)
    return values.astype(np.float32)


def _cases(seed: int, exact_to: ExactTo) -> tuple[bytes, tuple[Array, ...]]:
    """A model of all pairs, and values at every edge of every type."""
    cases, batch = KernelCases(seed), []
    integers = TYPES[exact_to]
    for source, target in product((*integers, "float32"), (*integers, "float32")):
        if source == "float32" and target in ("float32", "int64"):
            continue
        if source == "int8":
            x = cases.input([2, 40], 0.3, 5, source)
        else:
            x = cases.plain_input([2, 40], source)
        y = cases.builder.tensor([2, 40], target.upper(), **_quantised(target))
        cases.op(f"{source} to {target}", "CAST", [x], y, options("Cast"))
        if source == "float32":
            batch.append(_floats(target, cases.rng).reshape(2, 40))
            continue
        values = cases.rng.integers(-(2**63), 2**63 - 1, (2, 40))
        values[0, : len(EDGES)] = EDGES
        values[1, : len(EDGES)] = cases.rng.integers(0, 2, len(EDGES)) << 32
        batch.append(values.astype(source))
    return cases.tflite(), tuple(batch)


@pytest.mark.parametrize("exact_to", BOTH)
def test_every_pair_is_exact(exact_to: ExactTo) -> None:
    tflite, batch = _cases(131, exact_to)
    sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to))
    expected = Oracle(tflite, exact_to).run(*batch)
    (sanitized,) = run_sanitized(sources, [batch])
    for want, plain, checked in zip(
        expected, HostModel(sources).run(*batch), sanitized, strict=True
    ):
        assert plain.dtype == want.dtype
        np.testing.assert_array_equal(plain, want)
        np.testing.assert_array_equal(checked, want)


@pytest.mark.parametrize(
    ("exact_to", "dtype"), [("tflm", "INT32"), ("litert", "INT32"), ("litert", "INT64")]
)
def test_positions_are_cast(exact_to: ExactTo, dtype: str) -> None:
    cases = KernelCases(132)
    for kind, name in (("ARG_MAX", "ArgMax"), ("ARG_MIN", "ArgMin")):
        x, at = cases.input([3, 5], 0.1, 0), cases.builder.tensor([3], dtype)
        code = getattr(schema.TensorType, dtype)
        table = options(name, outputType=code)
        cases.builder.op(kind, [x, cases.int32([1])], [at], table)
        for target in ("FLOAT32", "INT16", "BOOL"):
            y = cases.builder.tensor([3], target)
            cases.op(f"{kind} to {target}", "CAST", [at], y, options("Cast"))
    assert cases.mismatches(exact_to) == []
    assert cases.sanitized_mismatches(exact_to) == 0


def test_beyond_the_range_floats_are_taken_for_the_nearest() -> None:
    cases = KernelCases(133)
    edges = [-np.inf, -(2.0**31), -300.7, 300.7, 2.0**31, np.inf, np.nan]
    values = np.array(edges, np.float32)
    expected = {
        "int8": [-128, -128, -128, 127, 127, 127, -128],
        "int16": [-32768, -32768, -300, 300, 32767, 32767, -32768],
        "int32": [-(2**31), -(2**31), -300, 300, 2**31 - 1, 2**31 - 1, -(2**31)],
        "uint8": [0, 0, 0, 255, 255, 255, 0],
    }
    for target in expected:
        x = cases.plain_input([7], "float32")
        y = cases.builder.tensor([7], target.upper(), **_quantised(target))
        cases.op(f"float32 to {target}", "CAST", [x], y, options("Cast"))
    sources = generate(read_model(cases.tflite()), CodegenOptions(exact_to="litert"))
    (found,) = run_sanitized(sources, [(values,) * 4])
    for array, (target, want) in zip(found, expected.items(), strict=True):
        np.testing.assert_array_equal(array, np.array(want, target))


@pytest.mark.parametrize("source", ["uint8", "bool"])
def test_what_has_no_sign_is_not_filled_with_it(source: str) -> None:
    b = Builder()
    x, y = b.tensor([4], source.upper()), b.tensor([4], "INT32")
    b.op("CAST", [x], [y], options("Cast"))
    (layer,) = layers_of(graph_of(b, [x], [y]), CodegenOptions(exact_to="litert"))
    assert dict(layer.params) == {
        "count": 4, "input_bytes": 1, "output_bytes": 4, "input_has_sign": 0,
    }  # fmt: skip


def _refusal(source: str, target: str, exact_to: ExactTo = "tflm") -> str:
    b = Builder()
    x, y = b.tensor([4], source, name="x"), b.tensor([4], target, name="y")
    b.op("CAST", [x], [y], options("Cast"))
    with pytest.raises(ModelError) as caught:
        layers_of(graph_of(b, [x], [y]), CodegenOptions(exact_to=exact_to))
    return "\n".join(caught.value.reasons)


@pytest.mark.parametrize(
    ("source", "target", "exact_to"),
    [("FLOAT32", "INT64", "litert"), ("FLOAT32", "FLOAT32", "tflm"), ("INT64", "INT32", "tflm"),
     ("INT32", "UINT8", "tflm"), ("INT32", "FLOAT16", "litert"), ("UINT32", "FLOAT32", "tflm"),
     ("FLOAT32", "UINT32", "litert")],
)  # fmt: skip
def test_other_pairs_are_refused_by_name(source: str, target: str, exact_to: ExactTo) -> None:
    detail = f"'x' is {source.lower()}, 'y' is {target.lower()}"
    assert f"unless the input is uint32: {detail}" in _refusal(source, target, exact_to)


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
    assert dict(layer.params) == {
        "count": 4, "input_bytes": 2, "output_bytes": 4, "input_has_sign": 1,
    }  # fmt: skip
