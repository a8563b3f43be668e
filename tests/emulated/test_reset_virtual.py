"""Models whose file asks for a reset of all state with every inference."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.device.board_runs import CHAINS
from support.models.stateful_models import resetting, stateful_model

import tinycompress
from tinycompress.artifacts import ExactTo, ToolchainName
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

KEEPING = stateful_model("lstm")
RESETTING = resetting(KEEPING)


def _bench(tmp_path: Path, board: str, chain: ToolchainName) -> tinycompress.BenchResult:
    model = tmp_path / "model.tflite"
    model.write_bytes(RESETTING)
    built = tinycompress.build(model, board, toolchain=chain, output=tmp_path / "project")
    header = next((tmp_path / "project").rglob("tcm_model.h")).read_text(encoding="utf-8")
    assert "It begins with a reset of all state" in header
    return tinycompress.bench(built.directory, runs=1)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("board", ["nano33", "pico"])
def test_firmware_resets_by_itself_and_is_exact(
    board: str, chain: ToolchainName, tmp_path: Path
) -> None:
    """The host sends no resets: were state kept, the second sample would differ already."""
    result = _bench(tmp_path, board, chain)
    assert result.samples
    assert result.mismatched_samples == 0
    assert not any("keeps state" in note for note in result.notes)


@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_the_oracle_resets_where_the_file_asks(exact_to: ExactTo) -> None:
    keeping, resets = (
        Oracle(file, exact_to)
        for file in (stateful_model("lstm", exact_to), resetting(stateful_model("lstm", exact_to)))
    )
    samples = list(zip(*random_inputs(read_model(KEEPING).main, 3), strict=True))
    alone = [[one.tobytes() for one in resets.run(*sample)] for sample in samples]
    assert [[one.tobytes() for one in resets.step(*sample)] for sample in samples] == alone
    in_a_row = [[one.tobytes() for one in keeping.step(*sample)] for sample in samples]
    assert in_a_row[0] == alone[0]
    assert in_a_row[1] != alone[1]
