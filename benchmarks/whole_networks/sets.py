"""The data of the networks: real recordings, pictures and windows, and one table that is made up.

Every set is a training part and a test part, the arrays of an ``.npz`` as `compress`, `build` and
`bench` read it. All that is drawn is drawn from a seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.results.samples import mnist_images, shared_file

Floats = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[np.generic]]
WALKING = 0
GRID, CELL_PIXELS, DIGIT_PIXELS = 5, 8, (14, 20)
"""Of the detector: cells along an edge of its grid, pixels of a cell, and sizes of a digit."""
CANVAS = GRID * CELL_PIXELS
EMPTY = 10
"""The class of a cell without a digit."""
_TESTED = 400
_HALF = 0.5


@dataclass(frozen=True, eq=False)
class Set:
    """Training and test samples."""

    train: Arrays
    test: Arrays


def keywords() -> Set:
    """Log-mel features of Speech Commands, ``(49, 40)``, 12 words; no speaker is in both parts."""
    with np.load(shared_file("datasets/speech_commands_v2_features.npz")) as found:
        scale = np.float32(found["logmel_scale"])
        zero_point = np.float32(found["logmel_zero_point"])
        parts = []
        for part in ("train", "test"):
            x = (found[f"logmel_{part}"].astype(np.float32) - zero_point) * scale
            parts.append({"x": x, "y": found[f"y_{part}"].astype(np.int64)})
    return Set(parts[0], _some(parts[1], np.random.default_rng(0)))


def walking() -> Set:
    """Windows of 16 steps and six channels of acceleration and turning, of people who walk.

    Training has no labels. Half of the test windows, all of other people, have a fault that is
    made: one channel, drawn for each, has the opposite sign, as of a sensor that sits otherwise.
    """
    parts = []
    for part in ("train", "test"):
        windows, activities = _windows(part)
        walks = windows[activities == WALKING]
        # Four samples of 50 Hz are one step; a window of 128 samples is two of 16 steps.
        parts.append(walks.reshape(len(walks) * 2, 16, 4, 6).mean(axis=2))
    draw = np.random.default_rng(0)
    tested = parts[1][draw.permutation(len(parts[1]))[:_TESTED]]
    faulty = np.arange(_TESTED) % 2
    channel = draw.integers(0, tested.shape[-1], _TESTED)
    turned = (np.arange(tested.shape[-1]) == channel[:, None]) & (faulty[:, None] == 1)
    return Set({"x": parts[0]}, {"x": np.where(turned[:, None], -tested, tested), "y": faulty})


def stitched() -> Set:
    """Windows of 128 samples that go from one activity to another, and the activity at each.

    Two real windows of one part are cut at the same place, drawn for each pair, and joined.
    """
    draw = np.random.default_rng(1)
    return Set(_stitched("train", 3000, draw), _stitched("test", _TESTED, draw))


def _stitched(part: str, count: int, draw: np.random.Generator) -> Arrays:
    windows, activities = _windows(part)
    first, second = draw.integers(0, len(windows), (2, count))
    cut = draw.integers(16, 113, count)
    before = np.arange(windows.shape[1]) < cut[:, None]
    x = np.where(before[..., None], windows[first], windows[second])
    y = np.where(before, activities[first][:, None], activities[second][:, None])
    return {"x": x, "y": y}


def scenes() -> Set:
    """Pictures of 40 x 40 pixels with one to three MNIST digits of two sizes on noise.

    A digit belongs to the cell of the grid that its middle is in. ``y0`` are boxes (x and y of the
    middle within the cell, width and height as shares of the picture), ``y1`` is 1 where a digit
    is, both 0 in empty cells; ``y2`` is its class, and 10 in empty cells.
    """
    digits = mnist_images()
    draw = np.random.default_rng(2)
    return Set(
        with_digits(_noise(4000, draw), digits.x, digits.y, draw),
        with_digits(_noise(300, draw), digits.x_test, digits.y_test, draw),
    )


def _noise(count: int, draw: np.random.Generator) -> Floats:
    return draw.uniform(0, 0.3, (count, CANVAS, CANVAS, 1)).astype(np.float32)


def with_digits(
    behind: Floats,
    pictures: Floats,
    classes: npt.NDArray[np.uint8],
    draw: np.random.Generator,
    share: float = 1.0,
) -> Arrays:
    """One to three digits in pictures, and what a detector is to say of them: see `scenes`.

    Args:
        behind: What is behind them, ``(n, CANVAS, CANVAS, 1)``, dark enough for digits of 1.
        pictures: Digits to draw from, ``(m, 28, 28, 1)``.
        classes: Theirs.
        draw: What draws.
        share: Share of the pictures that get digits, the first ones.
    """
    x, count = behind.copy(), len(behind)
    boxes = np.zeros((count, GRID, GRID, 4), np.float32)
    there = np.zeros((count, GRID, GRID, 1), np.float32)
    kinds = np.full((count, GRID, GRID), EMPTY, np.int64)
    for number in range(round(share * count)):
        for _ in range(int(draw.integers(1, 4))):
            which = int(draw.integers(len(pictures)))
            size = int(draw.choice(DIGIT_PIXELS))
            digit = _shrunk(pictures[which, :, :, 0], size)
            top, left = (int(one) for one in draw.integers(0, CANVAS - size + 1, 2))
            row, column = ((edge + size / 2) / CELL_PIXELS for edge in (top, left))
            cell = number, int(row), int(column)
            rows, columns = (slice(max(0, place - 1), place + 2) for place in cell[1:])
            if there[number, rows, columns].any():
                continue
            area = x[number, top : top + size, left : left + size, 0]
            np.maximum(area, digit, out=area)
            boxes[cell] = column % 1, row % 1, size / CANVAS, size / CANVAS
            there[cell] = 1
            kinds[cell] = classes[which]
    return {"x": x, "y0": boxes, "y1": there, "y2": kinds}


def _shrunk(picture: Floats, size: int) -> Floats:
    """The digit without its border of 4 pixels, resampled to a square of so many pixels."""
    inner = picture[4:24, 4:24]
    places = (np.arange(size) + _HALF) * (len(inner) / size) - _HALF
    low = np.clip(np.floor(places).astype(int), 0, len(inner) - 1)
    high = np.minimum(low + 1, len(inner) - 1)
    share = (np.clip(places, 0, None) - low).astype(np.float32)
    rows = inner[low] * (1 - share)[:, None] + inner[high] * share[:, None]
    found: Floats = rows[:, low] * (1 - share) + rows[:, high] * share
    return found


def rentals() -> Set:
    """A made-up table of bicycles rented in an hour, in hundreds.

    Of four indices (hour, day of the week, month, weather) and three values (temperature, wind,
    humidity), with what they do to each other: two peaks on working days, one at weekends, by
    season and temperature, less in bad weather; with noise.
    """
    draw = np.random.default_rng(3)
    return Set(_rentals(6000, draw), _rentals(_TESTED, draw))


def _rentals(count: int, draw: np.random.Generator) -> Arrays:
    hour, day, month, weather = (draw.integers(0, most, count) for most in (24, 7, 12, 4))
    values = draw.uniform(-1, 1, (count, 3)).astype(np.float32)

    def peak(at: float, width: float) -> npt.NDArray[np.float64]:
        return np.asarray(np.exp(-(((hour - at) / width) ** 2)))

    working = peak(8, 1.5) + 1.2 * peak(17.5, 2.0) + 0.2 * peak(13, 4.0)
    by_hour = np.where(day < 5, working, peak(14, 4.0))
    season = 0.7 + 0.3 * np.sin((month - 3) * np.pi / 6)
    mild = 1 - 0.6 * (values[:, 0] - 0.3) ** 2
    dry = np.array([1.0, 0.85, 0.5, 0.15])[weather]
    rented = 4 * (0.1 + by_hour) * season * mild * dry - 0.2 * values[:, 1]
    noisy = rented + draw.normal(0, 0.1, count)
    return {
        "hour": hour[:, None].astype(np.int32), "day": day[:, None].astype(np.int32),
        "month": month[:, None].astype(np.int32), "weather": weather[:, None].astype(np.int32),
        "values": values, "y": noisy[:, None].astype(np.float32),
    }  # fmt: skip


def _windows(part: str) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Windows of human activities, ``(n, 128, 6)``, and the activity of each."""
    with np.load(shared_file("datasets/hapt_har_raw.npz")) as found:
        return found[f"x_{part}"].astype(np.float32), found[f"y_{part}"].astype(np.int64)


def _some(part: Arrays, draw: np.random.Generator) -> Arrays:
    chosen = np.sort(draw.permutation(len(part["y"]))[:_TESTED])
    return {name: array[chosen] for name, array in part.items()}
