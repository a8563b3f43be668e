"""Operators that take elements at positions which the host computes, and reductions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.cases.kernels import BOTH, KernelCases
from support.cases.lowering import graph_of, layers_of
from support.cases.positions import MAKERS, broadcast_to, sums, tile
from support.cases.wide import WideCases
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.errors import ModelError


def _made(kind: str, seed: int) -> KernelCases:
    cases = KernelCases(seed)
    MAKERS[kind](cases)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("kind", MAKERS)
def test_positions_are_exact(kind: str, exact_to: ExactTo) -> None:
    assert _made(kind, 131).mismatches(exact_to, count=2) == []


@pytest.mark.parametrize(
    ("kind", "exact_to"), [("TILE", "litert"), ("BROADCAST_TO", "tflm"), ("SUM", "tflm")]
)
def test_what_only_one_runtime_has_is_exact_to_it(kind: str, exact_to: ExactTo) -> None:
    cases = KernelCases(132)
    {"TILE": tile, "BROADCAST_TO": broadcast_to, "SUM": sums}[kind](cases)
    assert cases.mismatches(exact_to, count=2) == []


@pytest.mark.parametrize(
    "kind",
    [
        "MIRROR_PAD",
        "RESIZE_BILINEAR",
        "SPACE_TO_BATCH_ND",
        "REDUCE_MAX",
        "ARG_MAX",
        "L2_NORMALIZATION",
        "LOG_SOFTMAX",
    ],
)
def test_positions_have_no_undefined_behaviour(kind: str) -> None:
    assert _made(kind, 133).sanitized_mismatches("tflm") == 0


# --- int16, which LiteRT alone has of these -------------------------------------------------------


class _Int16Cases(WideCases):
    """The same operators on int16, with zero point 0."""

    def input(
        self, shape: Sequence[int], scale: float, zero_point: int, dtype: str = "int8"
    ) -> int:
        return super().input(shape, scale, 0, "int16")

    def activation(self, shape: Sequence[int], scale: float, zero_point: int) -> int:
        return self.wide(shape, scale)


INT16 = ("REDUCE_MAX", "RESIZE_BILINEAR", "SPACE_TO_BATCH_ND")


def _made_of_int16(kind: str, seed: int) -> _Int16Cases:
    cases = _Int16Cases(seed)
    MAKERS[kind](cases)
    return cases


@pytest.mark.parametrize("kind", INT16)
def test_int16_is_exact_to_litert(kind: str) -> None:
    assert _made_of_int16(kind, 134).mismatches("litert", count=2) == []


@pytest.mark.parametrize("kind", INT16)
def test_int16_has_no_undefined_behaviour(kind: str) -> None:
    assert _made_of_int16(kind, 135).sanitized_mismatches("litert") == 0


def test_int16_is_refused_for_tflm() -> None:
    b = Builder()
    x = b.tensor([2, 3], "INT16", scales=[0.1], zero_points=[0])
    axes = b.tensor([1], "INT32", data=b"\1\0\0\0")
    y = b.tensor([2], "INT16", scales=[0.1], zero_points=[0])
    b.op("REDUCE_MAX", [x, axes], [y])
    graph = graph_of(b, [x], [y])
    (layer,) = layers_of(graph, CodegenOptions(exact_to="litert"))
    assert layer.kernel.name == "reduce_max_s16_ref"
    with pytest.raises(ModelError) as caught:
        layers_of(graph)
    assert "TFLM has this operator on int8 only: int16" in "\n".join(caught.value.reasons)
