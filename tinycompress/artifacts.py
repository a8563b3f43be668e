"""What the stages hand on to each other: frozen dataclasses, no behaviour beyond small sums.

A stage is ``stage(artifact, options) -> artifact``. Packages on the same floor never import each
other; they meet here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Literal

ExactTo = Literal["tflm", "litert"]
"""Whose arithmetic the firmware reproduces byte for byte."""

Activations = Literal["int8", "int16"]
"""What a converted model computes on; weights are int8 with either, biases wider."""

EngineName = Literal["aot", "tflm"]
Optimize = Literal["speed", "ram", "flash"]
"""What comes first where kernels differ: see `tinycompress.codegen.CodegenOptions`."""

Weights = Literal["auto", "plain"]
"""Whether weights may be encoded in flash."""

TflmCompression = Literal["none", "lut"]
"""How weights are stored for TFLite Micro: as they are, or as tables that DECODE looks up."""

ToolchainName = Literal["zig", "gcc"]
ToolchainChoice = Literal["auto", "zig", "gcc"]
"""``auto`` is the compiler that pip brought, if it is there."""

FrameworkName = Literal["cmake", "arduino", "zephyr"]
"""Whose start-up, linker script and build a project uses: ours (``cmake``), or a framework's."""

BuiltBy = ToolchainName | Literal["arduino", "zephyr"]
"""What compiled firmware: a compiler of ours, or a framework with its own."""

Machine = Literal["silicon", "emulated", "host", "unknown"]
"""What firmware says that it runs on; ``host`` is a PC, ``unknown`` that it does not say."""

Obtained = Literal["measured", "emulated", "unknown", "estimated"]
"""How a figure was got: on a real board, on an emulated one, on a device that does not say which
of the two it is or is a PC, or by a calculation."""

_ITEM_BYTES = {
    "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "uint16": 2, "float16": 2,
    "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8,
}  # fmt: skip


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a model as the firmware sees it.

    ``shape`` has the batch dimension (always 1); ``real = scale * (stored - zero_point)``.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

    @property
    def size_bytes(self) -> int:
        """Bytes of one tensor."""
        return prod(self.shape) * _ITEM_BYTES[self.dtype]


@dataclass(frozen=True)
class LayerInfo:
    """One operator that runs on the device, in execution order.

    ``weights`` says how they are encoded; None where they lie in flash as they are.
    """

    index: int
    name: str
    op: str
    macs: int
    output_shape: tuple[int, ...]
    kernel: str
    weights: WeightsInfo | None = None


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
class LutTensor:
    """Weights of one layer that are stored as indices of ``bits`` bits into ``tables`` tables.

    ``distinct_values`` is the most that any table has; bytes are of the data alone.
    """

    layer: str
    distinct_values: int
    bits: int
    tables: int
    before_bytes: int
    after_bytes: int


@dataclass(frozen=True)
class LutCompression:
    """What lookup tables for TFLite Micro's DECODE did to a model file.

    ``before_bytes`` and ``after_bytes`` are of the whole file. ``decoded_peak_bytes``: the largest
    decoded tensor, which lies in the arena while its layer runs. ``proof_samples``: random inputs
    on which the interpreter gave the same output bytes before and after.
    """

    before_bytes: int
    after_bytes: int
    decoded_peak_bytes: int
    tensors: tuple[LutTensor, ...]
    proof_samples: int


