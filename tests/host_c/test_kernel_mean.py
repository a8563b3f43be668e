from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.cases.kernels import BOTH, KernelCases, options
from support.device.board_runs import CHAINS, runs_exactly

from tinycompress.artifacts import ExactTo, ToolchainName
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model

Case = tuple[tuple[int, ...], tuple[int, ...], bool, float, float]

# shape, axes, keep_dims, input scale, output scale
EDGE_CASES: tuple[Case, ...] = (
    ((1, 4, 4, 3), (1, 2), False, 0.1, 0.1),
    ((1, 4, 4, 3), (1, 2), True, 0.1, 0.07),
    ((2, 5, 3, 7), (2, 1), True, 0.1, 0.03),
    ((2, 5, 3, 7), (-1,), False, 0.1, 0.2),
    ((2, 5, 3, 7), (0, 2), False, 0.1, 0.2),
    ((2, 5, 3, 7), (1, 3), True, 0.5, 0.25),
    ((2, 5, 3, 7), (0, 1, 2, 3), True, 0.5, 0.25),
    ((3, 4), (1,), False, 1.0, 1.0),
    ((1, 1, 1, 5), (1, 2), False, 0.1, 0.1),
    ((1, 8, 8, 2), (1, 2), False, 2.0, 0.001),
    ((1, 8, 8, 2), (1, 2), False, 1e-6, 4.0),
    ((1, 33, 31, 2), (1, 2), False, 0.1, 0.1),
    ((1, 6, 5, 4), (1, 1, 2), False, 0.1, 0.1),  # an axis twice
    ((1, 7, 7, 64), (1, 2), False, 0.1, 0.05),
    ((2, 3, 5, 13), (1, 2), True, 0.1, 0.1),
    ((1, 16, 17, 9), (1, 2), False, 0.1, 0.1),  # more elements than 16 bits have room for
    ((1, 32, 16, 8), (1, 2), False, 0.1, 0.1),
    ((3, 2, 5), (1,), False, 0.1, 0.02),
)


def _cases(seed: int, random_cases: int, edges: Sequence[Case] = EDGE_CASES) -> KernelCases:
    cases = KernelCases(seed)
    table = [(*case, zero) for case in edges for zero in (-128, 3)]
    for _ in range(random_cases):
        shape = tuple(cases.shape(4))
        count = int(cases.rng.integers(1, 5))
        axes = tuple(int(a) for a in cases.rng.permutation(4)[:count])
        keep = bool(cases.rng.integers(2))
        table.append((shape, axes, keep, cases.scale(), cases.scale(), cases.zero_point()))
    for shape, axes, keep, in_scale, out_scale, zero in table:
        x = cases.input(shape, in_scale, zero)
        reduced = {axis % len(shape) for axis in axes}
        out = [1 if i in reduced else n for i, n in enumerate(shape) if keep or i not in reduced]
        y = cases.activation(out, out_scale, -zero // 2)
        label = f"{shape} over {axes}, keep {keep}, {in_scale:g} to {out_scale:g}, zero {zero}"
        cases.op(label, "MEAN", [x, cases.int32(axes)], y, options("Reducer", keepDims=keep))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_mean_is_exact(exact_to: ExactTo) -> None:
    assert _cases(41, 50).mismatches(exact_to) == []


def test_mean_has_no_undefined_behaviour() -> None:
    assert _cases(42, 0).sanitized_mismatches("tflm") == 0


def test_mean_for_mve_is_exact() -> None:
    cases = _cases(43, 0)
    cases.target = {"core": "cortex-m55", "mve": True}
    assert cases.mismatches("tflm") == []
    assert cases.sanitized_mismatches("tflm") == 0


EIGHTS = {(1, 7, 7, 64), (2, 3, 5, 13), (1, 16, 17, 9), (1, 32, 16, 8)}
FOURS = {*EIGHTS, (3, 2, 5), (1, 6, 5, 4)}


@pytest.mark.parametrize(("family", "planes"), [("dsp", FOURS), ("mve", EIGHTS)])
def test_planes_of_enough_channels_have_a_fast_kernel(
    family: str, planes: set[tuple[int, ...]]
) -> None:
    mve = family == "mve"
    target = CodegenOptions(core="cortex-m55" if mve else "cortex-m4", mve=mve)
    sources = generate(read_model(_cases(44, 0).tflite()), target)
    cases = [case for case in EDGE_CASES for _ in range(2)]
    for layer, (shape, axes, *_) in zip(sources.layers, cases, strict=True):
        fast = shape in planes or (family == "dsp" and axes == (2, 1))
        assert layer.kernel == f"mean_s8_{family if fast else 'ref'}", (shape, axes)


@pytest.mark.slow
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize(
    "board_id",
    ["qemu_mps2_an386", pytest.param("qemu_mps3_an547", marks=pytest.mark.qemu)],
)
def test_mean_is_exact_on_boards(board_id: str, chain: ToolchainName, tmp_path: Path) -> None:
    tflite = _cases(45, 0, edges=EDGE_CASES[-7:]).tflite()
    assert runs_exactly(board_id, tflite, chain, tmp_path / "p")
