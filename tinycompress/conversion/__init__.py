"""From a Keras model to a verified, fully-int8 ``.tflite``; and that file as a C array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinycompress.conversion.convert import convert_model, pass_on
    from tinycompress.conversion.isolated import convert_in_subprocess
    from tinycompress.conversion.options import ConvertOptions

__all__ = ["ConvertOptions", "convert_in_subprocess", "convert_model", "pass_on"]


def __getattr__(name: str) -> Any:
    # carray and load.is_tflite are wanted by commands that must not wait for the oracles.
    if name == "ConvertOptions":
        from tinycompress.conversion.options import ConvertOptions

        return ConvertOptions
    if name in ("convert_model", "pass_on"):
        from tinycompress.conversion import convert

        return getattr(convert, name)
    if name == "convert_in_subprocess":
        from tinycompress.conversion.isolated import convert_in_subprocess

        return convert_in_subprocess
    raise AttributeError(f"module 'tinycompress.convert' has no attribute {name!r}")
