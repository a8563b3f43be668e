"""Firmware of a file with a float island that another framework's converter left."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.models.island_files import mish, softsign

import tinycompress
from tinycompress.artifacts import ExactTo
from tinycompress.measurement.exactness import require_exact


@pytest.mark.parametrize(("tflite", "exact_to"), [(mish(), "litert"), (softsign(), "tflm")])
def test_a_function_of_one_element_is_exact(
    tflite: bytes, exact_to: ExactTo, tmp_path: Path
) -> None:
    path, project = tmp_path / "island.tflite", tmp_path / "project"
    path.write_bytes(tflite)
    tinycompress.build(path, "nano33", exact_to=exact_to, toolchain="zig", output=project)
    result = tinycompress.bench(project, runs=1)
    require_exact(result)
    assert (result.oracle, result.mismatched_samples, result.allowed_ulps) == (exact_to, 0, 0)
    assert len(result.layers) == 1
