"""What an engine makes of a model: C, and facts about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tinycompress.artifacts.choices import EngineName, ExactTo, Obtained
from tinycompress.artifacts.model import TensorSpec


@dataclass(frozen=True)
class LayerInfo:
    """One operator that runs on the device, in execution order.

    ``weights`` says how they are encoded; None where they lie in flash as they are.
    ``constants_bytes`` of flash are its constants and parameters, 0 where that is not known.
    ``output`` is the model's own name of the tensor that it writes; empty where that is not known.
    ``runs`` is how often it runs in one inference, and ``macs`` are those of all runs. Layers that
    run more than once and follow each other are a loop.
    """

    index: int
    name: str
    op: str
    macs: int
    output_shape: tuple[int, ...]
    kernel: str
    weights: WeightsInfo | None = None
    constants_bytes: int = 0
    output: str = ""
    runs: int = 1


@dataclass(frozen=True)
class WeightsInfo:
    """How the weights of one layer are encoded in flash.

    Args:
        encoding: The decoder's name.
        detail: Its parameters, for people.
        encoded_bytes: What weights and codebooks take; biases and outputs' tables are not counted.
        int8_bytes: What they take as they are.
        symbols: How often the decoder looks something up for one pixel of the output.
        entries: Entries of the table that it builds in RAM first.
    """

    encoding: str
    detail: str
    encoded_bytes: int
    int8_bytes: int
    symbols: int
    entries: int

    @property
    def bits_per_weight(self) -> float:
        """Bits of flash for each weight."""
        return 8 * self.encoded_bytes / self.int8_bytes


@dataclass(frozen=True)
class StageInfo:
    """One model of a cascade.

    ``gate`` says in words what lets it run, empty where it always does. Its layers are ``layers``
    of the whole from ``first_layer`` on; ``outputs`` are numbers among those of the whole.
    """

    name: str
    gate: str
    first_layer: int
    layers: int
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class ArenaFigure:
    """How large an arena is that no generator can compute, and how that was found out.

    ``needed_bytes`` is the least with which the model ran: on the emulated board (``emulated``), or
    in a 64-bit build on this PC (``estimated``), which needs more than a 32-bit board.
    ``used_bytes`` is what the runtime itself counts after allocation, None for an estimate.
    """

    needed_bytes: int
    margin_bytes: int
    obtained: Obtained
    used_bytes: int | None = None

    @property
    def total_bytes(self) -> int:
        """Bytes to set aside: need and margin, rounded up to TFLM's alignment of 16."""
        return (self.needed_bytes + self.margin_bytes + 15) // 16 * 16


BufferKind = Literal["input", "output", "activation", "state", "scratch"]


@dataclass(frozen=True)
class PlannedBuffer:
    """Bytes of the arena that are one tensor's, or one layer's scratch memory, for some layers.

    They lie at ``offset_bytes`` and are in use from ``first_layer`` to ``last_layer``, both
    included and places in the order of execution: -1 is before the first layer, where the caller
    writes inputs, and one past the last is where the caller reads outputs. Buffers may overlap
    where a layer writes into what it reads for the last time.
    """

    name: str
    kind: BufferKind
    offset_bytes: int
    size_bytes: int
    first_layer: int
    last_layer: int


@dataclass(frozen=True)
class ArenaPlan:
    """Where the AOT engine put every buffer of the arena.

    ``peak_layer`` is the place of the layer that runs while the top of the arena is in use, and
    ``lower_bound_bytes`` what no plan of these layers can go below.
    """

    peak_layer: int
    lower_bound_bytes: int
    buffers: tuple[PlannedBuffer, ...]


@dataclass(frozen=True)
class Simplification:
    """What the AOT engine left out of a model, whose outputs are the same for all inputs.

    ``removed_channels`` are output channels of layers with weights that never change, or that
    nobody reads; ``removed_inputs`` are inputs that no output of a dense layer needs. MACs and the
    bytes of weights and biases are before and after.
    """

    removed_channels: int
    removed_inputs: int
    macs_before: int
    macs_after: int
    constants_before_bytes: int
    constants_after_bytes: int


@dataclass(frozen=True)
class GeneratedSources:
    """What an engine's code generator hands to ``firmware``: C text, and facts about it.

    ``files`` maps paths relative to the project's ``model/`` directory to text. ``kernel_files``
    are names below ``firmware_templates/engine/<engine>/`` that the text includes; they are copied
    unchanged. ``arena_bytes`` is everything that the model keeps in RAM between and during
    invocations: activations, scratch, input and output. ``trades`` says where speed was given for
    memory. ``arena`` says where an arena's size was not computed but measured. ``plan`` says what
    lies where in the arena, None where the runtime plans it. ``name`` is what the model is called
    in C. ``runtime_files`` is as ``files``, for the project's ``runtime/``: what
    only our own firmware needs. ``example`` is C for an example that calls the model: a function
    ``infer()`` with what it needs; empty where the engine has none. ``simplification`` is None
    where nothing of the model was left out. ``recomputed_macs`` and ``latency_budget_us`` as in
    `FirmwareProject`. ``flash_estimate_bytes`` are about what constants, parameters and kernels
    take, and ``predicted_cost`` about what the layers cost whose kernels were measured: to compare
    choices by, None where the engine chooses nothing. ``command`` makes the project again from the
    model file in it. ``stages`` are of a cascade, whose last output says which of them ran; none of
    any other model.
    """

    engine: EngineName
    exact_to: ExactTo
    model_sha256: str
    files: Mapping[str, str]
    kernel_files: tuple[str, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[LayerInfo, ...]
    arena_bytes: int
    weights_bytes: int
    peak_layer: str
    trades: tuple[str, ...] = ()
    arena: ArenaFigure | None = None
    plan: ArenaPlan | None = None
    name: str = "model"
    runtime_files: Mapping[str, str] = field(default_factory=dict)
    example: str = ""
    simplification: Simplification | None = None
    recomputed_macs: int = 0
    flash_estimate_bytes: int | None = None
    predicted_cost: float | None = None
    latency_budget_us: float | None = None
    command: tuple[str, ...] = ()
    stages: tuple[StageInfo, ...] = ()

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the model: those of its layers without what is recomputed."""
        return sum(layer.macs for layer in self.layers) - self.recomputed_macs
