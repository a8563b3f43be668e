"""The product's own road: ``build``, ELF, emulated board, serial protocol, oracle.

What is said here of a model is what a user gets: nothing but the public API is called.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args
from unittest.mock import patch

import tinycompress
from support.firmware.frameworks import ARDUINO_CLI, application_for_pc
from tinycompress.artifacts import ExactTo, FrameworkName, Optimize, ToolchainName
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.device.qemu import QEMU
from tinycompress.errors import DoesNotFitError, ModelError, TinyCompressError, ToolError
from tinycompress.ir.reader import read_model
from tinycompress.toolchain.find import find_gcc, find_gxx, find_zig

Outcome = Literal["exact", "compiles", "refused", "does not fit", "no oracle", "wrong"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

CHAINS: tuple[ToolchainName, ...] = ("zig", "gcc")
AIMS: tuple[Optimize, ...] = ("speed", "ram", "flash")
BOARD_OF_CORE: dict[str, str] = {
    "M0+": "raspberry_pi_pico",
    "M3": "qemu_mps2_an385",
    "M4": "arduino_nano_33_ble",
    "M7": "nucleo_h743zi",
    "M33": "nucleo_u575zi_q",
    "M55": "qemu_mps3_an547",
}
"""One board of each family of cores. QEMU runs the M55, this project's emulator the others."""

_PROGRAMS = {QEMU: "qemu-system-arm", "cmake": "cmake", "gcc": "gcc"}
"""Beside the cross compilers, and the Debian packages that have them."""

_ZEPHYR_HZ = 32_768
"""Of the cycle counter that Zephyr has on the M4 board."""


@dataclass(frozen=True)
class Verdict:
    """What became of a model on one road.

    ``compiles`` is for what a framework's build made and no board ran. ``detail`` says why, where
    it is not exact; ``kernels`` are those of its layers, if it was built.
    """

    outcome: Outcome
    detail: str = ""
    kernels: tuple[str, ...] = ()


def road_verdict(
    model: Path,
    board: str,
    toolchain: ToolchainName,
    exact_to: ExactTo = "tflm",
    optimize: Optimize = "speed",
) -> Verdict:
    """Build a ``.tflite`` and run it on its emulated board on random inputs.

    A model that keeps state runs one stream of them. Whatever goes wrong on the way is ``wrong``:
    C that does not compile, a device that stops, an output byte that the oracle has otherwise.
    """
    return _judged(
        lambda place: _driven(model, board, toolchain, exact_to, optimize, place / "project")
    )


def framework_verdict(model: Path, framework: FrameworkName) -> Verdict:
    """Write a sketch or an application and compile it, with what stands in for the framework.

    The stand-ins are tests/stand_ins: an arduino-cli that compiles with arm-none-eabi-gcc under
    the flags of the Nano 33 BLE's core, and a Zephyr that compiles for this machine.
    """
    return _judged(lambda place: _compiled(model, framework, place))


def _compiled(model: Path, framework: FrameworkName, place: Path) -> Verdict:
    stand_in = {"TC_ARDUINO_CLI": str(ARDUINO_CLI), "STAND_IN_LOG": str(place / "calls")}
    with patch.dict(os.environ, stand_in):
        made = tinycompress.build(
            model, BOARD_OF_CORE["M4"], framework=framework, output=place / "my-sketch"
        )
    if framework == "zephyr":
        application_for_pc(made.project.directory, place / "build", cycles_per_sec=_ZEPHYR_HZ)
    elif made.firmware is None:
        return Verdict("wrong", "arduino-cli was not run")
    return Verdict("compiles")


def _judged(drive: Callable[[Path], Verdict]) -> Verdict:
    with TemporaryDirectory(prefix="tc-road-") as place:
        try:
            return drive(Path(place))
        except DoesNotFitError as error:
            return Verdict("does not fit", first_line_of(error))
        except ModelError as error:
            return Verdict("refused", first_reason(error))
        except TinyCompressError as error:
            return Verdict("wrong", error.message)
        except Exception as error:  # A traceback is a finding like any other.
            return Verdict("wrong", f"{type(error).__name__}: {error}")


def _driven(
    model: Path, board: str, toolchain: ToolchainName, exact_to: ExactTo, optimize: Optimize,
    project: Path,
) -> Verdict:  # fmt: skip
    made = tinycompress.build(
        model, board, toolchain=toolchain, exact_to=exact_to, optimize=optimize, output=project
    )
    kernels = tuple(dict.fromkeys(layer.kernel for layer in made.project.layers))
    result = tinycompress.bench(project, runs=1)
    if result.mismatched_samples is None:
        why = next((note for note in result.notes if "not compared" in note), "")
        return Verdict("no oracle", why.removeprefix("outputs were not compared: "), kernels)
    if result.mismatched_samples or not result.samples:
        wrong = f"{result.mismatched_samples} of {result.samples} samples differ from the oracle's"
        return Verdict("wrong", wrong, kernels)
    return Verdict("exact", kernels=kernels)


def aims_that_differ(
    tflite: bytes, board: str, exact_to: ExactTo, aims: tuple[Optimize, ...] = AIMS
) -> dict[Optimize, tuple[Optimize, ...]]:
    """One ``--optimize`` for each different C that they generate, and all that generate it.

    A model that is refused generates none: one aim stands for all.
    """
    found: dict[str, list[Optimize]] = {}
    for aim in aims:
        found.setdefault(_digest_of_c(tflite, board, exact_to, aim), []).append(aim)
    return {same[0]: tuple(same) for same in found.values()}


def _digest_of_c(tflite: bytes, board: str, exact_to: ExactTo, optimize: Optimize) -> str:
    options = CodegenOptions.for_board(load_board(board), exact_to=exact_to, optimize=optimize)
    try:
        sources = generate(read_model(tflite), options)
    except ModelError:
        return ""
    except TinyCompressError as error:
        return str(error)
    digest = hashlib.sha256()
    for name, text in sorted(sources.files.items()):
        digest.update(f"{name}\0{text}\0".encode())
    digest.update("\0".join(sources.kernel_files).encode())
    return digest.hexdigest()


def first_reason(error: ModelError) -> str:
    """The first reason of a refusal, and how many more there are."""
    if not error.reasons:
        return first_line_of(error)
    more = len(error.reasons) - 1
    return error.reasons[0] + (f" (and {more} more)" if more else "")


def first_line_of(error: TinyCompressError) -> str:
    """The sentence that says what is wrong, with the first of the points below it."""
    lines = [line.strip().removeprefix("- ") for line in error.message.splitlines()]
    return ": ".join(line.removesuffix(":") for line in lines[:2])


@cache
def tool_versions() -> dict[str, str]:
    """Every tool of the road and its version.

    Raises:
        ToolError: One is missing: a road that cannot be driven is no verdict.
    """
    for program, package in _PROGRAMS.items():
        if shutil.which(program) is None:
            raise ToolError(f"program not found: {program}", hint=f"apt install {package}")
    gcc = find_gcc()
    find_gxx(gcc)
    return {chain.name: chain.version for chain in (find_zig(), gcc)}
