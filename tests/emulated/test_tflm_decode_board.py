"""Encoded weights on upstream's own library, on a virtual Cortex-M4 (where TFLM_DIR names one)."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.compression.clustered_models import WIDE, clustered
from support.firmware.tflm import real_checkout

from benchmarks.weights.encoded_networks import with_half_zeros
from tinycompress import pipeline
from tinycompress.artifacts import TflmMethod
from tinycompress.errors import ModelError


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lut", "huffman", "prune"])
def test_upstreams_decode_gives_the_same_bytes_on_the_board(
    tmp_path: Path, method: TflmMethod
) -> None:
    upstream = real_checkout()
    model = tmp_path / "clustered.tflite"
    model.write_bytes(with_half_zeros(clustered(8, outputs=WIDE)))
    plain, small = (
        pipeline.build(
            model, "an386", engine="tflm", tflm_dir=upstream, output=tmp_path / kind,
            tflm_compression=kind,
        )
        for kind in ("none", method)
    )  # fmt: skip
    saved = small.model.tflm_encoding
    assert saved is not None
    assert saved.code_obtained == "measured"
    before, after = plain.require_firmware(), small.require_firmware()
    assert before.flash.total_bytes - after.flash.total_bytes == (
        saved.saved_bytes - saved.code_bytes
    )
    assert after.flash.total_bytes < 0.9 * before.flash.total_bytes
    # The decoded weights of the largest layer lie in the arena.
    assert after.ram.arena_bytes > before.ram.arena_bytes
    result = pipeline.bench(tmp_path / method)
    assert result.mismatched_samples == 0
    assert [layer.op for layer in result.layers].count("TFLM_DECODE") == len(saved.tensors)


@pytest.mark.slow
def test_code_that_takes_what_is_saved_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "clustered.tflite"
    model.write_bytes(clustered(8))
    with pytest.raises(ModelError, match=r"bytes of code \(measured\)"):
        pipeline.build(
            model, "an386", engine="tflm", tflm_dir=real_checkout(), output=tmp_path / "out",
            tflm_compression="auto",
        )  # fmt: skip
    assert not (tmp_path / "out").exists()
