"""Run generated C on this machine: as a shared library, or as a program under sanitizers."""

from __future__ import annotations

import ctypes
import shutil
import sys
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _proc
from tinycompress._files import write_text
from tinycompress._resources import firmware_templates_dir
from tinycompress.artifacts import GeneratedSources, TensorSpec
from tinycompress.codegen.kernel_files import engine_dir

WARNING_FLAGS = (
    "-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Wdouble-promotion",
    "-Werror",
)  # fmt: skip
SANITIZER_FLAGS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_COMPILE_TIMEOUT_S = 300.0
_RUN_TIMEOUT_S = 120.0

Arrays = Sequence[npt.NDArray[Any]]


def host_compiler() -> tuple[str, ...]:
    """Command of a C compiler for this machine: its own, else the one that pip brought."""
    for name in ("gcc", "cc", "clang"):
        path = shutil.which(name)
        if path is not None:
            return (path,)
    return (sys.executable, "-m", "ziglang", "cc")


def compile_c(sources: Sequence[Path], output: Path, flags: Sequence[str]) -> None:
    """Compile and link C for this machine; warnings are errors.

    Raises:
        ToolError: With the compiler's messages.
    """
    include = [engine_dir(), engine_dir() / "host", firmware_templates_dir() / "common" / "include"]
    _proc.run(
        [
            *host_compiler(),
            *WARNING_FLAGS,
            *flags,
            *(f"-I{directory}" for directory in include),
            *sources,
            "-o",
            output,
        ],
        timeout_s=_COMPILE_TIMEOUT_S,
    )


def _write_sources(sources: GeneratedSources, directory: Path) -> list[Path]:
    for name, text in sources.files.items():
        write_text(directory / name, text)
    return [directory / name for name in sorted(sources.files) if name.endswith(".c")]


class _TcTensor(ctypes.Structure):
    _fields_ = (("data", ctypes.POINTER(ctypes.c_uint8)), ("bytes", ctypes.c_uint32))


class HostModel:
    """Generated C in this process. Not for use from several threads at once.

    Args:
        sources: What ``generate`` returned.
        flags: Further compiler flags, such as an optimisation level.

    Raises:
        ToolError: The C does not compile without a warning.
    """

    def __init__(self, sources: GeneratedSources, *, flags: Sequence[str] = ("-O1",)) -> None:
        self._sources = sources
        self._directory = tempfile.TemporaryDirectory(prefix="tinycompress-host-")
        self._finalizer = weakref.finalize(self, self._directory.cleanup)
        root = Path(self._directory.name)
        library = root / "model.so"
        shared = ("-shared", "-fPIC", *flags)
        compile_c(_write_sources(sources, root), library, shared)
        self._library = ctypes.CDLL(str(library))
        for name in ("tc_model_input", "tc_model_output"):
            function = getattr(self._library, name)
            function.argtypes = (ctypes.c_uint32,)
            function.restype = _TcTensor
        self._library.tc_model_sha256.restype = ctypes.POINTER(ctypes.c_uint8)
        self._library.tc_model_init()

    @property
    def library(self) -> ctypes.CDLL:
        """The loaded library, for calls that ``run`` does not make."""
        return self._library

    def run(self, *inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """One inference: arrays of the inputs' dtypes and shapes to arrays of the outputs'."""
        for index, (spec, array) in enumerate(zip(self._sources.inputs, inputs, strict=True)):
            tensor = self._library.tc_model_input(index)
            ctypes.memmove(tensor.data, _input_bytes(spec, array), tensor.bytes)
        status = self._library.tc_model_invoke()
        if status != 0:
            raise RuntimeError(f"tc_model_invoke returned {status}")
        return tuple(
            _array(spec, ctypes.string_at(tensor.data, tensor.bytes))
            for spec, tensor in (
                (spec, self._library.tc_model_output(index))
                for index, spec in enumerate(self._sources.outputs)
            )
        )

    def reset(self) -> None:
        """Give state that is kept between inferences its initial value again."""
        status = self._library.tc_model_reset()
        if status != 0:
            raise RuntimeError(f"tc_model_reset returned {status}")


def run_sanitized(sources: GeneratedSources, batches: Sequence[Arrays]) -> list[Arrays]:
    """Inferences in a program built with AddressSanitizer and UBSan.

    Args:
        sources: What ``generate`` returned.
        batches: The inputs of each inference.

    Returns:
        The outputs of each inference.

    Raises:
        ToolError: The C does not compile without a warning, or a sanitizer stopped the program.
    """
    with tempfile.TemporaryDirectory(prefix="tinycompress-host-") as name:
        root = Path(name)
        program, inputs, outputs = root / "driver", root / "inputs", root / "outputs"
        files = [*_write_sources(sources, root), engine_dir() / "host" / "driver.c"]
        compile_c(files, program, ("-O1", *SANITIZER_FLAGS))
        inputs.write_bytes(b"".join(_joined(sources.inputs, batch) for batch in batches))
        _proc.run([program, inputs, outputs], timeout_s=_RUN_TIMEOUT_S)
        return _split(sources.outputs, outputs.read_bytes())


def _joined(specs: Sequence[TensorSpec], arrays: Arrays) -> bytes:
    return b"".join(_input_bytes(s, a) for s, a in zip(specs, arrays, strict=True))


def _split(specs: Sequence[TensorSpec], data: bytes) -> list[Arrays]:
    found: list[Arrays] = []
    position = 0
    while position < len(data):
        arrays = []
        for spec in specs:
            arrays.append(_array(spec, data[position : position + spec.size_bytes]))
            position += spec.size_bytes
        found.append(tuple(arrays))
    return found


def _input_bytes(spec: TensorSpec, array: npt.NDArray[Any]) -> bytes:
    if array.dtype != np.dtype(spec.dtype) or array.shape != spec.shape:
        raise ValueError(
            f"input '{spec.name}' is {array.dtype}{list(array.shape)},"
            f" must be {spec.dtype}{list(spec.shape)}"
        )
    return array.tobytes()


def _array(spec: TensorSpec, data: bytes) -> npt.NDArray[Any]:
    return np.frombuffer(data, dtype=spec.dtype).reshape(spec.shape)
