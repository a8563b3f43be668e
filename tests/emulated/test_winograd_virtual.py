"""Budgets that expand weights: firmware on a virtual board, exact, and faster for more flash."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cases.conv import ConvCase, add_conv
from support.cases.kernels import KernelCases

import tinycompress
from tinycompress.artifacts import BenchResult
from tinycompress.errors import DoesNotFitError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two convolutions of 16 channels, 32 by 32."""
    cases = KernelCases(11)
    for activation, zero in (("RELU", -128), ("NONE", 3)):
        add_conv(cases, ConvCase(32, 32, 16, 16, gain=0.004, activation=activation, out_zero=zero))
    path = tmp_path / "convs.tflite"
    path.write_bytes(cases.tflite())
    return path


def _run(made: tinycompress.Build) -> BenchResult:
    result = tinycompress.bench(made.directory, runs=1)
    assert result.mismatched_samples == 0
    return result


def _winograd(made: tinycompress.Build) -> int:
    return sum("winograd" in layer.kernel for layer in made.project.layers)


@pytest.mark.slow
def test_budgets_expand_weights_and_nothing_else_does(model: Path, tmp_path: Path) -> None:
    usual = tinycompress.build(model, "nano33", toolchain="zig", output=tmp_path / "usual")
    assert _winograd(usual) == 0
    before = _run(usual)
    flash, latency = before.flash.total_bytes, before.latency_us
    assert latency is not None
    much = tinycompress.build(
        model, "nano33", toolchain="zig", flash_budget_bytes=flash + 60_000,
        output=tmp_path / "much",
    )  # fmt: skip
    after = _run(much)
    assert _winograd(much) == 2
    assert any("Winograd" in trade for trade in much.trades)
    assert after.flash.total_bytes <= flash + 60_000
    assert after.latency_us is not None
    assert after.latency_us.max < 0.85 * latency.max
    # One of both is enough for half of that.
    middle = (latency.max + after.latency_us.max) / 2 + 100
    quick = tinycompress.build(
        model, "nano33", toolchain="zig", latency_budget_us=middle, output=tmp_path / "quick"
    )
    assert _winograd(quick) in (1, 2)
    kept = _run(quick)
    assert kept.latency_us is not None
    assert kept.latency_us.max <= middle
    with pytest.raises(DoesNotFitError, match="by the fastest kernels"):
        tinycompress.build(
            model, "nano33", toolchain="zig", latency_budget_us=after.latency_us.max / 2,
            output=tmp_path / "never",
        )  # fmt: skip
    assert not (tmp_path / "never").exists()
