"""Small models that become stages, and cascades of them."""

from __future__ import annotations

import numpy as np

from support.cases.kernels import options
from support.models.stateful_models import stateful_model
from support.models.tflite_files import Builder
from tinycompress.conversion.joining.cascade import Part, joined
from tinycompress.ir.cascade.stages import Gate, Otherwise

VALUES = 12
SCALE, ZERO = 0.1, 3
CLASSES = 4


def scores(
    seed: int, *, hidden: int = 0, dtype: str = "INT8", scale: float = SCALE, values: int = VALUES
) -> bytes:
    """Dense layers from 12 values to the scores of 4 classes."""
    b, rng = Builder(), np.random.default_rng(seed)
    x = b.tensor([1, values], dtype, name="x", scales=[scale], zero_points=[ZERO])
    source, count = x, values
    widths = [hidden] * bool(hidden) + [CLASSES]
    for width in widths:
        weights = rng.integers(-127, 128, (width, count), np.int8)
        kernel = b.tensor([width, count], data=weights, scales=[0.004])
        y = b.tensor([1, width], name=f"dense{width}", scales=[0.1], zero_points=[-5])
        b.op("FULLY_CONNECTED", [source, kernel, -1], [y], options("FullyConnected"))
        source, count = y, width
    return b.pack([x], [source])


def passing_on() -> bytes:
    """A model one of whose outputs is a view of its input."""
    b = Builder()
    x = b.tensor([1, VALUES], name="x", scales=[SCALE], zero_points=[ZERO])
    y = b.tensor([VALUES, 1], name="y", scales=[SCALE], zero_points=[ZERO])
    shape = b.tensor([2], "INT32", data=np.array([VALUES, 1], "<i4"))
    b.op("RESHAPE", [x, shape], [y], options("Reshape"))
    z = b.tensor([1, VALUES], name="z", scales=[SCALE], zero_points=[ZERO])
    b.op("ADD", [x, x], [z], options("Add"))
    return b.pack([x], [z, y])


def part(
    name: str,
    tflite: bytes,
    gate: Gate | None = None,
    otherwise: Otherwise = "zero",
    inputs: tuple[str, ...] = ("x",),
) -> Part:
    return Part(name, tflite, inputs, gate, otherwise)


SEEN_CLASS = Gate("class", 0, 5, (1, 2))
UNSURE = Gate("unsure", 0, 12)
CHANGED = Gate("change", 0, 900)


def cascade(name: str) -> bytes:
    """A cascade by its name in `CASCADES`."""
    return joined(CASCADES[name])


CASCADES: dict[str, list[Part]] = {
    "class": [part("small", scores(1)), part("large", scores(2, hidden=40), SEEN_CLASS, 3)],
    "unsure": [part("small", scores(1)), part("large", scores(2, hidden=40), UNSURE)],
    "change": [part("first", scores(1), CHANGED, "last"),
               part("second", scores(2), Gate("class", 0, -5, (0,)), "last")],
    "no gate": [part("one", scores(1), inputs=("a",)),
                part("two", scores(2, hidden=20), inputs=("b",))],
    "state": [part("small", scores(1)),
              part("kept", stateful_model("variables"), SEEN_CLASS, inputs=("stream",)),
              part("again", stateful_model("variables"), UNSURE, inputs=("other",))],
}  # fmt: skip
