"""Lookup tables on upstream's own library, on a virtual Cortex-M4 (where TFLM_DIR names one)."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.compression.clustered_models import clustered
from support.firmware.tflm import real_checkout

from tinycompress import pipeline


@pytest.mark.slow
def test_upstreams_decode_gives_the_same_bytes_on_the_board(tmp_path: Path) -> None:
    upstream = real_checkout()
    model = tmp_path / "clustered.tflite"
    model.write_bytes(clustered(8))
    plain, small = (
        pipeline.build(
            model, "an386", engine="tflm", tflm_dir=upstream, output=tmp_path / kind,
            tflm_compression=kind,
        )
        for kind in ("none", "lut")
    )  # fmt: skip
    assert (
        small.require_firmware().flash.weights_bytes
        < 0.6 * plain.require_firmware().flash.weights_bytes
    )
    # The decoded weights of the largest layer lie in the arena.
    assert small.require_firmware().ram.arena_bytes > plain.require_firmware().ram.arena_bytes
    result = pipeline.bench(tmp_path / "lut")
    assert result.mismatched_samples == 0
    assert [layer.op for layer in result.layers].count("TFLM_DECODE") == 3
