from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options
from support.device.board_runs import CHAINS, runs_exactly

from tinycompress.artifacts import ExactTo, ToolchainName
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import nth
from tinycompress.ir.reader import read_model

Shape = tuple[int, ...]
# First shape, second shape, their scales, output scale, activation, whether the second is constant
Case = tuple[Shape, Shape, float, float, float, str, bool]

SHAPES: tuple[tuple[Shape, Shape], ...] = (
    ((1, 4, 4, 3), (1, 4, 4, 3)),
    ((7,), (7,)),
    ((1, 4, 4, 3), (3,)),
    ((1, 4, 4, 3), (1, 1, 1, 3)),
    ((1, 4, 4, 3), (1, 4, 1, 1)),
    ((1, 1, 4, 1), (2, 3, 1, 5)),
    ((2, 3), (1,)),
    ((1, 4, 1, 3), (1, 1, 5, 1)),
    ((2, 1, 4, 1), (1, 3, 1, 5)),
)
# input scales and output scale
SCALES = (
    (0.1, 0.1, 0.1),
    (0.1, 0.025, 0.2),
    (0.5, 0.25, 0.5),
    (1e-5, 10.0, 4.0),
    (3.0, 3.0, 0.001),
    (0.1, 0.1, 50.0),
)


def _cases(
    seed: int, random_cases: int, shapes: Sequence[tuple[Shape, Shape]] = SHAPES
) -> KernelCases:
    cases = KernelCases(seed)
    table: list[Case] = [(a, b, *SCALES[0], "NONE", False) for a, b in shapes]
    table += [(b, a, *SCALES[1], "RELU", False) for a, b in shapes]
    table += [((40,), (40,), *scales, "NONE", False) for scales in SCALES]
    table += [((2, 9), (9,), *scales, "RELU6", True) for scales in SCALES]
    for _ in range(random_cases):
        shape = tuple(cases.shape(4))
        other = tuple(n if cases.rng.random() < 0.6 else 1 for n in shape)
        scales = (cases.scale(), cases.scale(), cases.scale())
        table.append((shape, other, *scales, cases.pick("NONE", "RELU"), False))
    for a, b, scale_a, scale_b, out_scale, activation, constant in table:
        zeros = [cases.zero_point() for _ in range(3)]
        first = cases.input(a, scale_a, zeros[0])
        if constant:
            second = cases.weights(b, [scale_b], 0, zeros[1])
        else:
            second = cases.input(b, scale_b, zeros[1])
        y = cases.activation(np.broadcast_shapes(a, b), out_scale, zeros[2])
        label = f"{a} + {b}, {scale_a:g} + {scale_b:g} to {out_scale:g}, zeros {zeros}"
        table_ = options("Add", fusedActivationFunction=activation)
        cases.op(label, "ADD", [first, second], y, table_)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_add_is_exact(exact_to: ExactTo) -> None:
    assert _cases(51, 40).mismatches(exact_to) == []


def test_add_has_no_undefined_behaviour() -> None:
    assert _cases(52, 0).sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m3"])
@pytest.mark.parametrize("exact_to", BOTH)
def test_add_by_a_plane_is_exact(core: str, exact_to: ExactTo) -> None:
    cases = _cases(54, 24)
    cases.target = {"core": core, "dsp": False}
    sources = generate(read_model(cases.tflite()), CodegenOptions(**cases.target))
    kernels = [layer.kernel for layer in sources.layers]
    assert kernels.count("add_plane_s8_plain") >= 10
    assert any(kernel.startswith("add_broadcast_s8") for kernel in kernels)
    assert cases.mismatches(exact_to) == []


def test_add_by_a_plane_has_no_undefined_behaviour() -> None:
    cases = _cases(55, 0)
    cases.target = {"core": "cortex-m0plus", "dsp": False}
    assert cases.sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize(
    ("core", "mve", "suffix"), [("cortex-m4", False, "dsp"), ("cortex-m55", True, "mve")]
)
@pytest.mark.parametrize(
    ("candidate", "kernels"),
    [(0, ["add_plane_s8"]), (1, ["add_s8_two_roundings", "add_equal_s8_two_roundings"])],
)
def test_add_for_dsp_and_mve_is_exact(
    candidate: int, kernels: list[str], core: str, mve: bool, suffix: str
) -> None:
    """By planes, and by the kernels for scales that have none."""
    cases = _cases(53, 10)
    cases.target, cases.prefer = {"core": core, "mve": mve}, nth(candidate)
    sources = cases.sources()
    found = {layer.kernel for layer in sources.layers}
    assert found >= {f"{kernel}_{suffix}" for kernel in kernels}
    assert cases.mismatches("tflm") == []
    assert cases.sanitized_mismatches("tflm") == 0


@pytest.mark.slow
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize(
    "board_id",
    [
        "qemu_mps2_an386",
        "qemu_mps2_an385",
        "raspberry_pi_pico",
        pytest.param("qemu_mps3_an547", marks=pytest.mark.qemu),
    ],
)
def test_add_is_exact_on_boards(board_id: str, chain: ToolchainName, tmp_path: Path) -> None:
    tflite = _cases(56, 0, shapes=SHAPES[:2]).tflite()
    assert runs_exactly(board_id, tflite, chain, tmp_path / "p")
