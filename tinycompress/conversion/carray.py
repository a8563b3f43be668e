"""A ``.tflite`` file as an aligned constant C array, with a header that describes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jinja2
import numpy as np

from tinycompress import _files
from tinycompress._resources import firmware_templates_dir
from tinycompress._version import __version__
from tinycompress.conversion.c_names import comment_text, identifier
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import DType, Quantization, Tensor
from tinycompress.ir.reader import read_model

Style = Literal["c", "cpp", "arduino"]
"""Which language the source file is in: C11, C++11 or newer, or C++ for an Arduino sketch."""

ALIGNMENTS = (1, 2, 4, 8, 16, 32, 64, 128)
"""Alignments in bytes; TFLite Micro reads the file in place and wants 16."""

_BYTES_PER_ROW = 12
_SUFFIXES: dict[Style, str] = {"c": ".c", "cpp": ".cpp", "arduino": ".cpp"}
_C_TYPES: dict[DType, str] = {
    DType.INT8: "int8_t",
    DType.UINT8: "uint8_t",
    DType.INT16: "int16_t",
    DType.UINT16: "uint16_t",
    DType.INT32: "int32_t",
    DType.UINT32: "uint32_t",
    DType.INT64: "int64_t",
    DType.UINT64: "uint64_t",
    DType.FLOAT32: "float",
    DType.FLOAT64: "double",
    DType.BOOL: "bool",
}
# Beyond 16 bits a float cannot hold every stored value, so those get no helpers.
_HELPER_TYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.UINT16)


@dataclass(frozen=True)
class _Port:
    """One input or output as the template sees it; ``scale`` is C text, None if not quantised."""

    prefix: str
    title: str
    shape: tuple[int, ...]
    elements: int
    size_bytes: int | None
    c_type: str | None
    scale: str | None
    zero_point: int
    stored_min: int
    stored_max: int


def write_c_array(
    tflite: bytes, name: str, directory: Path, *, alignment: int = 16, style: Style = "c"
) -> tuple[Path, Path]:
    """Write ``NAME.c`` (or ``.cpp``) and ``NAME.h``; the same bytes for the same arguments.

    The source is valid C11 and C++11 in every style. It holds ``const unsigned char NAME[]``,
    which linkers place in flash, and ``NAME_len``; the header has sizes, shapes, scales and zero
    points as macros, and functions that quantise and dequantise each input and output.

    ``arduino`` makes a ``.cpp`` for a sketch's folder. It uses no PROGMEM, which boards with one
    address space do not need, and so refuses to compile for AVR, where it would fill the RAM.

    Args:
        tflite: The whole model file.
        name: Name of the array and of the files; made into a valid identifier.
        directory: Where to write; made if need be.
        alignment: Of the array, in bytes; one of ALIGNMENTS.
        style: Language and surroundings of the source file.

    Returns:
        The paths of source and header.

    Raises:
        ModelError: The model file is malformed, or an input or output has impossible quantisation.
        ConfigError: No identifier can be made of the name, the alignment is not allowed, or the
            directory cannot be written.
    """
    if alignment not in ALIGNMENTS:
        allowed = ", ".join(map(str, ALIGNMENTS))
        raise ConfigError(f"the alignment {alignment} is not one of {allowed} bytes")
    if style not in _SUFFIXES:
        raise ConfigError(f"the style {style!r} is not one of {', '.join(_SUFFIXES)}")
    symbol = identifier(name)
    source = directory / f"{symbol}{_SUFFIXES[style]}"
    header = directory / f"{symbol}.h"
    for path in (source, header):
        if path.is_dir():
            raise ConfigError(f"cannot write {path}: it is a directory")
    source_text, header_text = _render(tflite, symbol, alignment, style)
    # The header alone is of no use and does no harm, so it goes first.
    _files.write_text(header, header_text)
    _files.write_text(source, source_text)
    return source, header


def _render(tflite: bytes, symbol: str, alignment: int, style: Style) -> tuple[str, str]:
    model = read_model(tflite)
    graph = model.main
    ports = {
        kind: [
            _port(graph.tensors[tensor], f"{symbol}_{kind}{number}", f"{kind} {number}")
            for number, tensor in enumerate(indices)
        ]
        for kind, indices in (("input", graph.inputs), ("output", graph.outputs))
    }
    facts = {
        "version": __version__,
        "sha256": model.sha256,
        "name": symbol,
        "macro": symbol.upper(),
        "size_bytes": len(tflite),
        "alignment": alignment,
        "style": style,
        "inputs": ports["input"],
        "outputs": ports["output"],
        "needs_bool": any(p.c_type == "bool" for ps in ports.values() for p in ps),
        "rows": [
            ", ".join(f"0x{byte:02x}" for byte in tflite[start : start + _BYTES_PER_ROW])
            for start in range(0, len(tflite), _BYTES_PER_ROW)
        ],
    }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(firmware_templates_dir() / "common" / "carray"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return (
        environment.get_template("model_data.c.j2").render(facts),
        environment.get_template("model_data.h.j2").render(facts),
    )


def _port(tensor: Tensor, prefix: str, title: str) -> _Port:
    quantization = tensor.quantization if tensor.dtype in _HELPER_TYPES else None
    if quantization is not None and quantization.per_channel:
        quantization = None
    limits = np.iinfo(tensor.dtype.numpy) if quantization else None
    if quantization and limits:
        _check(quantization, limits, f"{title} {tensor.name!r}")
    shape = ", ".join(map(str, tensor.shape))
    c_type = _C_TYPES.get(tensor.dtype)
    return _Port(
        prefix=prefix,
        title=comment_text(f"{title}: {tensor.name}, {tensor.dtype.value} [{shape}]"),
        shape=tensor.shape,
        elements=tensor.elements,
        size_bytes=tensor.size_bytes if c_type else None,
        c_type=c_type,
        scale=_float_literal(quantization.scale) if quantization else None,
        zero_point=quantization.zero_point if quantization else 0,
        stored_min=int(limits.min) if limits else 0,
        stored_max=int(limits.max) if limits else 0,
    )


def _check(quantization: Quantization, limits: np.iinfo[Any], what: str) -> None:
    if not (math.isfinite(quantization.scale) and quantization.scale > 0):
        raise ModelError(f"{what}: the scale {quantization.scale} is not a positive number")
    if not limits.min <= quantization.zero_point <= limits.max:
        raise ModelError(
            f"{what}: the zero point {quantization.zero_point} is not within"
            f" {limits.min}..{limits.max}"
        )


def _float_literal(value: float) -> str:
    """The shortest decimal that reads back as the same float32, as a C literal."""
    text = str(np.float32(value))
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
