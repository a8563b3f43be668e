"""Stock files without what they carry in vain, on a virtual Nano 33 BLE: docs/weights.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.models.collection import Collection

from tinycompress import pipeline

pytestmark = [pytest.mark.slow, pytest.mark.shared]


def test_visual_wake_words_loses_most_of_its_weights(
    shared_data: Collection, tmp_path: Path
) -> None:
    model = shared_data.file("models/mlperf_tiny/vww_96_int8.tflite")
    made = pipeline.build(model, "nano33", output=tmp_path / "p")
    left_out = made.simplification
    assert left_out is not None
    assert left_out.removed_channels == 1696
    assert left_out.macs_after < 0.6 * left_out.macs_before
    result = pipeline.bench(tmp_path / "p", runs=1)
    assert result.mismatched_samples == 0
    assert result.cycles is not None
    assert result.cycles.median < 8_000_000
    assert result.flash.weights_bytes < 55_000
    assert result.ram.arena_bytes <= 29_776
    # Layers are those that run: what patches compute twice is the difference.
    assert left_out.macs_after <= sum(layer.macs for layer in result.layers)
    assert sum(layer.macs for layer in result.layers) < 1.02 * left_out.macs_after


def test_person_detection_needs_all_that_it_has(shared_data: Collection, tmp_path: Path) -> None:
    model = shared_data.file("models/tflm/person_detect.tflite")
    made = pipeline.build(model, "nano33", output=tmp_path / "p")
    assert made.simplification is None
    assert pipeline.bench(tmp_path / "p", runs=1).mismatched_samples == 0
