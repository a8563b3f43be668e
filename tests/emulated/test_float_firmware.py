"""Firmware that computes on float32, with an FPU and without: built, run, held to its bound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.cases.float32 import FUNCTION_ULPS, FloatCases
from support.device.board_runs import CHAINS

import tinycompress
from tinycompress.artifacts import BenchResult, Precision, ToolchainName
from tinycompress.codegen.tolerance import FLOAT_ULPS
from tinycompress.errors import MismatchError, ModelError
from tinycompress.measurement.exactness import require_exact
from tinycompress.measurement.report import to_json

BOARDS = ["nano33", pytest.param("pico", marks=pytest.mark.slow)]
"""A Cortex-M4 with an FPU, and a Cortex-M0+, which has none."""


def _model(directory: Path) -> Path:
    """Every operator in one file, half of the weights in half precision."""
    cases = FloatCases(11)
    cases.every_operator()
    path = directory / "floats.tflite"
    path.write_bytes(cases.tflite())
    return path


def _measured(
    model: Path, board: str, precision: Precision, chain: ToolchainName, directory: Path
) -> BenchResult:
    tinycompress.build(model, board, precision=precision, toolchain=chain, output=directory)
    return tinycompress.bench(directory, runs=1)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("board", BOARDS)
def test_every_operator_keeps_the_bound(board: str, chain: ToolchainName, tmp_path: Path) -> None:
    result = _measured(_model(tmp_path), board, "float16", chain, tmp_path / "project")
    require_exact(result)
    assert (result.oracle, result.samples, result.mismatched_samples) == ("litert", 5, 0)
    assert result.allowed_ulps == FLOAT_ULPS
    # One operator deep, a device is no further away than the kernels are on a PC.
    assert result.worst_ulps is not None
    assert result.worst_ulps <= FUNCTION_ULPS
    told = to_json(result)["exact"]
    assert (told["allowed_ulps"], told["worst_ulps"]) == (FLOAT_ULPS, result.worst_ulps)


def test_float32_weights_take_twice_the_flash(tmp_path: Path) -> None:
    cases = FloatCases(12)
    cases.add_dense(half=False)
    path = tmp_path / "dense.tflite"
    path.write_bytes(cases.tflite())
    sizes = {}
    precisions: tuple[Precision, ...] = ("float32", "float16")
    for precision in precisions:
        result = _measured(path, "nano33", precision, "zig", tmp_path / precision)
        assert (result.mismatched_samples, result.worst_ulps) == (0, 0.0)
        sizes[precision] = result.flash.weights_bytes
    assert sizes["float16"] < sizes["float32"]


def test_beyond_the_bound_outputs_differ(tmp_path: Path) -> None:
    cases = FloatCases(12)
    cases.add_map("TANH")
    path = tmp_path / "tanh.tflite"
    path.write_bytes(cases.tflite())
    result = _measured(path, "nano33", "float32", "zig", tmp_path / "project")
    worse = replace(result, mismatched_samples=2, worst_ulps=40.0)
    with pytest.raises(MismatchError, match=r"2 of 5 samples .* further than 16 ULP .* up to 40"):
        require_exact(worse)


def test_without_the_option_a_float_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        tinycompress.build(_model(tmp_path), "nano33", output=tmp_path / "project")
    assert "float32 activations" in "\n".join(caught.value.reasons)
    assert not (tmp_path / "project").exists()
