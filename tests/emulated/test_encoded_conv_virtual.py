"""Convolutions on tiles of decoded weights on virtual boards, byte for byte as the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cases.conv import ConvCase, add_conv
from support.cases.encoded import PreferEncoding
from support.cases.encoded_conv import CASES, ENCODINGS, AroundZero, PreferTiles, cases_for
from support.device.board_runs import run_on_board, runs_exactly

from tinycompress import pipeline
from tinycompress.artifacts import ToolchainName
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import nth
from tinycompress.ir.reader import read_model

_LAYERS = (
    ConvCase(channels=64, outputs=64, kernel=(1, 1), height=9, width=8),
    ConvCase(channels=16, outputs=32, height=9, width=9, activation="RELU", out_zero=-128),
    ConvCase(channels=32, outputs=64, height=8, width=8),
)
_MEASURED = tuple(
    ConvCase(3, 3, *sizes, activation="RELU", out_zero=-128, gain=0.004)
    for sizes in ((96, 80, (1, 1)), (24, 40, (3, 3)), (128, 32, (1, 1)))
)
"""By kernels whose cycles are known."""


def _tflite(cases: tuple[ConvCase, ...], seed: int, encoding: str = "") -> bytes:
    made = cases_for(encoding, seed)
    for case in cases:
        add_conv(made, case)
    return made.tflite()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("board_id", "chain"),
    [
        ("arduino_nano_33_ble", "zig"),
        ("raspberry_pi_pico", "zig"),
        ("qemu_mps2_an385", "zig"),
        pytest.param("arduino_nano_33_ble", "gcc", marks=pytest.mark.gcc),
        pytest.param("raspberry_pi_pico", "gcc", marks=pytest.mark.gcc),
        pytest.param("qemu_mps3_an547", "gcc", marks=[pytest.mark.gcc, pytest.mark.qemu]),
    ],
)
def test_every_decoder_of_tiles_is_exact(
    board_id: str, chain: ToolchainName, encoding: str, tmp_path: Path
) -> None:
    prefer = PreferTiles(encoding)
    assert runs_exactly(
        board_id, _tflite(CASES, 93, encoding), chain, tmp_path / "p", prefer=prefer
    )
    assert max(prefer.tiles) > 2


@pytest.mark.slow
@pytest.mark.gcc
@pytest.mark.parametrize("deviation", [4, 20])
@pytest.mark.parametrize("board", ["arduino_nano_33_ble", "raspberry_pi_pico"])
def test_what_decoding_takes_is_predicted(board: str, deviation: float, tmp_path: Path) -> None:
    """Weights with long codes took twice the cycles that were predicted for a Huffman code."""
    cases = AroundZero(95)
    cases.deviation = deviation
    for case in _MEASURED:
        add_conv(cases, case)
    tflite, options = cases.tflite(), CodegenOptions.for_board(load_board(board))
    cycles, predicted = [], []
    for name, prefer in (("plain", nth(0)), ("huffman", PreferEncoding("huffman"))):
        sources = generate(read_model(tflite), options, prefer=prefer)
        predicted.append(sources.predicted_cost or 0.0)
        assert all(layer.weights is None for layer in sources.layers) == (name == "plain")
        result = run_on_board(board, tflite, "gcc", tmp_path / name, options, prefer)
        assert result.mismatched_samples == 0
        cycles.append(sum(layer.cycles or 0 for layer in result.layers))
    more = cycles[1] - cycles[0]
    assert more > 0.2 * cycles[0]
    assert predicted[1] - predicted[0] == pytest.approx(more, rel=0.2)


@pytest.mark.slow
@pytest.mark.gcc
@pytest.mark.parametrize(("board", "share"), [("nano33", 0.8), ("pico", 0.99)])
def test_few_values_take_less_flash_for_few_cycles(
    board: str, share: float, tmp_path: Path
) -> None:
    path = tmp_path / "clustered.tflite"
    path.write_bytes(_tflite(_LAYERS, 94))
    flash, cycles = {}, {}
    for weights in ("plain", "auto"):
        made = pipeline.build(
            path, board, optimize="flash", weights=weights, output=tmp_path / weights
        )
        result = pipeline.bench(tmp_path / weights, runs=1)
        pipeline.require_exact(result)
        assert result.cycles is not None
        flash[weights], cycles[weights] = (
            made.require_firmware().flash.total_bytes,
            result.cycles.median,
        )
        encoded = [layer.weights for layer in made.project.layers]
        assert any(each is not None for each in encoded) == (weights == "auto")
    assert flash["auto"] < share * flash["plain"]
    assert cycles["auto"] < 1.2 * cycles["plain"]
