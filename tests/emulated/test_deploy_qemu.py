"""The cost of a file on a board that QEMU alone runs: bytes and instructions, and no time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.common import ROOT

from tinycompress.artifacts import BenchResult
from tinycompress.boards import load_board
from tinycompress.cli.answers.compress import print_rows
from tinycompress.compression.run.export import Exporter
from tinycompress.compression.run.result import StageRow
from tinycompress.deploy import deployment
from tinycompress.deploy.deployment import Deployment, deploy
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.measurement.scratch import bench_emulated

DIGITS = ROOT / "examples" / "digits" / "digits_int8.tflite"


@pytest.mark.qemu
def test_there_is_no_latency_where_none_is_modelled() -> None:
    found = deploy(DIGITS.read_bytes(), load_board("qemu_mps3_an547"))
    assert found.latency_us is None
    assert found.instructions > 1000
    assert set(found.figures()) == {
        "flash_bytes", "weights_bytes", "kernels_bytes", "encoded_bytes", "encoded_int8_bytes",
        "ram_bytes", "ram_reserved_bytes", "arena_bytes", "instructions", "fits",
    }  # fmt: skip


def test_wrong_outputs_get_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: Any, **options: Any) -> BenchResult:
        return replace(bench_emulated(*args, **options), mismatched_samples=1)

    monkeypatch.setattr(deployment, "bench_emulated", wrong)
    with pytest.raises(MismatchError, match="1 of 5 samples give other bytes"):
        deploy(DIGITS.read_bytes(), load_board("pico"))


WITHOUT_TIME = Deployment(
    flash_bytes=10_000, weights_bytes=4_000, kernels_bytes=1_000, encoded_bytes=0,
    encoded_int8_bytes=0, ram_bytes=2_000, ram_reserved_bytes=3_000, arena_bytes=1_000,
    instructions=5_000, latency_us=None, fits=True,
)  # fmt: skip


def test_the_row_says_nothing_of_time(capsys: pytest.CaptureFixture[str]) -> None:
    row = StageRow(0, "prune", 0.9, 0.9, 1, 1, 1, 1, "", (), figures=WITHOUT_TIME.figures())
    print_rows([row, replace(row, stage="qat", figures={"fits": 0})], title="t")
    lines = capsys.readouterr().out.splitlines()
    (prune,) = (line for line in lines if line.startswith("│ prune"))
    qat, rates = (line for line in lines if line.startswith("│ qat"))
    assert [cell.strip() for cell in rates.split("│")[2:-1]] == ["1.00x", "-", "-", "-", "-"]
    assert "does not fit" not in prune
    assert prune.rstrip("│ ").endswith("-")
    assert qat.count("does not fit") == 1


def test_a_target_that_nothing_gives_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Made:
        tflite = b""

    monkeypatch.setattr(Exporter, "exported", lambda *args: Made())
    network: Any = None
    exporter = Exporter(lambda *args: b"", (), lambda tflite: WITHOUT_TIME.figures())
    assert exporter.cost(network, "ram_bytes") == 2_000
    with pytest.raises(ConfigError, match="nothing gives latency_us on this board"):
        exporter.cost(network, "latency_us")
    too_large = replace(exporter, evaluate=lambda tflite: {"fits": 0})
    assert too_large.cost(network, "latency_us") == float("inf")