@dataclass(frozen=True)
class ConvertedModel:
    """A fully integer ``.tflite`` file with what was learnt while it was made.

    ``activations`` says what its operators work on: ``int8``, ``int16`` (16x8: the weights are
    int8) or ``int8 and int16``. ``quantized_accuracy`` is that of the file, ``float_accuracy`` that
    of the model that it was made from. ``lut`` is None unless weights were stored as lookup tables
    afterwards.
    """

    tflite: bytes
    sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    float_accuracy: float | None = None
    quantized_accuracy: float | None = None
    warnings: tuple[str, ...] = ()
    lut: LutCompression | None = None
    activations: str = "int8"


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
    memory. ``arena`` says where an arena's size was not computed but measured. ``name`` is what the
    model is called in C. ``runtime_files`` is as ``files``, for the project's ``runtime/``: what
    only our own firmware needs. ``example`` is C for an example that calls the model: a function
    ``infer()`` with what it needs; empty where the engine has none. ``simplification`` is None
    where nothing of the model was left out. ``recomputed_macs`` as in `FirmwareProject`.
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
    name: str = "model"
    runtime_files: Mapping[str, str] = field(default_factory=dict)
    example: str = ""
    simplification: Simplification | None = None
    recomputed_macs: int = 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the model: those of its layers without what is recomputed."""
        return sum(layer.macs for layer in self.layers) - self.recomputed_macs


TransportName = Literal["uart", "usb-cdc", "qemu-stdio"]
"""How a host reaches firmware: UART, the board's own USB, or QEMU's standard streams."""

LinkKind = Literal["virtual", "serial"]
"""Whether firmware was reached in an emulation of this process, or through a port."""


@dataclass(frozen=True)
class ProjectUpdate:
    """What writing into the directory of an earlier project did to files that are not as written.

    Paths are relative to the project, sorted. ``kept``: edited by the user, left as they are.
    ``outdated``: those of ``kept`` of which this run had another version than the run before.
    ``overwritten``: edited, replaced or removed because that was forced. ``removed``: unedited
    files of the earlier run that are made no longer.
    """

    kept: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    overwritten: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class FirmwareProject:
    """A generated project on disk; ``tinycompress.json`` in it holds the same facts.

    ``project_id`` (40 hexadecimal digits, a hash of the model and all sources) is who the firmware
    says it is where a framework links it; None where our linker notes a build id. ``update`` is of
    the run that wrote it, empty where it was only read. ``recomputed_macs``: what patches do beyond
    the model's own work, for rows that two of them need; below zero where they leave out more rows
    that nothing reads.
    """

    directory: Path
    board_id: str
    engine: EngineName
    exact_to: ExactTo
    model_sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[LayerInfo, ...]
    arena_bytes: int
    weights_bytes: int
    transport: TransportName = "uart"
    arena: ArenaFigure | None = None
    framework: FrameworkName = "cmake"
    project_id: str | None = None
    update: ProjectUpdate = ProjectUpdate()
    recomputed_macs: int = 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the model: those of its layers without what is recomputed."""
        return sum(layer.macs for layer in self.layers) - self.recomputed_macs


@dataclass(frozen=True)
class FlashSizes:
    """Bytes of flash that the linked ELF occupies, by what they are for."""

    weights_bytes: int
    kernels_bytes: int
    runtime_bytes: int
    platform_bytes: int

    @property
    def total_bytes(self) -> int:
        """All bytes that are flashed."""
        return self.weights_bytes + self.kernels_bytes + self.runtime_bytes + self.platform_bytes


@dataclass(frozen=True)
class RamSizes:
    """Bytes of RAM from the linked ELF; ``stack_peak_bytes`` is None until a run painted it.

    There are two totals. *Reserved* holds the whole stack that the linker sets aside: budget with
    it. *Used* holds the stack that a run has reached.
    """

    arena_bytes: int
    static_bytes: int
    stack_reserved_bytes: int
    stack_peak_bytes: int | None = None

    @property
    def reserved_bytes(self) -> int:
        """Arena, other static data and the reserved stack: what the firmware takes of the board."""
        return self.arena_bytes + self.static_bytes + self.stack_reserved_bytes

    @property
    def used_bytes(self) -> int | None:
        """Arena, other static data and the stack's measured peak; None before a run."""
        if self.stack_peak_bytes is None:
            return None
        return self.arena_bytes + self.static_bytes + self.stack_peak_bytes


