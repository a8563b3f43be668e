"""Pictures of COCO128 are read with their people, and a still camera's frames differ by noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cascades.coco128 import DIRECTORY, frames, pictures_of, resized
from tinycompress import _tf

pytestmark = pytest.mark.tf


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    images, labels = (
        tmp_path / place / "val2017" for place in ("images", "object_detection/labels")
    )
    images.mkdir(parents=True)
    labels.mkdir(parents=True)
    for number, grey in ((1, 60), (2, 200)):
        pixels = np.full((40, 60, 3), grey, np.uint8)
        jpeg = _tf.tensorflow().io.encode_jpeg(pixels, quality=100).numpy()
        (images / f"{number:012}.jpg").write_bytes(jpeg)
    # A person, one too small to count, and a thing; the second picture has no file.
    (labels / f"{1:012}.txt").write_text("0 0.5 0.5 0.4 0.6\n0 0.1 0.1 0.05 0.05\n7 0.5 0.5 1 1\n")
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("checkout")
def test_people_are_read() -> None:
    first, second = pictures_of("val2017")
    assert (first.person, second.person) == (True, False)
    np.testing.assert_allclose(first.boxes, [[0.3, 0.2, 0.7, 0.8]], atol=1e-6)
    assert first.pixels.shape == (40, 60, 3)
    np.testing.assert_allclose(second.pixels, 200 / 255, atol=0.01)


@pytest.mark.usefixtures("checkout")
def test_a_still_camera_sees_the_same_but_for_noise() -> None:
    pictures = pictures_of("val2017")
    seen = frames(pictures, 16, 3, 2.0)
    assert seen.shape == (6, 16, 16, 3)
    np.testing.assert_array_equal(seen, frames(pictures, 16, 3, 2.0))
    still = np.repeat(resized(pictures, 16), 3, axis=0)
    assert 1.5 < 255 * (seen - still).std() < 2.5
    assert not np.array_equal(seen[0], seen[1])
    np.testing.assert_allclose(seen * 255, np.round(seen * 255), atol=1e-4)
