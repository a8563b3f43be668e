"""The data sets, as the networks take them, with augmentation made beforehand from a seed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]
_PIXEL_MAX = 255.0


@dataclass(frozen=True, eq=False)
class Samples:
    """Training and test part of a data set; ``x`` float32 batch first, ``y`` class numbers."""

    x: Floats
    y: Labels
    x_test: Floats
    y_test: Labels


def mnist_rows() -> Samples:
    """MNIST, 60,000 and 10,000 digits as rows of 784 pixels from 0 to 1."""
    images = mnist_images()
    return Samples(
        images.x.reshape(-1, 784), images.y, images.x_test.reshape(-1, 784), images.y_test
    )


def mnist_images() -> Samples:
    """MNIST, 60,000 and 10,000 digits ``[28, 28, 1]`` from 0 to 1."""
    data = _read("mnist")
    x, x_test = (
        (data[name].astype(np.float32) / np.float32(_PIXEL_MAX))[..., None]
        for name in ("x_train", "x_test")
    )
    return Samples(x, data["y_train"], x_test, data["y_test"])


def keywords() -> Samples:
    """Speech Commands' test set by speaker: 3,662 and 1,228 clips, MFCC ``[49, 10, 1]``."""
    data = _read("speech_commands_v2_features")
    scale, zero_point = np.float32(data["mfcc_scale"]), np.float32(data["mfcc_zero_point"])
    x, x_test = (
        (data[name].astype(np.float32) - zero_point) * scale for name in ("x_train", "x_test")
    )
    return Samples(x, data["y_train"], x_test, data["y_test"])


def cifar() -> Samples:
    """The first 4,000 images of CIFAR-10: 3,000 and 1,000, ``[32, 32, 3]`` from 0 to 255."""
    data = _read("cifar10_lossless_4k")
    x, x_test = (data[name].astype(np.float32) for name in ("x_train", "x_test"))
    return Samples(x, data["y_train"], x_test, data["y_test"])


def shifted_keywords(x: Floats, generator: np.random.Generator) -> Floats:
    """One augmented copy: shifted by up to 6 frames, with Gaussian noise of deviation 1."""
    reach, deviation = 6, 1.0
    copy = np.empty_like(x)
    for index, clip in enumerate(x):
        shift = int(generator.integers(-reach, reach + 1))
        rows = np.clip(np.arange(len(clip)) - shift, 0, len(clip) - 1)
        copy[index] = clip[rows] + generator.normal(0.0, deviation, clip.shape)
    return copy


def shifted_images(x: Floats, generator: np.random.Generator) -> Floats:
    """One augmented copy: mirrored by chance, shifted by up to 4 pixels, edges mirrored."""
    reach = 4
    size = x.shape[1]
    copy = np.empty_like(x)
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    for index, image in enumerate(padded):
        top, left = generator.integers(0, 2 * reach + 1, 2)
        image = image[top : top + size, left : left + size]
        copy[index] = image[:, ::-1] if generator.integers(2) else image
    return copy


def shared_file(name: str) -> Path:
    """A file of the collection of models and data.

    Raises:
        ConfigError: It is not there.
    """
    directory = Path(os.environ.get("TC_SHARED_DATA", ROOT.parent / "shared" / "data"))
    path = directory / name
    if not path.is_file():
        raise ConfigError(
            f"there is no {path}", hint="set TC_SHARED_DATA to the directory that holds datasets/"
        )
    return path


def _read(name: str) -> dict[str, Any]:
    with np.load(shared_file(f"datasets/{name}.npz"), allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}