@dataclass(frozen=True)
class BuiltFirmware:
    """A linked project; ``warnings`` are what its compiler said, and why it was not another."""

    project: FirmwareProject
    elf: Path
    images: Mapping[str, Path]
    build_id: str
    elf_sha256: str
    toolchain: BuiltBy
    toolchain_version: str
    flags: tuple[str, ...]
    flash: FlashSizes
    ram: RamSizes
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spread:
    """Median, minimum and maximum over the counted runs, and how they were got."""

    median: float
    min: float
    max: float
    obtained: Obtained


@dataclass(frozen=True)
class LayerCost:
    """What one layer cost; a figure that cannot be had on this transport is None."""

    name: str
    op: str
    macs: int
    instructions: int | None
    cycles: int | None


@dataclass(frozen=True)
class OutputAccuracy:
    """Shares of samples, 0 to 1, whose class one output says, on the device and on the host.

    ``index`` and ``name`` are the output's. ``host_int8`` is None where the oracle cannot run the
    model. ``chance`` is what an answer that ignores the samples reaches: the share of the most
    frequent label, or one part in the number of classes where all labels are the same.
    """

    index: int
    name: str
    device: float
    host_int8: float | None
    chance: float


@dataclass(frozen=True)
class ClockCheck:
    """Frequency of a board's tick counter as its file says and as the host's clock has it.

    ``uncertainty`` is relative: 0.01 is one per cent.
    """

    expected_hz: float
    measured_hz: float
    uncertainty: float


@dataclass(frozen=True)
class BenchResult:
    """One benchmark of one firmware on one board.

    A figure that the board or the link cannot give is None: a real board counts no instructions,
    and QEMU, which does, has no notion of time. ``machine`` is what the device says of itself,
    ``transport`` only how it was reached: an emulated board may answer at a port. ``clock`` is None
    on emulated boards, and where the model is too fast to tell. ``cycles_upper_bound`` are cycles
    of the slowest run if no cache ever spared it a wait state of the flash; None where none was
    modelled or flash does not wait. ``accuracies`` are of the outputs for which there are labels.
    ``recomputed_macs`` as in `FirmwareProject`. Where ``oracle`` does not run the
    model, ``not_compared`` says why, and ``mismatched_samples`` is None.
    """

    board_id: str
    engine: EngineName
    toolchain: BuiltBy
    transport: LinkKind
    machine: Machine
    build_id: str
    runs: int
    instructions: Spread | None
    cycles: Spread | None
    latency_us: Spread | None
    ram: RamSizes
    flash: FlashSizes
    oracle: ExactTo
    samples: int
    mismatched_samples: int | None
    fits: bool
    layers: tuple[LayerCost, ...]
    notes: tuple[str, ...] = field(default=())
    clock: ClockCheck | None = None
    not_compared: str | None = None
    accuracies: tuple[OutputAccuracy, ...] = ()
    cycles_upper_bound: int | None = None
    recomputed_macs: int = 0

    @property
    def device_accuracy(self) -> float | None:
        """Accuracy on the device if there are labels for exactly one output."""
        return self.accuracies[0].device if len(self.accuracies) == 1 else None

    @property
    def host_int8_accuracy(self) -> float | None:
        """Accuracy of the same model on the host, likewise."""
        return self.accuracies[0].host_int8 if len(self.accuracies) == 1 else None


@dataclass(frozen=True)
class LayerAgreement:
    """How an integer operator's output agrees with the float model's value in its place.

    ``float_name`` is that value's name in the float model and ``found_by`` how it was found: by its
    name, or by its place in the order and its shape. Where there is none both are empty and
    ``snr_db`` is None. ``snr_db`` is the power of the float values over that of the difference.
    """

    index: int
    name: str
    op: str
    shape: tuple[int, ...]
    float_name: str
    found_by: Literal["name", "order", ""]
    snr_db: float | None


@dataclass(frozen=True)
class Finding:
    """What the doctor says of one tool or board.

    ``broken`` is a fault; ``missing`` is one only where what the hint names is wanted.
    """

    name: str
    status: Literal["ok", "missing", "broken"]
    version: str | None = None
    detail: str | None = None
    hint: str | None = None
