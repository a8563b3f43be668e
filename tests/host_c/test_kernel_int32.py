"""ADD, SUB, MUL, DIV, MAXIMUM and MINIMUM on int32, and CAST from and to uint32."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH, options
from support.cases.lowering import graph_of, layers_of
from support.cases.wide import WideCases
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.errors import ModelError

TABLES = {
    "ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div",
    "MAXIMUM": "MaximumMinimum", "MINIMUM": "MaximumMinimum",
}  # fmt: skip
SHAPES = (
    ((7,), (7,)),
    ((3, 4), ()),
    ((), (2, 3)),
    ((2, 1, 3), (4, 1)),
    ((1, 5, 2), (1, 5, 2)),
    ((2, 3, 4, 2), (1, 3, 1, 2)),
)


def _cases(seed: int) -> WideCases:
    cases = WideCases(seed)
    for kind, table in TABLES.items():
        for number, (first, second) in enumerate(SHAPES):
            shape = list(np.broadcast_shapes(first, second))
            a = cases.plain_input(first, "int32")
            if kind == "DIV" or number % 2:
                data = cases.rng.integers(1, 1000, second) * cases.rng.choice([-1, 1, 2**20])
                b = cases.builder.tensor(second, "INT32", data=data.astype("<i4"))
            else:
                b = cases.plain_input(second, "int32")
            y = cases.builder.tensor(shape, "INT32")
            cases.op(f"{kind} {first}, {second}", kind, [a, b], y, options(table))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_int32_is_exact(exact_to: ExactTo) -> None:
    assert _cases(51).mismatches(exact_to, count=4) == []


def test_int32_has_no_undefined_behaviour() -> None:
    assert _cases(52).sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize("exact_to", BOTH)
def test_casts_of_uint32_are_exact(exact_to: ExactTo) -> None:
    cases = WideCases(53)
    for kind in ("INT8", "INT16", "INT32"):
        for source, target in (("INT32", kind), (kind, "INT32")):
            x = cases.plain_input([9], source.lower())
            between = cases.builder.tensor([9], "UINT32")
            cases.builder.op("CAST", [x], [between], options("Cast"))
            y = cases.builder.tensor([9], target)
            cases.op(f"{source} to uint32 to {target}", "CAST", [between], y, options("Cast"))
    assert cases.mismatches(exact_to, count=4) == []


def _refusal(kind: str = "ADD", *, scales: tuple[float, ...] = (), **fields: str) -> str:
    b = Builder()
    x = b.tensor([3], "INT32", name="x", scales=scales)
    z = b.tensor([3], "INT32", name="z", data=np.array([1, 0, 2], "<i4"))
    y = b.tensor([3], "INT32", name="y")
    b.op(kind, [x, z], [y], options(TABLES[kind], **fields))
    with pytest.raises(ModelError) as caught:
        layers_of(graph_of(b, [x], [y]))
    return "\n".join(caught.value.reasons)


def test_what_is_refused_of_int32_is_named() -> None:
    relu = _refusal(fusedActivationFunction="RELU")
    assert "op 0 ADD 'y': On int32, the fused activation must be NONE: RELU" in relu
    assert "On int32, no tensor may be quantised: 'x'" in _refusal(scales=(0.5,))
    assert "On int32, the divisor must be constant, without 0" in _refusal("DIV")
    assert "'z' has a 0" in _refusal("DIV")
