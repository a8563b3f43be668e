"""What a caller chooses about a build: one object, its defaults, and what goes with what.

It imports nothing but the standard library and its own floor: the command line takes its choices
and defaults from here without loading what builds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Literal, TypedDict, get_args

from tinycompress.artifacts import (
    Activations,
    EngineName,
    ExactTo,
    FrameworkName,
    Optimize,
    TflmCompression,
    ToolchainChoice,
    Weights,
)
from tinycompress.errors import ConfigError

TransportChoice = Literal["usb", "uart"]
"""What users call `tinycompress.artifacts.TransportName` where a board has a choice."""

_ALLOWED: dict[str, tuple[object, ...]] = {
    "activations": (None, *get_args(Activations)),
    "engine": get_args(EngineName),
    "tflm_compression": get_args(TflmCompression),
    "framework": get_args(FrameworkName),
    "toolchain": get_args(ToolchainChoice),
    "exact_to": get_args(ExactTo),
    "optimize": get_args(Optimize),
    "weights": get_args(Weights),
    "transport": (None, *get_args(TransportChoice)),
}


_AOT_ALONE = (
    "exact_to", "optimize", "ram_budget_bytes", "flash_budget_bytes", "latency_budget_us",
    "weights", "simplify", "name",
)  # fmt: skip
_OWN_BUILD_ALONE = ("tflm_dir", "toolchain", "flash_budget_bytes", "latency_budget_us")


def excluded_options(engine: EngineName, framework: FrameworkName) -> tuple[str, ...]:
    """Fields of `BuildOptions` that must stay at their defaults beside these choices."""
    names = _AOT_ALONE if engine == "tflm" else ("tflm_dir",)
    if framework == "cmake":
        return names
    no_port = ("transport",) if framework in ("arduino", "library") else ()
    return (*names, *_OWN_BUILD_ALONE, *no_port)


# An integer model, which firmware holds, needs no data, and has its activations.
_NOT_IN_WORDS = frozenset(
    (
        "data", "val", "max_accuracy_drop", "activations", "calibrator", "symmetric_activations",
        "per_tensor_weights", "tflm_dir", "output", "force",
    )
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """Options of `tinycompress.build`.

    Args:
        data: Calibration samples, an ``.npz`` with ``x`` (and, for accuracy, labels ``y``); needed
            unless the model is a ``.tflite``. The string ``none``, ``zeroq`` or ``dfqf`` has
            samples made of what the model has kept of its data.
        val: Labelled samples that accuracy is counted on; None takes ``data``.
        max_accuracy_drop: Largest drop of the integer model's score below the float model's, 0 to
            1, of every output with labels: of accuracy, F1, R² or AUC. None allows any.
        activations: What a Keras model is quantised to; weights are int8 with either. None is int8,
            and takes a ``.tflite`` with what it has.
        calibrator: What sets the ranges of a Keras model's int8 activations: ``minmax``,
            ``percentile``, ``mse``, ``kl``, ..., or ``auto``, which tries them.
        symmetric_activations: Whether the zero point of every int8 activation is 0.
        per_tensor_weights: Whether a convolution's weights have one scale in all, instead of one
            for every output channel.
        engine: Whose kernels run on the device: ``aot``, C made for this model, or ``tflm``, stock
            TensorFlow Lite Micro.
        tflm_compression: How the engine ``tflm`` stores weights, for its DECODE operator: ``auto``
            takes the smallest of ``lut``, ``huffman`` and ``prune`` for each layer.
        tflm_dir: For the engine ``tflm``: a checkout of tflite-micro in which its library was
            built; None takes the one that the variable TFLM_DIR names.
        framework: What the project is: ``cmake`` is complete firmware, ``arduino`` a sketch, which
            is compiled where arduino-cli is installed, ``zephyr`` an application, which west
            compiles, ``library`` the model alone, for a program of one's own.
        toolchain: Compiler; ``auto`` takes the one that pip brought, for the engine ``tflm`` gcc.
        exact_to: Whose arithmetic the firmware reproduces byte for byte.
        optimize: Whether speed, RAM or flash comes first where kernels differ in them.
        ram_budget_bytes: Bytes that the arena may take, at least 1.
        flash_budget_bytes: Bytes of flash that the whole firmware may take, at least 1, as linked;
            kept for as few cycles as possible. An aim of its own, beside no other ``optimize``.
        latency_budget_us: Microseconds that one inference may take on the emulated board, above 0;
            kept with as little flash as possible. An aim of its own as well. With both the firmware
            keeps both, for as few cycles as possible.
        weights: ``auto`` encodes weights in flash where ``optimize`` gains by it, ``plain`` leaves
            them as they are.
        simplify: Whether channels that never change, or that nothing reads, are left out of the
            model; outputs are the same either way.
        name: Name of the model in C, for the engine ``aot``: files and symbols are called
            ``tcm_NAME``. It is made into an identifier; None takes the model file's.
        transport: Over what the firmware talks, on a board that has a choice; None takes what its
            file says.
        output: Directory of the project; None names it after model and board, in the current
            directory.
        force: Whether files that the user edited in an earlier project are overwritten.

    Raises:
        ConfigError: A value is not one of those allowed, or options exclude each other.
    """

    data: str | Path | None = None
    val: str | Path | None = None
    max_accuracy_drop: float | None = None
    activations: Activations | None = None
    calibrator: str = "minmax"
    symmetric_activations: bool = False
    per_tensor_weights: bool = False
    engine: EngineName = "aot"
    tflm_compression: TflmCompression = "none"
    tflm_dir: str | Path | None = None
    framework: FrameworkName = "cmake"
    toolchain: ToolchainChoice = "auto"
    exact_to: ExactTo = "tflm"
    optimize: Optimize = "speed"
    ram_budget_bytes: int | None = None
    flash_budget_bytes: int | None = None
    latency_budget_us: float | None = None
    weights: Weights = "auto"
    simplify: bool = True
    name: str | None = None
    transport: TransportChoice | None = None
    output: str | Path | None = None
    force: bool = False

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            value = getattr(self, name)
            if value not in allowed:
                names = ", ".join(str(one) for one in allowed if one is not None)
                raise ConfigError(f"{name} is {value!r}; allowed: {names}")
        drop = self.max_accuracy_drop
        if drop is not None and not 0 <= drop <= 1:
            raise ConfigError(f"max_accuracy_drop is {drop}; allowed: 0 to 1")
        self._require_budgets()
        self._require_engine()
        self._require_framework()

    def words(self) -> tuple[str, ...]:
        """What differs from the defaults, as words of the command line; paths are left out."""
        names = [field.name for field in fields(self) if field.name not in _NOT_IN_WORDS]
        said = [one.partition(" ") for one in self._changed(*names)]
        # The command line has one option for either engine's weights.
        flags = [
            (name.replace("--tflm-compression", "--weights"), value) for name, _, value in said
        ]
        return tuple(word for flag in flags for word in flag if word)

    @property
    def has_measured_budget(self) -> bool:
        """Whether firmware must be linked, or run, to see if it keeps a budget."""
        return self.flash_budget_bytes is not None or self.latency_budget_us is not None

    def _require_budgets(self) -> None:
        for name in ("ram_budget_bytes", "flash_budget_bytes"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}; allowed: 1 or more")
        latency = self.latency_budget_us
        if latency is not None and not 0 < latency < inf:
            raise ConfigError(f"latency_budget_us is {latency}; allowed: above 0")
        if self.has_measured_budget and self.optimize != "speed":
            budget = "latency" if self.flash_budget_bytes is None else "flash"
            raise ConfigError(
                f"a {budget} budget says itself what comes first: no --optimize {self.optimize}",
                hint="leave --optimize out, or the budget",
            )

    def _require_engine(self) -> None:
        """Refuse what only the other engine can do."""
        if self.engine == "tflm":
            self._require_stock()
            return
        if self.tflm_compression != "none":
            raise ConfigError(
                f"tflm_compression is for the engine tflm, not {self.engine}",
                hint="the AOT engine has encodings of its own, weights='auto': leave it out",
            )
        if self.tflm_dir is not None:
            raise ConfigError("--tflm-dir goes with --engine tflm", hint="leave --tflm-dir out")

    def _require_stock(self) -> None:
        require_gcc_choice(self.toolchain)
        wrong = self._changed(*_AOT_ALONE)
        if wrong:
            raise ConfigError(
                f"the engine tflm runs TensorFlow Lite Micro as it is: no {', '.join(wrong)}",
                hint="leave it out, or: --engine aot",
            )

    def _require_framework(self) -> None:
        """Refuse what a framework decides itself."""
        if self.framework == "cmake":
            return
        if self.framework == "library":
            self._require_library()
        wrong = self._changed(*_OWN_BUILD_ALONE)
        if wrong:
            raise ConfigError(
                f"--framework {self.framework} brings its own compiler and libraries: no "
                f"{', '.join(wrong)}",
                hint="leave it out",
            )
        if self.framework == "arduino" and self.transport is not None:
            raise ConfigError(
                "a sketch talks over Serial, which is the Arduino core's to place",
                hint="leave --transport out",
            )

    def _require_library(self) -> None:
        if self.engine == "tflm":
            raise ConfigError(
                "a library holds C of the AOT engine; TensorFlow Lite Micro is one already",
                hint="tinycompress carray writes the model as an array for it",
            )
        if self.transport is not None:
            raise ConfigError("a library talks over nothing", hint="leave --transport out")

    def _changed(self, *names: str) -> list[str]:
        """Those of some options that are not at their defaults, as the command line says them."""
        defaults = {field.name: field.default for field in fields(self)}
        return [
            _said(name, getattr(self, name))
            for name in names
            if getattr(self, name) != defaults[name]
        ]


def _said(name: str, value: object) -> str:
    """A field as the command line says it."""
    if value is False:
        return f"--no-{name}"
    if name.endswith("_us"):
        value = f"{value:.12g}us"
    return f"--{name.removesuffix('_bytes').removesuffix('_us').replace('_', '-')} {value}"


def require_gcc_choice(choice: ToolchainChoice) -> None:
    """Refuse zig for the engine ``tflm``: it has no C library and no C++ headers for bare Arm.

    Raises:
        ConfigError: Zig was asked for.
    """
    if choice == "zig":
        raise ConfigError(
            "the engine tflm cannot be built with zig, which has no C++ library for bare Arm; "
            "allowed: auto, gcc",
            hint="--toolchain gcc, or --engine aot",
        )


def weights_choices() -> tuple[str, ...]:
    """What ``--weights`` takes for either engine."""
    of_tflm = (each for each in get_args(TflmCompression) if each != "none")
    return tuple(dict.fromkeys((*get_args(Weights), *of_tflm)))


def compression_of(weights: str) -> TflmCompression:
    """How weights are stored for TFLite Micro, of what ``--weights`` says.

    Raises:
        ConfigError: That is for the AOT engine alone.
    """
    ways: dict[str, TflmCompression] = {each: each for each in get_args(TflmCompression)}
    ways["plain"] = ways.pop("none")
    if weights not in ways:
        raise ConfigError(
            f"TensorFlow Lite Micro has no --weights {weights}; allowed: {', '.join(ways)}",
            hint="leave --weights out, or: --engine aot",
        )
    return ways[weights]


def weights_of(engine: EngineName, weights: str | None) -> BuildKeywords:
    """The fields of `BuildOptions` that the one option ``--weights`` is for, by the engine.

    Raises:
        ConfigError: The engine has no such weights.
    """
    if weights is None:
        return {}
    if engine == "tflm":
        return {"tflm_compression": compression_of(weights)}
    known: dict[str, Weights] = {each: each for each in get_args(Weights)}
    if weights not in known:
        raise ConfigError(
            f"--weights {weights} is for the engine tflm, not {engine}; allowed:"
            f" {', '.join(known)}",
            hint="--engine tflm, or --weights auto, which takes the AOT engine's own encodings",
        )
    return {"weights": known[weights]}


class BuildKeywords(TypedDict, total=False):
    """The fields of `BuildOptions`, for type checkers and editors; a test keeps the two equal."""

    data: str | Path | None
    val: str | Path | None
    max_accuracy_drop: float | None
    activations: Activations | None
    calibrator: str
    symmetric_activations: bool
    per_tensor_weights: bool
    engine: EngineName
    tflm_compression: TflmCompression
    tflm_dir: str | Path | None
    framework: FrameworkName
    toolchain: ToolchainChoice
    exact_to: ExactTo
    optimize: Optimize
    ram_budget_bytes: int | None
    flash_budget_bytes: int | None
    latency_budget_us: float | None
    weights: Weights
    simplify: bool
    name: str | None
    transport: TransportChoice | None
    output: str | Path | None
    force: bool
