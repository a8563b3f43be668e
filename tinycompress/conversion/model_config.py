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


def packages(config: Any) -> set[str]:
    """The Python packages that a configuration names classes of, keras among them."""
    named = [part.module for part in parts(config) if part.module]
    # A class that was registered is written as `package>class` where no module is.
    named += [part.class_name.partition(">")[0] for part in parts(config) if ">" in part.class_name]
    return {name.split(".")[0] for name in named}


def lambda_layers(config: Any) -> tuple[str, ...]:
    """Names of the layers that carry Python code of their own, each once."""
    found = (part.layer for part in parts(config) if part.class_name in _LAMBDAS)
    return tuple(dict.fromkeys(found))


def declared_inputs(config: Any) -> tuple[tuple[str, tuple[int | None, ...]], ...] | None:
    """Name and shape, batch first, of every input in the model's order.

    None where the configuration does not tell them, or not in this form: nested inputs, a model
    that was never built, a fixed batch.
    """
    inner = config.get("config") if isinstance(config, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get("layers"), list):
        return None
    layers = [layer for layer in inner["layers"] if isinstance(layer, dict)]
    if config.get("class_name") == "Sequential":
        found = [_declared(layers[0])] if layers else []
    else:
        by_name = {_layer_config(layer).get("name"): layer for layer in layers}
        names = _input_names(inner.get("input_layers"))
        found = [_declared(by_name.get(name)) for name in names]
    known = tuple(one for one in found if one is not None)
    return known if known and len(known) == len(found) else None


def declared_widths(config: Any) -> tuple[int | None, ...]:
    """Units or filters of the layer that makes each output; None where it has neither.

    Empty where the configuration does not tell the outputs.
    """
    inner = config.get("config") if isinstance(config, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get("layers"), list):
        return ()
    layers = [layer for layer in inner["layers"] if isinstance(layer, dict)]
    if config.get("class_name") == "Sequential":
        last = layers[-1:]
    else:
        by_name = {_layer_config(layer).get("name"): layer for layer in layers}
        last = [by_name.get(name, {}) for name in _input_names(inner.get("output_layers"))]
    found = (_layer_config(layer) for layer in last)
    return tuple(one.get("units", one.get("filters")) for one in found)


def _input_names(nodes: Any) -> list[str | None]:
    """``["a", 0, 0]`` for one input, a list of such for several; anything else is not known."""
    if not isinstance(nodes, list) or not nodes:
        return []
    several = [nodes] if isinstance(nodes[0], str) else nodes
    return [
        node[0] if isinstance(node, list) and node and isinstance(node[0], str) else None
        for node in several
    ]


def _layer_config(layer: Any) -> dict[str, Any]:
    config = layer.get("config") if isinstance(layer, dict) else None
    return config if isinstance(config, dict) else {}


def _declared(layer: Any) -> tuple[str, tuple[int | None, ...]] | None:
    """What an input layer, or the first layer of a Sequential model, says of its input."""
    config = _layer_config(layer)
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    if not isinstance(shape, list) or not shape or shape[0] not in (None, 1):
        return None
    if not all(size is None or type(size) is int for size in shape):
        return None
    return str(config.get("name")), tuple(shape)


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
