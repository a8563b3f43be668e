"""Where the package's data files are, in a checkout, an editable install and a wheel alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _data_dir(name: str) -> Path:
    # A wheel carries the directory inside the package; a checkout has it beside the package.
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def boards_dir() -> Path:
    """Directory of the shipped board files (``*.toml``)."""
    return _data_dir("boards")


def examples_dir() -> Path:
    """Directory of the shipped examples and the templates of projects; a wheel has a part of it."""
    return _data_dir("examples")


def firmware_templates_dir() -> Path:
    """Directory that holds every byte of C: common/, engine/, mcu/."""
    return _data_dir("firmware_templates")


def reference_model() -> Path:
    """The int8 model of handwritten digits that `confirm` runs on boards."""
    name = "digits_int8.tflite"
    packed = _PACKAGE / "_data" / "reference" / name
    return packed if packed.is_file() else _PACKAGE.parent / "examples" / "digits" / name


def model_functions_dir() -> Path:
    """Directory of the shipped model functions of `tinycompress fit` (``*.py``)."""
    packed = _PACKAGE / "_data" / "model_functions"
    return packed if packed.is_dir() else _PACKAGE.parent / "examples" / "model_functions"
