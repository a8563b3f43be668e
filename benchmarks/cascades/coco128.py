"""Real pictures with the people in them: COCO128, 128 of COCO's training and 128 of its validation.

They are read from a checkout of lightly-ai/coco128_yolo, which ``COCO128_DIR`` names. Its labels
are COCO's boxes. As Visual Wake Words has it, a picture shows a person if a box of one takes more
than half a per cent of it (Chowdhery et al., Visual Wake Words Dataset, 2019); smaller ones count
nowhere here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _tf
from tinycompress.errors import ConfigError

Floats = npt.NDArray[np.float32]
DIRECTORY = "COCO128_DIR"
"""The variable that names the checkout."""
_PERSON = 0
"""The class of a person in the labels."""
LEAST_AREA = 0.005
_KEPT_SHARE = 0.5
_PIXEL_MAX = 255.0


@dataclass(frozen=True, eq=False)
class Picture:
    """``pixels``, float32 ``[height, width, 3]`` from 0 to 1, and the boxes of the people.

    A row of ``boxes`` is left, top, right and bottom, as shares of the picture.
    """

    pixels: Floats
    boxes: Floats

    @property
    def person(self) -> bool:
        """Whether it shows one."""
        return bool(len(self.boxes))


def pictures_of(part: str) -> list[Picture]:
    """The pictures of ``train2017`` or ``val2017``, in the order of their numbers.

    Raises:
        ConfigError: ``COCO128_DIR`` names no checkout.
    """
    named = os.environ.get(DIRECTORY)
    files = sorted((Path(named) / "images" / part).glob("*.jpg")) if named else []
    if not files:
        raise ConfigError(
            f"there are no pictures of {part}: {DIRECTORY} is {named or 'not set'}",
            hint=f"set {DIRECTORY} to a checkout of github.com/lightly-ai/coco128_yolo",
        )
    return [_picture(file) for file in files]


def _picture(file: Path) -> Picture:
    pixels = _tf.tensorflow().io.decode_jpeg(file.read_bytes(), channels=3).numpy()
    labels = file.parents[2] / "object_detection" / "labels" / file.parent.name / file.stem
    boxes = []
    # A picture without any object has no file of labels.
    told = labels.with_suffix(".txt")
    for line in told.read_text(encoding="utf-8").splitlines() if told.is_file() else ():
        kind, x, y, width, height = (float(word) for word in line.split())
        if kind == _PERSON and width * height > LEAST_AREA:
            boxes.append([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
    whole = np.array(boxes, np.float32).reshape(-1, 4).clip(0, 1)
    return Picture(pixels.astype(np.float32) / np.float32(_PIXEL_MAX), whole)


def resized(pictures: Sequence[Picture], size: int) -> Floats:
    """All of them as squares of so many pixels, averaged over areas, without their proportions."""
    tf = _tf.tensorflow()
    return np.stack(
        [tf.image.resize(one.pixels, (size, size), "area").numpy() for one in pictures]
    ).clip(0, 1)


def cropped(picture: Picture, generator: np.random.Generator) -> Picture:
    """A piece at random, mirrored by chance, lighter or darker.

    Its edges are four to ten tenths of the picture's. A person stays who keeps half of the box.
    """
    size = generator.uniform(0.4, 1.0) * generator.uniform(0.8, 1.0, 2)
    low = generator.uniform(0, 1 - size)
    high = low + size
    height, width = picture.pixels.shape[:2]
    left, right = (round(edge * width) for edge in (low[0], high[0]))
    top, bottom = (round(edge * height) for edge in (low[1], high[1]))
    pixels = picture.pixels[top:bottom, left:right] * generator.uniform(0.7, 1.3)
    moved = (picture.boxes.reshape(-1, 2, 2) - low) / size
    inside = moved.clip(0, 1)
    areas, whole = (np.prod(one[:, 1] - one[:, 0], axis=-1) for one in (inside, moved))
    boxes = inside[(areas > _KEPT_SHARE * whole) & (areas > LEAST_AREA)].reshape(-1, 4)
    if generator.integers(2):
        pixels, boxes = (
            pixels[:, ::-1],
            np.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], axis=1),
        )
    return Picture(pixels.clip(0, 1), boxes.astype(np.float32))


def by_middle(pictures: Sequence[Picture], grid: int) -> tuple[Floats, Floats]:
    """Boxes ``[n, grid, grid, 4]`` and whether there is one ``[n, grid, grid, 1]``.

    A person belongs to the cell that the middle of the box is in; of two in one cell the larger one
    counts. A box is x and y of the middle from the cell's corner on, in cells, and width and height
    as shares of the picture; all are 0 in a cell without one.
    """
    return _by_cell(pictures, grid, 0.0, larger=True)


def by_middle_half(pictures: Sequence[Picture], grid: int) -> tuple[Floats, Floats]:
    """The same for training: a person belongs to all cells whose middle is in the middle half of
    the box, too. Of two in one cell the smaller one counts (Tian et al., FCOS, 2019)."""
    return _by_cell(pictures, grid, 0.5, larger=False)


def _by_cell(
    pictures: Sequence[Picture], grid: int, share: float, *, larger: bool
) -> tuple[Floats, Floats]:
    boxes = np.zeros((len(pictures), grid, grid, 4), np.float32)
    there = np.zeros((len(pictures), grid, grid, 1), np.float32)
    middles = (np.arange(grid) + 0.5) / grid
    for number, picture in enumerate(pictures):
        sizes = picture.boxes[:, 2:] - picture.boxes[:, :2]
        areas = sizes.prod(axis=1)
        for index in np.argsort(areas if larger else -areas):
            middle = picture.boxes[index, :2] + sizes[index] / 2
            inside = abs(middles[:, None] - middle) <= share * sizes[index] / 2
            inside[np.minimum((middle * grid).astype(int), grid - 1), (0, 1)] = True
            rows, columns = np.nonzero(inside[:, None, 1] & inside[None, :, 0])
            x, y = middle * grid
            boxes[number, rows, columns, 0] = x - columns
            boxes[number, rows, columns, 1] = y - rows
            boxes[number, rows, columns, 2:] = sizes[index]
            there[number, rows, columns] = 1
    return boxes, there


def frames(pictures: Sequence[Picture], size: int, each: int, noise: float) -> Any:
    """A still camera that looks at one picture after the other: so many frames of each.

    Every frame has Gaussian noise of its own, of a deviation in steps of 8 bits, from seed 0.

    Returns:
        ``[n * each, size, size, 3]``, float32 from 0 to 1 in whole steps of 8 bits.
    """
    generator = np.random.default_rng(0)
    still = np.repeat(resized(pictures, size), each, axis=0) * _PIXEL_MAX
    noisy = np.round(still + generator.normal(0, noise, still.shape)).clip(0, _PIXEL_MAX)
    return (noisy / _PIXEL_MAX).astype(np.float32)
