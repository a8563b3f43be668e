"""Layers that are ``scale * x + offset`` per channel at inference, taken in by the layer after."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinycompress.compression.network.channels import INPUT_AXES
from tinycompress.compression.network.network import Array, Call, Layer, Network
from tinycompress.compression.network.whole import is_whole

_NORMALISING = frozenset({"LayerNormalization", "RMSNormalization"})
_SHAPE_ONLY = frozenset({"Flatten", "Reshape", "Permute"})
_INPUT_AXES = {**INPUT_AXES, "DepthwiseConv1D": 1, "DepthwiseConv2D": 2}


@dataclass(frozen=True, eq=False)
class Affine:
    """``scale`` and ``offset``: float64, one per channel of the last axis."""

    scale: Array
    offset: Array

    @property
    def uniform(self) -> bool:
        """Whether all channels are treated alike, so that it does not matter which is which."""
        return bool(np.ptp(self.scale) == 0 and np.ptp(self.offset) == 0)


def affine_of(layer: Layer, shape: tuple[int | None, ...]) -> Affine | None:
    """What a Rescaling, Normalization or BatchNormalization layer computes at inference.

    Args:
        layer: The layer.
        shape: Of its input, without the batch dimension.

    Returns:
        None if it is no affine map per channel of the last axis.
    """
    channels = shape[-1]
    if channels is None:
        return None
    if layer.kind == "Rescaling":
        return _spread(layer.config["scale"], layer.config.get("offset", 0.0), channels)
    if layer.kind == "Normalization":
        return _normalization(layer, len(shape), channels)
    if layer.kind == "BatchNormalization":
        return _batch_norm(layer, len(shape))
    return None


def absorb_input_scaling(network: Network) -> Network:
    """Take in every Rescaling and Normalization where that is exact.

    A convolution with padding takes in a factor but no offset, since it pads with zeros; there the
    layer becomes a 1x1 depthwise convolution.

    Returns:
        A network that infers the same.
    """
    for layer in tuple(network.layers.values()):
        calls = network.calls_of(layer.name)
        if layer.kind in ("Rescaling", "Normalization") and len(calls) == 1:
            affine = affine_of(layer, network.shape(calls[0].inputs[0]))
            if affine is not None:
                network = absorb(network, calls[0], affine)
    return network


def absorb(network: Network, call: Call, affine: Affine) -> Network:
    """Replace one affine call: by changed weights of the layer after it, or by a depthwise one."""
    taker = _taker(network, call, affine)
    if taker is not None:
        return network.with_layers([_taken_in(taker, affine)]).without_call(call)
    rank = len(call.shape)
    if rank not in (2, 3):
        return network
    return network.with_layers([_depthwise(call.layer, rank, affine)])


def _taker(network: Network, call: Call, affine: Affine) -> Layer | None:
    value, uniform = call.output, affine.uniform
    while True:
        user = network.only_consumer(value)
        if user is None or len(user.inputs) != 1:
            return None
        layer = network.layers[user.layer]
        if layer.kind not in _SHAPE_ONLY:
            break
        if not uniform:
            return None
        value = user.output
    if layer.kind not in _INPUT_AXES or len(network.calls_of(layer.name)) != 1:
        return None
    if layer.config.get("groups", 1) != 1:
        return None
    pads = layer.kind != "Dense" and layer.config.get("padding", "valid") != "valid"
    if layer.kind.endswith("Transpose"):
        pads = True  # its borders see fewer kernel taps than its middle
    if pads and np.any(affine.offset != 0):
        return None
    return layer


def _taken_in(layer: Layer, affine: Affine) -> Layer:
    kernel = layer.weights[0].astype(np.float64)
    axis = _INPUT_AXES[layer.kind]
    channels = kernel.shape[axis]
    scale = np.broadcast_to(
        affine.scale if affine.scale.size == channels else affine.scale[:1], channels
    )
    offset = np.broadcast_to(
        affine.offset if affine.offset.size == channels else affine.offset[:1], channels
    )
    along = [channels if a == axis else 1 for a in range(kernel.ndim)]
    added = kernel * offset.reshape(along)
    depthwise = layer.kind.startswith("Depthwise")
    summed = tuple(range(kernel.ndim - 2)) if depthwise else tuple(range(kernel.ndim - 1))
    use_bias = bool(layer.config.get("use_bias", True))
    weights = [(kernel * scale.reshape(along)).astype(np.float32)]
    if use_bias or np.any(offset != 0):
        extra = added.sum(axis=summed).reshape(-1) if np.any(offset != 0) else 0.0
        bias = layer.weights[1].astype(np.float64) if use_bias else 0.0
        weights.append(np.asarray(bias + extra).astype(np.float32))
        use_bias = True
    return replace(layer.with_config(use_bias=use_bias), weights=tuple(weights))


def _spread(scale: object, offset: object, channels: int) -> Affine | None:
    arrays = [np.asarray(value, np.float64) for value in (scale, offset)]
    if any(a.size not in (1, channels) or (a.ndim > 1 and a.shape[-1] != a.size) for a in arrays):
        return None
    one, other = (np.broadcast_to(a.reshape(-1), channels).copy() for a in arrays)
    return Affine(one, other)


def _normalization(layer: Layer, rank: int, channels: int) -> Affine | None:
    axes = layer.config["axis"]
    axes = () if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
    if axes not in ((), (-1,), (rank,)):
        return None
    mean = np.asarray(layer.config["mean"], np.float64)
    # Keras's own lower limit of the deviation, so that a constant feature does not divide by 0.
    deviation = np.maximum(np.sqrt(np.asarray(layer.config["variance"], np.float64)), 1e-7)
    return _spread(1.0 / deviation, -mean / deviation, channels)


def _batch_norm(layer: Layer, rank: int) -> Affine | None:
    axis = layer.config.get("axis", -1)
    if axis not in (-1, rank):
        return None
    weights = [weight.astype(np.float64) for weight in layer.weights]
    gamma = weights.pop(0) if layer.config.get("scale", True) else np.ones_like(weights[-1])
    beta = weights.pop(0) if layer.config.get("center", True) else np.zeros_like(weights[-1])
    mean, variance = weights
    scale = gamma / np.sqrt(variance + layer.config.get("epsilon", 1e-3))
    return Affine(scale, beta - mean * scale)


def absorb_layer_norms(network: Network) -> Network:
    """Let Dense layers take in what a LayerNormalization before them scales and adds.

    Likewise what RMSNormalization scales; its own factors are then 1, and stay so.

    The converter does that in the int8 file, so that kernels that were pruned or shared without it
    would not be those of the file. Where other layers read the same values, a 1x1 depthwise
    convolution scales for them.

    Returns:
        A network that infers the same.
    """
    for layer in tuple(network.layers.values()):
        calls = network.calls_of(layer.name)
        if layer.kind in _NORMALISING and layer.weights and len(calls) == 1:
            network = _normalised_apart(network, layer, calls[0])
    return network


def _normalised_apart(network: Network, layer: Layer, call: Call) -> Network:
    rank = len(call.shape)
    if _axis(layer) not in (-1, rank) or call.output in network.outputs:
        return network
    takers = [c for c in network.consumers(call.output) if _is_plain_dense(network, c)]
    others = [c for c in network.consumers(call.output) if c not in takers]
    if not takers or (others and rank not in (2, 3)):
        return network
    affine = _of_layer_norm(layer)
    plain = _without_scale(layer)
    taken = [_taken_in(network.layers[c.layer], affine) for c in takers]
    network = network.with_layers([plain, *taken])
    return _scaled_for(network, call, others, affine) if others else network


def _axis(layer: Layer) -> int:
    if is_whole(layer):
        axis = layer.config["serialized"]["config"]["axis"]
        return int(axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis)
    axis = layer.config.get("axis", -1)
    return axis if isinstance(axis, int) else 0


def _without_scale(layer: Layer) -> Layer:
    if is_whole(layer):
        return replace(layer, weights=(np.ones_like(layer.weights[0]),), trainable=False)
    return replace(layer.with_config(scale=False, center=False), weights=())


def _is_plain_dense(network: Network, call: Call) -> bool:
    is_dense = network.layers[call.layer].kind == "Dense"
    return is_dense and len(network.calls_of(call.layer)) == 1


def _of_layer_norm(layer: Layer) -> Affine:
    weights = [weight.astype(np.float64) for weight in layer.weights]
    scale = weights.pop(0) if layer.config.get("scale", True) else np.ones_like(weights[-1])
    offset = weights.pop(0) if layer.config.get("center", True) else np.zeros_like(scale)
    return Affine(scale, offset)


def _scaled_for(network: Network, call: Call, readers: list[Call], affine: Affine) -> Network:
    """The network with an affine map of what a call makes in front of some of its readers."""
    scaling = _depthwise(network.new_name(f"{call.layer}_scaled"), len(call.shape), affine)
    scaled = Call(scaling.name, (call.output,), network.new_value(), call.shape)
    calls: list[Call] = []
    for one in network.calls:
        if one in readers:
            inputs = (scaled.output if v == call.output else v for v in one.inputs)
            one = replace(one, inputs=tuple(inputs))
        calls += [one, scaled] if one is call else [one]
    layers = {**network.layers, scaling.name: scaling}
    return replace(network, calls=tuple(calls), layers=layers)


def _depthwise(name: str, rank: int, affine: Affine) -> Layer:
    """A 1x1 depthwise convolution that scales each channel of a value of some rank, and adds."""
    channels = affine.scale.size
    return Layer(
        name,
        "DepthwiseConv2D" if rank == 3 else "DepthwiseConv1D",
        {"kernel_size": 1, "use_bias": True},
        (
            affine.scale.astype(np.float32).reshape((1,) * (rank - 1) + (channels, 1)),
            affine.offset.astype(np.float32),
        ),
    )
