"""What the JSON configuration inside a Keras file says about classes that are not Keras's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_LAMBDAS = ("Lambda", "__lambda__")
_MODEL_CLASSES = ("Sequential", "Functional", "Model")
# How tf_keras wraps plain TensorFlow functions that a functional model applies.
_OP_LAYERS = (
    "TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One serialised object: a layer, an initialiser, a function, ...

    ``module`` is None where the file names none; ``is_layer`` tells members of a ``layers`` list.
    ``layer`` is the name of the nearest layer around it.
    """

    layer: str
    class_name: str
    module: str | None
    has_module: bool
    is_layer: bool
    config: Any


def parts(config: Any) -> Iterator[Part]:
    """Every serialised object of a model configuration, depth first."""
    yield from _walk(config, layer="", is_layer=True)


def lambda_layers(config: Any) -> tuple[str, ...]:
    """Names of the layers that carry Python code of their own, each once."""
    found = (part.layer for part in parts(config) if part.class_name in _LAMBDAS)
    return tuple(dict.fromkeys(found))


def foreign_parts(config: Any, is_known_layer: Callable[[str], bool]) -> tuple[str, ...]:
    """One line for every class or function that Keras does not bring, each once.

    Args:
        config: The model configuration.
        is_known_layer: Whether Keras has a layer class of this name.
    """
    lines = (_foreign(part, is_known_layer) for part in parts(config))
    return tuple(dict.fromkeys(line for line in lines if line is not None))


def _foreign(part: Part, is_known_layer: Callable[[str], bool]) -> str | None:
    if part.class_name == "function" and isinstance(part.config, str):
        return f"function {part.config!r} of layer {part.layer!r}"
    if part.has_module:
        if part.module is not None and part.module.split(".")[0] in ("keras", "tf_keras"):
            return None
        name = part.class_name if part.module is None else f"{part.module}.{part.class_name}"
        return f"class {name!r} of layer {part.layer!r}"
    if part.is_layer and not (
        part.class_name in _MODEL_CLASSES + _OP_LAYERS or is_known_layer(part.class_name)
    ):
        return f"class {part.class_name!r} of layer {part.layer!r}"
    return None


def _walk(node: Any, *, layer: str, is_layer: bool) -> Iterator[Part]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, layer=layer, is_layer=is_layer)
        return
    if not isinstance(node, dict):
        return
    class_name = node.get("class_name")
    if isinstance(class_name, str):
        inner = node.get("config")
        name = inner.get("name") if is_layer and isinstance(inner, dict) else None
        layer = name if isinstance(name, str) else layer
        yield Part(layer, class_name, node.get("module"), "module" in node, is_layer, inner)
    for key, value in node.items():
        # compile_config holds losses and optimisers, which are not needed to convert.
        if key != "compile_config":
            yield from _walk(value, layer=layer, is_layer=key == "layers")
