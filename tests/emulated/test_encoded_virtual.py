"""Dense layers with encoded weights on virtual boards, byte for byte as the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cases.encoded import CASES, ENCODINGS, EncodedCase, PreferEncoding, add_encoded
from support.cases.kernels import KernelCases
from support.device.board_runs import runs_exactly

from tinycompress import pipeline
from tinycompress.artifacts import Optimize, ToolchainName

_LAYERS = (
    EncodedCase(inputs=300, outputs=64, zeros=0.92, values=31, activation="RELU", out_zero=-128),
    EncodedCase(inputs=64, outputs=32, zeros=0.9, values=15),
)


def _tflite(cases: tuple[EncodedCase, ...], seed: int) -> bytes:
    made = KernelCases(seed)
    for case in cases:
        add_encoded(made, case)
    return made.tflite()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("board_id", "chain"),
    [
        ("arduino_nano_33_ble", "zig"),
        ("raspberry_pi_pico", "zig"),
        ("qemu_mps2_an385", "zig"),
        pytest.param("arduino_nano_33_ble", "gcc", marks=[pytest.mark.gcc, pytest.mark.slow]),
        pytest.param("raspberry_pi_pico", "gcc", marks=[pytest.mark.gcc, pytest.mark.slow]),
        pytest.param("qemu_mps3_an547", "gcc", marks=[pytest.mark.gcc, pytest.mark.qemu]),
    ],
)
def test_every_decoder_is_exact(
    board_id: str, chain: ToolchainName, encoding: str, tmp_path: Path
) -> None:
    prefer = PreferEncoding(encoding)
    cases: tuple[EncodedCase, ...] = CASES[:20:2] if encoding in ("lut", "huffman") else CASES[:10]
    if encoding == "patterns":
        cases = tuple(case for case in CASES if case.of_four < 4)
    assert runs_exactly(board_id, _tflite(cases, 91), chain, tmp_path / "p", prefer=prefer)
    assert prefer.found >= 4


_CYCLES: dict[Optimize, float] = {"speed": 0.8, "flash": 1.1}
"""Against plain weights; for flash, cycles are what bytes are bought with."""


@pytest.mark.parametrize("board", ["nano33", "pico"])
@pytest.mark.parametrize("optimize", ["speed", "flash"])
def test_sparse_layers_get_smaller_and_faster(
    board: str, optimize: Optimize, tmp_path: Path
) -> None:
    path = tmp_path / "sparse.tflite"
    path.write_bytes(_tflite(_LAYERS, 92))
    results = {}
    for weights in ("plain", "auto"):
        made = pipeline.build(
            path, board, optimize=optimize, weights=weights, output=tmp_path / weights
        )
        result = pipeline.bench(tmp_path / weights, runs=1)
        pipeline.require_exact(result)
        encoded = [layer.weights for layer in made.project.layers]
        assert result.cycles is not None
        assert all(each is not None for each in encoded) == (weights == "auto")
        results[weights] = made.require_firmware().flash.weights_bytes, result.cycles.median
    assert results["auto"][0] < 0.3 * results["plain"][0]
    assert results["auto"][1] < _CYCLES[optimize] * results["plain"][1]
