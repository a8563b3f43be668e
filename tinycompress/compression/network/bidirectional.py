"""Bidirectional: two recurrent layers, one of them backwards, whose outputs are joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_Read = Callable[[str, Mapping[str, Any]], dict[str, Any]]
DIRECTIONS = ("forward", "backward")
"""In the order of Keras's weights."""


def bidirectional_config(config: Mapping[str, Any], read: _Read) -> dict[str, Any]:
    """Canonical configuration, from Keras's own.

    Args:
        config: As ``get_config`` gives it.
        read: Makes the canonical configuration of an inner layer, from its class name and its own.
    """
    forward = config["layer"]
    backward = config.get("backward_layer") or {
        **forward,
        "config": {**forward["config"], "go_backwards": not forward["config"]["go_backwards"]},
    }
    return {
        "kinds": (forward["class_name"], backward["class_name"]),
        "forward": read(forward["class_name"], forward["config"]),
        "backward": read(backward["class_name"], backward["config"]),
        "merge_mode": config["merge_mode"],
    }


def make_bidirectional(
    module: Any, name: str, config: Mapping[str, Any], make: Callable[[str, str, Any], Any]
) -> Any:
    """The layer in a Keras, not built.

    Args:
        module: That Keras.
        name: Of the layer.
        config: What `bidirectional_config` made.
        make: Makes an inner layer from its name, kind and configuration.
    """
    inner = [
        make(f"{direction}_{name}", kind, config[direction])
        for direction, kind in zip(DIRECTIONS, config["kinds"], strict=True)
    ]
    return module.layers.Bidirectional(
        inner[0], backward_layer=inner[1], merge_mode=config["merge_mode"], name=name
    )
