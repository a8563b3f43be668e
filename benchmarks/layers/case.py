"""One layer in a small network: what stands around it, and what goes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Place = Literal["between", "first", "last", "whole"]
"""Where the layer stands: between a layer with weights and a head; before, or behind, both; or
whether it is the whole network."""

SAMPLES = 120
SEED = 0
_CLASSES = 3
_WIDTH = 4


@dataclass(frozen=True)
class Case:
    """A row of the table.

    Attributes:
        name: Of the layer, as its users call it.
        group: Heading of the rows that it is among.
        shape: Of one sample.
        body: From Keras's module and a tensor to the layer's output, one or several.
        place: Where it stands.
        tokens: Samples are integers from 0 to below it; None: floats.
        policy: Precision that the network computes in.
        images: Samples are pixels of 0 to 255.
        inputs: How many inputs of that shape; the body gets a list of several.
    """

    name: str
    group: str
    shape: tuple[int, ...]
    body: Callable[[Any, Any], Any]
    place: Place = "between"
    tokens: int | None = None
    policy: str = "float32"
    images: bool = False
    inputs: int = 1


def network_of(case: Case, keras: Any) -> Any:
    """The network, with weights by the seed.

    Args:
        case: The row.
        keras: Keras 3 or tf_keras.

    Raises:
        AttributeError: This Keras lacks the layer.
    """
    keras.utils.set_random_seed(SEED)
    keras.mixed_precision.set_global_policy(case.policy)
    try:
        kind = "float32" if case.tokens is None else "int32"
        inputs = [keras.Input(case.shape, dtype=kind, name=name) for name in input_names(case)]
        x = inputs if len(inputs) > 1 else inputs[0]
        return keras.Model(x, _output(case, keras, x), name="network")
    finally:
        keras.mixed_precision.set_global_policy("float32")


def input_names(case: Case) -> list[str]:
    """Names of the inputs, which samples have, too."""
    return ["x"] if case.inputs == 1 else [f"x{index}" for index in range(case.inputs)]


def _output(case: Case, keras: Any, x: Any) -> Any:
    if case.place == "whole":
        return case.body(keras, x)
    if case.place == "first":
        return head(keras, stem(keras, case.body(keras, x)))
    if case.place == "last":
        return case.body(keras, head(keras, stem(keras, x)))
    return head(keras, case.body(keras, stem(keras, x)))


def stem(keras: Any, x: Any) -> Any:
    """A layer with weights that fits the rank."""
    layers = keras.layers
    made = {
        2: lambda: layers.Dense(2 * _WIDTH, name="stem"),
        3: lambda: layers.Conv1D(_WIDTH, 3, padding="same", name="stem"),
        4: lambda: layers.Conv2D(_WIDTH, 3, padding="same", name="stem"),
    }
    return made[len(x.shape)]()(x)


def head(keras: Any, x: Any) -> Any:
    """A classifier's last layer, on one or several tensors."""
    layers = keras.layers
    parts = [
        layers.Flatten(name=f"flat_{index}")(one) if len(one.shape) > 2 else one
        for index, one in enumerate(x if isinstance(x, list | tuple) else [x])
    ]
    if len(parts) > 1:
        parts = [layers.Concatenate(name="joined")(parts)]
    return layers.Dense(_CLASSES, name="head")(parts[0])


def samples_of(case: Case) -> dict[str, npt.NDArray[np.float32]]:
    """Random samples for every input, by the seed."""
    random = np.random.default_rng(SEED)
    shape = (SAMPLES, *case.shape)

    def drawn() -> npt.NDArray[Any]:
        if case.tokens is not None:
            return random.integers(0, case.tokens, shape)
        return random.uniform(0, 255, shape) if case.images else random.normal(0, 1, shape)

    return {name: drawn().astype(np.float32) for name in input_names(case)}
