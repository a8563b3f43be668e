"""A ``.tflite`` file as an aligned constant C array, with a header that describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import jinja2

from tinycompress import _files
from tinycompress._resources import firmware_templates_dir
from tinycompress._version import __version__
from tinycompress.conversion.c_names import comment_text, identifier
from tinycompress.errors import ConfigError
from tinycompress.ir.ports import input_ports, output_ports
from tinycompress.ir.reader import read_model

Style = Literal["c", "cpp", "arduino"]
"""Which language the source file is in: C11, C++11 or newer, or C++ for an Arduino sketch."""

ALIGNMENTS = (1, 2, 4, 8, 16, 32, 64, 128)
"""Alignments in bytes; TFLite Micro reads the file in place and wants 16."""

_BYTES_PER_ROW = 12
_SUFFIXES: dict[Style, str] = {"c": ".c", "cpp": ".cpp", "arduino": ".cpp"}


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
        ModelError: The model file is malformed.
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
    inputs, outputs = input_ports(graph), output_ports(graph)
    facts = {
        "version": __version__,
        "sha256": model.sha256,
        "name": symbol,
        "macro": symbol.upper(),
        "size_bytes": len(tflite),
        "alignment": alignment,
        "style": style,
        "inputs": inputs,
        "outputs": outputs,
        "rows": [
            ", ".join(f"0x{byte:02x}" for byte in tflite[start : start + _BYTES_PER_ROW])
            for start in range(0, len(tflite), _BYTES_PER_ROW)
        ],
    }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(firmware_templates_dir()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["comment"] = comment_text
    return (
        environment.get_template("common/carray/model_data.c.j2").render(facts),
        environment.get_template("common/carray/model_data.h.j2").render(facts),
    )
