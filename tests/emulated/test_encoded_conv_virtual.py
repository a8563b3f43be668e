"""Convolutions on tiles of decoded weights on virtual boards, byte for byte as the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cases.conv import ConvCase, add_conv
from support.cases.encoded_conv import CASES, ENCODINGS, FewValues, PreferTiles
from support.device.board_runs import runs_exactly

from tinycompress import pipeline
from tinycompress.artifacts import ToolchainName

_LAYERS = (
    ConvCase(channels=64, outputs=64, kernel=(1, 1), height=9, width=8),
    ConvCase(channels=16, outputs=32, height=9, width=9, activation="RELU", out_zero=-128),
    ConvCase(channels=32, outputs=64, height=8, width=8),
)


def _tflite(cases: tuple[ConvCase, ...], seed: int) -> bytes:
    made = FewValues(seed)
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
    assert runs_exactly(board_id, _tflite(CASES, 93), chain, tmp_path / "p", prefer=prefer)
    assert max(prefer.tiles) > 2


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
